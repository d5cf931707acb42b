//! What is wrong with connections: the live test of each, and what a test does not see.

use super::{Error, Finding, Repair, Severity};
use crate::actor::Actor;
use crate::app::App;
use crate::connections::{
    self, Authentication, Capability, Check, Connection, Key, KeyState, Outcome, Purpose, Status,
};
use crate::db::Timestamp;

const DAY_S: i64 = 86_400;
/// A client key older than this should be rotated, days.
const OLD_KEY_DAYS: i64 = 365;
/// A new key that waits longer than this was forgotten, days.
const WAITING_DAYS: i64 = 7;

pub(super) async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let work = app.read(actor).await?;
    let all = connections::list(&work).await?;
    let mut kept = Vec::new();
    for connection in all {
        let keys = connections::keys(&work, connection.id).await?;
        kept.push((connection, keys));
    }
    drop(work);
    if kept.is_empty() {
        return Ok(vec![none_yet()]);
    }
    let mut findings = Vec::new();
    for (connection, keys) in kept {
        if connection.status == Status::Disabled {
            findings.push(disabled(&connection));
            continue;
        }
        let report = connections::test(app, actor, connection.id).await?;
        findings.extend(
            report
                .checks
                .iter()
                .filter_map(|check| of_check(&connection, check)),
        );
        findings.extend(of_keys(&connection, &keys, app.now()));
        findings.extend(of_authentication(&connection));
    }
    Ok(findings)
}

fn none_yet() -> Finding {
    Finding {
        severity: Severity::Note,
        code: "connection.none".to_owned(),
        about: "connections".to_owned(),
        what: "no Okta org is joined yet".to_owned(),
        evidence: "there are no connections".to_owned(),
        cause: "this installation is new".to_owned(),
        mend: "keywright connect ORG".to_owned(),
        repair: None,
    }
}

fn disabled(connection: &Connection) -> Finding {
    Finding {
        severity: Severity::Note,
        code: "connection.disabled".to_owned(),
        about: connection.name.clone(),
        what: "the connection is switched off".to_owned(),
        evidence: format!("disabled since {}", connection.status_since),
        cause: "a person switched it off".to_owned(),
        mend: format!("keywright connection set {} --enable", connection.name),
        repair: None,
    }
}

fn of_check(connection: &Connection, check: &Check) -> Option<Finding> {
    let severity = match check.outcome {
        Outcome::Failed => Severity::Critical,
        Outcome::Warning => Severity::Warning,
        Outcome::Ok | Outcome::Skipped => return None,
    };
    let (code, cause) = match check.capability {
        Capability::Reachable => ("reachable", "the way to the org, or its address"),
        Capability::Clock => ("clock", "this machine's clock is not kept right"),
        Capability::Authenticated => (
            "authenticated",
            "what the app in Okta knows of us has changed, or was never set",
        ),
        Capability::Scope => (
            "scope",
            "the scope was not granted to the app, or was taken back",
        ),
        Capability::Role => (
            "role",
            "the administrator role was not assigned, or was taken back",
        ),
        Capability::Answers => ("answers", "Okta hides what the role does not reach"),
        Capability::Webauthn => (
            "webauthn",
            "the enrolment policy or authenticator of the org",
        ),
    };
    Some(Finding {
        severity,
        code: format!("connection.{code}"),
        about: connection.name.clone(),
        what: check.finding.clone(),
        evidence: format!("the live test of {}", connection.domain),
        cause: cause.to_owned(),
        mend: check.mend.clone().unwrap_or_default(),
        repair: None,
    })
}

fn of_keys(connection: &Connection, keys: &[Key], now: Timestamp) -> Vec<Finding> {
    let days = |key: &Key| (now.seconds() - key.created_at.seconds()) / DAY_S;
    let client = keys.iter().filter(|key| key.purpose == Purpose::Client);
    client
        .filter_map(|key| match key.state {
            KeyState::Current if days(key) > OLD_KEY_DAYS => {
                Some(old_key(connection, key, days(key)))
            }
            KeyState::Next if days(key) > WAITING_DAYS => {
                Some(waiting_key(connection, key, days(key)))
            }
            KeyState::Current | KeyState::Next => None,
        })
        .collect()
}

fn old_key(connection: &Connection, key: &Key, days: i64) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "connection.key_old".to_owned(),
        about: connection.name.clone(),
        what: format!("the client key is {days} days old"),
        evidence: format!("{} of {}", key.kid, key.created_at),
        cause: "it was not rotated for more than a year".to_owned(),
        mend: format!("keywright connection rotate {}", connection.name),
        repair: None,
    }
}

fn waiting_key(connection: &Connection, key: &Key, days: i64) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "connection.key_waits".to_owned(),
        about: connection.name.clone(),
        what: format!("a new client key has been waiting for {days} days to take over"),
        evidence: format!("{} of {}", key.kid, key.created_at),
        cause: "the rotation was started and not finished".to_owned(),
        mend: format!(
            "add the new key to the app in Okta (General > Public Keys), then: keywright connection rotate {} --finish",
            connection.name
        ),
        repair: Some(Repair::FinishRotation {
            connection: connection.id,
        }),
    }
}

fn of_authentication(connection: &Connection) -> Option<Finding> {
    let (what, mend) = match connection.authentication {
        Authentication::OauthDpop => return None,
        Authentication::Oauth => (
            "its tokens are bearer tokens: who sees one can use it",
            format!(
                "keywright connection set {} --auth oauth_dpop, and switch DPoP on in the app",
                connection.name
            ),
        ),
        Authentication::AuthorizationCode => (
            "it lives by the consent of a person: it ends with that person, or after 7 days without use",
            format!(
                "where no person is needed, make a service app and use it: keywright connection set {} --auth oauth_dpop",
                connection.name
            ),
        ),
        Authentication::ApiToken => (
            "it proves itself by an API token: it ends with the person who made it, or after 30 days without use",
            format!(
                "make a service app and use it: keywright connection set {} --auth oauth_dpop",
                connection.name
            ),
        ),
    };
    Some(Finding {
        severity: Severity::Note,
        code: "connection.authentication".to_owned(),
        about: connection.name.clone(),
        what: what.to_owned(),
        evidence: format!("authentication is {}", connection.authentication.word()),
        cause: "it was set up this way".to_owned(),
        mend,
        repair: None,
    })
}
