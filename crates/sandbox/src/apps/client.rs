//! The OAuth client that an app of OpenID Connect is.

use serde_json::{Value, json};

use super::build::wrong;
use super::{App, Secret};
use crate::clock::Time;
use crate::http::Fail;
use crate::org::Org;

/// Checks and completes the OAuth client of an app.
pub(super) fn client(
    org: &mut Org,
    app: &mut App,
    old: Option<&App>,
    salt: &str,
    now: Time,
) -> Result<(), Fail> {
    let mut given = app
        .body
        .get("credentials")
        .and_then(|one| one.get("oauthClient"))
        .cloned()
        .unwrap_or_default();
    let text = |name: &str| {
        given
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (client_id, secret, method) = (
        text("client_id"),
        text("client_secret"),
        text("token_endpoint_auth_method"),
    );
    let kept = old.and_then(|app| app.client_id.clone());
    app.client_id = kept.or_else(|| (!client_id.is_empty() && old.is_none()).then_some(client_id));
    if let Some(wanted) = &app.client_id
        && old.is_none()
        && org.apps.by_client_id(org, wanted).is_some()
    {
        return Err(wrong(
            "client_id",
            "client_id: An object with this field already exists in the current organization",
        ));
    }
    if method.starts_with("client_secret") && app.secrets.is_empty() {
        let text = if secret.is_empty() {
            format!("{salt}{salt}").chars().take(64).collect()
        } else {
            secret
        };
        app.secrets.push(Secret {
            serial: org.apps.next_number(),
            text,
            active: true,
            created: now.whole(),
        });
    }
    if let Some(Value::Object(credentials)) = app.body.get_mut("credentials")
        && let Value::Object(members) = &mut given
    {
        members.shift_remove("client_id");
        members.shift_remove("client_secret");
        credentials.insert("oauthClient".to_owned(), given);
    }
    oauth_settings(app)
}

fn oauth_settings(app: &mut App) -> Result<(), Fail> {
    let keys = super::keys::completed(app);
    let Some(settings) = app.oauth_mut() else {
        return Ok(());
    };
    let list = |name: &str| {
        settings
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let grants = list("grant_types");
    let service = settings.get("application_type").and_then(Value::as_str) == Some("service");
    if grants.contains(&"authorization_code".into()) && list("redirect_uris").is_empty() {
        return Err(wrong(
            "redirect_uris",
            "redirect_uris: 'redirect_uris' is required when 'grant_types' contains 'authorization_code'.",
        ));
    }
    let for_services = |grant: &Value| {
        let grant = grant.as_str().unwrap_or_default();
        grant == "client_credentials" || grant.starts_with("urn:")
    };
    if service && !grants.iter().any(for_services) {
        let why = "grant_types: 'client_credentials' or token exchange is required for 'service' applications.";
        return Err(wrong("grant_types", why));
    }
    if grants.contains(&"refresh_token".into()) {
        settings
            .entry("refresh_token")
            .or_insert_with(|| json!({ "rotation_type": "STATIC" }));
    }
    if let Some(keys) = keys {
        settings.insert("jwks".to_owned(), json!({ "keys": keys }));
    }
    settings.retain(|name, value| {
        !value.is_null() || ["client_uri", "logo_uri"].contains(&name.as_str())
    });
    Ok(())
}
