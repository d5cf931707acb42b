//! What happens to one person, in words that last: names as they are now.

use super::super::changes::{Change, Op, Step};
use super::super::plan::{Addition, Source};
use super::super::rules::PersonIx;
use super::{Composed, Half};
use crate::db::Timestamp;
use crate::directory::{GroupId, MappingId, RoleId};

impl Composed<'_> {
    pub(super) fn change(&self, half: &Half<'_>, person: PersonIx, seq: i64) -> Change {
        let mut steps = Vec::new();
        let created = !half.held && self.created.contains(&person);
        if created {
            steps.push(Step::of(Op::Create));
        } else if !half.held && self.updated.binary_search(&person).is_ok() {
            steps.push(Step::of(Op::Update));
        }
        steps.extend(
            range(&half.plan.add, person, |addition| addition.person)
                .iter()
                .filter_map(|a| self.grant_step(a)),
        );
        steps.extend(
            range(&half.removals, person, |removal| removal.0)
                .iter()
                .filter_map(|r| self.revoke_step(r.1)),
        );
        for (people, op) in [
            (&half.plan.block, Op::Block),
            (&half.plan.unblock, Op::Unblock),
        ] {
            if people.binary_search(&person).is_ok() {
                steps.push(Step::of(op));
            }
        }
        let facts = self.roster.facts(person);
        Change {
            seq,
            user_id: self.user(person),
            okta_id: self.roster.okta_id(person).to_owned(),
            login: facts.map(|facts| facts.login.clone()).unwrap_or_default(),
            name: facts
                .map(|facts| facts.display_name.clone())
                .unwrap_or_default(),
            steps,
            held: half.held,
            ends_sessions: !half.held && self.losers.binary_search(&person).is_ok(),
        }
    }

    fn grant_step(&self, addition: &Addition) -> Option<Step> {
        let grant = self.new_grant(addition)?;
        Some(self.step(Op::Grant, grant.role, grant.mapping, grant.group, None))
    }

    fn revoke_step(&self, index: u32) -> Option<Step> {
        let stored = self.stored(index)?;
        if let Some(row) = &stored.more {
            return Some(self.step(
                Op::Revoke,
                row.role_id,
                row.mapping_id,
                row.group_id,
                row.expires_at,
            ));
        }
        let index = usize::try_from(index).ok()?;
        let grant = self.judged.present.grants.get(index)?;
        let role = self.judged.roles.get(usize::from(grant.role))?.id;
        let mapping = match grant.source {
            Source::Mapping(Some(mapping)) => {
                let mapping = usize::try_from(mapping).ok()?;
                self.judged.mappings.get(mapping)
            }
            Source::Mapping(None) | Source::Manual => None,
        };
        let group = mapping.map(|mapping| mapping.group_id);
        Some(self.step(
            Op::Revoke,
            role,
            mapping.map(|mapping| mapping.id),
            group,
            None,
        ))
    }

    fn step(
        &self,
        op: Op,
        role: RoleId,
        mapping: Option<MappingId>,
        group: Option<GroupId>,
        expires_at: Option<Timestamp>,
    ) -> Step {
        let role_name = self
            .judged
            .roles
            .iter()
            .find(|known| known.id == role)
            .map(|role| role.name.clone());
        let group_name = group.and_then(|group| self.group_names.get(&group));
        Step {
            op,
            role: Some(role),
            role_name,
            mapping,
            group,
            group_name: group_name.map(|&name| name.to_owned()),
            expires_at,
        }
    }
}

/// The part of a list, sorted by person, that is about `person`.
fn range<T>(sorted: &[T], person: PersonIx, of: impl Fn(&T) -> PersonIx) -> &[T] {
    let from = sorted.partition_point(|item| of(item) < person);
    let to = sorted.partition_point(|item| of(item) <= person);
    sorted.get(from..to).unwrap_or_default()
}
