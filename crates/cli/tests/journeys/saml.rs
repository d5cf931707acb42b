//! People sign in through the org, from the server's address and back, in a browser of these tests' own.

use std::collections::BTreeMap;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::{
    on_both,
    org::{Org, text},
    server::Server,
    setup::connect,
    site::Site,
};

on_both!(a_person_signs_in_by_role_and_is_out_with_it);
on_both!(the_tile_signs_in_and_what_is_wrong_is_told);

const PASSWORD: &str = "Correct-Horse-9-Battery";

/// A browser without script: it keeps cookies, follows redirects, and fills in the forms it is shown.
#[derive(Default)]
struct Browser {
    http: Client,
    /// By host and port.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that it came to.
struct Page {
    status: StatusCode,
    url: Url,
    html: String,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            http: http.build().expect("a client"),
            ..Self::default()
        }
    }

    async fn once(&mut self, url: &Url, form: Option<&[(String, String)]>) -> Response {
        let jar = self.cookies.entry(url.authority().to_owned()).or_default();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match form {
            None => self.http.get(url.clone()),
            Some(fields) => self.http.post(url.clone()).form(fields),
        };
        let request = request
            .header("accept", "text/html")
            .header("cookie", cookies.join("; "));
        let answer = request.send().await.expect("an answer");
        for header in answer.headers().get_all("set-cookie") {
            let pair = header
                .to_str()
                .expect("a cookie")
                .split(';')
                .next()
                .unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn go(&mut self, url: &str) -> Page {
        self.follow(Url::parse(url).expect("an address"), None)
            .await
    }

    async fn follow(&mut self, mut url: Url, mut form: Option<Vec<(String, String)>>) -> Page {
        for _ in 0..12 {
            let answer = self.once(&url, form.take().as_deref()).await;
            let status = answer.status();
            if !status.is_redirection() {
                let html = answer.text().await.expect("a page");
                return Page { status, url, html };
            }
            let to = answer.headers()["location"]
                .to_str()
                .expect("an address")
                .to_owned();
            url = url.join(&to).expect("an address");
        }
        panic!("redirects without end at {url}")
    }

    /// Sends the first form of a page with these fields filled in.
    async fn send(&mut self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let action = attribute(&page.html, "<form", "action").unwrap_or_default();
        let url = page.url.join(&action).expect("an address");
        let mut fields: Vec<(String, String)> = page
            .html
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let tag = input.split('>').next()?;
                let name = attribute(tag, "", "name")?;
                Some((name, attribute(tag, "", "value").unwrap_or_default()))
            })
            .filter(|(name, _)| !filled.iter().any(|(other, _)| other == name))
            .collect();
        fields.extend(
            filled
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.follow(url, Some(fields)).await
    }

    /// From an address that leads to the org, through its sign-in page, and back with its answer.
    async fn sign_in(&mut self, from: &str, login: &str) -> Page {
        let mut page = self.go(from).await;
        for _ in 0..3 {
            if page.html.contains("name=\"password\"") {
                page = self
                    .send(&page, &[("username", login), ("password", PASSWORD)])
                    .await;
            } else if page.html.contains("name=\"SAMLResponse\"") {
                page = self.send(&page, &[]).await;
            }
        }
        page
    }
}

/// The value of an attribute in the first tag behind `start`.
fn attribute(html: &str, start: &str, name: &str) -> Option<String> {
    let tag = html.split_once(start).map_or(html, |(_, rest)| rest);
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split_once('"')?.0;
    Some(
        value
            .replace("&amp;", "&")
            .replace("&#38;", "&")
            .replace("&#39;", "'")
            .replace("&#43;", "+"),
    )
}

/// An installation joined to an org, with a SAML app on both sides and one person in a mapped group.
struct World {
    org: Org,
    server: Server,
    login: String,
    person: String,
    group: String,
    /// Of the SAML addresses of the connection.
    base: String,
}

