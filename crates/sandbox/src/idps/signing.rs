//! Okta's own keys for an identity provider: what it signs requests with.

use http::StatusCode;
use serde_json::{Value, json};

use super::{find, find_id};
use crate::apps::{Certificate, print_certificate};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;

/// The routes of signing keys.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/idps/{idpId}/credentials/keys", list)
        .get("/api/v1/idps/{idpId}/credentials/keys/active", active)
        .post("/api/v1/idps/{idpId}/credentials/keys/generate", generate)
        .get("/api/v1/idps/{idpId}/credentials/keys/{kid}", one)
        .post("/api/v1/idps/{idpId}/credentials/keys/{kid}/clone", copy);
}

fn held(org: &Org, serial: u32) -> &[Certificate] {
    org.idp_signing
        .get(&serial)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn list(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let all = held(org, serial).iter();
    let all: Vec<Value> = all.map(|one| print_certificate(org, one)).collect();
    Ok(Reply::json(&all))
}

/// The newest key is the one in use.
fn active(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    Ok(match held(org, serial).last() {
        Some(one) => Reply::json(&json!([print_certificate(org, one)])),
        None => Reply::no_content(),
    })
}

fn named(org: &Org, call: &Call) -> Result<Certificate, Fail> {
    let serial = find(org, call)?;
    let kid = call.param("kid");
    let found = held(org, serial).iter().find(|one| one.kid == kid);
    found
        .cloned()
        .ok_or_else(|| Fail::not_found(kid, "IdpKeyCredential"))
}

fn one(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&print_certificate(org, &named(org, call)?)))
}

fn add(org: &mut Org, serial: u32, key: Certificate) -> Reply {
    let shown = print_certificate(org, &key);
    org.idp_signing.entry(serial).or_default().push(key);
    Reply::json(&shown).status(StatusCode::CREATED)
}

fn generate(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let years = call.query.get("validityYears").unwrap_or_default();
    let years = years.parse().ok().filter(|years| (2..=10).contains(years));
    let Some(years) = years else {
        let why = "validityYears: The field must be between 2 and 10";
        return Err(Fail::validation("validityYears", [why]));
    };
    let key = Certificate {
        kid: call.opaque(43),
        created: call.now.whole(),
        years,
    };
    Ok(add(org, serial, key))
}

fn copy(org: &mut Org, call: &Call) -> Answer {
    let key = named(org, call)?;
    let target = find_id(org, call.query.get("targetIdpId").unwrap_or_default())?;
    Ok(add(org, target, key))
}
