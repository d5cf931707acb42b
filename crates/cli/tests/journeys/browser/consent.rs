//! A connection by an administrator's consent: the web app in Okta, the way there, and the way back.

use reqwest::Method;
use serde_json::json;
use thirtyfour::prelude::*;

use super::chromium::Chromium;
use crate::org::{Org, text};

const PASSWORD: &str = "Correct-Horse-9-Battery";
const BOSS: &str = "boss@acme.test";

/// Joins the org by consent and tests it; gives the path of the connection.
pub(super) async fn join(org: &Org, admin: &Chromium) -> String {
    admin.go("/connections/new").await;
    admin.fill("domain", &org.url).await;
    admin.fill("name", "acme").await;
    admin.choose("#auth-consent").await;
    admin.press("Join the org").await;
    admin.see("Nobody has consented yet.").await;
    let here = admin.here().await;
    let connection = here.trim_end_matches("/consent").to_owned();
    let (client, secret) = web_app(org, &admin.text_of("main .copy code, main code").await).await;
    boss(org).await;

    admin.go(&format!("{connection}/edit")).await;
    admin.fill("client_id", &client).await;
    admin.fill("client_secret", &secret).await;
    admin.press("Save").await;
    admin.press("Look at the consent").await;
    admin.press("Consent at Okta").await;
    admin.press("Go on to Okta").await;
    admin.fill("username", BOSS).await;
    admin.fill("password", PASSWORD).await;
    admin.press("Sign in").await;
    admin.see("Okta has the consent.").await;
    assert_eq!(admin.here().await, connection);
    admin.press("Test it").await;
    admin.see("Test again").await;
    let wrong = admin.page.find_all(By::Css("main .is-fail")).await;
    assert!(wrong.expect("a page").is_empty(), "{}", admin.words().await);
    connection
}

/// What an admin does in Okta: a web app that comes back to us, with scopes, for everybody.
async fn web_app(org: &Org, back: &str) -> (String, String) {
    let app = json!({"name": "oidc_client", "label": "Keywright by consent", "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {"application_type": "web", "redirect_uris": [back], "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"], "refresh_token": {"rotation_type": "ROTATE", "leeway": 30}}}});
    let app = org.done(Method::POST, "/api/v1/apps", Some(app)).await;
    let id = text(&app["id"]);
    for scope in ["okta.groups.read", "okta.users.read"] {
        let grant = json!({"issuer": org.url, "scopeId": scope});
        org.done(
            Method::POST,
            &format!("/api/v1/apps/{id}/grants"),
            Some(grant),
        )
        .await;
    }
    let everyone = text(&org.list("/api/v1/groups?q=Everyone").await[0]["id"]);
    let assign = format!("/api/v1/apps/{id}/groups/{everyone}");
    org.done(Method::PUT, &assign, Some(json!({}))).await;
    let client = &app["credentials"]["oauthClient"];
    (text(&client["client_id"]), text(&client["client_secret"]))
}

/// An administrator of the org with a password.
async fn boss(org: &Org) {
    let profile = json!({"login": BOSS, "email": BOSS, "firstName": "Bo", "lastName": "Boss"});
    let boss = json!({"profile": profile, "credentials": {"password": {"value": PASSWORD}}});
    let boss = org
        .done(Method::POST, "/api/v1/users?activate=true", Some(boss))
        .await;
    let role = json!({"type": "SUPER_ADMIN"});
    let roles = format!("/api/v1/users/{}/roles", text(&boss["id"]));
    org.done(Method::POST, &roles, Some(role)).await;
}
