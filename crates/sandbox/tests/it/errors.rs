//! The error answers of authorization servers, held against Okta's own list: status, `error` and text of each.

use keywright_sandbox::Sandbox;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::browser::{ADA, App, BACK, Browser, PASSWORD, app, authorize_path, post};
use crate::client::{Signer, ask, claims, http, org, token};

/// Okta's list, by internal code.
fn listed(code: &str) -> (u16, String, String) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/okta/data/oauth2-error-codes.json"
    );
    let list: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let all = list["errors"].as_array().unwrap();
    let one = all
        .iter()
        .find(|one| one["internalErrorCode"] == code)
        .unwrap_or_else(|| panic!("no {code}"));
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    (
        u16::try_from(one["statusCode"].as_u64().unwrap()).unwrap(),
        text("errorCode"),
        text("errorDescription"),
    )
}

/// Whether a text is the listed one, where `en` and `{1}` stand for what was filled in.
fn fits(listed: &str, text: &str) -> bool {
    let whole = listed
        .replace("[en]", "[\0]")
        .replace("'en'", "'\0'")
        .replace("{1}", "\0");
    let whole = whole
        .strip_suffix("en.")
        .map_or(whole.clone(), |head| format!("{head}\0."));
    let mut rest = text;
    for (at, part) in whole.split('\0').enumerate() {
        let Some(found) = rest.find(part) else {
            return false;
        };
        if at == 0 && found != 0 {
            return false;
        }
        rest = &rest[found + part.len()..];
    }
    rest.is_empty()
}

fn same(code: &str, status: Option<u16>, body: &Value) {
    let (wanted, error, text) = listed(code);
    assert_eq!(body["error"], error, "{code}: {body}");
    let given = body["error_description"].as_str().unwrap_or_default();
    assert!(fits(&text, given), "{code}: `{given}` is not `{text}`");
    if let Some(status) = status {
        assert_eq!(status, wanted, "{code}");
    }
}

struct Clients {
    web: App,
    public: App,
    machine: App,
}

async fn clients(org: &Sandbox) -> Clients {
    let service = json!({ "application_type": "service", "grant_types": ["client_credentials"], "response_types": ["token"] });
    let native = json!({ "application_type": "native" });
    Clients {
        web: app(org, "Web", json!({}), json!({})).await,
        public: app(
            org,
            "Public",
            native,
            json!({ "token_endpoint_auth_method": "none" }),
        )
        .await,
        machine: app(org, "Machine", service, json!({})).await,
    }
}

