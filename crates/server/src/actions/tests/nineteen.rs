//! All nineteen actions of the contract, one after the other in the life of two people, in each way to prove oneself.

use serde_json::json;

use super::{World, spec};
use crate::testing::{TestApp, db_test};

/// The nineteen of the contract.
const NINETEEN: [&str; 19] = [
    "activate-user",
    "add-user-to-group",
    "create-user",
    "update-user",
    "deactivate-user",
    "delete-user",
    "expire-password",
    "list-group-members",
    "search-groups",
    "list-logons-by-ip",
    "list-user-groups",
    "remove-user-from-group",
    "reset-password",
    "search-users",
    "suspend-user",
    "unsuspend-user",
    "get-user",
    "list-user-apps",
    "get-password-reset-link",
];

#[test]
fn the_nineteen_are_in_the_table() {
    for name in NINETEEN {
        assert!(crate::actions::find(name).is_ok(), "{name}");
    }
}

db_test!(
    async fn by_api_token(t) { live(t, "api_token").await; }
    async fn by_oauth(t) { live(t, "oauth").await; }
    async fn by_consent(t) { live(t, "authorization_code").await; }
    async fn by_oauth_with_dpop(t) { live(t, "oauth_dpop").await; }
);

async fn live(t: TestApp, kind: &str) {
    let world = World::new(t, kind).await;
    come_in(&world).await;
    everyday(&world).await;
    leave(&world).await;
    for sent in world
        .wire
        .sent()
        .iter()
        .filter(|sent| sent.path.starts_with("/api/"))
    {
        assert_eq!(spec::judge(sent), Vec::<String>::new(), "{sent:?}");
    }
}

async fn come_in(world: &World) {
    let group = world.group().await;
    let made = world
        .does(
            "create-user",
            json!({
                "profile": {"login": "ina@acme.example", "email": "ina@acme.example", "firstName": "Ina", "lastName": "Iversen"},
                "credentials": {"password": {"value": "Sunny-Day-4711"}, "recovery_question": {"question": "Whose?", "answer": "nobody's"}},
                "groupIds": [group],
            }),
        )
        .await;
    assert_eq!(made["user"]["status"], "ACTIVE");
    let id = made["user"]["id"].clone();
    let found = world
        .does("get-user", json!({"userId": "ina@acme.example"}))
        .await;
    assert_eq!(found["id"], id);
    let changed = world
        .does(
            "update-user",
            json!({"userId": id, "profile": {"title": "Pilot", "mobilePhone": null}}),
        )
        .await;
    assert_eq!(changed["user"]["profile"]["title"], "Pilot");
    assert_eq!(
        changed["user"]["profile"]["lastName"], "Iversen",
        "what is not given stays"
    );
    let found = world
        .does(
            "search-users",
            json!({"filter": "profile.login eq \"ina@acme.example\""}),
        )
        .await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &id));
    let members = world
        .does("list-group-members", json!({"groupId": group}))
        .await;
    assert!(
        members
            .as_array()
            .unwrap()
            .iter()
            .any(|member| member["id"] == id)
    );
    let groups = world.does("list-user-groups", json!({"userId": id})).await;
    assert!(
        groups
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == group.as_str())
    );
    let gone = world
        .does(
            "remove-user-from-group",
            json!({"userId": id, "groupId": group}),
        )
        .await;
    assert_eq!(gone["member"], false);
    let there = world
        .does("add-user-to-group", json!({"userId": id, "groupId": group}))
        .await;
    assert_eq!(
        there,
        json!({"userId": id, "groupId": group, "member": true})
    );
    let apps = world.does("list-user-apps", json!({"userId": id})).await;
    assert!(apps.is_array());
}

async fn everyday(world: &World) {
    let user = json!({"userId": "ina@acme.example"});
    let link = world.does("get-password-reset-link", user.clone()).await;
    assert!(
        link["resetPasswordUrl"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    for (name, status) in [
        ("suspend-user", "SUSPENDED"),
        ("unsuspend-user", "ACTIVE"),
        ("expire-password", "PASSWORD_EXPIRED"),
    ] {
        assert_eq!(
            world.does(name, user.clone()).await["user"]["status"],
            status,
            "{name}"
        );
    }
    let reset = world
        .does(
            "reset-password",
            json!({"userId": "ina@acme.example", "sendEmail": false}),
        )
        .await;
    assert_eq!(reset["user"]["status"], "RECOVERY");
    assert!(
        reset["resetPasswordUrl"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    signs_in_and_is_listed(world).await;
}

async fn signs_in_and_is_listed(world: &World) {
    let form = [
        ("username", "ada.admin@acme.example"),
        ("password", "wrong"),
    ];
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.post(format!("{}/login/login.htm", world.org.url()))
        .form(&form)
        .send()
        .await
        .unwrap();
    let events = world
        .does(
            "list-logons-by-ip",
            json!({"ipAddress": "127.0.0.1", "outcome": "FAILURE"}),
        )
        .await;
    assert_eq!(events[0]["outcome"]["result"], "FAILURE", "{events}");
    assert_eq!(events[0]["client"]["ipAddress"], "127.0.0.1");
    // Who consented has signed in with success; the failure is not among that.
    let success = json!({"ipAddress": "127.0.0.1", "outcome": "SUCCESS"});
    let events = world.does("list-logons-by-ip", success).await;
    let mut results = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["outcome"]["result"]);
    assert!(results.all(|result| result == "SUCCESS"), "{events}");
    for other in [
        json!({"ipAddress": "192.0.2.1"}),
        json!({"ipAddress": "127.0.0.1", "since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00+01:00"}),
    ] {
        let events = world.asks("list-logons-by-ip", other.clone()).await;
        assert!(events.is_err() || events.unwrap() == json!([]), "{other}");
    }
}

async fn leave(world: &World) {
    let user = json!({"userId": "ina@acme.example"});
    let off = world.does("deactivate-user", user.clone()).await;
    assert_eq!(off["user"]["status"], "DEPROVISIONED");
    let id = off["user"]["id"].clone();
    let on = world
        .does("activate-user", json!({"userId": id, "sendEmail": false}))
        .await;
    assert_ne!(on["user"]["status"], "DEPROVISIONED");
    assert!(on["activationUrl"].as_str().unwrap().starts_with("http"));
    // K10: both steps are answered by 204; what is read afterwards says which it was.
    let first = world.does("delete-user", json!({"userId": id})).await;
    assert_eq!(
        (&first["step"], &first["user"]["status"]),
        (&json!("deactivated"), &json!("DEPROVISIONED"))
    );
    let second = world.does("delete-user", json!({"userId": id})).await;
    assert_eq!(
        (&second["step"], &second["userId"]),
        (&json!("deleted"), &id)
    );
    assert!(world.asks("get-user", json!({"userId": id})).await.is_err());
}
