//! What an admin does with provisioning that Okta's API has no path for, and what tests need.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::PushFaults;
use super::side::Dialect;
use super::{import, plan, show};
use crate::http::Reply;
use crate::org::Org;
use crate::shared::Shared;
use crate::store::Kind;

/// One order. Apps are named by id or label, users by id or login, groups by id or name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PushOrder {
    /// Provisioning, Integration: enters address and token, and switches it on. Who had the app before is not pushed
    /// until `provision` says so.
    Connect {
        /// The app.
        app: String,
        /// The SCIM base URL.
        base_url: String,
        /// The bearer token.
        token: String,
        /// How the app speaks.
        #[serde(default)]
        dialect: Dialect,
        /// `"active": "true"` instead of `"active": true`.
        #[serde(default)]
        active_as_text: bool,
    },
    /// Test API Credentials.
    Test {
        /// The app.
        app: String,
        /// Whether Import Groups is on.
        #[serde(default)]
        groups: bool,
    },
    /// "Provision User": pushes who had the app before, or all such.
    Provision {
        /// The app.
        app: String,
        /// The user; all when missing.
        #[serde(default)]
        user: Option<String>,
    },
    /// "Retry failed tasks" and "Retry All Groups".
    Retry {
        /// The app; all when missing.
        #[serde(default)]
        app: Option<String>,
    },
    /// "Push now": says a group as a whole, whether it changed or not.
    PushNow {
        /// The app.
        app: String,
        /// The source group.
        group: String,
    },
    /// "Import Now": reads people and groups of the app.
    Import {
        /// The app.
        app: String,
    },
    /// Waits until nothing waits and nothing runs.
    Wait {
        /// How long at most, in milliseconds.
        #[serde(default = "minute")]
        timeout_ms: u64,
    },
    /// Tasks queue up and do not run.
    Hold {
        /// Whether they are held.
        on: bool,
    },
    /// The order in which tasks that come together are done.
    Shuffle {
        /// Drawn from this seed; people by age, then groups, when missing.
        #[serde(default)]
        seed: Option<u64>,
    },
    /// Spoils requests; none with `per_mille` 0.
    Faults(PushFaults),
    /// How many tasks run at once, 1 to 64.
    Workers {
        /// So many.
        count: usize,
    },
    /// How long an answer may take: Okta waits 60 s.
    Timeout {
        /// In milliseconds.
        ms: u64,
    },
}

fn minute() -> u64 {
    60_000
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// There is no such app, or it has no provisioning.
    #[error("no app `{0}` with provisioning")]
    NoApp(String),
    /// There is no such user or pushed group.
    #[error("no user or pushed group `{0}`")]
    NoSubject(String),
    /// The app's server answered otherwise than it should, in Okta's words.
    #[error("{0}")]
    Refused(String),
    /// It did not become idle in time.
    #[error("still {0} tasks to do")]
    Busy(usize),
    /// There is no HTTP client on this machine.
    #[error("no HTTP client could be made")]
    NoClient,
    /// The order cannot be read.
    #[error("{0}")]
    Malformed(String),
}

/// Answers `/_sandbox/push`: GET for the state, POST for one order or a list of them.
pub(crate) async fn answer(shared: &Arc<Shared>, method: &Method, body: &Bytes) -> Reply {
    if *method == Method::GET {
        let now = shared.clock.now();
        return Reply::json(&show::state(&shared.read(), now));
    }
    match all(shared, body).await {
        Ok(said) => Reply::json(&said),
        Err(why) => {
            Reply::json(&json!({ "error": why.to_string() })).status(StatusCode::BAD_REQUEST)
        }
    }
}

async fn all(shared: &Arc<Shared>, body: &Bytes) -> Result<Value, PushError> {
    let read: Value =
        serde_json::from_slice(body).map_err(|error| PushError::Malformed(error.to_string()))?;
    let parse = |value: Value| -> Result<PushOrder, PushError> {
        serde_json::from_value(value).map_err(|error| PushError::Malformed(error.to_string()))
    };
    if let Value::Array(list) = read {
        let mut said = Vec::new();
        for one in list {
            said.push(carry_out(shared, &parse(one)?).await?);
        }
        return Ok(said.into());
    }
    carry_out(shared, &parse(read)?).await
}

/// Carries one order out.
pub(crate) async fn carry_out(shared: &Arc<Shared>, order: &PushOrder) -> Result<Value, PushError> {
    let done = match order {
        PushOrder::Test { app, groups } => test(shared, app, *groups).await,
        PushOrder::Import { app } => run_import(shared, app).await,
        PushOrder::Wait { timeout_ms } => wait(shared, *timeout_ms).await,
        PushOrder::Hold { on } => {
            shared.pushing.settings().hold = *on;
            Ok(json!({ "held": on }))
        }
        PushOrder::Shuffle { seed } => {
            shared.pushing.settings().shuffle = *seed;
            Ok(json!({ "seed": seed }))
        }
        PushOrder::Faults(faults) => {
            shared.pushing.settings().faults = (faults.per_mille > 0).then_some(*faults);
            Ok(json!(faults))
        }
        PushOrder::Workers { count } => {
            shared.pushing.settings().workers = (*count).clamp(1, 64);
            Ok(json!({ "workers": count }))
        }
        PushOrder::Timeout { ms } => {
            shared.pushing.settings().timeout = Duration::from_millis(*ms);
            Ok(json!({ "timeout_ms": ms }))
        }
        _ => change(&mut shared.write(), order),
    };
    shared.pushing.kick();
    done
}