#[tokio::test]
async fn of_the_token_endpoint() {
    let org = org(1, 0).await;
    let all = clients(&org).await;
    let nobody = App {
        id: String::new(),
        client_id: "0oanobody".into(),
        secret: "x".into(),
    };
    let wrong = App {
        id: String::new(),
        client_id: all.web.client_id.clone(),
        secret: "wrong".into(),
    };
    let none = App {
        id: String::new(),
        client_id: String::new(),
        secret: String::new(),
    };
    let id = |app: &App| app.client_id.clone();
    let (web, public, machine) = (&all.web, &all.public, &all.machine);
    let (public_id, machine_id, web_id) = (id(public), id(machine), id(web));
    let cases: Vec<(&str, &str, &App, Vec<(&str, &str)>)> = vec![
        (
            "missing_client_credentials",
            "default",
            &none,
            vec![("grant_type", "authorization_code")],
        ),
        (
            "missing_client_credentials",
            "default",
            &none,
            vec![("grant_type", "authorization_code"), ("client_id", &web_id)],
        ),
        (
            "invalid_client_id",
            "default",
            &nobody,
            vec![("grant_type", "authorization_code")],
        ),
        (
            "invalid_client_secret",
            "default",
            &wrong,
            vec![("grant_type", "authorization_code")],
        ),
        (
            "invalid_token_endpoint_auth_method",
            "default",
            &none,
            vec![
                ("grant_type", "authorization_code"),
                ("client_id", &public_id),
                ("client_secret", "x"),
            ],
        ),
        (
            "multiple_client_credentials",
            "default",
            web,
            vec![("grant_type", "authorization_code"), ("client_secret", "x")],
        ),
        (
            "client_assertion_type_invalid",
            "default",
            &none,
            vec![
                ("grant_type", "authorization_code"),
                ("client_assertion", "x"),
            ],
        ),
        (
            "client_assertion_invalid_jwt",
            "default",
            &none,
            vec![
                ("grant_type", "authorization_code"),
                ("client_assertion", "x"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
            ],
        ),
        (
            "token_request_missing_grant_type",
            "default",
            web,
            vec![("scope", "openid")],
        ),
        (
            "illegal_duplicated_parameters",
            "default",
            web,
            vec![("grant_type", "password"), ("grant_type", "password")],
        ),
        (
            "unsupported_grant_type",
            "default",
            web,
            vec![("grant_type", "urn:other")],
        ),
        (
            "unauthorized_client",
            "default",
            web,
            vec![("grant_type", "client_credentials")],
        ),
        (
            "missing_token_request_parameter",
            "default",
            web,
            vec![("grant_type", "authorization_code")],
        ),
        (
            "invalid_authorization_code",
            "default",
            web,
            vec![("grant_type", "authorization_code"), ("code", "x")],
        ),
        (
            "invalid_refresh_token",
            "default",
            web,
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
        ),
        (
            "openid_not_allowed_client_creds",
            "default",
            machine,
            vec![("grant_type", "client_credentials"), ("scope", "openid")],
        ),
        (
            "no_default_scopes",
            "default",
            machine,
            vec![("grant_type", "client_credentials")],
        ),
        (
            "no_matching_scope",
            "default",
            machine,
            vec![
                ("grant_type", "client_credentials"),
                ("scope", "okta.users.read"),
            ],
        ),
        (
            "unsupported_auth_method_client_creds",
            "",
            machine,
            vec![
                ("grant_type", "client_credentials"),
                ("scope", "okta.users.read"),
            ],
        ),
    ];
    for (code, server, client, form) in cases {
        let path = if server.is_empty() {
            "/oauth2/v1/token".to_owned()
        } else {
            format!("/oauth2/{server}/v1/token")
        };
        let (status, body) = post(&org, &path, client, &form).await;
        same(code, Some(status), &body);
    }
    let query = http()
        .post(format!(
            "{}/oauth2/default/v1/token?client_secret=x",
            org.url()
        ))
        .form(&[("grant_type", "password")]);
    let answer = query.send().await.unwrap();
    same(
        "client_credentials_in_query",
        Some(answer.status().as_u16()),
        &answer.json().await.unwrap(),
    );
    let garbled = http()
        .post(format!("{}/oauth2/default/v1/token", org.url()))
        .header("authorization", "Basic !!")
        .form(&[("grant_type", "password")]);
    let answer = garbled.send().await.unwrap();
    same(
        "invalid_basic_auth_creds",
        Some(answer.status().as_u16()),
        &answer.json().await.unwrap(),
    );
    assert!(!machine_id.is_empty());
}

#[tokio::test]
async fn of_service_apps() {
    let org = org(0, 0).await;
    org.set_client_scopes(&org.oauth().client_id, &["okta.users.read"]);
    let signer = Signer::of(org.oauth());
    let cases = [
        ("missing_scopes", ""),
        ("openid_not_allowed_client_creds", "openid"),
        (
            "client_credentials_self_scope_requested",
            "okta.users.read.self",
        ),
        ("illegal_custom_scope", "orders"),
        ("no_matching_scope", "okta.nothing.read"),
        (
            "consent_required_client_credentials",
            "okta.users.read okta.groups.read",
        ),
        ("no_org_scopes_granted", "okta.logs.read okta.groups.read"),
    ];
    for (at, (code, scope)) in cases.into_iter().enumerate() {
        let header = json!({ "alg": "RS256", "kid": signer.kid });
        let answer = token(
            &org,
            &signer.sign(&header, &claims(&org, org.oauth(), &format!("e{at}"))),
            scope,
            None,
        )
        .await;
        same(
            code,
            Some(answer.status().as_u16()),
            &answer.json().await.unwrap(),
        );
    }
}

#[tokio::test]
async fn of_codes_and_refresh_tokens() {
    let org = org(1, 0).await;
    let all = clients(&org).await;
    let mut browser = Browser::new(&org);
    let challenge = crate::browser::challenge();
    let plain = [
        ("client_id", all.web.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid offline_access"),
    ];
    let pkce = [
        plain.as_slice(),
        &[
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
    ]
    .concat();
    let no_verifier = browser.authorize("/default", &pkce).await["code"].clone();
    let unasked = browser.authorize("/default", &plain).await["code"].clone();
    let cases = [
        (
            "pkce_missing_verifier",
            "default",
            &all.web,
            &no_verifier,
            BACK,
            "",
        ),
        (
            "pkce_verification_failed",
            "default",
            &all.web,
            &no_verifier,
            BACK,
            "other",
        ),
        (
            "pkce_missing_challenge_verifier_present",
            "default",
            &all.web,
            &unasked,
            BACK,
            "other",
        ),
        (
            "mismatched_redirect_uri",
            "default",
            &all.web,
            &unasked,
            "https://else.example",
            "",
        ),
    ];
    for (code, server, client, value, back, verifier) in cases {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", value.as_str()),
            ("redirect_uri", back),
        ];
        if !verifier.is_empty() {
            form.push(("code_verifier", verifier));
        }
        let (status, body) = post(&org, &format!("/oauth2/{server}/v1/token"), client, &form).await;
        same(code, Some(status), &body);
    }
    let form = [
        ("grant_type", "authorization_code"),
        ("code", unasked.as_str()),
        ("redirect_uri", BACK),
        ("client_id", all.public.client_id.as_str()),
    ];
    let (status, body) = post(&org, "/oauth2/default/v1/token", &all.public_form(), &form).await;
    same("mismatched_client", Some(status), &body);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", unasked.as_str()),
        ("redirect_uri", BACK),
    ];
    let (status, body) = post(&org, "/oauth2/v1/token", &all.web, &form).await;
    same("mismatched_authorization_server", Some(status), &body);
    let (status, tokens) = post(&org, "/oauth2/default/v1/token", &all.web, &form).await;
    assert_eq!(status, 200);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("scope", "openid phone"),
    ];
    let (status, body) = post(&org, "/oauth2/default/v1/token", &all.web, &form).await;
    same("refresh_scopes_denied", Some(status), &body);
    let (status, body) = post(&org, "/oauth2/default/v1/introspect", &all.web, &[]).await;
    same("request_missing_token", Some(status), &body);
}

