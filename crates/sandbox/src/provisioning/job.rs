//! A task with all it needs, taken from the org when its turn comes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::body::{self, Member};
use super::client::{Client, Trouble};
use super::plan::{self, GroupNeed, Need};
use super::side::{Dialect, Side, Subject};
use super::{run_group, run_person};
use crate::org::Org;
use crate::store::mix;

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Create,
    Update { id: String },
    Deactivate { id: String },
    Reactivate { id: String },
    Push { id: Option<String> },
    Change(Change),
    Delete { id: String },
}

/// How a group changes.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) add: Vec<Member>,
    pub(super) remove: Vec<String>,
}

/// A task on its way.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) app: u32,
    pub(super) subject: Subject,
    /// The number of the task.
    pub(super) task: u64,
    pub(super) deed: Deed,
    pub(super) client: Client,
    pub(super) dialect: Dialect,
    pub(super) active_as_text: bool,
    /// What Okta says of the person; empty when the person is gone.
    pub(super) person: Map<String, Value>,
    /// The digest of that.
    pub(super) digest: u64,
    /// Login or name of the group.
    pub(super) name: String,
    pub(super) members: Vec<Member>,
    pub(super) serials: BTreeSet<u32>,
}

/// The id that the app gave, if the thing is still there.
pub(super) type Outcome = Result<Option<String>, Trouble>;

impl Job {
    /// The task that a subject needs now, if it needs any.
    pub(super) fn of(org: &Org, app: u32, subject: Subject, client: &Client) -> Option<Self> {
        let side = org.provisioning.of(app)?;
        let mut client = client.clone();
        client.base_url.clone_from(&side.base_url);
        client.token.clone_from(&side.token);
        let job = Self {
            app,
            subject,
            task: 0,
            deed: Deed::Create,
            client,
            dialect: side.dialect,
            active_as_text: side.active_as_text,
            person: Map::new(),
            digest: 0,
            name: String::new(),
            members: Vec::new(),
            serials: BTreeSet::new(),
        };
        match subject {
            Subject::Person(user) => job.person(org, side, user),
            Subject::Group(mapping) => job.group(org, side, mapping),
        }
    }

    fn person(mut self, org: &Org, side: &Side, user: u32) -> Option<Self> {
        let account = side.accounts.get(&user)?;
        let wanted = plan::wanted_of(org, self.app, user);
        let (need, task) = plan::need(side, account, wanted)?;
        let id = account.external_id.clone().unwrap_or_default();
        self.task = task;
        self.deed = match need {
            Need::Create => Deed::Create,
            Need::Update => Deed::Update { id },
            Need::Deactivate => Deed::Deactivate { id },
            Need::Reactivate => Deed::Reactivate { id },
        };
        self.person = body::person(org, user);
        self.digest = wanted.unwrap_or_default();
        self.name = org
            .people
            .get(user)
            .map(|person| person.profile.login.to_string())
            .unwrap_or_default();
        self.client.salt = mix(plan::key((self.app, self.subject, account.tries)));
        Some(self)
    }

    fn group(mut self, org: &Org, side: &Side, mapping: u32) -> Option<Self> {
        let link = side.links.get(&mapping)?;
        let wanted = plan::wanted_group(org, self.app, mapping);
        let (need, task) = plan::group_need(link, wanted.as_ref())?;
        self.task = task;
        self.client.salt = mix(plan::key((self.app, self.subject, link.tries)));
        self.name.clone_from(&link.name);
        let member = |user: &u32| -> Option<Member> {
            let id = side.accounts.get(user)?.external_id.clone()?;
            let person = org.people.get(*user);
            let login = person.map(|person| person.profile.login.to_string());
            Some((id, login.unwrap_or_default()))
        };
        let id = link.external_id.clone();
        if let Some(wanted) = wanted {
            self.name = wanted.name;
            self.members = wanted.members.iter().filter_map(member).collect();
            self.serials = wanted.members;
        }
        self.deed = match need {
            GroupNeed::Delete => Deed::Delete { id: id? },
            GroupNeed::Push => Deed::Push { id },
            GroupNeed::Change => Deed::Change(Change {
                id: id?,
                add: self
                    .serials
                    .difference(&link.members)
                    .filter_map(member)
                    .collect(),
                remove: link
                    .members
                    .difference(&self.serials)
                    .filter_map(|user| member(user).map(|(id, _)| id))
                    .collect(),
            }),
        };
        Some(self)
    }

    /// Does it.
    pub(super) async fn run(&mut self) -> Outcome {
        match self.deed.clone() {
            Deed::Create => run_person::create(self, None).await,
            Deed::Update { id } => run_person::update(self, &id, true).await,
            Deed::Deactivate { id } => run_person::deactivate(self, &id).await,
            Deed::Reactivate { id } => run_person::reactivate(self, &id).await,
            Deed::Push { id } => run_group::push(self, id).await,
            Deed::Change(change) => run_group::change(self, &change).await,
            Deed::Delete { id } => run_group::delete(self, &id).await,
        }
    }
}