fn change(org: &mut Org, order: &PushOrder) -> Result<Value, PushError> {
    match order {
        PushOrder::Connect {
            app,
            base_url,
            token,
            dialect,
            active_as_text,
        } => {
            let serial = find_app(org, app)?;
            let before = plan::wanted(org, serial);
            let fresh = org.provisioning.of(serial).is_none();
            let side = org.provisioning.connect(serial, base_url, token);
            (side.dialect, side.active_as_text, side.on) = (*dialect, *active_as_text, true);
            if fresh {
                for user in before.keys() {
                    side.accounts.entry(*user).or_default().not_asked = true;
                }
            }
            Ok(json!({ "app": org.tail.id(Kind::APP, serial), "not_pushed": before.len() }))
        }
        PushOrder::Provision { app, user } => provision(org, app, user.as_deref()),
        PushOrder::Retry { app } => {
            let chosen = app.as_deref().map(|app| find_app(org, app)).transpose()?;
            let sides = org
                .provisioning
                .all_mut()
                .filter(|(app, _)| chosen.is_none_or(|chosen| chosen == *app));
            let again: usize = sides.map(|(_, side)| side.retry()).sum();
            Ok(json!({ "again": again }))
        }
        PushOrder::PushNow { app, group } => push_now(org, app, group),
        _ => Ok(Value::Null),
    }
}

fn provision(org: &mut Org, app: &str, user: Option<&str>) -> Result<Value, PushError> {
    let serial = find_app(org, app)?;
    let chosen = match user {
        Some(name) => Some(
            org.people
                .find(&org.tail, name)
                .ok_or_else(|| PushError::NoSubject(name.to_owned()))?,
        ),
        None => None,
    };
    let side = org
        .provisioning
        .of_mut(serial)
        .ok_or_else(|| PushError::NoApp(app.to_owned()))?;
    let mut count = 0;
    for (user, account) in &mut side.accounts {
        if account.not_asked && chosen.is_none_or(|chosen| chosen == *user) {
            account.not_asked = false;
            count += 1;
        }
    }
    Ok(json!({ "provisioned": count }))
}

fn push_now(org: &mut Org, app: &str, group: &str) -> Result<Value, PushError> {
    let serial = find_app(org, app)?;
    let none = || PushError::NoSubject(group.to_owned());
    let id = match org.groups.by_name(group) {
        Some(serial) => org.tail.id(Kind::GROUP, serial),
        None => group.to_owned(),
    };
    let mapping = org
        .apps
        .get(serial)
        .and_then(|app| {
            app.pushes
                .iter()
                .find(|(_, push)| push.text("sourceGroupId") == id)
                .map(|(number, _)| number)
        })
        .ok_or_else(none)?;
    let side = org.provisioning.of_mut(serial);
    let link = side
        .and_then(|side| side.links.get_mut(&mapping))
        .ok_or_else(none)?;
    (link.uncertain, link.failed) = (true, None);
    Ok(json!({ "group": id }))
}

fn find_app(org: &Org, name: &str) -> Result<u32, PushError> {
    let by_id = org
        .tail
        .serial(Kind::APP, name)
        .filter(|serial| org.apps.get(*serial).is_some());
    by_id
        .or_else(|| {
            let mut apps = org.apps.rows.iter();
            apps.find(|(_, app)| app.label == name)
                .map(|(serial, _)| serial)
        })
        .ok_or_else(|| PushError::NoApp(name.to_owned()))
}

fn client(shared: &Shared, app: &str) -> Result<(u32, Client), PushError> {
    let mut client = shared.pushing.client().ok_or(PushError::NoClient)?;
    let org = shared.read();
    let serial = find_app(&org, app)?;
    let side = org
        .provisioning
        .of(serial)
        .ok_or_else(|| PushError::NoApp(app.to_owned()))?;
    client.base_url.clone_from(&side.base_url);
    client.token.clone_from(&side.token);
    Ok((serial, client))
}

async fn test(shared: &Shared, app: &str, groups: bool) -> Result<Value, PushError> {
    let (_, mut client) = client(shared, app)?;
    let refused = |trouble: super::client::Trouble| {
        PushError::Refused(format!("Error authenticating: {}", trouble.text()))
    };
    client
        .list("/Users", &[("startIndex", "1"), ("count", "2")])
        .await
        .map_err(refused)?;
    if groups {
        client
            .list("/Groups", &[("startIndex", "1"), ("count", "100")])
            .await
            .map_err(refused)?;
    }
    Ok(json!({ "verified": true }))
}

async fn run_import(shared: &Shared, app: &str) -> Result<Value, PushError> {
    let (serial, mut client) = client(shared, app)?;
    let read = import::read(&mut client)
        .await
        .map_err(|trouble| PushError::Refused(trouble.text()))?;
    let now = shared.clock.now();
    Ok(import::apply(&mut shared.write(), serial, &read, now))
}

async fn wait(shared: &Shared, timeout_ms: u64) -> Result<Value, PushError> {
    let idle = shared.pushing.idle();
    let within = tokio::time::timeout(Duration::from_millis(timeout_ms), idle).await;
    let org = shared.read();
    if within.is_err() {
        let left = org
            .provisioning
            .all()
            .map(|(_, side)| side.queue.len() + side.running);
        return Err(PushError::Busy(left.sum()));
    }
    Ok(show::state(&org, shared.clock.now()))
}
