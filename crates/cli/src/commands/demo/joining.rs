//! Joining the org: a connection, its other half in Okta, its test, and which group gives which role.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::okta_side;
use super::stage::Stage;
use super::teller::Told;
use crate::commands::connection::{id, newest_client_key};
use crate::output::{at, items, text};

/// The connection's name.
const NAME: &str = "demo";
/// Which group gives which role.
pub(super) const MAPPED: [(&str, &str); 4] = [
    ("Engineering", "user"),
    ("Sales", "user"),
    ("Product", "helpdesk"),
    ("Legal", "auditor"),
];
pub(super) async fn connect(stage: &Stage) -> anyhow::Result<Told<Value>> {
    let all = stage.api.get("/connections").await?;
    let known = items(&all).iter().find(|one| one["name"] == NAME).cloned();
    let (connection, did) = if let Some(connection) = known {
        (connection, "is there from the demo before, with its keys")
    } else {
        let body = json!({"name": NAME, "domain": stage.org.url(), "authentication": "oauth_dpop"});
        let made = stage.api.post("/connections", &body).await?;
        (
            made,
            "is made: an RSA key for the client, another for DPoP, both sealed",
        )
    };
    let key = newest_client_key(&connection).context("the connection has no key")?;
    let lines = [
        format!("{NAME} to {} {did}", text(at(&connection, "org_url"))),
        format!("public half: kid {}", text(at(key, "kid"))),
    ];
    Ok(Told::new(connection, lines))
}

pub(super) async fn register(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let key = newest_client_key(connection).context("the connection has no key")?;
    let scopes: Vec<String> = at(connection, "scopes")
        .as_array()
        .into_iter()
        .flatten()
        .map(|scope| text(at(scope, "name")))
        .collect();
    let client_id = okta_side::register(&stage.org, at(key, "jwk"), &scopes).await?;
    stage
        .api
        .patch(
            &format!("/connections/{}", id(connection)),
            &json!({ "client_id": client_id }),
        )
        .await?;
    let lines = [
        format!(
            "service app {client_id} with our public key, DPoP on, by a bootstrap token that is not kept"
        ),
        format!(
            "granted {}; role Read-Only Administrator, no more",
            scopes.join(" and ")
        ),
    ];
    Ok(Told::new((), lines))
}

pub(super) async fn test(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let report = stage
        .api
        .post(&format!("/connections/{}/test", id(connection)), &json!({}))
        .await?;
    let checks = at(&report, "checks")
        .as_array()
        .cloned()
        .unwrap_or_default();
    if report["passed"] != true {
        bail!("the test found: {report}");
    }
    let lines = checks.iter().map(|check| {
        format!(
            "{}: {}",
            text(at(check, "outcome")),
            text(at(check, "finding"))
        )
    });
    Ok(Told::new((), lines.collect::<Vec<_>>()))
}

pub(super) async fn map(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let known = stage.api.get("/mappings").await?;
    let mut lines = Vec::new();
    for (group, role) in MAPPED {
        let mapping = items(&known).iter().find(|one| {
            one["group_name"] == group && at(one, "connection") == at(connection, "id")
        });
        match mapping {
            None => {
                let (okta_id, name) =
                    crate::commands::group::in_okta(&stage.api, id(connection), group).await?;
                let body = json!({"connection": id(connection), "okta_group_id": okta_id, "group_name": name, "roles": [role], "reason": "demo"});
                stage.api.post("/mappings", &body).await?;
                lines.push(format!("{group} -> {role}"));
            }
            Some(mapping) if !at(mapping, "paused_at").is_null() => {
                resume(stage, mapping).await?;
                lines.push(format!("{group} -> {role} (resumed)"));
            }
            Some(_) => lines.push(format!("{group} -> {role} (from before)")),
        }
    }
    Ok(Told::new((), lines))
}

pub(super) async fn resume(stage: &Stage, mapping: &Value) -> anyhow::Result<()> {
    let path = format!("/mappings/{}", id(mapping));
    stage
        .api
        .patch(&path, &json!({"paused": false, "reason": "demo"}))
        .await?;
    Ok(())
}
