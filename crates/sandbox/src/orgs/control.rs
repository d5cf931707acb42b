//! `/_sandbox/orgs`: making and ending orgs while the process runs; `/_sandbox/health`.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{OrgPlace, Orgs};
use crate::http::{Reply, send};
use crate::options::StartError;
use crate::start;

/// What an org is made of.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrg {
    /// A free one when missing.
    name: Option<String>,
    #[serde(default)]
    people: u32,
    #[serde(default)]
    groups: u32,
    groups_per_person: Option<u32>,
}

/// Says that all is well, how many orgs there are, and how the state file fares.
pub(super) fn health(orgs: &Orgs) -> Reply {
    let file = orgs
        .file
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let (writes, error) = (file.writes, file.error);
    let state = orgs.options.state.as_ref().map(
        |path| json!({ "file": path.display().to_string(), "writes": writes, "error": error }),
    );
    let status = if error.is_some() { "degraded" } else { "ok" };
    Reply::json(&json!({ "status": status, "orgs": orgs.read().len() + 1, "state": state }))
}

/// The certificate that clients are to trust.
pub(super) fn certificate(orgs: &Orgs) -> Reply {
    match orgs.certificate_pem() {
        None => Reply::json(&json!({ "error": "this sandbox speaks plain HTTP" }))
            .status(StatusCode::NOT_FOUND),
        Some(pem) => {
            let mut reply = Reply::raw(pem.to_owned());
            reply.content_type = "application/x-pem-file";
            reply
        }
    }
}

/// Answers a call about orgs.
pub(super) async fn answer(orgs: &Arc<Orgs>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let name = parts
        .uri
        .path()
        .strip_prefix("/_sandbox/orgs/")
        .unwrap_or_default();
    let found = match (&parts.method, name) {
        (&Method::GET, "") => Ok(json!({ "orgs": orgs.list() })),
        (&Method::POST, "") => make(orgs, body).await,
        (&Method::DELETE, name) if orgs.remove(name) => Ok(json!({})),
        _ => {
            let none = Reply::json(&json!({ "error": "no such control" }));
            return send(none.status(StatusCode::NOT_FOUND), None);
        }
    };
    let reply = match found {
        Ok(body) => Reply::json(&body),
        Err(why) => Reply::json(&json!({ "error": why })).status(StatusCode::BAD_REQUEST),
    };
    send(reply, None)
}

async fn make(orgs: &Arc<Orgs>, body: Body) -> Result<Value, String> {
    let bytes = Limited::new(body, 64 * 1024)
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    let bytes = bytes.to_bytes();
    let asked: NewOrg = if bytes.is_empty() {
        NewOrg::default()
    } else {
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())?
    };
    let made = open(orgs, asked).await.map_err(|error| error.to_string())?;
    Ok(json!(made))
}

fn free_name(orgs: &Orgs) -> String {
    let more = orgs.read();
    let mut number = more.len() + 2;
    while more.contains_key(&format!("org-{number}")) {
        number += 1;
    }
    format!("org-{number}")
}

async fn open(orgs: &Arc<Orgs>, asked: NewOrg) -> Result<OrgPlace, StartError> {
    let name = asked.name.unwrap_or_else(|| free_name(orgs));
    let mut options = orgs.options.clone();
    (options.people, options.groups, options.seed) = (asked.people, asked.groups, None);
    if let Some(number) = asked.groups_per_person {
        options.groups_per_person = number;
    }
    let address = SocketAddr::new(orgs.address.ip(), 0);
    start::more(orgs, &name, &options, address, None).await?;
    let made = orgs.list().into_iter().find(|place| place.name == name);
    made.ok_or(StartError::Name {
        name,
        why: "it was taken away at once",
    })
}
