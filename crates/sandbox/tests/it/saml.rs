//! Signing in to apps by SAML: questions, the way through the sign-in page, assignments, the dashboard, and answers that
//! xmlsec1 judges.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywright_sandbox::{Effect, Fault, SamlFault, Sandbox, SandboxOptions};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::browser::{ADA, Browser, PASSWORD};
use crate::client::{ask, call, org};

const ACS: &str = "https://app.example/saml/acs";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// An app that everybody has; `more` goes over its sign-on settings.
async fn app(org: &Sandbox, more: Value) -> Value {
    let mut sign_on = json!({
        "ssoAcsUrl": ACS, "recipient": ACS, "destination": ACS, "audience": "urn:app",
        "subjectNameIdTemplate": "${user.email}", "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        "responseSigned": true, "assertionSigned": true, "signatureAlgorithm": "RSA_SHA256", "digestAlgorithm": "SHA256",
    });
    sign_on
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = json!({ "label": "Pay & Leave", "signOnMode": "SAML_2_0", "settings": { "signOn": sign_on } });
    let (status, made) = ask(org, Method::POST, "/api/v1/apps", Some(body)).await;
    assert_eq!(status, 200, "{made}");
    made
}

async fn assign_everyone(org: &Sandbox, app: &Value) {
    let (_, groups) = ask(org, Method::GET, "/api/v1/groups?q=Everyone", None).await;
    let path = format!(
        "/api/v1/apps/{}/groups/{}",
        app["id"].as_str().unwrap(),
        groups[0]["id"].as_str().unwrap()
    );
    let (status, _) = ask(org, Method::PUT, &path, Some(json!({}))).await;
    assert_eq!(status, 200);
}

async fn metadata(org: &Sandbox, app: &Value) -> String {
    let address = app["_links"]["metadata"]["href"].as_str().unwrap();
    let answer = call(org, Method::GET, address).header("accept", "application/xml");
    answer.send().await.unwrap().text().await.unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    rest.split_once(end).unwrap().0
}

/// The sign-on path of an app, as its metadata names it.
async fn sso(org: &Sandbox, app: &Value) -> String {
    let document = metadata(org, app).await;
    let address = between(&document, "HTTP-Redirect\" Location=\"", "\"").to_owned();
    address.strip_prefix(&org.url()).unwrap().to_owned()
}

/// A question by HTTP-Redirect; `attributes` go over the usual ones.
fn question(sso: &str, attributes: &[(&str, &str)]) -> String {
    let mut all: HashMap<&str, &str> = HashMap::from([
        ("ID", "_q1"),
        ("Version", "2.0"),
        ("IssueInstant", "2026-01-01T00:00:00Z"),
    ]);
    all.extend(attributes.iter().copied());
    let text: Vec<String> = all
        .iter()
        .map(|(name, value)| format!(" {name}=\"{value}\""))
        .collect();
    let text = text.concat();
    message(
        sso,
        &format!(
            "<p:AuthnRequest xmlns:p=\"{PROTOCOL}\"{text}><Issuer xmlns=\"{ASSERTION}\">urn:app</Issuer></p:AuthnRequest>"
        ),
    )
}

fn message(sso: &str, xml: &str) -> String {
    let mut deflated =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(xml.as_bytes()).unwrap();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("SAMLRequest", &STANDARD.encode(deflated.finish().unwrap()));
    query.append_pair("RelayState", "there & back");
    format!("{sso}?{}", query.finish())
}

/// The XML that a page carries to the app.
async fn carried(answer: Response) -> String {
    assert_eq!(answer.status(), 200);
    let html = answer.text().await.unwrap();
    assert!(html.contains(&format!("action=\"{ACS}\"")), "{html}");
    let field = between(&html, "name=\"SAMLResponse\" value=\"", "\"");
    String::from_utf8(STANDARD.decode(field).unwrap()).unwrap()
}

/// Signs in and gives the answer to a path.
async fn answered(org: &Sandbox, path: &str) -> String {
    let mut browser = Browser::new(org);
    let entered = browser.sign_in(ADA, PASSWORD, path).await;
    assert_eq!(entered.status(), 302);
    carried(browser.get(path).await).await
}