impl World {
    async fn new(site: &Site, role: &str) -> Self {
        let org = Org::start(&["--people", "20", "--groups", "3", "--random-seed", "7"]);
        let login = "nadia.person@acme.test".to_owned();
        let profile =
            json!({"login": login, "email": login, "firstName": "Nadia", "lastName": "Person"});
        let person = json!({"profile": profile, "credentials": {"password": {"value": PASSWORD}}});
        let person = text(
            &org.done(Method::POST, "/api/v1/users?activate=true", Some(person))
                .await["id"],
        );
        let group = json!({"profile": {"name": "Signing in"}});
        let group = text(&org.done(Method::POST, "/api/v1/groups", Some(group)).await["id"]);
        let member = format!("/api/v1/groups/{group}/users/{person}");
        org.done(Method::PUT, &member, None).await;
        // Somebody stays when the person goes: an emptied group would be held.
        let stays = text(&org.list("/api/v1/users?limit=1").await[0]["id"]);
        let member = format!("/api/v1/groups/{group}/users/{stays}");
        org.done(Method::PUT, &member, None).await;
        connect(site, &org, "dpop");
        site.done(&["mapping", "add", &group, role]);
        site.done(&["sync", "run"]);
        let server = Server::start(site);
        let shown: Value =
            serde_json::from_str(&site.done(&["connection", "show", "--output", "json"]))
                .expect("JSON");
        let base = format!("{}/connections/{}/saml", server.url, text(&shown["id"]));
        let world = Self {
            org,
            server,
            login,
            person,
            group,
            base,
        };
        world.set_up(site).await;
        world
    }

    /// The app in the org, with what we show for it; its metadata here.
    async fn set_up(&self, site: &Site) {
        let (acs, entity) = (
            format!("{}/acs", self.base),
            format!("{}/metadata", self.base),
        );
        let app = json!({"label": "Keywright", "signOnMode": "SAML_2_0", "settings": {"signOn": {
            "ssoAcsUrl": acs, "recipient": acs, "destination": acs, "audience": entity,
            "subjectNameIdTemplate": "${user.userName}",
            "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            "responseSigned": true, "assertionSigned": false, "signatureAlgorithm": "RSA_SHA256", "digestAlgorithm": "SHA256",
            "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
            "attributeStatements": [{"type": "EXPRESSION", "name": "oktaId", "values": ["user.id"]}],
        }}});
        let app = self.org.done(Method::POST, "/api/v1/apps", Some(app)).await;
        let everyone = self.org.list("/api/v1/groups?q=Everyone").await;
        let assign = format!(
            "/api/v1/apps/{}/groups/{}",
            text(&app["id"]),
            text(&everyone[0]["id"])
        );
        self.org.done(Method::PUT, &assign, Some(json!({}))).await;
        let metadata = Client::builder().no_proxy().build().expect("a client");
        let metadata = metadata
            .get(text(&app["_links"]["metadata"]["href"]))
            .header("authorization", format!("SSWS {}", self.org.token))
            .header("accept", "application/xml");
        let xml = metadata
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("metadata");
        let file = site.place().join("okta.xml");
        std::fs::write(&file, xml).expect("a file");
        let set = site.done(&[
            "saml",
            "set",
            "--metadata-file",
            file.to_str().expect("a path"),
            "--output",
            "json",
        ]);
        let view: Value = serde_json::from_str(&set).expect("JSON");
        assert_eq!(view["standing"], "ready", "{view}");
    }

    fn login_url(&self) -> String {
        format!("{}/login", self.base)
    }

    /// Where the org's tile leads.
    async fn tile(&self) -> String {
        let apps = self.org.list("/api/v1/apps").await;
        let app = apps
            .iter()
            .find(|app| app["label"] == "Keywright")
            .expect("the app");
        text(&app["_links"]["appLinks"][0]["href"])
    }
}

