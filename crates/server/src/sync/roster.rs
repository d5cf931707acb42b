//! Everybody a run knows of, each by a dense number: small enough for a large org.

use std::collections::HashMap;

use indexmap::IndexMap;
use keywright_model::User;
use sha2::{Digest, Sha256};

use super::rules::PersonIx;
use super::snapshot::Standing;
use crate::db::UserId;
use crate::directory::present::Person;
use crate::directory::staging::{FactSource, Facts};
use crate::scim::said;

/// The status we give a person whom the org has no more.
pub(super) const GONE: &str = "GONE";

/// What is remembered of each person.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    /// The hash of the facts in our database; none for who is no user yet.
    stored: Option<i64>,
    /// When Okta last changed the person, as last shown: of two answers the newer one counts.
    updated: i64,
    pub(super) standing: Standing,
    /// Whether Okta showed the person in this run.
    pub(super) seen: bool,
    /// Whether the stored facts are of Okta's API.
    pulled: bool,
    /// How the person stands by SCIM, if it says anything.
    said: Option<Standing>,
    /// The user that this run makes of the person, however often it plans.
    to_be: Option<UserId>,
}

impl Entry {
    /// Of two words about access the more restrictive one counts.
    fn effective(&self) -> Standing {
        self.said
            .map_or(self.standing, |said| said.max(self.standing))
    }
}

/// Everybody a run knows of.
#[derive(Debug, Default)]
pub(super) struct Roster {
    people: IndexMap<Box<str>, Entry>,
    // Only of people whose facts are not the stored ones.
    facts: HashMap<PersonIx, Box<Facts>>,
}

impl Roster {
    /// Takes in a user from our database.
    pub(super) fn know(&mut self, person: &Person) -> PersonIx {
        let index = self.index(&person.okta_id);
        let entry = self.entry(index);
        entry.stored = Some(person.facts_hash);
        entry.pulled = person.facts_source == FactSource::Pull.word();
        if !entry.seen {
            entry.standing = Standing::of(Some(person.okta_status.as_deref().unwrap_or("ACTIVE")));
        }
        // Another run may have stored the facts in between.
        if self
            .facts
            .get(&index)
            .is_some_and(|facts| facts.hash == person.facts_hash)
        {
            self.facts.remove(&index);
        }
        index
    }

    /// Takes in a person as Okta shows them.
    pub(super) fn see(&mut self, user: &User) -> PersonIx {
        let index = self.index(user.id.as_str());
        let updated = user
            .last_updated
            .get()
            .map_or(i64::MIN, |at| at.at().as_microsecond());
        let entry = self.entry(index);
        if entry.seen && updated < entry.updated {
            return index;
        }
        let facts = facts(user);
        entry.seen = true;
        entry.updated = updated;
        entry.standing = Standing::of(Some(&facts.status));
        let changed = entry.stored != Some(facts.hash);
        if changed {
            self.facts.insert(index, Box::new(facts));
        } else {
            self.facts.remove(&index);
        }
        index
    }

    /// Notes that the org has this person no more. What else is known of them stays.
    pub(super) fn lose(&mut self, okta_id: &str, mut facts: Facts) {
        let index = self.index(okta_id);
        GONE.clone_into(&mut facts.status);
        facts.hash = hash(&facts);
        let entry = self.entry(index);
        entry.seen = true;
        entry.standing = Standing::Left;
        if entry.stored != Some(facts.hash) {
            self.facts.insert(index, Box::new(facts));
        }
    }

    /// Forgets what SCIM said, to hear it anew.
    pub(super) fn hush(&mut self) {
        for entry in self.people.values_mut() {
            entry.said = None;
        }
        self.facts
            .retain(|_, facts| facts.source == FactSource::Pull);
    }

    /// Takes in a person as SCIM says them. Those removed are to be heard before the living.
    pub(super) fn hear(&mut self, person: said::Person) {
        let index = self.index(&person.okta_id);
        let entry = self.entry(index);
        entry.said = Some(if person.active {
            Standing::Keeps
        } else {
            Standing::Left
        });
        // What Okta's API tells of names comes before what an app's mapping made of them.
        if person.gone || entry.seen || entry.pulled {
            return;
        }
        let mut facts = person.facts;
        facts.hash = hash(&facts);
        if entry.stored == Some(facts.hash) {
            self.facts.remove(&index);
        } else {
            self.facts.insert(index, Box::new(facts));
        }
    }