/// What xmlsec1 says to the signature of one element by the certificate that the metadata shows.
fn xmlsec1(xml: &str, metadata: &str, element: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("a.xml"), folder.path().join("c.pem"));
    std::fs::write(&file, xml).unwrap();
    let body = between(metadata, "X509Certificate>", "<");
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).unwrap());
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    std::fs::write(&key, pem).unwrap();
    let verdict = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem"])
        .arg(&key)
        .args(["--id-attr:ID", &format!("{PROTOCOL}:Response")])
        .args(["--id-attr:ID", &format!("{ASSERTION}:Assertion")])
        .arg("--node-xpath")
        .arg(format!(
            "//*[local-name()='{element}']/*[local-name()='Signature']"
        ))
        .arg(&file)
        .output()
        .expect("xmlsec1, which `scripts/prepare tests` installs");
    if verdict.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&verdict.stderr).into_owned())
    }
}

#[tokio::test]
async fn another_program_takes_every_honest_signature() {
    // Okta's specification has no SHA-512, so nobody watches this one.
    let mut options = SandboxOptions::default();
    (options.people, options.rate_limits) = (2, false);
    let org = Sandbox::start(options).await.unwrap();
    for (response, assertion, hash) in [
        (true, false, "SHA256"),
        (false, true, "SHA256"),
        (true, true, "SHA256"),
        (true, true, "SHA512"),
        (true, true, "SHA1"),
    ] {
        let attributes = json!([
            { "type": "EXPRESSION", "name": "mail", "namespace": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic", "values": ["user.email", "\"<&>\\\"\""] },
            { "type": "GROUP", "name": "groups", "filterType": "STARTS_WITH", "filterValue": "Every" },
        ]);
        let app = app(&org, json!({
            "responseSigned": response, "assertionSigned": assertion, "attributeStatements": attributes,
            "signatureAlgorithm": format!("RSA_{hash}"), "digestAlgorithm": hash,
        })).await;
        assign_everyone(&org, &app).await;
        let sso = sso(&org, &app).await;
        let xml = answered(&org, &question(&sso, &[])).await;
        let metadata = metadata(&org, &app).await;
        for (element, signed) in [("Response", response), ("Assertion", assertion)] {
            let own = format!("{element} ");
            let part = xml.split_once(&own).unwrap().1;
            let next = part.split_once("</saml2:Issuer>").unwrap().1;
            assert_eq!(
                next.starts_with("<ds:Signature"),
                signed,
                "{element} {hash}"
            );
            if signed {
                xmlsec1(&xml, &metadata, element)
                    .unwrap_or_else(|why| panic!("{element} {hash}: {why}"));
            }
        }
        assert!(xml.contains("InResponseTo=\"_q1\""), "{xml}");
        assert!(xml.contains(">Everyone</saml2:AttributeValue>"), "{xml}");
        let changed = xml.replace("Everyone<", "Anybody<");
        let part = if response { "Response" } else { "Assertion" };
        assert!(xmlsec1(&changed, &metadata, part).is_err());
    }
}

#[tokio::test]
async fn the_way_leads_through_the_sign_in_page_to_the_app() {
    let org = org(2, 1).await;
    let app = app(&org, json!({})).await;
    assign_everyone(&org, &app).await;
    let sso = sso(&org, &app).await;
    let path = question(&sso, &[("AssertionConsumerServiceURL", ACS)]);
    let mut browser = Browser::new(&org);
    let first = browser.get(&path).await;
    assert_eq!(first.status(), 302);
    let login = first.headers()["location"].to_str().unwrap().to_owned();
    assert!(login.contains("/login/login.htm?fromURI="), "{login}");
    assert_eq!(browser.get(&login).await.status(), 200);
    let login = url::Url::parse(&login).unwrap();
    let from = login.query_pairs().next().unwrap().1.into_owned();
    let entered = browser.sign_in(ADA, PASSWORD, &from).await;
    let back = entered.headers()["location"].to_str().unwrap().to_owned();
    let page = browser.get(&back).await;
    let xml = carried(page).await;
    assert!(xml.contains(&format!(">{ADA}</saml2:NameID>")), "{xml}");
    assert_eq!(
        browser.get(&back).await.status(),
        400,
        "a question is answered once"
    );
    let view = format!("/_sandbox/view/apps/{}", app["id"].as_str().unwrap());
    let view = browser.get(&view).await.text().await.unwrap();
    assert!(
        view.contains(&format!("{}{sso}/metadata", org.url())),
        "{view}"
    );
    // With a session there is nothing to ask.
    carried(browser.get(&path).await).await;

    let (_, log) = ask(
        &org,
        Method::GET,
        "/api/v1/logs?filter=eventType+eq+%22user.authentication.sso%22",
        None,
    )
    .await;
    let entry = &log.as_array().unwrap()[0];
    assert_eq!(entry["actor"]["alternateId"], ADA);
    assert_eq!(entry["target"][0]["displayName"], "Pay & Leave");
}

