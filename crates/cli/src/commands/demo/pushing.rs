//! The company comes by SCIM: an app in Okta with our address and token, people assigned, groups pushed.

use anyhow::{Context, bail};
use keywright_okta::{Client, Credentials, OrgUrl};
use keywright_sandbox::PushOrder;
use serde_json::{Value, json};

use super::joining::MAPPED;
use super::stage::Stage;
use super::teller::Told;
use crate::commands::connection::id;
use crate::output::{at, items, text};

/// What the app and its token are called.
const NAME: &str = "Keywright directory";
/// How long all of it may take, in milliseconds.
const WITHIN_MS: u64 = 300_000;

/// Makes the app and its provisioning by Okta's API; gives the app's id.
pub(super) async fn connect(stage: &Stage, connection: &Value) -> anyhow::Result<Told<String>> {
    let tokens = format!("/connections/{}/scim/tokens", id(connection));
    for old in items(&stage.api.get(&tokens).await?) {
        if old["name"] == NAME && old["revoked_at"].is_null() {
            stage.api.delete(&format!("{tokens}/{}", id(old))).await?;
        }
    }
    let made = stage
        .api
        .post(&tokens, &json!({"name": NAME, "days": 1}))
        .await?;
    let (base, token) = (text(at(&made, "base_url")), text(at(&made, "secret")));

    let okta = okta(stage)?;
    let app = json!({
        "name": "bookmark", "label": NAME, "signOnMode": "BOOKMARK",
        "settings": {"app": {"url": stage.public_url}},
    });
    let app: Value = okta.post("/api/v1/apps", &[], &app).await?;
    let app = id(&app).to_owned();
    let body = json!({"baseUrl": base, "profile": {"authScheme": "TOKEN", "token": token}});
    let path = format!("/api/v1/apps/{app}/connections/default");
    let _connected: Value = okta.post(&path, &[("activate", "true")], &body).await?;
    let test = PushOrder::Test {
        app: app.clone(),
        groups: true,
    };
    stage.org.push(&test).await?;
    let lines = [
        format!("an app in Okta with {base} and a token for a day"),
        "Test API Credentials: verified".to_owned(),
    ];
    Ok(Told::new(app, lines))
}

/// Assigns everybody, pushes the mapped groups, and waits until both sides hold the same.
pub(super) async fn push(stage: &Stage, app: &str) -> anyhow::Result<Told<()>> {
    let okta = okta(stage)?;
    let groups: Vec<Value> = okta.get("/api/v1/groups", &[("limit", "200")]).await?;
    let found = |name: &str| {
        groups
            .iter()
            .find(|group| at(group, "profile.name") == name)
            .map(|group| id(group).to_owned())
            .with_context(|| format!("the org has no group {name}"))
    };
    let assign = format!("/api/v1/apps/{app}/groups/{}", found("Everyone")?);
    let _assigned: Value = okta.put(&assign, &json!({}), None).await?;
    for (name, _) in MAPPED {
        let body = json!({"sourceGroupId": found(name)?, "targetGroupName": name});
        let path = format!("/api/v1/apps/{app}/group-push/mappings");
        let _pushed: Value = okta.post(&path, &[], &body).await?;
    }
    let wait = PushOrder::Wait {
        timeout_ms: WITHIN_MS,
    };
    let told = stage.org.push(&wait).await?;
    let side = items(&told)
        .iter()
        .find(|one| one["app"] == app)
        .context("the app pushes nothing")?;
    if let Some(failed) = at(side, "failed").as_array().and_then(|list| list.first()) {
        bail!("Okta says: {}", text(at(failed, "error")));
    }
    let line = format!(
        "{} people and {} groups with their members pushed in {} requests, none failed",
        text(at(side, "active")),
        text(at(side, "groups")),
        text(at(side, "requests")),
    );
    Ok(Told::new((), [line]))
}

fn okta(stage: &Stage) -> anyhow::Result<Client> {
    let bootstrap = Credentials::ApiToken(stage.org.api_token().to_owned().into());
    Ok(Client::builder(OrgUrl::parse(&stage.org.url())?, bootstrap).build()?)
}
