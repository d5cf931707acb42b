//! A change is claimed before its call and settled after it, so that it is never done twice.
//!
//! ```text
//! claim (committed) ─► call ─► done, kept for 24 hours          the same key: the same answer
//!     │                  └──► refused: the claim is given back   the same key: tried anew
//!     └─ crash, or no answer: read back ─► done | not done (given back) | unknown, which stays so
//! ```
//!
//! A claim is leased; whoever runs keeps the lease. One whose lease has ended is taken over under a higher fence, and
//! only to read back.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Error;
use super::action::{Action, Input};
use super::look::Seen;
use super::store::{self, Key, Row};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::audit;
use crate::db::{ConnectionId, Timestamp};
use crate::vault::{self, Sealed};
use secrecy::ExposeSecret;

/// How long a key is remembered, in seconds.
pub const KEPT_SECONDS: i64 = 24 * 3600;
/// How long whoever runs may be silent, in seconds.
pub(super) const LEASE_SECONDS: i64 = 30;
const INPUT: &str = "action_runs.input";
const OUTCOME: &str = "action_runs.outcome";

/// A change that is ours to do or to settle.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) id: Uuid,
    pub(super) fence: i64,
    pub(super) before: Option<Seen>,
}

/// What there is under a key.
#[derive(Debug)]
pub(super) enum Claimed {
    /// Nothing was done: it is ours to do.
    New(Claim),
    /// It was begun, and whoever did it is gone or had no answer: it is ours to settle.
    Begun(Claim),
    /// It was done: this came back.
    Done(Value),
}

/// Claims a change for a request. Without a key it is a request like no other.
pub(super) async fn claim(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    action: &Action,
    input: &Input,
    key: Option<&str>,
) -> Result<Claimed, Error> {
    let key = match key {
        Some(key)
            if !(1..=255).contains(&key.len()) || !key.chars().all(|c| c.is_ascii_graphic()) =>
        {
            return Err(Error::BadKey);
        }
        Some(key) => Sha256::digest(key).to_vec(),
        None => app.random::<32>().to_vec(),
    };
    let caller = caller(actor);
    let place = Key {
        connection,
        caller: &caller,
        hash: &key,
    };
    let work = app.begin(actor).await?;
    let found = match store::find(&work, &place).await? {
        Some(old) if old.claimed_at.plus_seconds(KEPT_SECONDS).0 <= work.now.0 => {
            store::forget(&work, old.id, old.fence).await?;
            None
        }
        found => found,
    };
    let Some(row) = found else {
        let row = new_row(&work, &place, action, input)?;
        if !store::insert(&work, &row, &key).await? {
            return Err(Error::Running);
        }
        work.commit().await?;
        return Ok(Claimed::New(of(&row)?));
    };
    if mac(app, row.hash_key, action.name, input)? != row.body_hash {
        return Err(Error::KeyReused);
    }
    if row.state == "done" {
        return Ok(Claimed::Done(open_outcome(&work, &row)?));
    }
    if row.lease_until.0 > work.now.0 {
        return Err(Error::Running);
    }
    let claim = take_over(&work, &row).await?;
    work.commit().await?;
    Ok(Claimed::Begun(claim))
}

/// Takes over a run whose lease has ended, under a higher fence.
pub(super) async fn take_over(work: &Work, row: &Row) -> Result<Claim, Error> {
    let mut claim = of(row)?;
    claim.fence += 1;
    let until = work.now.plus_seconds(LEASE_SECONDS);
    if store::lease(work, row.id, row.fence, claim.fence, until).await? {
        Ok(claim)
    } else {
        Err(Error::Running)
    }
}

fn of(row: &Row) -> Result<Claim, Error> {
    let before = row.seen_before.clone();
    Ok(Claim {
        id: row.id,
        fence: row.fence,
        before: before.map(serde_json::from_value).transpose()?,
    })
}

fn new_row(work: &Work, key: &Key<'_>, action: &Action, input: &Input) -> Result<Row, Error> {
    let id: Uuid = work.id();
    let hash_key = i64::from(work.app().vault().active_key());
    let text = serde_json::to_vec(&input.0)?;
    Ok(Row {
        id,
        connection_id: key.connection,
        action: action.name.to_owned(),
        caller: key.caller.to_owned(),
        hash_key,
        body_hash: mac(work.app(), hash_key, action.name, input)?,
        state: "running".to_owned(),
        fence: 1,
        lease_until: work.now.plus_seconds(LEASE_SECONDS),
        input: Some(work.seal(INPUT, id, &text)),
        seen_before: None,
        outcome: None,
        claimed_at: work.now,
    })
}

