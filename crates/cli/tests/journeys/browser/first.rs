//! From the first link to a person who signs in by SAML and is out again, with script and without.

use reqwest::Method;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use super::chromium::Chromium;
use super::consent;
use super::in_chromium;
use crate::org::{Org, text};
use crate::server::Server;
use crate::site::Site;

in_chromium!(the_whole_way_with_script);
in_chromium!(the_whole_way_without_script);

const PASSWORD: &str = "Correct-Horse-9-Battery";
const LOGIN: &str = "nadia.person@acme.test";
const DESKS: &str = "Help desks";
const SALES: &str = "Sales people";

async fn the_whole_way_with_script(site: Site) {
    whole(&site, true).await;
}

async fn the_whole_way_without_script(site: Site) {
    whole(&site, false).await;
}

async fn whole(site: &Site, script: bool) {
    let org = Org::start(&["--people", "12", "--groups", "3", "--random-seed", "7"]);
    let groups = staff(&org).await;
    let server = Server::start(site);
    let admin = Chromium::open(&server.url, script).await;
    first_run(site, &admin).await;
    for way in ["auth-token", "auth-oauth"] {
        let connection = join(&org, &admin, way).await;
        remove(&admin, &connection).await;
    }
    let connection = consent::join(&org, &admin).await;
    remove(&admin, &connection).await;
    let connection = join(&org, &admin, "auth-dpop").await;
    map(&admin, groups.desks.1.len() + 2).await;
    run(&admin, "Applied").await;
    // Two roles for who is at the desks, one for who sells.
    assert_eq!(site.grants().await.len(), 2 * groups.desks.1.len() + 2);

    hold(site, &org, &admin, &groups).await;
    by_saml(&org, &server, &admin, &connection, script, &groups).await;
    admin.close().await;
}

/// Two groups with the ids of their people.
struct Groups {
    desks: (String, Vec<String>),
    nadia: String,
}

async fn staff(org: &Org) -> Groups {
    let profile =
        json!({"login": LOGIN, "email": LOGIN, "firstName": "Nadia", "lastName": "Person"});
    let nadia = json!({"profile": profile, "credentials": {"password": {"value": PASSWORD}}});
    let nadia = org
        .done(Method::POST, "/api/v1/users?activate=true", Some(nadia))
        .await;
    let nadia = text(&nadia["id"]);
    let people: Vec<String> = org
        .everyone()
        .await
        .iter()
        .map(|one| text(&one["id"]))
        .collect();
    let group = async |name: &str, members: &[String]| {
        let made = json!({"profile": {"name": name}});
        let id = text(&org.done(Method::POST, "/api/v1/groups", Some(made)).await["id"]);
        for member in members {
            org.join(&id, member).await;
        }
        id
    };
    let mut first: Vec<String> = people.iter().take(2).cloned().collect();
    first.retain(|one| *one != nadia);
    first.push(nadia.clone());
    let rest: Vec<String> = people
        .iter()
        .filter(|one| !first.contains(one))
        .take(2)
        .cloned()
        .collect();
    let desks = (group(DESKS, &first).await, first);
    group(SALES, &rest).await;
    Groups { desks, nadia }
}

/// The one-time link makes an admin with recovery codes; one of them signs in.
async fn first_run(site: &Site, admin: &Chromium) {
    admin.go("/").await;
    admin.see("There is no admin yet.").await;
    let said = site.done(&["admin", "link"]);
    let (before, token) = said.split_once("/welcome/").expect("a link");
    let port = |url: &str| url.rsplit(':').next().map(str::to_owned);
    assert_eq!(
        port(before),
        port(admin.at()),
        "the link leads to the server"
    );
    let token = token.split_whitespace().next().expect("a token");
    admin.go(&format!("/welcome/{token}")).await;
    admin.fill("login", "rescue").await;
    admin.fill("name", "Rita Rescue").await;
    admin.press("Make the admin and sign in").await;
    admin.see("Shown this once").await;
    let code = admin.text_of("ol.list code").await;
    admin.press("I have kept them").await;
    admin.see("Connect your Okta org").await;

    admin.go("/me").await;
    admin.press("Sign out").await;
    admin.see("Recovery code").await;
    admin.fill("login", "rescue").await;
    admin.fill("code", &code).await;
    admin.press("Sign in").await;
    admin.see("Connect your Okta org").await;
    // Each works once.
    admin.go("/me").await;
    admin.press("Sign out").await;
    admin.fill("login", "rescue").await;
    admin.fill("code", &code).await;
    admin.press("Sign in").await;
    admin.see("Sign in").await;
    assert!(admin.here().await.starts_with("/sign-in"));
    let said = site.done(&["admin", "link", "--user", "rescue"]);
    let token = said.split_once("/welcome/").expect("a link").1;
    admin
        .go(&format!(
            "/welcome/{}",
            token.split_whitespace().next().expect("a token")
        ))
        .await;
    admin.press("Sign in").await;
    admin.press("I have kept them").await;
    admin.see("Connect your Okta org").await;
}

