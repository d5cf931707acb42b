//! Apps: what the catalogue and the org decide, not the request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, org};

fn saml(label: &str) -> Value {
    json!({
        "label": label, "signOnMode": "SAML_2_0",
        "settings": { "signOn": { "ssoAcsUrl": "https://app.example/acs", "responseSigned": true } },
    })
}

#[tokio::test]
async fn own_apps_are_counted_by_label_and_no_number_comes_twice() {
    let org = org(0, 0).await;
    let make = async |label: &str| {
        ask(&org, Method::POST, "/api/v1/apps", Some(saml(label)))
            .await
            .1
    };
    let first = make("Time Sheet").await;
    assert_eq!(first["name"], "org_timesheet_1");
    assert_eq!(make("Time-Sheet").await["name"], "org_timesheet_2");
    assert_eq!(make("Other").await["name"], "org_other_1");
    let here = format!("/api/v1/apps/{}", first["id"].as_str().unwrap());
    ask(
        &org,
        Method::POST,
        &format!("{here}/lifecycle/deactivate"),
        None,
    )
    .await;
    assert_eq!(ask(&org, Method::DELETE, &here, None).await.0, 204);
    assert_eq!(make("Time Sheet").await["name"], "org_timesheet_3");
}

#[tokio::test]
async fn a_request_shows_and_hides_tiles_but_makes_none() {
    let org = org(0, 0).await;
    let mut body = saml("Wiki");
    body["visibility"] = json!({ "appLinks": { "org_wiki_9_link": true } });
    let (_, made) = ask(&org, Method::POST, "/api/v1/apps", Some(body.clone())).await;
    assert_eq!(
        made["visibility"]["appLinks"],
        json!({ "org_wiki_1_link": true })
    );
    body["visibility"] = json!({ "appLinks": { "org_wiki_1_link": false, "another": true } });
    let here = format!("/api/v1/apps/{}", made["id"].as_str().unwrap());
    let (_, changed) = ask(&org, Method::PUT, &here, Some(body)).await;
    assert_eq!(
        changed["visibility"]["appLinks"],
        json!({ "org_wiki_1_link": false })
    );
}

#[tokio::test]
async fn an_app_of_the_catalogue_without_a_form_has_no_sign_on_mode() {
    let org = org(0, 0).await;
    let body = json!({ "label": "Payroll", "name": "somepayroll", "signOnMode": "AUTO_LOGIN" });
    let (status, made) = ask(&org, Method::POST, "/api/v1/apps", Some(body)).await;
    assert_eq!((status, &made["signOnMode"]), (200, &Value::Null));
    assert_eq!(made["universalLogout"], json!({ "status": "UNSUPPORTED" }));
    assert_eq!(made["credentials"].get("scheme"), None);
}

#[tokio::test]
async fn a_service_may_have_more_than_client_credentials_but_not_less() {
    let org = org(0, 0).await;
    let with = async |grants: Value| {
        let body = json!({
            "label": "Service", "name": "oidc_client", "signOnMode": "OPENID_CONNECT",
            "settings": { "oauthClient": {
                "application_type": "service", "grant_types": grants, "response_types": ["token"],
                "redirect_uris": ["https://app.example/"],
            } },
        });
        ask(&org, Method::POST, "/api/v1/apps", Some(body)).await.0
    };
    assert_eq!(with(json!(["client_credentials"])).await, 200);
    assert_eq!(with(json!(["implicit", "client_credentials"])).await, 200);
    assert_eq!(with(json!(["implicit"])).await, 400);
}