#[tokio::test]
async fn whom_the_app_is_not_assigned_to_stays_outside() {
    let org = org(2, 1).await;
    let app = app(&org, json!({})).await;
    let sso = sso(&org, &app).await;
    let mut browser = Browser::new(&org);
    browser.sign_in(ADA, PASSWORD, "/app/UserHome").await;
    let home = browser.get("/app/UserHome").await.text().await.unwrap();
    assert!(home.contains("No apps are assigned to you yet."), "{home}");
    let refused = browser.get(&question(&sso, &[])).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("not assigned"));
    let (_, log) = ask(
        &org,
        Method::GET,
        "/api/v1/logs?filter=eventType+eq+%22app.generic.unauth_app_access_attempt%22",
        None,
    )
    .await;
    assert_eq!(log[0]["outcome"]["result"], "FAILURE");

    assign_everyone(&org, &app).await;
    let home = browser.get("/app/UserHome").await.text().await.unwrap();
    let tile = between(&home, "<li><a href=\"", "\"").to_owned();
    let opened = browser.get(&tile).await;
    let to = opened.headers()["location"].to_str().unwrap().to_owned();
    let xml = carried(browser.get(&to).await).await;
    assert!(!xml.contains("InResponseTo"), "a tile answers no question");

    let id = app["id"].as_str().unwrap();
    ask(
        &org,
        Method::POST,
        &format!("/api/v1/apps/{id}/lifecycle/deactivate"),
        None,
    )
    .await;
    assert_eq!(browser.get(&question(&sso, &[])).await.status(), 404);
    let out = browser.get("/login/signout").await;
    assert_eq!(out.status(), 302);
    let home = browser.get("/app/UserHome").await;
    assert_eq!(home.status(), 302, "signed out");
}

#[tokio::test]
async fn questions_that_are_refused() {
    let org = org(1, 0).await;
    let app = app(&org, json!({
        "allowMultipleAcsEndpoints": true, "acsEndpoints": [{ "index": 4, "url": "https://app.example/other" }],
    })).await;
    assign_everyone(&org, &app).await;
    let sso = sso(&org, &app).await;
    let mut browser = Browser::new(&org);
    browser.sign_in(ADA, PASSWORD, "/app/UserHome").await;
    let bomb = format!(
        "<p:AuthnRequest>{}</p:AuthnRequest>",
        " ".repeat(10_000_000)
    );
    for (name, path, status, text) in [
        (
            "another address",
            question(
                &sso,
                &[("AssertionConsumerServiceURL", "https://evil.example/")],
            ),
            400,
            "an address that the app does not have",
        ),
        (
            "another index",
            question(&sso, &[("AssertionConsumerServiceIndex", "5")]),
            400,
            "an address that the app does not have",
        ),
        (
            "a known index",
            question(&sso, &[("AssertionConsumerServiceIndex", "4")]),
            200,
            "action=\"https://app.example/other\"",
        ),
        (
            "a known address",
            question(
                &sso,
                &[("AssertionConsumerServiceURL", "https://app.example/other")],
            ),
            200,
            "action=\"https://app.example/other\"",
        ),
        ("no id", question(&sso, &[("ID", "")]), 400, "no usable ID"),
        (
            "another version",
            question(&sso, &[("Version", "1.1")]),
            400,
            "no AuthnRequest of SAML 2.0",
        ),
        (
            "no time",
            question(&sso, &[("IssueInstant", "yesterday")]),
            400,
            "no IssueInstant",
        ),
        (
            "another place",
            question(
                &sso,
                &[("Destination", "https://org.example/app/x/y/sso/saml")],
            ),
            400,
            "another identity provider",
        ),
        (
            "another binding",
            question(
                &sso,
                &[(
                    "ProtocolBinding",
                    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact",
                )],
            ),
            400,
            "another binding",
        ),
        (
            "an entity",
            message(&sso, "<!DOCTYPE x [<!ENTITY e \"x\">]><x>&e;</x>"),
            400,
            "cannot be read",
        ),
        ("a bomb", message(&sso, &bomb), 400, "too long"),
        (
            "no base64",
            format!("{sso}?SAMLRequest=%25"),
            400,
            "not in base64",
        ),
        (
            "not deflated",
            format!("{sso}?SAMLRequest=/////w=="),
            400,
            "not deflated",
        ),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status(), status, "{name}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(text), "{name}: {page}");
    }
}

