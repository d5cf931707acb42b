//! Reading an org until there is one consistent view of it, or saying why there is none.
//!
//! ```text
//! list mapped groups ─► people's own changes ─► members of groups whose stamps moved ─► list again
//!        ▲                                                                                  │ moved meanwhile
//!        └──────────────────────────────────── read those again ◄───────────────────────────┘
//! ```
//!
//! Stamps are whole seconds: a group that changed in the second of the listing is read last, when that second is over.
//! What changes it then has another stamp, so it is read once and not twice.
//!
//! Nothing is believed that may be broken: any error ends the reading; a group that is gone or suddenly empty is a
//! suspect, and while there is one nothing is removed.

mod delta;
mod members;
mod org;
mod people;

use keywright_okta::Client;

use super::finding::Finding;
use super::roster::Roster;
use super::rules::PersonIx;
use super::settings::Progress;
use crate::actor::Actor;
use crate::app::App;
use crate::connections;
use crate::db::{self, ConnectionId, Timestamp, UserId};
use crate::directory::{self, present};
use delta::{Seen, membership_stamp};
use org::{Listing, Org};

/// Groups that keep changing are read so many times at most.
const ROUNDS: usize = 5;
/// A whole read at least so often, seconds.
const WHOLE_SECONDS: i64 = 86_400;

/// A mapped group after reading.
pub(super) struct GroupRead {
    /// As stored before.
    pub(super) stored: directory::Group,
    /// As Okta shows it.
    pub(super) shown: Option<Box<keywright_model::Group>>,
    /// Its members.
    pub(super) members: Members,
    /// As SCIM says it, where that is news.
    pub(super) said: Option<Box<crate::scim::said::Group>>,
}

/// What is known of a group's members.
pub(super) enum Members {
    /// Those that are stored.
    Unchanged,
    /// These.
    Read {
        /// Who.
        people: Vec<PersonIx>,
        /// Okta's time before they were read.
        date: Timestamp,
    },
    /// None, if the answer can be believed.
    Suspect {
        /// `vanished` or `emptied`.
        kind: &'static str,
    },
}

/// What came of reading.
pub(super) struct Reading {
    pub(super) roster: Roster,
    pub(super) groups: Vec<GroupRead>,
    pub(super) findings: Vec<Finding>,
    /// Whether the groups stood still at last.
    pub(super) stable: bool,
    pub(super) whole: bool,
    pub(super) calls: u64,
    pub(super) progress: Progress,
    /// People outside the mapped groups who were looked at.
    pub(super) looked_at: Vec<UserId>,
    /// Whether this is what SCIM said beside what is stored, and Okta was not read.
    pub(super) by_scim: bool,
}

impl Reading {
    /// Whether Okta shows just what is stored.
    pub(super) fn nothing_new(&self) -> bool {
        let as_stored = |group: &GroupRead| {
            matches!(group.members, Members::Unchanged) && group.stored.suspect.is_none()
        };
        self.stable && self.roster.changed().next().is_none() && self.groups.iter().all(as_stored)
    }
}

/// Why there is no reading.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// Okta, or the way to it.
    #[error(transparent)]
    Okta(#[from] keywright_okta::Error),
    /// Okta counts other members than it showed.
    #[error(
        "Okta counts {counted} members in the group \"{group}\" and showed {shown}: a page is missing"
    )]
    PageMissing {
        /// The group's name.
        group: String,
        /// By `expand=stats`.
        counted: u64,
        /// On the pages.
        shown: u64,
    },
    /// The connection gives no client.
    #[error("{words}")]
    Client {
        /// Why.
        words: String,
        /// What to do about it.
        mend: String,
    },
    /// Our database.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// Our directory.
    #[error(transparent)]
    Directory(#[from] directory::Error),
}

/// What is stored when reading begins.
struct Start {
    groups: Vec<directory::Group>,
    progress: Progress,
    outside: Vec<present::Outside>,
}

/// Reads an org. No transaction is open while Okta is asked. `whole`: everything, also what seems unchanged.
pub(super) async fn read(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    client: Client,
    whole: bool,
) -> Result<Reading, ReadError> {
    let start = start(app, actor, connection).await?;
    let org = Org::new(client);
    let mut reader = Reader {
        app: app.clone(),
        actor: actor.clone(),
        connection,
        org,
        roster: Roster::default(),
        known: false,
        findings: Vec::new(),
        progress: start.progress,
        whole,
    };
    let mut groups: Vec<Seen> = start.groups.into_iter().map(Seen::new).collect();
    let mut stable = true;
    let mut looked_at = Vec::new();
    if !groups.is_empty() {
        let listing = reader.list(&groups).await?;
        reader.whole |= reader.is_whole_due(&listing);
        let shown = reader.show(&mut groups, &listing).await?;
        reader.people_changes(&listing).await?;
        if shown {
            stable = reader.groups(&mut groups, listing).await?;
        }
        looked_at = reader.outside(&groups, &start.outside).await?;
    }
    let calls = reader.org.calls();
    let Reader {
        roster,
        findings,
        progress,
        whole,
        ..
    } = reader;
    let groups = groups.into_iter().map(Seen::into_read).collect();
    Ok(Reading {
        roster,
        groups,
        findings,
        stable,
        whole,
        calls,
        progress,
        looked_at,
        by_scim: false,
    })
}

