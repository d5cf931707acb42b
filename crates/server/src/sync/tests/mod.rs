//! Sync against the real sandbox, on both databases.

mod bad_days;
mod decisions;
mod large;
mod ordinary;
mod pages;
mod reading;
mod scim;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keywright_okta::{Client, Credentials, Limits as CallLimits, OrgUrl, Secret, SigningKey};
use keywright_sandbox::{Edit, Effect, Fault, Sandbox, SandboxOptions, ServiceApp};
use uuid::Uuid;

use super::run::{self, Run, RunId, RunKind};
use super::{Change, Clients, Error, changes, register, trigger};
use crate::actor::{Actor, ActorKind, Permissions};
use crate::app::AppBuilder;
use crate::connections;
use crate::db::{ConnectionId, UserId};
use crate::directory::{self, MappingId, RoleId};
use crate::jobs::{self, Registry};
use crate::testing::TestApp;

const MEMBERS: &str = "/api/v1/groups/{groupId}/users";
const GROUPS: &str = "/api/v1/groups";

/// Where the app finds the client that a test makes.
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<Option<Client>>>);

/// The app's way to the sandbox.
pub(crate) fn parts(builder: AppBuilder) -> AppBuilder {
    builder
        .with(Slot::default())
        .with(Clients::new(|app, tenant, id| async move {
            connections::find(&app.read(&Actor::system(tenant, "test")).await?, id).await?;
            let slot = app.part::<Slot>().unwrap().0.lock().unwrap().clone();
            slot.ok_or_else(|| Error::Invalid("no client".to_owned()))
        }))
}

/// A connection to the sandbox.
async fn connect(t: &TestApp, sandbox: &Sandbox) -> ConnectionId {
    let new = serde_json::json!({ "domain": sandbox.url(), "authentication": "api_token", "api_token": sandbox.api_token() });
    let mut work = t.begin().await;
    let made = connections::create(&mut work, serde_json::from_value(new).unwrap())
        .await
        .unwrap();
    connections::worked(&mut work, made.id).await.unwrap();
    work.commit().await.unwrap();
    made.id
}

/// A sandbox org that is synced.
pub(crate) struct Org {
    pub(crate) t: TestApp,
    sandbox: Sandbox,
    pub(crate) id: ConnectionId,
}

impl Org {
    /// An org without people but its admin.
    pub(crate) async fn start(t: TestApp) -> Self {
        Self::start_with(t, 0).await
    }

    /// An org with so many groups in which nobody is.
    async fn start_with(t: TestApp, groups: u32) -> Self {
        let mut options = SandboxOptions::default();
        (options.rate_limits, options.groups) = (false, groups);
        let sandbox = Sandbox::start(options).await.unwrap();
        let id = connect(&t, &sandbox).await;
        let org = Self { t, sandbox, id };
        org.sign_in(
            Credentials::ApiToken(Secret::new(org.sandbox.api_token().to_owned())),
            &[],
        );
        org
    }

    /// Goes on with other credentials.
    fn sign_in(&self, credentials: Credentials, scopes: &[&str]) {
        let limits = CallLimits {
            tries: 2,
            first_pause: Duration::from_millis(1),
            rate_wait: Duration::from_secs(5),
            ..CallLimits::default()
        };
        let url = OrgUrl::parse(&self.sandbox.url()).unwrap();
        let client = Client::builder(url, credentials)
            .scopes(scopes.iter().copied())
            .limits(limits)
            .build()
            .unwrap();
        *self.t.app.part::<Slot>().unwrap().0.lock().unwrap() = Some(client);
    }

    /// Goes on as the service app that needs `DPoP`.
    fn sign_in_by_dpop(&self, scopes: &[&str]) {
        let ServiceApp {
            client_id,
            private_key_pem,
            ..
        } = self.sandbox.dpop().clone();
        let key = SigningKey::from_pem(&private_key_pem).unwrap();
        let dpop_key = SigningKey::generate(keywright_okta::SigningAlgorithm::Es256).unwrap();
        self.sign_in(
            Credentials::OauthDpop {
                client_id,
                key,
                dpop_key,
            },
            scopes,
        );
    }