impl Clients {
    /// The public client sends no secret.
    fn public_form(&self) -> App {
        App {
            id: String::new(),
            client_id: self.public.client_id.clone(),
            secret: String::new(),
        }
    }
}

#[tokio::test]
async fn of_the_authorize_endpoint() {
    let org = org(1, 0).await;
    let all = clients(&org).await;
    let browser = Browser::new(&org);
    let page = async |parameters: &[(&str, &str)]| -> (u16, String) {
        let answer = browser.get(&authorize_path("/default", parameters)).await;
        (
            answer.status().as_u16(),
            answer.text().await.unwrap().replace("&#39;", "'"),
        )
    };
    let (web, machine) = (all.web.client_id.as_str(), all.machine.client_id.as_str());
    for (code, parameters) in [
        ("invalid_client_id", vec![("client_id", "0oanobody")]),
        (
            "illegal_redirect_uri",
            vec![("client_id", web), ("redirect_uri", "https://evil.example")],
        ),
        (
            "invalid_request_uri",
            vec![("client_id", web), ("request_uri", "urn:x")],
        ),
    ] {
        let (status, text) = page(&parameters).await;
        assert_eq!(status, 400, "{code}");
        assert!(text.contains(&listed(code).2), "{code}: {text}");
    }
    let (_, text) = page(&[("client_id", machine), ("redirect_uri", BACK)]).await;
    assert!(
        text.contains("Clients with 'application_type' of 'service' are not allowed to access"),
        "{text}"
    );
    let base = [("client_id", web), ("redirect_uri", BACK), ("state", "s")];
    let public = [
        ("client_id", all.public.client_id.as_str()),
        ("redirect_uri", BACK),
        ("state", "s"),
        ("response_type", "code"),
        ("scope", "openid"),
    ];
    let code = [("response_type", "code"), ("scope", "openid")];
    for (name, parameters) in [
        (
            "unsupported_response_type",
            [base.as_slice(), &[("response_type", "token")]].concat(),
        ),
        (
            "unsupported_response_mode",
            [base.as_slice(), &code, &[("response_mode", "pigeon")]].concat(),
        ),
        (
            "unsupported_response_mode_okta_post_message_with_code",
            [
                base.as_slice(),
                &code,
                &[("response_mode", "okta_post_message")],
            ]
            .concat(),
        ),
        (
            "no_default_scopes",
            [base.as_slice(), &[("response_type", "code")]].concat(),
        ),
        (
            "no_matching_scope",
            [
                base.as_slice(),
                &[("response_type", "code"), ("scope", "nothing")],
            ]
            .concat(),
        ),
        (
            "openid_scope_required",
            [
                base.as_slice(),
                &[("response_type", "code"), ("scope", "email")],
            ]
            .concat(),
        ),
        ("pkce_missing_challenge", public.to_vec()),
        (
            "pkce_unsupported_code_challenge_method",
            [
                public.as_slice(),
                &[("code_challenge", "x"), ("code_challenge_method", "plain")],
            ]
            .concat(),
        ),
        (
            "pkce_invalid_challenge",
            [
                public.as_slice(),
                &[("code_challenge", "x y"), ("code_challenge_method", "S256")],
            ]
            .concat(),
        ),
        (
            "invalid_prompt",
            [base.as_slice(), &code, &[("prompt", "shout")]].concat(),
        ),
        (
            "invalid_max_age",
            [base.as_slice(), &code, &[("max_age", "-1")]].concat(),
        ),
        (
            "login_required",
            [base.as_slice(), &code, &[("prompt", "none")]].concat(),
        ),
    ] {
        let answer: Response = browser.get(&authorize_path("/default", &parameters)).await;
        assert_eq!(answer.status(), 302, "{name}");
        let members = crate::browser::sent(&answer);
        assert_eq!(members["state"], "s");
        same(
            name,
            None,
            &json!({ "error": members["error"], "error_description": members["error_description"] }),
        );
    }
}

