//! What the next run would do if mappings were changed: the change is made and planned in one transaction, by the same
//! code as a run, and then taken back, or kept when it is what the person saw.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_model::{OktaGroupId, User};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::changes::{Change, Op};
use super::compose::Composed;
use super::error::{Error, Result};
use super::job::{self, as_stored};
use super::judge::{Trust, judge};
use super::read::{GroupRead, Members};
use super::roster::Roster;
use super::routes::settle;
use super::settings::{self, Change as SettingsChange};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::ConnectionId;
use crate::directory::{self, Mapping, MappingChange, RoleId};

/// Most pages of 200 members that are read of a group which was never read.
const PAGES: usize = 25;

/// One group and what it is to give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The group's id in Okta.
    pub(super) okta_group_id: String,
    /// Its name.
    pub(super) name: String,
    /// The roles its members are to get.
    pub(super) roles: Vec<RoleId>,
    /// The version of its mapping that the person saw; none for a new row.
    pub(super) version: Option<i64>,
    /// Whether its mapping is to go.
    pub(super) gone: bool,
}

/// Changed mappings of a connection. Mappings without a row stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The rows.
    pub(super) rows: Vec<Row>,
    /// See [`settings::Settings`].
    pub(super) interval_minutes: i64,
    /// See [`settings::Settings`].
    pub(super) okta_only: bool,
    /// Why, for the audit trail.
    pub(super) reason: String,
}

/// What the next run would do.
#[derive(Clone, Debug, Default)]
pub(super) struct Preview {
    /// What it would apply, by person.
    pub(super) now: Vec<Change>,
    /// What it would hold.
    pub(super) held: Vec<Change>,
    /// Why it would hold that.
    pub(super) reasons: Vec<String>,
    /// New groups whose members could not be taken into account, in sentences.
    pub(super) unread: Vec<String>,
    /// The same for the same draft and outcome.
    pub(super) digest: String,
}

impl Preview {
    /// How many people gain a role, and how many lose one.
    #[must_use]
    pub(super) fn people(&self) -> (usize, usize) {
        let with = |op: Op| {
            self.now
                .iter()
                .chain(&self.held)
                .filter(|change| change.steps.iter().any(|step| step.op == op))
                .count()
        };
        (with(Op::Grant), with(Op::Revoke))
    }
}

/// Shows what the next run would do after `draft`; nothing is changed.
pub(super) async fn preview(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    draft: &Draft,
) -> Result<Preview> {
    let (_, preview) = attempt(app, actor, connection, draft).await?;
    Ok(preview)
}

/// Saves `draft` if what the next run would do is what the person saw (`seen`); else gives what it is now.
pub(super) async fn save(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    draft: &Draft,
    seen: &str,
) -> Result<Option<Preview>> {
    let (work, preview) = attempt(app, actor, connection, draft).await?;
    if preview.digest != seen {
        return Ok(Some(preview));
    }
    work.commit().await?;
    Ok(None)
}

/// Makes the change and plans after it; committed or not by the caller.
async fn attempt(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    draft: &Draft,
) -> Result<(Work, Preview)> {
    let newcomers = newcomers(app, actor, connection, draft).await?;
    let mut work = app.begin(actor).await?;
    apply(&mut work, connection, draft).await?;
    let (mut roster, mut groups) = (Roster::default(), as_stored(&work, connection).await?);
    let mut unread = Vec::new();
    for newcomer in newcomers {
        let members = match newcomer.members {
            Ok(members) => members,
            Err(why) => {
                unread.push(format!("{}: {why}", newcomer.name));
                continue;
            }
        };
        let stored = directory::find_group_by_okta_id(&work, connection, &newcomer.okta_id).await?;
        groups.extend(stored.map(|stored| GroupRead {
            stored,
            shown: None,
            members: Members::Read {
                people: members.iter().map(|user| roster.see(user)).collect(),
                date: work.now,
            },
            said: None,
        }));
    }
    let judged = judge(
        &work,
        connection,
        &mut roster,
        &groups,
        true,
        Trust::Guarded,
    )
    .await?;
    let composed = Composed::new(&judged, &roster, &groups, true, uuid::Uuid::nil());
    let mut preview = Preview {
        now: composed.now_changes().collect(),
        held: composed.held_changes().collect(),
        reasons: judged
            .verdict
            .reasons
            .iter()
            .map(ToString::to_string)
            .collect(),
        unread,
        digest: String::new(),
    };
    drop(composed);
    preview.digest = digest(draft, &preview);
    Ok((work, preview))
}