/// Joins the org in one way and tests it; gives the path of the connection.
async fn join(org: &Org, admin: &Chromium, way: &str) -> String {
    admin.go("/").await;
    admin.press("Connect Okta").await;
    admin.fill("domain", &org.url).await;
    admin.fill("name", "acme").await;
    admin.choose(&format!("#{way}")).await;
    if way == "auth-token" {
        admin.fill("token", &org.token).await;
    }
    admin.press("Join the org").await;
    admin.see("never tested").await;
    let connection = admin.here().await;
    if way != "auth-token" {
        admin.see("Next, in Okta").await;
        let client = service_app(org, admin, way == "auth-dpop").await;
        admin.press("enter it here").await;
        admin.fill("client_id", &client).await;
        admin.press("Save").await;
    }
    admin.press("Test it").await;
    admin.see("Test again").await;
    let wrong = admin
        .page
        .find_all(By::Css("main .is-fail"))
        .await
        .expect("a page");
    assert!(wrong.is_empty(), "{way}: {}", admin.words().await);
    connection
}

/// What an admin does in Okta with the public key that the page shows: an app, its scopes, its role.
async fn service_app(org: &Org, admin: &Chromium, dpop: bool) -> String {
    let jwk: Value = serde_json::from_str(&admin.text_of("pre.code").await).expect("a JWK");
    let app = json!({"name": "oidc_client", "label": "Keywright", "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "private_key_jwt"}},
        "settings": {"oauthClient": {"response_types": ["token"], "grant_types": ["client_credentials"], "application_type": "service",
            "jwks": {"keys": [jwk]}, "dpop_bound_access_tokens": dpop}}});
    let app = org.done(Method::POST, "/api/v1/apps", Some(app)).await;
    let client = text(&app["credentials"]["oauthClient"]["client_id"]);
    let scopes = admin
        .page
        .find_all(By::Css("section[aria-labelledby=scopes] code"))
        .await;
    for scope in scopes.expect("scopes") {
        let grant = json!({"issuer": org.url, "scopeId": scope.text().await.expect("a scope")});
        let grants = format!("/api/v1/apps/{}/grants", text(&app["id"]));
        org.done(Method::POST, &grants, Some(grant)).await;
    }
    let role = json!({"type": "READ_ONLY_ADMIN"});
    let roles = format!("/oauth2/v1/clients/{client}/roles");
    org.done(Method::POST, &roles, Some(role)).await;
    client
}

async fn remove(admin: &Chromium, connection: &str) {
    admin.go(connection).await;
    admin.press("Remove").await;
    admin.fill("typed", "acme").await;
    admin.press("Remove it").await;
    admin.go("/").await;
    admin.see("Connect your Okta org").await;
}

/// Two groups to three roles, seen before it is saved.
async fn map(admin: &Chromium, people: usize) {
    admin.go("/mapping").await;
    for (group, roles) in [(DESKS, &["helpdesk", "auditor"][..]), (SALES, &["user"])] {
        admin.fill("find", group).await;
        admin.press("Find groups in Okta").await;
        admin.press("Add a row").await;
        for role in roles {
            admin.tick(group, role).await;
        }
    }
    admin.press("Simulate").await;
    admin
        .see(&format!(
            "If you save, the next run would change {people} people"
        ))
        .await;
    admin.see("Within the guard").await;
    admin.press("Save the mapping").await;
    admin
        .see("Saved. The next run does it, within the guard")
        .await;
}

/// Runs now and waits for the end of it.
async fn run(admin: &Chromium, end: &str) {
    admin.go("/runs").await;
    admin.press("Run now").await;
    until(admin, end).await;
}