#[tokio::test]
async fn of_policies_and_assignment() {
    let org = org(1, 0).await;
    let all = clients(&org).await;
    let all_servers = "/api/v1/authorizationServers/default";
    let (_, policies) = ask(&org, Method::GET, &format!("{all_servers}/policies"), None).await;
    let rules = format!(
        "{all_servers}/policies/{}/rules",
        policies[0]["id"].as_str().unwrap()
    );
    let (_, list) = ask(&org, Method::GET, &rules, None).await;
    let mut rule = list[0].clone();
    let path = format!("{rules}/{}", rule["id"].as_str().unwrap());
    let mut browser = Browser::new(&org);
    let query = [
        ("client_id", all.web.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid email"),
    ];
    rule["conditions"]["scopes"]["include"] = json!(["openid"]);
    assert_eq!(
        ask(&org, Method::PUT, &path, Some(rule.clone())).await.0,
        200
    );
    let shown = |members: &std::collections::HashMap<String, String>| json!({ "error": members["error"], "error_description": members["error_description"] });
    same(
        "scope_denied",
        None,
        &shown(&browser.authorize("/default", &query).await),
    );
    rule["conditions"]["scopes"]["include"] = json!(["phone"]);
    assert_eq!(
        ask(&org, Method::PUT, &path, Some(rule.clone())).await.0,
        200
    );
    same(
        "no_scope_allowed",
        None,
        &shown(&browser.authorize("/default", &query).await),
    );
    rule["conditions"]["people"]["groups"]["include"] = json!([]);
    assert_eq!(ask(&org, Method::PUT, &path, Some(rule)).await.0, 200);
    same(
        "no_matching_policy",
        None,
        &shown(&browser.authorize("/default", &query).await),
    );
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups?q=Everyone", None).await;
    let path = format!(
        "/api/v1/apps/{}/groups/{}",
        all.web.id,
        groups[0]["id"].as_str().unwrap()
    );
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    same(
        "user_not_assigned",
        None,
        &shown(&browser.authorize("/default", &query).await),
    );
    assert!(
        browser
            .sign_in(ADA, PASSWORD, "")
            .await
            .status()
            .is_redirection()
    );
}
