//! Signing keys of a server: one in use, the next, and the one before (Okta: Key rotation).

use serde_json::{Value, json};

use super::{address, hint, lookup, wrong};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::oauth::PrivateKey;
use crate::org::Org;

/// The routes of signing keys.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get(
            "/api/v1/authorizationServers/{authServerId}/credentials/keys",
            list,
        )
        .get(
            "/api/v1/authorizationServers/{authServerId}/credentials/keys/{keyId}",
            one,
        )
        .post(
            "/api/v1/authorizationServers/{authServerId}/credentials/lifecycle/keyRotate",
            rotate,
        );
}

/// The keys of a server with their status; the key after the present one only when it is asked for, as making one takes
/// a while.
fn keys(org: &Org, server: u32, next: bool) -> Vec<(&'static str, std::sync::Arc<PrivateKey>)> {
    let Some(generation) = org.servers.get(server).map(|server| server.generation) else {
        return Vec::new();
    };
    let mut wanted = vec![("ACTIVE", Some(generation))];
    if next {
        wanted.push(("NEXT", Some(generation + 1)));
    }
    wanted.push(("EXPIRED", generation.checked_sub(1)));
    let made = wanted
        .into_iter()
        .filter_map(|(status, number)| Some((status, org.keys.of_server(server, number?)?)));
    made.collect()
}

/// The key that signs for a server now.
pub(crate) fn active(org: &Org, server: u32) -> Option<std::sync::Arc<PrivateKey>> {
    let generation = org.servers.get(server)?.generation;
    org.keys.of_server(server, generation)
}

pub(super) fn active_kid(org: &Org, server: u32) -> Option<String> {
    active(org, server).map(|key| key.kid.clone())
}

/// The public keys by which a server's tokens are checked.
pub(crate) fn public(org: &Org, server: u32) -> Vec<Value> {
    keys(org, server, false)
        .into_iter()
        .map(|(_, key)| key.jwk())
        .collect()
}

fn print(org: &Org, call: &Call, server: u32, status: &str, key: &PrivateKey) -> Value {
    let here = format!(
        "{}/credentials/keys/{}",
        address(org, call, server),
        key.kid
    );
    let mut body = key.jwk();
    body["status"] = status.into();
    body["_links"] = json!({ "self": hint(&here, &["GET"]) });
    body
}

fn list(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let body: Vec<_> = keys(org, server, true)
        .iter()
        .map(|(status, key)| print(org, call, server, status, key))
        .collect();
    Ok(Reply::json(&body))
}

fn one(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let id = call.param("keyId");
    let found = keys(org, server, true)
        .into_iter()
        .find(|(_, key)| key.kid == id);
    let (status, key) =
        found.ok_or_else(|| Fail::not_found(id, "AuthorizationServerJsonWebKey"))?;
    Ok(Reply::json(&print(org, call, server, status, &key)))
}

fn rotate(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    if call.object()?.get("use").and_then(Value::as_str) != Some("sig") {
        return Err(wrong(
            "use",
            "Invalid value specified for key 'use' parameter.",
        ));
    }
    if let Some(server) = org.servers.rows.get_mut(serial) {
        server.generation += 1;
        server.rotated = call.now.whole();
    }
    let target = Target::new(
        "AuthorizationServer",
        org.tail.id(super::SERVER, serial),
        "unknown",
        "signing key",
    );
    org.record(
        call,
        Event::new("app.oauth2.as.key.rollover").target(target),
    );
    list(org, call)
}