/// Waits until the run of this page has ended so. Without script the page is asked for again.
async fn until(admin: &Chromium, end: &str) {
    for _ in 0..400 {
        let state = admin.page.find(By::Css(".page-head .pill")).await;
        let state = match state {
            Ok(state) => state.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        if state.trim() == end {
            return;
        }
        assert!(
            !["Failed", "Held", "Applied"].contains(&state.trim()),
            "{state} in the place of {end}: {}",
            admin.words().await
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        admin.page.refresh().await.expect("the page again");
    }
    panic!("{end} does not come: {}", admin.words().await);
}

/// An emptied group is held, approved, undone; its people come back.
async fn hold(site: &Site, org: &Org, admin: &Chromium, groups: &Groups) {
    let before = site.grants().await;
    let (desks, people) = &groups.desks;
    for one in people {
        org.leave(desks, one).await;
    }
    run(admin, "Held").await;
    assert_eq!(site.grants().await, before, "nobody lost anything");
    admin.go("/").await;
    admin.see("A run is held and needs a decision").await;
    admin.press("Review the run").await;
    admin.press("Approve").await;
    admin.see("Nadia Person").await;
    admin.fill("reason", "the desks were closed").await;
    admin.press("Approve").await;
    until(admin, "Applied").await;
    assert_eq!(site.grants().await.len(), 2, "the desks are closed");
    let approved = admin.here().await;

    for one in people {
        org.join(desks, one).await;
    }
    admin.press("Undo").await;
    admin.fill("reason", "they were not").await;
    admin.press("Undo").await;
    until(admin, "Applied").await;
    assert_eq!(
        site.grants().await,
        before,
        "everybody has their roles again"
    );
    admin.go(&approved).await;
    admin.see("Undone").await;
    admin.go("/mapping").await;
    admin.press("Paused: resume").await;
    admin.see("is resumed").await;
    run(admin, "Applied").await;
    assert_eq!(site.grants().await, before);
}

/// Nadia signs in through the org, sees what her roles allow, loses them, and is out within one run.
async fn by_saml(
    org: &Org,
    server: &Server,
    admin: &Chromium,
    connection: &str,
    script: bool,
    groups: &Groups,
) {
    let metadata = saml_app(org, &format!("{}{connection}/saml", server.url)).await;
    admin.go(&format!("{connection}/saml")).await;
    admin.fill("metadata", &metadata).await;
    admin.press("Take Okta’s values").await;
    admin
        .see("Okta’s values and certificates are in place")
        .await;

    let nadia = Chromium::open(&server.url, script).await;
    nadia.go("/people").await;
    nadia.press("Sign in through acme").await;
    nadia.fill("username", LOGIN).await;
    nadia.fill("password", PASSWORD).await;
    nadia.press("Sign in").await;
    if !script {
        nadia.press("Continue").await;
    }
    nadia.see("Rita Rescue").await;
    assert_eq!(nadia.here().await, "/people", "where she wanted to go");
    let shown = nadia.links("nav.nav a").await;
    assert!(
        shown.contains(&"/activity".to_owned()),
        "an auditor reads: {shown:?}"
    );
    nadia.go("/connections/new").await;
    nadia.see("Why can I not do this?").await;
    nadia.see("connections.manage").await;
    nadia.go(&format!("{connection}/remove")).await;
    nadia.see("Why can I not do this?").await;

    org.leave(&groups.desks.0, &groups.nadia).await;
    run(admin, "Applied").await;
    nadia.go("/people").await;
    nadia.see("Sign in through acme").await;
    assert!(nadia.here().await.starts_with("/sign-in"), "she is out");
    nadia.close().await;
}

/// The app in the org with what we show for it, for everybody; gives its metadata.
async fn saml_app(org: &Org, base: &str) -> String {
    let (acs, entity) = (format!("{base}/acs"), format!("{base}/metadata"));
    let app = json!({"label": "Keywright console", "signOnMode": "SAML_2_0", "settings": {"signOn": {
        "ssoAcsUrl": acs, "recipient": acs, "destination": acs, "audience": entity,
        "subjectNameIdTemplate": "${user.userName}",
        "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "responseSigned": true, "assertionSigned": true, "signatureAlgorithm": "RSA_SHA256", "digestAlgorithm": "SHA256",
        "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "attributeStatements": [{"type": "EXPRESSION", "name": "oktaId", "values": ["user.id"]}],
    }}});
    let app = org.done(Method::POST, "/api/v1/apps", Some(app)).await;
    let everyone = org.list("/api/v1/groups?q=Everyone").await;
    let assign = format!(
        "/api/v1/apps/{}/groups/{}",
        text(&app["id"]),
        text(&everyone[0]["id"])
    );
    org.done(Method::PUT, &assign, Some(json!({}))).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let metadata = client
        .get(text(&app["_links"]["metadata"]["href"]))
        .header("authorization", format!("SSWS {}", org.token))
        .header("accept", "application/xml");
    metadata
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("metadata")
}
