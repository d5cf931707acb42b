//! What is wrong with signing in through Okta.

use super::{Error, Finding, Severity};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections::{self, Connection};
use crate::db::Timestamp;
use crate::saml::{self, Key, KeyState, Pinned, Settings};

const DAY_S: i64 = 86_400;
/// A new key of ours that waits longer than this was forgotten, days.
const WAITING_DAYS: i64 = 7;

pub(super) async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let work = app.read(actor).await?;
    let mut findings = Vec::new();
    for (connection, pinned) in saml::near_end(&work).await? {
        findings.push(ending(&connection, &pinned, work.now));
    }
    for connection in connections::list(&work).await? {
        if let Some(settings) = saml::settings(&work, connection.id).await? {
            findings.extend(of_settings(&connection, &settings));
            findings.extend(of_keys(&work, &connection).await?);
        }
    }
    Ok(findings)
}

fn ending(connection: &Connection, pinned: &Pinned, now: Timestamp) -> Finding {
    let over = pinned.not_after <= now;
    let what = if over {
        "the certificate that answers are signed with says that it has ended; it goes on counting, as it is pinned"
    } else {
        "the certificate that answers are signed with ends within 30 days"
    };
    Finding {
        severity: Severity::Warning,
        code: "saml.certificate".to_owned(),
        about: connection.name.clone(),
        what: what.to_owned(),
        evidence: format!("{} ends at {}", pinned.subject, pinned.not_after),
        cause: "certificates end, and no later one is pinned".to_owned(),
        mend: format!(
            "make the identity provider's next certificate and pin it beside this one before it is used: keywright saml certificates add {} --file FILE",
            connection.name
        ),
        repair: None,
    }
}

fn of_settings(connection: &Connection, settings: &Settings) -> Vec<Finding> {
    let finding =
        |severity, code: &str, what: &str, evidence: String, cause: &str, mend: String| Finding {
            severity,
            code: format!("saml.{code}"),
            about: connection.name.clone(),
            what: what.to_owned(),
            evidence,
            cause: cause.to_owned(),
            mend,
            repair: None,
        };
    let mut findings = Vec::new();
    if settings.idp.is_none() {
        findings.push(finding(
            Severity::Note,
            "waits",
            "signing in is set up, but the identity provider's values are missing",
            format!("set up at {}", settings.created_at),
            "the app in Okta was not made yet, or its metadata was not given",
            format!("keywright saml set {} --metadata-url URL", connection.name),
        ));
    }
    let sent = settings.attributes.contains(&settings.okta_id_attribute);
    if settings.signed_in_at.is_some() && !sent {
        findings.push(finding(
            Severity::Warning,
            "okta_id",
            "answers do not carry Okta's user id, so Okta is asked about each sign-in; while it cannot be asked, nobody gets in",
            format!("attributes seen: {}", settings.attributes.join(", ")),
            "the app in Okta has no such attribute statement",
            format!(
                "in Okta: the app, SAML settings, Attribute Statements: {} = user.id",
                settings.okta_id_attribute
            ),
        ));
    }
    findings
}

async fn of_keys(work: &Work, connection: &Connection) -> Result<Vec<Finding>, Error> {
    let waits = |key: &&Key| {
        let days = (work.now.seconds() - key.created_at.seconds()) / DAY_S;
        key.state == KeyState::Next && days > WAITING_DAYS
    };
    let keys = saml::keys(work, connection.id).await?;
    let finding = keys.iter().find(waits).map(|key| Finding {
        severity: Severity::Warning,
        code: "saml.key_waits".to_owned(),
        about: connection.name.clone(),
        what: "a new key of ours for signing in has been waiting for more than a week".to_owned(),
        evidence: format!("made at {}", key.created_at),
        cause: "the rotation was started and not finished".to_owned(),
        mend: format!(
            "give the identity provider its certificate, then: keywright saml rotate {} --finish",
            connection.name
        ),
        repair: None,
    });
    Ok(finding.into_iter().collect())
}