impl Claim {
    /// Keeps the lease. [`Error::TakenOver`] when it is another's.
    pub(super) async fn keep(&self, app: &App, actor: &Actor) -> Result<(), Error> {
        let work = app.begin(actor).await?;
        let until = work.now.plus_seconds(LEASE_SECONDS);
        if !store::lease(&work, self.id, self.fence, self.fence, until).await? {
            return Err(Error::TakenOver);
        }
        Ok(work.commit().await?)
    }

    /// Keeps what was seen before the call.
    pub(super) async fn saw(&mut self, app: &App, actor: &Actor, seen: &Seen) -> Result<(), Error> {
        let kept = seen.to_keep();
        let work = app.begin(actor).await?;
        if !store::set_before(&work, self.id, self.fence, serde_json::to_value(&kept)?).await? {
            return Err(Error::TakenOver);
        }
        work.commit().await?;
        self.before = Some(kept);
        Ok(())
    }

    /// Keeps that it was done, and what came back.
    pub(super) async fn done(
        &self,
        work: &mut Work,
        output: &Value,
        entry: audit::Entry,
    ) -> Result<(), Error> {
        let sealed = work.seal(OUTCOME, self.id, output.to_string().as_bytes());
        let until = work.now;
        self.end(work, "done", Some(sealed), until, entry).await
    }

    /// Keeps that nobody knows. The lease stays for a while: a call without an answer may still be on its way, and is not
    /// sent again before it must have arrived.
    pub(super) async fn unknown(&self, work: &mut Work, entry: audit::Entry) -> Result<(), Error> {
        let until = work.now.plus_seconds(LEASE_SECONDS);
        self.end(work, "unknown", None, until, entry).await
    }

    /// Gives the claim back: nothing was done.
    pub(super) async fn give_back(
        &self,
        work: &mut Work,
        entry: audit::Entry,
    ) -> Result<(), Error> {
        if !store::forget(work, self.id, self.fence).await? {
            return Err(Error::TakenOver);
        }
        Ok(audit::record(work, entry).await?)
    }

    async fn end(
        &self,
        work: &mut Work,
        state: &str,
        outcome: Option<Sealed>,
        until: Timestamp,
        entry: audit::Entry,
    ) -> Result<(), Error> {
        if !store::finish(work, self.id, self.fence, state, outcome, until).await? {
            return Err(Error::TakenOver);
        }
        Ok(audit::record(work, entry).await?)
    }
}

/// What was asked for.
pub(super) fn open_input(work: &Work, row: &Row) -> Result<Input, Error> {
    let Some(sealed) = &row.input else {
        return Ok(Input::default());
    };
    Ok(Input(open(work, INPUT, row.id, sealed)?))
}

fn open_outcome(work: &Work, row: &Row) -> Result<Value, Error> {
    match &row.outcome {
        Some(sealed) => open(work, OUTCOME, row.id, sealed),
        None => Ok(Value::Null),
    }
}

fn open<T: serde::de::DeserializeOwned>(
    work: &Work,
    column: &str,
    row: Uuid,
    sealed: &Sealed,
) -> Result<T, Error> {
    let opened = work.app().vault().open(work.tenant, column, row, sealed)?;
    Ok(serde_json::from_slice(opened.expose_secret())?)
}

/// A request's body by an authentication code: it may hold a password, which a mere hash would let somebody guess.
fn mac(app: &App, key: i64, action: &str, input: &Input) -> Result<Vec<u8>, Error> {
    let message = format!("{action}\n{}", sorted(&Value::Object(input.0.clone())));
    let key = u32::try_from(key).unwrap_or_default();
    let code = app
        .vault()
        .mac(key, "action_runs.body_hash", message.as_bytes());
    Ok(code.ok_or(vault::Error::Malformed)?.to_vec())
}

/// The same text for the same JSON, whatever the order of its members.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(all) => {
            let mut members: Vec<_> = all.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), sorted(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(sorted).collect();
            format!("[{}]", all.join(","))
        }
        other => other.to_string(),
    }
}

/// Who asks, so that one's keys are never another's.
fn caller(actor: &Actor) -> String {
    let id = actor.id_text().unwrap_or_else(|| actor.name.clone());
    format!("{}:{id}", actor.kind.word())
}
