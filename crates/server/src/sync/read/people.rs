//! People's own changes, which move no group: status, login, profile; and people outside the mapped groups.

use std::collections::HashSet;

use keywright_okta::Error;

use super::{Listing, Members, ReadError, Reader, Seen, org};
use crate::db::{Timestamp, UserId};
use crate::directory::present::{self, Outside};
use crate::directory::staging::{FactSource, Facts};
use crate::sync::finding::Finding;

/// Changes are asked for from so far back, seconds: they may show late.
const OVERLAP_SECONDS: i64 = 300;
/// So many people who left their groups are looked up in one run.
const MOST_LEAVERS: usize = 1_000;

impl Reader {
    /// Takes in the people who changed since the last run, if people can be read; otherwise everything is read whole.
    pub(super) async fn people_changes(&mut self, listing: &Listing) -> Result<(), ReadError> {
        if self.progress.people_readable == Some(false) && !self.is_time_to_try(listing) {
            self.findings.push(Finding::people_unreadable());
            self.whole = true;
            return Ok(());
        }
        let date = Timestamp::from_jiff(listing.date);
        let since = self
            .progress
            .people_date
            .unwrap_or(date)
            .plus_seconds(-OVERLAP_SECONDS);
        if self.progress.people_date.is_none() && self.progress.people_readable.is_none() {
            // The first reading sees every member anyway; what changes meanwhile is asked for next time.
            self.progress.people_date = Some(date);
            return Ok(());
        }
        match self.take_changes(since).await {
            Ok(date) => {
                self.progress.people_readable = Some(true);
                self.progress.people_date = Some(date);
                Ok(())
            }
            Err(ReadError::Okta(
                Error::ScopeMissing { .. } | Error::ScopeNotGranted { .. } | Error::RoleMissing(_),
            )) => {
                self.progress.people_readable = Some(false);
                self.progress.people_date = Some(date);
                self.findings.push(Finding::people_unreadable());
                self.whole = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Takes in changed people page by page; gives Okta's time of the first page.
    async fn take_changes(&mut self, since: Timestamp) -> Result<Timestamp, ReadError> {
        let mut pages = self.org.changed_people(since.to_jiff())?;
        let mut date = None;
        while let Some(page) = self.org.next(&mut pages).await? {
            date = date.or(page.date);
            if !page.items.is_empty() {
                self.know().await?;
            }
            for user in &page.items {
                if self.roster.find(user.id.as_str()).is_some() {
                    self.roster.see(user);
                }
            }
        }
        Ok(Timestamp::from_jiff(self.org.date(date)))
    }

    /// Once a day it is tried whether people can be read by now.
    fn is_time_to_try(&self, listing: &Listing) -> bool {
        let now = Timestamp::from_jiff(listing.date);
        self.progress
            .people_date
            .is_none_or(|at| at.plus_seconds(super::WHOLE_SECONDS) <= now)
    }

    /// Looks up people of ours who are in no mapped group: those who left one just now, and of the others those who
    /// were not looked at for longest. Gives whom it looked at.
    pub(super) async fn outside(
        &mut self,
        groups: &[Seen],
        outside: &[Outside],
    ) -> Result<Vec<UserId>, ReadError> {
        if self.progress.people_readable != Some(true) {
            return Ok(Vec::new());
        }
        let mut people = self.leavers(groups).await?;
        let known: HashSet<UserId> = people.iter().map(|person| person.user_id).collect();
        let room = org::BATCH - people.len() % org::BATCH;
        people.extend(
            outside
                .iter()
                .filter(|person| !known.contains(&person.user_id))
                .take(room)
                .cloned(),
        );
        if people.is_empty() {
            return Ok(Vec::new());
        }
        self.know().await?;
        for batch in people.chunks(org::BATCH) {
            self.look_up(batch).await?;
        }
        Ok(people.into_iter().map(|person| person.user_id).collect())
    }

    async fn look_up(&mut self, batch: &[Outside]) -> Result<(), ReadError> {
        let ids: Vec<&str> = batch.iter().map(|person| person.okta_id.as_str()).collect();
        let shown = self.org.people(&ids).await?;
        let found: HashSet<&str> = shown.iter().map(|user| user.id.as_str()).collect();
        for user in &shown {
            self.roster.see(user);
        }
        for person in batch
            .iter()
            .filter(|person| !found.contains(person.okta_id.as_str()))
        {
            // A list may hide; only a plain "there is none" is believed.
            match self.org.person(&person.okta_id).await? {
                Some(user) => {
                    self.roster.see(&user);
                }
                None => self.roster.lose(&person.okta_id, facts(person)),
            }
        }
        Ok(())
    }

    /// Stored members of the groups just read whom Okta showed nowhere.
    async fn leavers(&mut self, groups: &[Seen]) -> Result<Vec<Outside>, ReadError> {
        let read: Vec<_> = groups
            .iter()
            .filter(|group| matches!(group.members, Members::Read { .. }))
            .collect();
        if read.iter().all(|group| group.stored.members == 0) {
            return Ok(Vec::new());
        }
        let work = self.app.read(&self.actor).await?;
        let mut leavers = HashSet::new();
        let mut okta_ids = std::collections::HashMap::new();
        present::people(&work, self.connection, |person| {
            let seen = self
                .roster
                .find(&person.okta_id)
                .is_some_and(|index| self.roster.seen(index));
            if !seen {
                okta_ids.insert(person.user_id, person.okta_id);
            }
        })
        .await?;
        for group in read {
            present::members(&work, group.stored.id, |user| {
                if leavers.len() < MOST_LEAVERS && okta_ids.contains_key(&user) {
                    leavers.insert(user);
                }
            })
            .await?;
        }
        Ok(present::described(
            &work,
            self.connection,
            &leavers.into_iter().collect::<Vec<_>>(),
        )
        .await?)
    }
}

fn facts(person: &Outside) -> Facts {
    Facts {
        login: person.login.clone(),
        email: person.email.clone(),
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
        display_name: person.display_name.clone(),
        status: String::new(),
        source: FactSource::Pull,
        hash: 0,
    }
}