    /// Changes the org, then lets time pass so that the change lies behind.
    fn edit(&self, edits: &[Edit]) -> Vec<String> {
        let made = self.sandbox.edit(edits).unwrap();
        self.pass(600);
        made
    }

    /// Lets seconds pass here and there.
    fn pass(&self, seconds: u32) {
        self.sandbox.advance_clock_ms(i64::from(seconds) * 1_000);
        self.t.advance(Duration::from_secs(u64::from(seconds)));
    }

    /// Lets the clock of the org go on to the start of its next second.
    fn to_the_start_of_a_second(&self) {
        let now = self.sandbox.clock_ms();
        self.sandbox.advance_clock_ms(1_000 - now.rem_euclid(1_000));
    }

    /// Makes groups and people in them: `("Sales", ["a", "b"])`.
    pub(crate) fn staff(&self, groups: &[(&str, &[&str])]) {
        let mut edits: Vec<Edit> = groups
            .iter()
            .map(|(name, _)| Edit::AddGroup {
                name: (*name).to_owned(),
                description: None,
            })
            .collect();
        let mut people: Vec<&str> = groups
            .iter()
            .flat_map(|(_, people)| people.iter().copied())
            .collect();
        people.sort_unstable();
        people.dedup();
        for person in people {
            let groups = groups
                .iter()
                .filter(|(_, people)| people.contains(&person))
                .map(|(name, _)| (*name).to_owned())
                .collect();
            edits.push(Edit::AddUser {
                login: login(person),
                first_name: person.to_owned(),
                last_name: "Tester".to_owned(),
                groups,
            });
        }
        self.edit(&edits);
    }

