//! An app as JSON.

use serde_json::{Value, json};

use super::{App, Apps, Mode};
use crate::http::Call;
use crate::org::Org;
use crate::store::Kind;

/// Whether the client secret is shown: only who makes or changes an app gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Hidden,
    Shown,
}

/// An app.
pub(super) fn print(org: &Org, call: &Call, serial: u32, app: &App, secrecy: Secrecy) -> Value {
    let id = org.tail.id(Kind::APP, serial);
    let mut body = json!({
        "id": id,
        "orn": format!("orn:okta:idp:{}:apps:{}:{id}", org.tail.id(Kind::ORG, 0), app.name),
        "name": app.name, "label": app.label, "status": if app.active { "ACTIVE" } else { "INACTIVE" },
        "lastUpdated": app.last_updated, "created": app.created,
    });
    if let (Value::Object(body), given) = (&mut body, &app.body) {
        body.extend(given.clone());
    }
    body["signOnMode"] = json!(app.mode.text());
    if shows_logout(app) && body.get("universalLogout").is_none() {
        body["universalLogout"] = Value::Null;
    }
    if let Some(Value::Object(client)) = body.pointer_mut("/credentials/oauthClient") {
        client.insert("client_id".to_owned(), Apps::client_id(org, serial).into());
        if secrecy == Secrecy::Shown
            && let Some(secret) = app.secrets.first()
        {
            client.insert("client_secret".to_owned(), secret.text.clone().into());
        }
    }
    body["_links"] = links(org, call, app, &id);
    body
}

/// Whether an app tells about Universal Logout, which this org does not have. Apps whose forms Okta fills in do not,
/// and of inactive apps no recording does.
fn shows_logout(app: &App) -> bool {
    app.active && matches!(app.mode, Mode::OpenId | Mode::Saml2 | Mode::Bookmark)
}

/// The names under which an app shows tiles.
pub(super) fn tiles(app: &App) -> Vec<String> {
    let shown = app
        .body
        .get("visibility")
        .and_then(|visibility| visibility.get("appLinks"))
        .and_then(Value::as_object);
    let shown = shown
        .into_iter()
        .flatten()
        .filter(|(_, on)| **on == Value::Bool(true));
    shown.map(|(name, _)| name.clone()).collect()
}

/// The address of a tile.
pub(super) fn tile(call: &Call, app: &App, id: &str, name: &str) -> String {
    let end = match app.name.as_str() {
        "bookmark" => "2557".to_owned(),
        "template_swa" => "2357".to_owned(),
        _ => format!(
            "aln{}",
            crate::store::mix(u64::try_from(name.len()).unwrap_or(0))
        ),
    };
    call.url(&format!("/home/{}/{id}/{end}", app.name))
}

fn links(org: &Org, call: &Call, app: &App, id: &str) -> Value {
    let here = call.url(&format!("/api/v1/apps/{id}"));
    let post =
        |path: &str| json!({ "href": format!("{here}{path}"), "hints": { "allow": ["POST"] } });
    let mut links = json!({ "uploadLogo": post("/logo") });
    let tiles: Vec<_> = tiles(app)
        .into_iter()
        .map(
            |name| json!({ "name": name, "href": tile(call, app, id, &name), "type": "text/html" }),
        )
        .collect();
    links["appLinks"] = json!(tiles);
    let policy = |serial: u32| {
        call.url(&format!(
            "/api/v1/policies/{}",
            org.policies.id(org.tail, serial)
        ))
    };
    links["profileEnrollment"] = json!({ "href": policy(org.policies.enrollment()) });
    links["policies"] =
        json!({ "href": format!("{here}/policies"), "hints": { "allow": ["PUT"] } });
    links["groups"] = json!({ "href": format!("{here}/groups") });
    let logo = "https://op3static.oktacdn.com/assets/img/logos/default.6770228fb0dab49a1695ef440a5279bb.png";
    links["logo"] = json!([{ "name": "medium", "href": logo, "type": "image/png" }]);
    if app.mode == Mode::OpenId {
        let method = app
            .body
            .get("credentials")
            .and_then(|one| one.pointer("/oauthClient/token_endpoint_auth_method"));
        let kind = if method.and_then(Value::as_str) == Some("private_key_jwt") {
            "jwks"
        } else {
            "secrets"
        };
        links["clientCredentials"] =
            json!([{ "name": kind, "href": format!("{here}/credentials/{kind}") }]);
    }
    help(&mut links, call, app, id);
    links["accessPolicy"] = json!({ "href": policy(app.policy) });
    links["users"] = json!({ "href": format!("{here}/users") });
    let (name, path) = if app.active {
        ("deactivate", "deactivate")
    } else {
        ("activate", "activate")
    };
    links[name] = json!({ "href": format!("{here}/lifecycle/{path}") });
    links
}

fn help(links: &mut Value, call: &Call, app: &App, id: &str) {
    let mode = app.mode.text().unwrap_or_default();
    let address = |end: &str| call.url(&format!("/app/{}/{id}/setup/help/{mode}/{end}", app.name));
    if app.mode == Mode::Saml2 {
        links["help"] = json!({ "href": address("instructions"), "type": "text/html" });
        let metadata = call.url(&format!("/api/v1/apps/{id}/sso/saml/metadata"));
        links["metadata"] = json!({ "href": metadata, "type": "application/xml" });
    } else if app.mode == Mode::OpenId && app.oauth("application_type").is_none() {
        links["help"] = json!({ "href": address("external-doc"), "type": "text/html" });
    }
}