#[tokio::test]
async fn a_new_sign_in_and_no_page_at_all_when_asked_for() {
    let org = org(1, 0).await;
    let app = app(&org, json!({ "honorForceAuthn": true })).await;
    assign_everyone(&org, &app).await;
    let sso = sso(&org, &app).await;
    let stranger = Browser::new(&org);
    let xml = carried(
        stranger
            .get(&question(&sso, &[("IsPassive", "true")]))
            .await,
    )
    .await;
    assert!(
        xml.contains("status:NoPassive") && !xml.contains("Assertion "),
        "{xml}"
    );
    xmlsec1(&xml, &metadata(&org, &app).await, "Response").unwrap();

    let mut browser = Browser::new(&org);
    browser.sign_in(ADA, PASSWORD, "/app/UserHome").await;
    org.advance_clock_ms(60_000);
    let forced = browser.get(&question(&sso, &[("ForceAuthn", "1")])).await;
    let login = forced.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(
        browser.get(&login).await.status(),
        200,
        "the page comes in spite of the session"
    );
    let login = url::Url::parse(&login).unwrap();
    let from = login.query_pairs().next().unwrap().1.into_owned();
    browser.sign_in(ADA, PASSWORD, &from).await;
    carried(browser.get(&from).await).await;
}

#[tokio::test]
async fn a_rule_makes_it_misbehave_once() {
    let org = org(1, 0).await;
    let app = app(&org, json!({})).await;
    assign_everyone(&org, &app).await;
    let sso = sso(&org, &app).await;
    let metadata = metadata(&org, &app).await;
    let path = question(&sso, &[]);
    let rule = |fault| Fault::new("GET", "/app/*/sso/saml", Effect::Saml(fault));
    org.fault(rule(SamlFault::BadSignature));
    let stranger = Browser::new(&org);
    assert_eq!(
        stranger.get(&path).await.status(),
        302,
        "no answer yet, so nothing is counted"
    );
    assert!(xmlsec1(&answered(&org, &path).await, &metadata, "Response").is_err());
    xmlsec1(&answered(&org, &path).await, &metadata, "Response").unwrap();

    org.clear_faults();
    org.fault(rule(SamlFault::CommentInNameId));
    let xml = answered(&org, &path).await;
    assert!(xml.contains("ada.admin<!---->@acme.example"), "{xml}");
    xmlsec1(&xml, &metadata, "Response").unwrap();
    for kind in 1..=8 {
        org.clear_faults();
        org.fault(rule(SamlFault::Wrapping(kind)));
        let xml = answered(&org, &path).await;
        assert_eq!(xml.matches("<ds:SignatureValue>").count(), 1, "{kind}");
        assert!(xml.matches("<saml2:Assertion ").count() == 2, "{kind}");
        // The signature still holds for whoever looks only at it: that is the point. xmlsec1 takes no element that stands
        // within its own signature, as in 1, 6 and 8.
        let part = if kind <= 2 { "Response" } else { "Assertion" };
        let verdict = xmlsec1(&xml, &metadata, part);
        assert_eq!(
            verdict.is_ok(),
            ![1, 6, 8].contains(&kind),
            "{kind}: {verdict:?}"
        );
    }
}