async fn start(app: &App, actor: &Actor, connection: ConnectionId) -> Result<Start, ReadError> {
    let work = app.read(actor).await?;
    let groups = directory::mapped_groups(&work, connection).await?;
    let (_, progress) = super::settings::load(&work, connection).await?;
    let outside = present::outside(&work, connection, org::BATCH).await?;
    Ok(Start {
        groups,
        progress,
        outside,
    })
}

/// One reading under way.
struct Reader {
    app: App,
    actor: Actor,
    connection: ConnectionId,
    org: Org,
    roster: Roster,
    /// Whether the roster knows our users yet.
    known: bool,
    findings: Vec<Finding>,
    progress: Progress,
    whole: bool,
}

impl Reader {
    async fn list(&mut self, groups: &[Seen]) -> Result<Listing, ReadError> {
        let ids: Vec<&str> = groups
            .iter()
            .map(|group| group.stored.okta_id.as_str())
            .collect();
        let listing = self.org.list(&ids, self.progress.org_groups).await?;
        self.progress.org_groups = listing.org_groups.or(self.progress.org_groups);
        Ok(listing)
    }

    fn is_whole_due(&self, listing: &Listing) -> bool {
        let now = Timestamp::from_jiff(listing.date);
        self.progress.people_readable == Some(false)
            || self
                .progress
                .whole_date
                .is_none_or(|at| at.plus_seconds(WHOLE_SECONDS) <= now)
    }

    /// Takes in the listing; false when it shows nothing where there was something.
    async fn show(&mut self, groups: &mut [Seen], listing: &Listing) -> Result<bool, ReadError> {
        let known_before = groups.iter().any(|group| group.stored.seen_at.is_some());
        if listing.groups.is_empty() && known_before && groups.len() > 1 {
            self.findings.push(Finding::nothing_shown());
            for group in groups.iter_mut() {
                group.suspect("vanished");
            }
            return Ok(false);
        }
        for group in groups.iter_mut() {
            let shown = match listing.groups.get(group.stored.okta_id.as_str()) {
                Some(shown) => Some(shown.clone()),
                None => self.org.group(&group.stored.okta_id).await?,
            };
            match shown {
                Some(shown) => group.show(shown, &mut self.findings),
                None => self.vanished(group),
            }
        }
        Ok(true)
    }

    fn vanished(&mut self, group: &mut Seen) {
        let stored = &group.stored;
        self.findings
            .push(Finding::vanished(&stored.name, &stored.okta_id));
        group.suspect("vanished");
    }

    /// Reads the members of the groups that need it until all stand still; false when some never did.
    async fn groups(
        &mut self,
        groups: &mut [Seen],
        mut listing: Listing,
    ) -> Result<bool, ReadError> {
        let mut todo = delta::to_read(groups, self.whole);
        if self.whole {
            self.progress.whole_date = Some(Timestamp::from_jiff(listing.date));
        }
        for _ in 0..ROUNDS {
            if todo.is_empty() {
                return Ok(true);
            }
            self.know().await?;
            self.members(groups, &todo, &listing).await?;
            let next = self.list(groups).await?;
            todo = delta::unsettled(groups, &next);
            for &index in &todo {
                if let Some(group) = groups.get_mut(index)
                    && let Some(shown) = next.groups.get(group.stored.okta_id.as_str())
                {
                    group.show(shown.clone(), &mut Vec::new());
                }
            }
            listing = next;
        }
        if !todo.is_empty() {
            self.findings.push(Finding::unstable(todo.len()));
            for &index in &todo {
                if let Some(group) = groups.get_mut(index) {
                    group.unsettle();
                }
            }
        }
        Ok(todo.is_empty())
    }

    /// Lets the roster know our users, once.
    async fn know(&mut self) -> Result<(), ReadError> {
        if !std::mem::replace(&mut self.known, true) {
            let work = self.app.read(&self.actor).await?;
            let roster = &mut self.roster;
            present::people(&work, self.connection, |person| {
                roster.know(&person);
            })
            .await?;
        }
        Ok(())
    }
}

impl From<super::error::Error> for ReadError {
    fn from(error: super::error::Error) -> Self {
        match error {
            super::error::Error::Db(error)
            | super::error::Error::Connection(connections::Error::Database(error)) => {
                Self::Db(error)
            }
            super::error::Error::Okta { words, mend } => Self::Client { words, mend },
            super::error::Error::Connection(connections::Error::Client(error)) => {
                Self::Okta(*error)
            }
            other => Self::Client {
                words: other.to_string(),
                mend: String::new(),
            },
        }
    }
}