/// A mark of draft and outcome. People who are to be created get another id each time: Okta's id stands for them.
fn digest(draft: &Draft, preview: &Preview) -> String {
    let mut hash = Sha256::new();
    for row in &draft.rows {
        hash.update(json!([row.okta_group_id, row.roles, row.gone, row.version]).to_string());
    }
    hash.update(
        json!([
            draft.interval_minutes,
            draft.okta_only,
            preview.unread,
            preview.reasons
        ])
        .to_string(),
    );
    for change in preview.now.iter().chain(&preview.held) {
        let steps: Vec<_> = change
            .steps
            .iter()
            .map(|step| (step.op, step.role))
            .collect();
        hash.update(json!([change.okta_id, change.login, steps, change.held]).to_string());
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

/// A group that was never read, with its members or why they are not known.
struct Newcomer {
    okta_id: String,
    name: String,
    members: std::result::Result<Vec<User>, String>,
}

async fn newcomers(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    draft: &Draft,
) -> Result<Vec<Newcomer>> {
    let look = app.read(actor).await?;
    let mut wanted = Vec::new();
    for row in draft.rows.iter().filter(|row| !row.gone) {
        let known = directory::find_group_by_okta_id(&look, connection, &row.okta_group_id).await?;
        if known.is_none_or(|group| group.read_date.is_none() && group.scim_id.is_none()) {
            wanted.push(row);
        }
    }
    drop(look);
    let mut found = Vec::new();
    for row in wanted {
        found.push(Newcomer {
            okta_id: row.okta_group_id.clone(),
            name: row.name.clone(),
            members: members(app, actor, connection, &row.okta_group_id).await,
        });
    }
    Ok(found)
}

async fn members(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    okta_id: &str,
) -> std::result::Result<Vec<User>, String> {
    let client = job::client(app, actor.tenant, connection)
        .await
        .map_err(|error| format!("its members could not be read: {error}"))?;
    let failed = |error: keywright_okta::Error| {
        format!("its members could not be read: {error}. {}", error.mend())
    };
    let mut pages = client
        .group_members(&OktaGroupId::from(okta_id))
        .map_err(failed)?;
    let mut members = Vec::new();
    for _ in 0..PAGES {
        match pages.next().await.map_err(failed)? {
            Some(page) => members.extend(page.items),
            None => return Ok(members),
        }
    }
    Err(format!(
        "it has more than {} members, too many for a preview",
        PAGES * 200
    ))
}

/// Makes the change of `draft`.
async fn apply(work: &mut Work, connection: ConnectionId, draft: &Draft) -> Result<()> {
    let present = directory::list_mappings(work, Some(connection)).await?;
    for row in &draft.rows {
        let mapping = present
            .iter()
            .find(|mapping| mapping.okta_group_id == row.okta_group_id);
        if let Some(mapping) = change_row(work, connection, row, mapping, &draft.reason).await? {
            settle(work, &mapping).await?;
        }
    }
    let before = settings::settings(work, connection).await?;
    let change = SettingsChange {
        interval_minutes: Some(draft.interval_minutes)
            .filter(|minutes| *minutes != before.interval_minutes),
        okta_only: Some(draft.okta_only).filter(|only| *only != before.okta_only),
        limits: None,
    };
    if change.interval_minutes.is_some() || change.okta_only.is_some() {
        settings::change(work, connection, &change, None, &draft.reason).await?;
    } else {
        settings::ensure(work, connection).await?;
    }
    Ok(())
}

/// Changes one mapping; none when it stays as it is.
async fn change_row(
    work: &mut Work,
    connection: ConnectionId,
    row: &Row,
    mapping: Option<&Mapping>,
    reason: &str,
) -> Result<Option<Mapping>> {
    match (mapping, row.gone) {
        (None, true) => Ok(None),
        (None, false) => {
            let name = Some(row.name.as_str()).filter(|name| !name.is_empty());
            let id = &row.okta_group_id;
            let made =
                directory::create_mapping(work, connection, id, name, &row.roles, reason).await;
            Ok(Some(named(made, row)?))
        }
        (Some(mapping), true) => {
            directory::delete_mapping(work, mapping.id, reason).await?;
            Ok(Some(mapping.clone()))
        }
        (Some(mapping), false) => {
            let mut roles = row.roles.clone();
            roles.sort_unstable();
            roles.dedup();
            if roles == mapping.roles {
                return Ok(None);
            }
            let change = MappingChange {
                roles: Some(roles),
                paused: None,
            };
            let changed =
                directory::update_mapping(work, mapping.id, &change, row.version, reason).await;
            Ok(Some(named(changed, row)?))
        }
    }
}

/// With the name of the row in what is wrong with it.
fn named<T>(done: directory::Result<T>, row: &Row) -> Result<T> {
    done.map_err(|error| match error {
        directory::Error::Invalid(words) => Error::Invalid(format!("{}: {words}", row.name)),
        error => error.into(),
    })
}
