//! `/connections/{connection}`: how one stands.

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::Response;

use super::form;
use super::list::{state, way};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::connections::{
    self, Capability, Check, Connection, Job, KeyState, Outcome, Purpose, Status,
};
use crate::console::{Done, Frame, Pages, State, Tone, Visit, show};
use crate::db::{ConnectionId, Timestamp};
use crate::directory;
use crate::saml;
use crate::scim;
use crate::sync;
use crate::web::{Options, Problem};

pub(super) fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}",
            Permission::ConnectionsRead,
            one,
        )
        .post(
            "/connections/{connection}/test",
            Permission::ConnectionsManage,
            test,
        )
}

#[derive(Template)]
#[template(path = "orgs/connection.html")]
struct One {
    frame: Frame,
    connection: Connection,
    state: State,
    way: &'static str,
    tiles: Vec<Tile>,
    failed: Vec<Line>,
    lines: Vec<Line>,
    summary: String,
    scopes: Vec<Asked>,
    keys: Vec<KeyRow>,
    waits: bool,
    jwks_url: String,
    scim_url: String,
    rate: Rate,
    may_manage: bool,
    may_scim: bool,
}

struct Tile {
    top: &'static str,
    state: State,
    words: String,
    href: String,
}

/// One check of the last test.
struct Line {
    what: String,
    state: State,
    finding: String,
    mend: Option<String>,
}

/// One scope, and whether it is granted as far as known.
struct Asked {
    name: &'static str,
    purpose: &'static str,
    state: State,
}

struct KeyRow {
    purpose: &'static str,
    kid: String,
    algorithm: String,
    state: State,
    jwk: String,
    pem: String,
    created_at: Timestamp,
    /// The DPoP key is never given to Okta.
    for_okta: bool,
}

#[derive(Default)]
struct Rate {
    share: u8,
    waiting: usize,
    refused: u64,
    kinds: Vec<(String, String)>,
}

async fn one(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let keys = connections::keys(&work, id).await?;
    let tiles = tiles(&work, &visit, &connection).await?;
    let checks = connection
        .test
        .as_ref()
        .map(|test| test.checks.as_slice())
        .unwrap_or_default();
    let lines: Vec<Line> = checks.iter().map(line).collect();
    let failed = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .map(line);
    let well = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Ok)
        .count();
    let public = Options::of(&app).public_url;
    show(&One {
        frame: visit
            .frame(connection.name.clone())
            .crumb("Connections", "/connections"),
        state: state(&connection),
        way: way(connection.authentication),
        tiles,
        failed: failed.collect(),
        summary: format!("{well} of {} pass", lines.len()),
        lines,
        scopes: scopes(&connection),
        waits: keys.iter().any(|key| key.state == KeyState::Next),
        keys: keys.into_iter().map(key).collect(),
        jwks_url: connections::jwks_url(&app, id),
        scim_url: scim::base(&public, id),
        rate: rate(&app, &visit, &connection),
        may_manage: visit.may(Permission::ConnectionsManage),
        may_scim: visit.may(Permission::ScimManage),
        connection,
    })
}

async fn tiles(work: &Work, visit: &Visit, connection: &Connection) -> Result<Vec<Tile>, Problem> {
    let mut tiles = Vec::new();
    if visit.may(Permission::RunsRead) {
        tiles.push(roles_tile(work, connection).await?);
    }
    if visit.may(Permission::ScimManage) {
        let standing = scim::standing(work, connection.id).await?;
        let dialect = match standing.dialect {
            Some("patch") => "catalogue app, PATCH",
            Some("put") => "wizard app, PUT",
            _ => "nothing heard yet",
        };
        tiles.push(Tile {
            top: "SCIM",
            state: match (standing.dialect, standing.collisions) {
                (None, _) => State::off("Not in use"),
                (_, 0) => State::ok("Active"),
                (_, n) => State::held(format!("{n} collisions")),
            },
            words: format!(
                "{dialect}: {} people, {} groups",
                standing.active, standing.groups
            ),
            href: format!("/connections/{}/provisioning", connection.id),
        });
    }
    let saml = saml::view(work, connection.id).await?;
    tiles.push(Tile {
        top: "Sign-in by SAML",
        state: saml.standing.state(saml.sso_allowed),
        words: match saml.signed_in_at {
            Some(_) => "Addresses, certificates and refusals".to_owned(),
            None => "Nobody signed in through it yet".to_owned(),
        },
        href: format!("/connections/{}/saml", connection.id),
    });
    for job in [Job::Events, Job::Passkeys, Job::Keys, Job::Actions] {
        if connection.does(job) {
            tiles.push(Tile {
                top: form::job_label(job),
                state: State::note("Switched on"),
                words: "Its scopes are part of the test".to_owned(),
                href: String::new(),
            });
        }
    }
    Ok(tiles)
}