    /// So many people named `p0`, `p1` ... in one group.
    fn crowd(&self, group: &str, people: usize) {
        let names: Vec<String> = (0..people).map(|n| format!("p{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.staff(&[(group, &names)]);
    }

    fn join(&self, group: &str, people: &[&str]) {
        self.edit(&[Edit::Join {
            group: group.to_owned(),
            users: people.iter().map(|person| login(person)).collect(),
        }]);
    }

    fn leave(&self, group: &str, people: &[&str]) {
        self.edit(&[Edit::Leave {
            group: group.to_owned(),
            users: people.iter().map(|person| login(person)).collect(),
        }]);
    }

    fn status(&self, person: &str, status: &str) {
        self.edit(&[Edit::SetStatus {
            user: login(person),
            status: status.to_owned(),
        }]);
    }

    fn fault(&self, path: &str, effect: Effect) {
        self.sandbox.fault(Fault::new("GET", path, effect).times(0));
    }

    /// Maps a group of the org, by its name there.
    pub(crate) async fn map(&self, group: &str, roles: &[&str]) -> MappingId {
        let client = self
            .t
            .app
            .part::<Slot>()
            .unwrap()
            .0
            .lock()
            .unwrap()
            .clone()
            .unwrap();
        let query = keywright_okta::GroupQuery {
            q: Some(group.to_owned()),
            ..Default::default()
        };
        let found = client.groups(&query).unwrap().all().await.unwrap();
        let id = found
            .iter()
            .find(|found| found.name() == group)
            .unwrap()
            .id
            .clone();
        let mut work = self.t.begin().await;
        let roles: Vec<RoleId> = role_ids(roles);
        let made =
            directory::create_mapping(&mut work, self.id, id.as_str(), Some(group), &roles, "test")
                .await
                .unwrap();
        work.commit().await.unwrap();
        made.id
    }

    /// Runs and gives the run.
    pub(crate) async fn run(&self) -> Run {
        self.run_as(RunKind::Run, false).await
    }

    async fn run_as(&self, kind: RunKind, whole: bool) -> Run {
        let id = self.ask(kind, whole).await;
        self.work().await;
        self.find(id).await
    }

    async fn ask(&self, kind: RunKind, whole: bool) -> RunId {
        let mut work = self.t.begin().await;
        let started = trigger(&mut work, self.id, kind, whole, "test")
            .await
            .unwrap();
        work.commit().await.unwrap();
        started.run
    }

    /// Does all jobs that are due.
    async fn work(&self) {
        jobs::run_until_idle(&self.t.app, &register(Registry::new()))
            .await
            .unwrap();
    }

    async fn find(&self, id: RunId) -> Run {
        run::find(&self.t.read().await, self.id, id).await.unwrap()
    }

    /// Runs, and approves what is held.
    async fn settle(&self) -> Run {
        let run = self.run().await;
        if run.state != "held" {
            return run;
        }
        self.approve(run.id).await
    }

    async fn approve(&self, id: RunId) -> Run {
        for person in 1..=2 {
            let mut work = self.t.app.begin(&self.person(person)).await.unwrap();
            let approval = super::approve(&mut work, self.id, id, "test")
                .await
                .unwrap();
            work.commit().await.unwrap();
            if let super::Approval::Applying(run) = approval {
                self.work().await;
                return self.find(run).await;
            }
        }
        panic!("two people are enough")
    }

    /// A person with all permissions and their own credential.
    fn person(&self, number: u128) -> Actor {
        let kind = ActorKind::Person(UserId(Uuid::from_u128(number)));
        Actor {
            kind,
            name: format!("person {number}"),
            tenant: self.t.tenant,
            permissions: Permissions::all(),
        }
    }

    async fn user(&self, person: &str) -> directory::User {
        directory::users_by_login(&self.t.read().await, &login(person))
            .await
            .unwrap()
            .remove(0)
    }

    /// The names of a person's roles; `-` for who is no user.
    async fn roles(&self, person: &str) -> String {
        let work = self.t.read().await;
        let Some(user) = directory::users_by_login(&work, &login(person))
            .await
            .unwrap()
            .pop()
        else {
            return "-".to_owned();
        };
        let roles = directory::roles_of(&work, user.id).await.unwrap();
        roles
            .iter()
            .map(|role| role.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    async fn give(&self, person: &str, role: RoleId) {
        let user = self.user(person).await.id;
        let mut work = self.t.begin().await;
        directory::give(&mut work, user, role, None, "test")
            .await
            .unwrap();
        work.commit().await.unwrap();
    }

    /// How many people have a role.
    async fn having(&self, role: RoleId) -> usize {
        let work = self.t.read().await;
        let mut people = Vec::new();
        directory::present::grants(&work, self.id, |grant| {
            if grant.role_id == role {
                people.push(grant.user_id);
            }
        })
        .await
        .unwrap();
        people.sort_unstable();
        people.dedup();
        people.len()
    }

    async fn changes(&self, run: &Run) -> Vec<Change> {
        changes::list(&self.t.read().await, run.id, None, -1, 1_000)
            .await
            .unwrap()
    }

    /// Calls to the sandbox since the last question.
    fn calls(&self) -> u64 {
        let total = self.sandbox.requests().total;
        self.sandbox.clear_requests();
        total
    }
}

fn login(person: &str) -> String {
    if person.contains('@') {
        person.to_owned()
    } else {
        format!("{person}@acme.test")
    }
}

fn role_ids(names: &[&str]) -> Vec<RoleId> {
    let built_in = directory::built_in_roles();
    names
        .iter()
        .map(|name| built_in.iter().find(|role| role.name == *name).unwrap().id)
        .collect()
}

/// The codes of a run's findings.
fn codes(run: &Run) -> Vec<&str> {
    run.findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

fn said(run: &Run) -> String {
    run.findings
        .iter()
        .map(|finding| format!("{} {}", finding.words, finding.mend))
        .collect::<Vec<_>>()
        .join("\n")
        + &run.reasons.join("\n")
}
