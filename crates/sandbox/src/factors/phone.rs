//! Approval on a phone: what waits for it, and the control that stands for the phone.

use serde::Deserialize;
use serde_json::{Value, json};

use super::print::address;
use super::{Proof, find, kind_of, user_of};
use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;

/// A phone is waited for so long, in seconds.
const PATIENCE: i64 = 300;

/// The routes of transactions.
pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/v1/users/{userId}/factors/{factorId}/transactions/{transactionId}";
    routes.get(one, read).delete(one, cancel);
}

/// What a phone does.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PhoneOrder {
    /// Okta Verify is set up on a phone: its factor becomes active.
    Enroll { factor: String },
    /// The owner says yes to what waits; with a number to match, the number that was tapped.
    Approve {
        transaction: String,
        #[serde(default)]
        number: Option<u64>,
    },
    /// The owner says no.
    Reject { transaction: String },
}

/// Asks the phone of a factor; gives the id of the transaction.
pub(super) fn ask(org: &mut Org, call: &Call, serial: u32, number: bool) -> String {
    let id = format!("v2mst.{}", call.opaque_for(12, 22));
    let until = call.now.plus(PATIENCE);
    let mut one = json!({ "id": id, "until": until.0, "result": "WAITING" });
    if number {
        one["number"] = (10 + crate::store::mix(call.salt) % 90).into();
    }
    if let Some(factor) = org.factors.get_mut(serial) {
        let all = factor.body.entry("asked").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.retain(|old| old["until"].as_i64().is_some_and(|at| at > call.now.0));
            all.push(one);
        }
    }
    id
}

fn held<'a>(org: &'a Org, serial: u32, id: &str) -> Option<&'a Value> {
    let all = org.factors.get(serial)?.body.get("asked")?.as_array()?;
    all.iter().find(|one| one["id"] == id)
}

/// How a transaction stands: `WAITING`, `SUCCESS`, `REJECTED` or `TIMEOUT`.
fn result(one: &Value, now: Time) -> &str {
    let over = one["until"].as_i64().is_none_or(|until| until <= now.0);
    match one["result"].as_str() {
        Some("WAITING") | None if over => "TIMEOUT",
        Some(result) => result,
        None => "WAITING",
    }
}

/// How the transaction of a factor (serial) stands.
pub(crate) fn outcome(org: &Org, serial: u32, id: &str, now: Time) -> String {
    held(org, serial, id)
        .map_or("TIMEOUT", |one| result(one, now))
        .to_owned()
}

/// A transaction as JSON.
pub(super) fn print(org: &Org, call: &Call, serial: u32, id: &str) -> Value {
    let (Some(one), Some(factor)) = (held(org, serial, id), org.factors.get(serial)) else {
        return Value::Null;
    };
    let here = address(org, call, serial, factor);
    let result = result(one, call.now);
    let mut body = json!({ "factorResult": result });
    if result == "SUCCESS" {
        return body;
    }
    body["profile"] = json!({ "credentialId": factor.at(&["profile", "credentialId"]) });
    if result != "WAITING" {
        body["_links"] = json!({
            "verify": { "href": format!("{here}/verify"), "hints": { "allow": ["POST"] } },
            "factor": { "href": here, "hints": { "allow": ["GET", "DELETE"] } },
        });
        return body;
    }
    body["expiresAt"] = json!(Time(one["until"].as_i64().unwrap_or(0)).whole());
    let transaction = format!("{here}/transactions/{id}");
    body["_links"] = json!({
        "poll": { "href": transaction, "hints": { "allow": ["GET"] } },
        "cancel": { "href": transaction, "hints": { "allow": ["DELETE"] } },
    });
    if let Some(number) = one.get("number") {
        body["_embedded"] = json!({ "challenge": { "correctAnswer": number } });
    }
    body
}

fn named(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let (user, serial) = find(org, call)?;
    let id = call.param("transactionId");
    match held(org, serial, id) {
        Some(_) => Ok((user, serial)),
        None => Err(Fail::not_found(id, "FactorTransaction")),
    }
}

fn read(org: &Org, call: &Call) -> Answer {
    let (_, serial) = named(org, call)?;
    let body = print(org, call, serial, call.param("transactionId"));
    Ok(Reply::json(&body))
}

fn cancel(org: &mut Org, call: &Call) -> Answer {
    let (_, serial) = named(org, call)?;
    let id = call.param("transactionId").to_owned();
    with(org, serial, |all| all.retain(|one| one["id"] != id));
    Ok(Reply::no_content())
}

fn with(org: &mut Org, serial: u32, change: impl FnOnce(&mut Vec<Value>)) {
    let all = org.factors.get_mut(serial);
    if let Some(all) = all.and_then(|factor| factor.body.get_mut("asked")?.as_array_mut()) {
        change(all);
    }
}

/// Does what a phone does; says what is wrong with an order that cannot be done.
pub(crate) fn carry_out(org: &mut Org, order: &PhoneOrder, now: Time) -> Result<Value, String> {
    match order {
        PhoneOrder::Enroll { factor } => enroll(org, factor, now),
        PhoneOrder::Approve {
            transaction,
            number,
        } => answer(org, transaction, *number, "SUCCESS", now),
        PhoneOrder::Reject { transaction } => answer(org, transaction, None, "REJECTED", now),
    }
}

fn enroll(org: &mut Org, id: &str, now: Time) -> Result<Value, String> {
    let found = org
        .factors
        .iter()
        .find(|(serial, _)| super::id(org, *serial) == id);
    let (serial, factor) = found.ok_or_else(|| format!("there is no factor `{id}`"))?;
    if kind_of(factor).map(|kind| kind.proof) != Some(Proof::Approval) {
        return Err(format!("`{id}` is no factor of a phone"));
    }
    let user = user_of(factor).unwrap_or(0);
    let login = factor.at(&["profile", "credentialId"]).cloned();
    if let Some(factor) = org.factors.get_mut(serial) {
        (factor.active, factor.last_updated) = (true, now.whole());
        let profile = json!({
            "credentialId": login, "deviceType": "SmartPhone_IPhone", "name": "Sandbox phone", "platform": "IOS",
            "version": "18.0",
        });
        factor.body.insert("profile".to_owned(), profile);
    }
    let call = Call::own(org, http::Method::POST, "/_sandbox/phone", "", now);
    let event = Event::new("user.mfa.factor.activate").target(org.user_target(user));
    org.record(&call, event);
    Ok(json!({ "factor": id, "status": "ACTIVE" }))
}

fn answer(
    org: &mut Org,
    id: &str,
    number: Option<u64>,
    result: &str,
    now: Time,
) -> Result<Value, String> {
    let found = org
        .factors
        .iter()
        .find_map(|(serial, _)| held(org, serial, id).map(|one| (serial, one)));
    let (serial, one) = found.ok_or_else(|| format!("nothing waits under `{id}`"))?;
    if self::result(one, now) != "WAITING" {
        return Err(format!("`{id}` waits no more"));
    }
    // Whoever taps another number has said no.
    let wrong = result == "SUCCESS"
        && one
            .get("number")
            .is_some_and(|want| want.as_u64() != number);
    let result = if wrong { "REJECTED" } else { result };
    with(org, serial, |all| {
        for one in all.iter_mut().filter(|one| one["id"] == id) {
            one["result"] = result.into();
        }
    });
    Ok(json!({ "transaction": id, "factorResult": result }))
}