async fn roles_tile(work: &Work, connection: &Connection) -> Result<Tile, Problem> {
    let settings = sync::settings(work, connection.id).await?;
    let mappings = directory::list_mappings(work, Some(connection.id))
        .await?
        .len();
    let grants = directory::count_mapped(work, connection.id).await?;
    let held = sync::held(work, connection.id).await?;
    let state = match (&held, settings.failing_since) {
        _ if !connection.does(Job::Sync) => State::off("Off"),
        (Some(_), _) => State::held("A run is held"),
        (None, Some(_)) => State::fail("Runs fail"),
        (None, None) if mappings == 0 => State::wait("Nothing mapped"),
        (None, None) if connection.status == Status::Disabled => State::off("Off"),
        (None, None) => State::ok("Active"),
    };
    Ok(Tile {
        top: "Roles from groups",
        state,
        words: format!("{mappings} mapped groups give {grants} roles"),
        href: held.map_or_else(
            || format!("/mapping?connection={}", connection.id),
            |run| format!("/runs/{}", run.id),
        ),
    })
}

fn line(check: &Check) -> Line {
    let what = match check.capability {
        Capability::Reachable => "Reachable".to_owned(),
        Capability::Clock => "Clock".to_owned(),
        Capability::Authenticated => "Signed in".to_owned(),
        Capability::Scope => format!("Scope {}", check.scope.as_deref().unwrap_or_default()),
        Capability::Role => "Admin role".to_owned(),
        Capability::Answers => "Answers are not empty".to_owned(),
        Capability::Webauthn => "Factor policy allows WebAuthn".to_owned(),
    };
    let state = match check.outcome {
        Outcome::Ok => State::ok("passed"),
        Outcome::Warning => State::new(Tone::Held, "warning").icon("warn"),
        Outcome::Failed => State::fail("failed"),
        Outcome::Skipped => State::off("not tried"),
    };
    Line {
        what,
        state,
        finding: check.finding.clone(),
        mend: check.mend.clone(),
    }
}

/// What is asked for, and whether the last test found it granted.
fn scopes(connection: &Connection) -> Vec<Asked> {
    if !connection.authentication.has_client() {
        return Vec::new();
    }
    let checks = connection
        .test
        .as_ref()
        .map(|test| test.checks.as_slice())
        .unwrap_or_default();
    let state = |scope: &connections::Scope| {
        let of_it = |check: &&Check| check.scope.as_deref() == Some(scope.name);
        match checks.iter().find(of_it).map(|check| check.outcome) {
            Some(Outcome::Ok) => State::ok("granted"),
            Some(Outcome::Failed) => State::fail("not granted"),
            Some(Outcome::Warning) => State::new(Tone::Held, "not granted, helps").icon("warn"),
            _ if scope.needed => State::wait("to grant"),
            _ => State::off("helps"),
        }
    };
    connections::scopes(&connection.jobs)
        .iter()
        .map(|scope| Asked {
            name: scope.name,
            purpose: scope.purpose,
            state: state(scope),
        })
        .collect()
}

fn key(key: connections::Key) -> KeyRow {
    let client = key.purpose == Purpose::Client;
    KeyRow {
        purpose: if client { "Client key" } else { "DPoP key" },
        state: match key.state {
            KeyState::Current => State::ok("In use"),
            KeyState::Next => State::wait("Next"),
        },
        jwk: serde_json::to_string_pretty(&key.public_jwk).unwrap_or_default(),
        kid: key.kid,
        algorithm: key.algorithm,
        pem: key.public_pem,
        created_at: key.created_at,
        for_okta: client,
    }
}

fn rate(app: &App, visit: &Visit, connection: &Connection) -> Rate {
    let budget = connections::budget(app, visit.actor.tenant, connection);
    let waiting = budget.waiting();
    Rate {
        share: connection.rate_share,
        waiting: waiting.calls,
        refused: waiting.refused,
        kinds: budget
            .buckets()
            .into_iter()
            .map(|bucket| {
                let used = format!(
                    "{} used of {}, {} left for all",
                    bucket.used, bucket.limit, bucket.remaining
                );
                (bucket.kind, used)
            })
            .collect(),
    }
}

async fn test(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Done, Problem> {
    let report = connections::test(&app, &visit.actor, id).await?;
    let done = Done::to(format!("/connections/{id}"));
    Ok(match report.why() {
        None => done.ok("The test passed"),
        Some(why) => done.say(Tone::Fail, format!("The test failed: {why}")),
    })
}
