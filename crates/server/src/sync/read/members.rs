//! Reading members, some groups at a time, page by page.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt};
use keywright_okta::PAGE_SIZE;

use super::{Listing, Members, ReadError, Reader, Seen, membership_stamp};
use crate::db::Timestamp;
use crate::sync::finding::Finding;
use crate::sync::rules::PersonIx;

/// So many groups are read side by side; the rate budget has the last word.
const SIDE_BY_SIDE: usize = 4;

impl Reader {
    /// Reads the members of the groups in `todo`: those that changed in the very second of the listing last, when that
    /// second is over.
    pub(super) async fn members(
        &mut self,
        groups: &mut [Seen],
        todo: &[usize],
        listing: &Listing,
    ) -> Result<(), ReadError> {
        let open = |index: &usize| groups.get(*index)?.open_second(listing);
        let last_second = todo.iter().filter_map(open).max();
        let (fresh, settled): (Vec<usize>, Vec<usize>) =
            todo.iter().partition(|index| open(index).is_some());
        self.pages(groups, &settled, listing, listing.date).await?;
        if let Some(second) = last_second {
            let date = self.org.wait_past(second).await;
            self.pages(groups, &fresh, listing, date).await?;
        }
        Ok(())
    }

    /// Reads the members of these groups; `date` is Okta's time now, or a little earlier.
    async fn pages(
        &mut self,
        groups: &mut [Seen],
        todo: &[usize],
        listing: &Listing,
        date: jiff::Timestamp,
    ) -> Result<(), ReadError> {
        let mut found: HashMap<usize, Vec<PersonIx>> = HashMap::with_capacity(todo.len());
        let mut full: Vec<usize> = Vec::new();
        {
            let ids = todo
                .iter()
                .filter_map(|&index| Some((index, groups.get(index)?.stored.okta_id.clone())));
            let pages = ids.map(|(index, id)| {
                self.org
                    .members(&id)
                    .map_ok(move |page| (index, page))
                    .boxed()
            });
            let mut pages = futures_util::stream::iter(pages.collect::<Vec<_>>())
                .flatten_unordered(SIDE_BY_SIDE);
            while let Some((index, (page, last))) = pages.try_next().await? {
                if last && page.items.len() == usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX) {
                    full.push(index);
                }
                let people = found.entry(index).or_default();
                people.extend(page.items.iter().map(|user| self.roster.see(user)));
            }
        }
        for index in full {
            let shown = found.get(&index).map_or(0, Vec::len);
            self.count_again(groups, index, shown).await?;
        }
        for &index in todo {
            let Some(group) = groups.get_mut(index) else {
                continue;
            };
            let people = found.remove(&index).unwrap_or_default();
            self.believe(group, people, listing, Timestamp::from_jiff(date));
        }
        Ok(())
    }

    /// A full page without a next one is the end, or a lost link: Okta's own count tells, where it gives one.
    async fn count_again(
        &self,
        groups: &[Seen],
        index: usize,
        shown: usize,
    ) -> Result<(), ReadError> {
        let Some(group) = groups.get(index) else {
            return Ok(());
        };
        let shown = u64::try_from(shown).unwrap_or(u64::MAX);
        match self.org.member_count(&group.stored.okta_id).await? {
            Some(counted) if counted > shown => Err(ReadError::PageMissing {
                group: group.stored.name.clone(),
                counted,
                shown,
            }),
            _ => Ok(()),
        }
    }

    fn believe(
        &mut self,
        group: &mut Seen,
        people: Vec<PersonIx>,
        listing: &Listing,
        date: Timestamp,
    ) {
        let stamp = listing
            .groups
            .get(group.stored.okta_id.as_str())
            .or(group.shown.as_deref())
            .and_then(membership_stamp);
        group.before = Some((stamp, date));
        if people.is_empty() && group.stored.members > 0 {
            let stored = &group.stored;
            if !matches!(group.members, Members::Suspect { .. }) {
                self.findings.push(Finding::emptied(
                    &stored.name,
                    &stored.okta_id,
                    stored.members,
                ));
            }
            group.members = Members::Suspect { kind: "emptied" };
        } else {
            group.members = Members::Read { people, date };
        }
    }
}