fn traces(site: &Site) -> Vec<String> {
    let traces: Value =
        serde_json::from_str(&site.done(&["saml", "traces", "--output", "json"])).expect("JSON");
    traces
        .as_array()
        .expect("a list")
        .iter()
        .map(|trace| text(&trace["code"]))
        .collect()
}

async fn a_person_signs_in_by_role_and_is_out_with_it(site: Site) {
    let world = World::new(&site, "auditor").await;
    let mut browser = Browser::new();
    let page = browser.sign_in(&world.login_url(), &world.login).await;
    assert_eq!(
        (page.status, page.url.path()),
        (StatusCode::OK, "/"),
        "{:?} {}",
        traces(&site),
        page.html
    );
    assert_eq!(
        site.count("SELECT COUNT(*) AS n FROM sessions WHERE method = 'saml' AND ended_at IS NULL")
            .await,
        1
    );
    // Another browser with nothing is a stranger.
    let page = Browser::new().go(&format!("{}/", world.server.url)).await;
    assert_ne!(page.url.path(), "/", "{}", page.html);
    // The role goes, and with it the session, within one run.
    let member = format!("/api/v1/groups/{}/users/{}", world.group, world.person);
    world.org.done(Method::DELETE, &member, None).await;
    site.done(&["sync", "run"]);
    let page = browser.go(&format!("{}/", world.server.url)).await;
    assert_ne!(page.url.path(), "/", "{}", page.html);
    let page = browser.sign_in(&world.login_url(), &world.login).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.html);
    assert_eq!(traces(&site), ["no_role"]);
}

async fn the_tile_signs_in_and_what_is_wrong_is_told(site: Site) {
    let world = World::new(&site, "user").await;
    let mut browser = Browser::new();
    let page = browser.sign_in(&world.tile().await, &world.login).await;
    assert_eq!(
        page.status,
        StatusCode::OK,
        "{:?} {}",
        traces(&site),
        page.html
    );
    assert!(
        page.url.as_str().starts_with(&world.server.url),
        "{}",
        page.url
    );
    assert_eq!(
        site.count("SELECT COUNT(*) AS n FROM sessions WHERE method = 'saml'")
            .await,
        1
    );
    // Everybody of the org may use the app; who is in no mapped group is nobody here.
    let other = world.org.done(
        Method::POST,
        "/api/v1/users?activate=true",
        Some(json!({"profile": {"login": "otto@acme.test", "email": "otto@acme.test", "firstName": "Otto", "lastName": "Other"}, "credentials": {"password": {"value": PASSWORD}}})),
    );
    other.await;
    let page = Browser::new()
        .sign_in(&world.login_url(), "otto@acme.test")
        .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let wrong = [
        (json!("bad_signature"), "bad_signature"),
        (json!("unsigned"), "unsigned"),
        (json!("sha1"), "signature_algorithm"),
        (json!("wrong_audience"), "audience"),
        (json!("wrong_recipient"), "recipient"),
        (json!("wrong_destination"), "destination"),
        (json!("stale"), "expired"),
        (json!("comment_in_name_id"), "xml"),
        (json!({"wrapping": 3}), "several_assertions"),
        (json!({"wrapping": 1}), "misplaced_assertion"),
        (json!("wrong_request"), "other_question"),
    ];
    let mut told = vec!["unknown".to_owned()];
    for (fault, code) in wrong {
        let rule = json!({"method": "GET", "path": "*/sso/saml", "effect": {"saml": fault}});
        world
            .org
            .done(Method::DELETE, "/_sandbox/faults", None)
            .await;
        world
            .org
            .done(Method::POST, "/_sandbox/faults", Some(rule))
            .await;
        let page = Browser::new()
            .sign_in(&world.login_url(), &world.login)
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{fault}: {}", page.html);
        told.insert(0, code.to_owned());
    }
    assert_eq!(traces(&site), told);
    assert_eq!(
        site.count("SELECT COUNT(*) AS n FROM sessions WHERE method = 'saml'")
            .await,
        1
    );
}