    /// A person that SCIM names, by Okta's id.
    pub(super) fn mention(&mut self, okta_id: &str) -> PersonIx {
        self.index(okta_id)
    }

    /// Those to whom SCIM gives access: they are users though no mapped group holds them.
    pub(super) fn pushed(&self) -> Vec<PersonIx> {
        self.those(|entry| entry.said == Some(Standing::Keeps))
    }

    /// Those whom SCIM alone bars.
    pub(super) fn barred_by_scim(&self) -> Vec<PersonIx> {
        self.those(|entry| {
            entry.said.is_some_and(Standing::is_blocked) && !entry.standing.is_blocked()
        })
    }

    /// Those about whose access Okta's API and SCIM do not agree.
    pub(super) fn disputed(&self) -> Vec<PersonIx> {
        self.those(|entry| {
            (entry.seen || entry.pulled)
                && entry
                    .said
                    .is_some_and(|said| said.is_blocked() != entry.standing.is_blocked())
        })
    }

    fn those(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<PersonIx> {
        (0_u32..)
            .zip(self.people.values())
            .filter(|(_, entry)| wanted(entry))
            .map(|(index, _)| index)
            .collect()
    }

    /// The user to be made of a person: the same one each time the run plans.
    pub(super) fn future_user(
        &mut self,
        person: PersonIx,
        fresh: impl FnOnce() -> UserId,
    ) -> UserId {
        *self.entry(person).to_be.get_or_insert_with(fresh)
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    pub(super) fn find(&self, okta_id: &str) -> Option<PersonIx> {
        self.people
            .get_index_of(okta_id)
            .and_then(|index| u32::try_from(index).ok())
    }

    /// Okta's id of a person.
    pub(super) fn okta_id(&self, person: PersonIx) -> &str {
        self.at(person).map_or("", |(okta_id, _)| okta_id)
    }

    pub(super) fn standing(&self, person: PersonIx) -> Standing {
        self.at(person)
            .map(|(_, entry)| entry.effective())
            .unwrap_or_default()
    }

    pub(super) fn seen(&self, person: PersonIx) -> bool {
        self.at(person).is_some_and(|(_, entry)| entry.seen)
    }

    /// The facts of a person, where they are not the stored ones.
    pub(super) fn facts(&self, person: PersonIx) -> Option<&Facts> {
        self.facts.get(&person).map(Box::as_ref)
    }

    /// Everybody whose facts are not the stored ones.
    pub(super) fn changed(&self) -> impl Iterator<Item = PersonIx> {
        self.facts.keys().copied()
    }

    pub(super) fn standings(&self) -> Vec<Standing> {
        self.people.values().map(Entry::effective).collect()
    }

    fn at(&self, person: PersonIx) -> Option<(&str, &Entry)> {
        let index = usize::try_from(person).ok()?;
        self.people
            .get_index(index)
            .map(|(okta_id, entry)| (okta_id.as_ref(), entry))
    }

    fn index(&mut self, okta_id: &str) -> PersonIx {
        let index = match self.people.get_index_of(okta_id) {
            Some(index) => index,
            None => self.people.insert_full(okta_id.into(), Entry::default()).0,
        };
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    fn entry(&mut self, person: PersonIx) -> &mut Entry {
        let index = usize::try_from(person).unwrap_or(usize::MAX);
        &mut self.people[index]
    }
}

/// What we keep of a person.
fn facts(user: &User) -> Facts {
    let text =
        |field: &keywright_model::Field<String>| field.as_str().unwrap_or_default().to_owned();
    let profile = &user.profile;
    let (login, email) = (text(&profile.login), text(&profile.email));
    let (given_name, family_name) = (text(&profile.first_name), text(&profile.last_name));
    let shown = [
        text(&profile.display_name),
        format!("{given_name} {family_name}").trim().to_owned(),
        login.clone(),
    ];
    let display_name = shown
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let mut facts = Facts {
        login,
        email,
        given_name,
        family_name,
        display_name,
        status: user.status.to_string(),
        source: FactSource::Pull,
        hash: 0,
    };
    facts.hash = hash(&facts);
    facts
}

/// 64 bits that tell one set of facts from another.
pub(super) fn hash(facts: &Facts) -> i64 {
    let mut hash = Sha256::new();
    for part in [
        &facts.login,
        &facts.email,
        &facts.given_name,
        &facts.family_name,
        &facts.display_name,
        &facts.status,
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    // 0 stands for facts that were never read.
    i64::from_be_bytes(first)
        .max(i64::MIN + 1)
        .wrapping_abs()
        .max(1)
}
