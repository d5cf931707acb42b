//! Settings of rate limits, and the share of each token and client.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Time;
use crate::filter::parse;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// Settings of the whole org.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Quotas {
    warning: i64,
    per_client: Value,
    notices: bool,
    principals: Vec<Principal>,
}

/// The share of one token or client.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Principal {
    id: String,
    kind: String,
    share: i64,
    concurrent: i64,
    created: Time,
    updated: Time,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            warning: 60,
            per_client: json!({ "defaultMode": "ENFORCE" }),
            notices: true,
            principals: Vec::new(),
        }
    }
}

const PRINCIPAL: Kind = Kind("prl");

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/rate-limit-settings/warning-threshold", warning)
        .put("/api/v1/rate-limit-settings/warning-threshold", set_warning)
        .get("/api/v1/rate-limit-settings/per-client", per_client)
        .put("/api/v1/rate-limit-settings/per-client", set_per_client)
        .get("/api/v1/rate-limit-settings/admin-notifications", notices)
        .put(
            "/api/v1/rate-limit-settings/admin-notifications",
            set_notices,
        )
        .get("/api/v1/principal-rate-limits", list)
        .post("/api/v1/principal-rate-limits", create)
        .get("/api/v1/principal-rate-limits/{principalRateLimitId}", one)
        .put(
            "/api/v1/principal-rate-limits/{principalRateLimitId}",
            replace,
        );
}

impl Quotas {
    /// Notes a token or client; each has its own share.
    pub(crate) fn add(&mut self, id: &str, kind: &str, now: Time) {
        self.principals.push(Principal {
            id: id.to_owned(),
            kind: kind.to_owned(),
            share: 50,
            concurrent: 50,
            created: now,
            updated: now,
        });
    }
}

fn warning(org: &Org, _call: &Call) -> Answer {
    Ok(Reply::json(
        &json!({ "warningThreshold": org.quotas.warning }),
    ))
}

fn set_warning(org: &mut Org, call: &Call) -> Answer {
    let value = call
        .object()?
        .get("warningThreshold")
        .and_then(Value::as_i64)
        .filter(|value| (30..=90).contains(value));
    let why = "warningThreshold: The field must be between 30 and 90";
    org.quotas.warning = value.ok_or_else(|| Fail::validation("warningThreshold", [why]))?;
    warning(org, call)
}

fn per_client(org: &Org, _call: &Call) -> Answer {
    Ok(Reply::json(&org.quotas.per_client))
}

fn set_per_client(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let mode = body
        .get("defaultMode")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !["ENFORCE", "PREVIEW", "DISABLE"].contains(&mode) {
        return Err(Fail::validation(
            "defaultMode",
            ["defaultMode: The field must be ENFORCE, PREVIEW or DISABLE"],
        ));
    }
    org.quotas.per_client = Value::Object(body);
    per_client(org, call)
}

fn notices(org: &Org, _call: &Call) -> Answer {
    Ok(Reply::json(
        &json!({ "notificationsEnabled": org.quotas.notices }),
    ))
}

fn set_notices(org: &mut Org, call: &Call) -> Answer {
    let value = call
        .object()?
        .get("notificationsEnabled")
        .and_then(Value::as_bool);
    let why = "notificationsEnabled: The field cannot be left blank";
    org.quotas.notices = value.ok_or_else(|| Fail::validation("notificationsEnabled", [why]))?;
    notices(org, call)
}

fn invalid() -> Fail {
    Fail::validation("principalRateLimitMediated", Vec::<String>::new())
}

fn print(org: &Org, at: usize, principal: &Principal) -> Value {
    let admin = org.tail.id(Kind::USER, 0);
    json!({
        "id": org.tail.id(PRINCIPAL, u32::try_from(at).unwrap_or(0)), "orgId": org.tail.id(Kind::ORG, 0),
        "principalId": principal.id, "principalType": principal.kind, "defaultPercentage": principal.share,
        "defaultConcurrencyPercentage": principal.concurrent, "lastUpdate": principal.updated.short(),
        "lastUpdatedBy": admin, "createdDate": principal.created.short(), "createdBy": admin,
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let filter = call.query.get("filter").and_then(|text| parse(text).ok());
    let Some(kind) = filter
        .as_ref()
        .and_then(|filter| filter.demands("principalType").map(str::to_owned))
    else {
        let why = "The provided filter parameter did not contain the required attrbute filter \"principalType\"";
        return Err(invalid().because(why));
    };
    let who = filter
        .as_ref()
        .and_then(|filter| filter.demands("principalId").map(str::to_owned));
    let body: Vec<_> = org
        .quotas
        .principals
        .iter()
        .enumerate()
        .filter(|(_, one)| one.kind == kind && who.as_ref().is_none_or(|who| one.id == *who))
        .map(|(at, one)| print(org, at, one))
        .collect();
    Ok(Reply::json(&body))
}

fn place(org: &Org, call: &Call) -> Result<usize, Fail> {
    let id = call.param("principalRateLimitId");
    let at = org
        .tail
        .serial(PRINCIPAL, id)
        .and_then(|serial| usize::try_from(serial).ok());
    at.filter(|at| *at < org.quotas.principals.len())
        .ok_or_else(|| Fail::not_found(id, "PrincipalRateLimit"))
}

fn shown(org: &Org, at: usize) -> Answer {
    Ok(Reply::json(
        &org.quotas.principals.get(at).map(|one| print(org, at, one)),
    ))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, place(org, call)?)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (id, kind) = (text("principalId"), text("principalType"));
    match kind.as_str() {
        "SSWS_TOKEN" if org.tokens.knows(org.tail, &id) => {}
        "SSWS_TOKEN" => return Err(Fail::not_found(&id, "Token")),
        "OAUTH_CLIENT" if org.apps.by_client_id(org, &id).is_some() => {}
        "OAUTH_CLIENT" => return Err(Fail::not_found(&id, "PublicClientApp")),
        _ => return Err(invalid()),
    }
    if org.quotas.principals.iter().any(|one| one.id == id) {
        return Err(invalid());
    }
    org.quotas.add(&id, &kind, call.now);
    let at = org.quotas.principals.len() - 1;
    shares(org, at, &body);
    Ok(shown(org, at)?.status(StatusCode::CREATED))
}

fn shares(org: &mut Org, at: usize, body: &serde_json::Map<String, Value>) {
    let percent = |name: &str| {
        body.get(name)
            .and_then(Value::as_i64)
            .filter(|share| (0..=100).contains(share))
    };
    if let Some(one) = org.quotas.principals.get_mut(at) {
        one.share = percent("defaultPercentage").unwrap_or(one.share);
        one.concurrent = percent("defaultConcurrencyPercentage").unwrap_or(one.concurrent);
    }
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    let body = call.object()?;
    shares(org, at, &body);
    if let Some(one) = org.quotas.principals.get_mut(at) {
        one.updated = call.now;
    }
    shown(org, at)
}
