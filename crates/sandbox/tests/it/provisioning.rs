//! What goes over the wire when an app is provisioned, in both dialects, and what Okta shows of errors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use keywright_sandbox::{Dialect, Edit, PushFaults, PushOrder};
use serde_json::{Value, json};

use crate::client::{ask, org};

/// An app's server: keeps what it is told, and every request.
#[derive(Clone, Default)]
struct App(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    things: BTreeMap<String, Value>,
    requests: Vec<(String, Value)>,
    /// Answers this to each writing request.
    refuse: Option<(StatusCode, &'static str)>,
}

impl App {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// The requests since the last time, as `METHOD /path` with ids in the order they were given.
    fn said(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }

    fn lines(&self) -> Vec<String> {
        self.said().into_iter().map(|(line, _)| line).collect()
    }

    fn refuse(&self, how: Option<(StatusCode, &'static str)>) {
        self.0.lock().unwrap().refuse = how;
    }

    fn thing(&self, id: &str) -> Value {
        self.0.lock().unwrap().things[id].clone()
    }
}

async fn answer(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers["user-agent"], "Okta SCIM Client 1.0.0");
    assert_eq!(headers["accept"], "application/scim+json");
    assert_eq!(headers["authorization"], "Bearer secret");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = uri.path().strip_prefix("/scim/v2").unwrap().to_owned();
    let query = uri
        .query()
        .map(|text| format!("?{text}"))
        .unwrap_or_default();
    let mut kept = app.0.lock().unwrap();
    kept.requests
        .push((format!("{method} {path}{query}"), body.clone()));
    if let Some((status, text)) = kept.refuse.filter(|_| method != Method::GET) {
        return (status, text).into_response();
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let found = |kept: &Kept, id: &str| kept.things.get(id).cloned();
    let (status, answer) = match (method.as_str(), parts.as_slice()) {
        ("GET", [_]) => {
            let value = query.split("%22").nth(1).unwrap_or("%").replace("%40", "@");
            let all: Vec<Value> = kept
                .things
                .values()
                .filter(|one| one["userName"] == value || one["displayName"] == value)
                .cloned()
                .collect();
            (
                200,
                json!({ "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all }),
            )
        }
        ("POST", [_])
            if kept.things.values().any(|one| {
                let name = |of: &Value| [of["userName"].clone(), of["displayName"].clone()];
                name(one) == name(&body)
            }) =>
        {
            (409, json!({ "detail": "taken" }))
        }
        ("POST", [kind]) => {
            let id = format!("{}{}", &kind[..1], kept.things.len() + 1);
            let mut made = body;
            made["id"] = json!(id);
            made["meta"] = json!({ "resourceType": kind });
            kept.things.insert(id, made.clone());
            (201, made)
        }
        (_, [_, id]) if found(&kept, id).is_none() => (404, json!({ "detail": "gone" })),
        ("GET", [_, id]) => (200, found(&kept, id).unwrap()),
        ("PUT", [_, id]) => {
            kept.things.insert((*id).to_owned(), body.clone());
            (200, body)
        }
        ("DELETE", [_, id]) => {
            kept.things.remove(*id);
            (204, Value::Null)
        }
        _ => (204, Value::Null),
    };
    let status = StatusCode::from_u16(status).unwrap();
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    (status, answer.to_string()).into_response()
}

struct Pushed {
    org: crate::judge::watched::Watched,
    app: App,
    id: String,
}

impl Pushed {
    /// An org of three people in one group, and an app that is provisioned.
    async fn new(dialect: Dialect) -> Self {
        let org = org(0, 0).await;
        let mut edits = vec![Edit::AddGroup {
            name: "Sales".to_owned(),
            description: None,
        }];
        for name in ["amy", "bob", "cat"] {
            edits.push(Edit::AddUser {
                login: format!("{name}@acme.example"),
                first_name: name.to_owned(),
                last_name: "Miller".to_owned(),
                groups: vec!["Sales".to_owned()],
            });
        }
        org.edit(&edits).unwrap();
        let app = App::default();
        let url = app.serve().await;
        let body = json!({ "label": "Keywright", "signOnMode": "BOOKMARK", "name": "bookmark",
            "settings": { "app": { "url": "https://keywright.example" } } });
        let (status, made) = ask(&org, Method::POST, "/api/v1/apps", Some(body)).await;
        assert_eq!(status, 200, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        org.push(&PushOrder::Connect {
            app: id.clone(),
            base_url: url,
            token: "secret".to_owned(),
            dialect,
            active_as_text: false,
        })
        .await
        .unwrap();
        let one = Self { org, app, id };
        one.order(PushOrder::Workers { count: 1 }).await;
        one
    }

    async fn order(&self, order: PushOrder) -> Value {
        self.org.push(&order).await.unwrap()
    }

    /// Waits until all is pushed; gives the state of the app.
    async fn idle(&self) -> Value {
        let wait = PushOrder::Wait { timeout_ms: 20_000 };
        self.order(wait).await[0].clone()
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let path = format!("/api/v1/apps/{}{path}", self.id);
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = ask(&self.org, method, &path, body).await;
        assert!((200..300).contains(&status), "{path} {status} {answer}");
        answer
    }

    async fn user(&self, login: &str) -> String {
        let (_, user) = ask(
            &self.org,
            Method::GET,
            &format!("/api/v1/users/{login}"),
            None,
        )
        .await;
        user["id"].as_str().unwrap().to_owned()
    }

    async fn group(&self) -> String {
        let (_, found) = ask(&self.org, Method::GET, "/api/v1/groups?q=Sales", None).await;
        found[0]["id"].as_str().unwrap().to_owned()
    }

    async fn assign(&self, login: &str) -> String {
        let id = self.user(login).await;
        self.call(Method::POST, "/users", json!({ "id": id, "scope": "USER" }))
            .await;
        id
    }
}

const FIND: &str = "GET /Users?filter=userName+eq+%22amy%40acme.example%22&startIndex=1&count=100";

#[tokio::test]
async fn people_of_a_wizard_app_are_put() {
    let one = Pushed::new(Dialect::Wizard).await;
    one.order(PushOrder::Test {
        app: one.id.clone(),
        groups: true,
    })
    .await;
    assert_eq!(
        one.app.lines(),
        [
            "GET /Users?startIndex=1&count=2",
            "GET /Groups?startIndex=1&count=100"
        ]
    );

    let amy = one.assign("amy@acme.example").await;
    one.idle().await;
    let said = one.app.said();
    assert_eq!(said[0].0, FIND);
    assert_eq!(said[1].0, "POST /Users");
    let body = &said[1].1;
    assert!(
        body["password"].as_str().unwrap().len() > 8,
        "a password always comes"
    );
    let mut rest = body.clone();
    rest.as_object_mut().unwrap().shift_remove("password");
    assert_eq!(
        rest,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "amy@acme.example",
            "name": { "givenName": "amy", "familyName": "Miller" },
            "emails": [{ "primary": true, "value": "amy@acme.example", "type": "work" }],
            "displayName": "amy Miller", "locale": "en-US", "externalId": amy, "groups": [], "active": true,
        })
    );
    let shown = one
        .call(Method::GET, &format!("/users/{amy}"), Value::Null)
        .await;
    assert_eq!(
        [&shown["externalId"], &shown["status"], &shown["syncState"]],
        [&json!("U1"), &json!("PROVISIONED"), &json!("SYNCHRONIZED")]
    );

    let change = json!({ "profile": { "title": "Boss", "department": "Sales" } });
    ask(
        &one.org,
        Method::POST,
        &format!("/api/v1/users/{amy}"),
        Some(change),
    )
    .await;
    one.idle().await;
    let said = one.app.said();
    assert_eq!([&said[0].0, &said[1].0], ["GET /Users/U1", "PUT /Users/U1"]);
    let put = &said[1].1;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(
        [
            &put["title"],
            &put[enterprise]["department"],
            &put["id"],
            &put["meta"]["resourceType"]
        ],
        [
            &json!("Boss"),
            &json!("Sales"),
            &json!("U1"),
            &json!("Users")
        ]
    );

    one.call(Method::DELETE, &format!("/users/{amy}"), Value::Null)
        .await;
    one.idle().await;
    let said = one.app.said();
    assert_eq!([&said[0].0, &said[1].0], ["GET /Users/U1", "PUT /Users/U1"]);
    assert_eq!(
        [&said[1].1["active"], &said[1].1["title"]],
        [&json!(false), &json!("Boss")]
    );

    one.assign("amy@acme.example").await;
    one.idle().await;
    assert_eq!(one.app.lines(), [FIND, "GET /Users/U1", "PUT /Users/U1"]);
    assert_eq!(one.app.thing("U1")["active"], json!(true));

    // Suspending sends nothing.
    ask(
        &one.org,
        Method::POST,
        &format!("/api/v1/users/{amy}/lifecycle/suspend"),
        None,
    )
    .await;
    one.idle().await;
    assert!(one.app.lines().is_empty());
}

#[tokio::test]
async fn people_of_a_catalogue_app_are_switched_by_patch() {
    let one = Pushed::new(Dialect::Catalogue).await;
    let amy = one.assign("amy@acme.example").await;
    one.idle().await;
    one.app.said();
    ask(
        &one.org,
        Method::POST,
        &format!("/api/v1/users/{amy}/lifecycle/deactivate"),
        None,
    )
    .await;
    one.idle().await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "value": { "active": false } }],
    });
    assert_eq!(one.app.said(), [("PATCH /Users/U1".to_owned(), body)]);
}

async fn group_pushed(one: &Pushed) -> (String, String) {
    for login in ["amy@acme.example", "bob@acme.example"] {
        one.assign(login).await;
    }
    one.idle().await;
    one.app.said();
    let group = one.group().await;
    let body = json!({ "sourceGroupId": group, "targetGroupName": "Sales", "status": "ACTIVE" });
    let mapping = one.call(Method::POST, "/group-push/mappings", body).await;
    one.idle().await;
    (group, mapping["id"].as_str().unwrap().to_owned())
}

const FIND_GROUP: &str = "GET /Groups?filter=displayName+eq+%22Sales%22&startIndex=1&count=100";

#[tokio::test]
async fn a_group_of_a_wizard_app_is_put_as_a_whole() {
    let one = Pushed::new(Dialect::Wizard).await;
    let (_, mapping) = group_pushed(&one).await;
    let said = one.app.said();
    let lines: Vec<_> = said.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            FIND_GROUP,
            "POST /Groups",
            "GET /Groups/G3",
            "PUT /Groups/G3"
        ]
    );
    let schemas = json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]);
    assert_eq!(
        said[1].1,
        json!({ "schemas": schemas, "displayName": "Sales", "members": [] })
    );
    let members = json!([{ "value": "U1", "display": "amy@acme.example" }, { "value": "U2", "display": "bob@acme.example" }]);
    assert_eq!(
        said[3].1,
        json!({ "schemas": schemas, "id": "G3", "displayName": "Sales", "members": members })
    );

    // The third comes; the group is renamed and emptied.
    one.assign("cat@acme.example").await;
    one.idle().await;
    assert_eq!(one.app.lines().len(), 4);
    let all = ["amy", "bob", "cat"].map(|name| format!("{name}@acme.example"));
    one.org
        .edit(&[
            Edit::Leave {
                group: "Sales".to_owned(),
                users: all.to_vec(),
            },
            Edit::RenameGroup {
                group: "Sales".to_owned(),
                name: "Sellers".to_owned(),
            },
        ])
        .unwrap();
    one.idle().await;
    assert_eq!(
        one.app.said().pop().unwrap().1,
        json!({ "schemas": schemas, "id": "G3", "displayName": "Sellers", "members": [] })
    );

    let path = format!("/group-push/mappings/{mapping}");
    one.call(Method::PATCH, &path, json!({ "status": "INACTIVE" }))
        .await;
    one.call(
        Method::DELETE,
        &format!("{path}?deleteTargetGroup=true"),
        Value::Null,
    )
    .await;
    one.idle().await;
    assert_eq!(one.app.lines(), ["DELETE /Groups/G3"]);
}

#[tokio::test]
async fn a_group_of_a_catalogue_app_is_patched() {
    let one = Pushed::new(Dialect::Catalogue).await;
    let (group, mapping) = group_pushed(&one).await;
    let said = one.app.said();
    let lines: Vec<_> = said.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines[3..], ["PATCH /Groups/G3", "PATCH /Groups/G3"]);
    assert_eq!(said[4].1["Operations"][0]["op"], "replace");
    assert_eq!(
        said[4].1["Operations"][0]["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let amy = one.user("amy@acme.example").await;
    ask(
        &one.org,
        Method::DELETE,
        &format!("/api/v1/groups/{group}/users/{amy}"),
        None,
    )
    .await;
    one.idle().await;
    let said = one.app.said();
    assert_eq!(
        said[0].1["Operations"],
        json!([{ "op": "replace", "value": { "id": "G3", "displayName": "Sales" } }])
    );
    assert_eq!(
        said[1].1["Operations"],
        json!([{ "op": "remove", "path": "members[value eq \"U1\"]" }])
    );
    ask(
        &one.org,
        Method::PUT,
        &format!("/api/v1/groups/{group}/users/{amy}"),
        None,
    )
    .await;
    one.idle().await;
    let added = json!([{ "op": "add", "path": "members", "value": [{ "value": "U1", "display": "amy@acme.example" }] }]);
    assert_eq!(one.app.said()[1].1["Operations"], added);

    // "Leave in target app": nothing is sent.
    let path = format!("/group-push/mappings/{mapping}");
    one.call(Method::PATCH, &path, json!({ "status": "INACTIVE" }))
        .await;
    one.call(
        Method::DELETE,
        &format!("{path}?deleteTargetGroup=false"),
        Value::Null,
    )
    .await;
    one.idle().await;
    assert!(one.app.lines().is_empty());
}

#[tokio::test]
async fn errors_stand_on_the_assignment_until_they_are_retried() {
    let one = Pushed::new(Dialect::Wizard).await;
    one.app.refuse(Some((
        StatusCode::CONFLICT,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"userName is taken","status":"409"}"#,
    )));
    let amy = one.assign("amy@acme.example").await;
    let state = one.idle().await;
    let text = "Automatic provisioning of user amy Miller to app Keywright failed: Error while creating user \
                amy@acme.example: Conflict. Errors reported by remote server: userName is taken";
    assert_eq!(state["failed"][0]["error"], text);
    let shown = one
        .call(Method::GET, &format!("/users/{amy}"), Value::Null)
        .await;
    assert_eq!(
        [&shown["syncState"], &shown["errors"][0]["errorSummary"]],
        [&json!("ERROR"), &json!(text)]
    );
    one.app.refuse(None);
    one.app.said();
    one.idle().await;
    assert!(
        one.app.lines().is_empty(),
        "it is not tried again by itself"
    );
    one.order(PushOrder::Retry { app: None }).await;
    assert_eq!(one.idle().await["failed"], json!([]));
    let (_, log) = ask(
        &one.org,
        Method::GET,
        "/api/v1/logs?filter=eventType%20eq%20%22application.provision.user.push%22",
        None,
    )
    .await;
    let results: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["outcome"]["result"].as_str().unwrap())
        .collect();
    assert_eq!(results, ["FAILURE", "SUCCESS"]);
}

#[tokio::test]
async fn too_many_requests_pause_all_until_the_clock_says_so() {
    let one = Pushed::new(Dialect::Wizard).await;
    one.app.refuse(Some((StatusCode::TOO_MANY_REQUESTS, "{}")));
    one.assign("amy@acme.example").await;
    let busy = one.org.push(&PushOrder::Wait { timeout_ms: 300 }).await;
    assert!(busy.is_err());
    one.app.refuse(None);
    // Without Retry-After Okta waits five minutes.
    one.org.advance_clock_ms(299_000 - 5_000);
    assert!(
        one.org
            .push(&PushOrder::Wait { timeout_ms: 300 })
            .await
            .is_err()
    );
    one.org.advance_clock_ms(10_000);
    assert_eq!(one.idle().await["active"], 1);
}

#[tokio::test]
async fn whoever_had_the_app_before_waits_for_an_admin() {
    let one = Pushed::new(Dialect::Wizard).await;
    let url = one.idle().await["base_url"].as_str().unwrap().to_owned();
    let body = json!({ "label": "Later", "signOnMode": "BOOKMARK", "name": "bookmark",
        "settings": { "app": { "url": "https://keywright.example" } } });
    let (_, made) = ask(&one.org, Method::POST, "/api/v1/apps", Some(body)).await;
    let later = Pushed {
        id: made["id"].as_str().unwrap().to_owned(),
        ..one
    };
    later.assign("bob@acme.example").await;
    let order = PushOrder::Connect {
        app: later.id.clone(),
        base_url: url,
        token: "secret".to_owned(),
        dialect: Dialect::Wizard,
        active_as_text: true,
    };
    assert_eq!(later.order(order).await["not_pushed"], 1);
    later.idle().await;
    assert!(later.app.lines().is_empty());
    later
        .order(PushOrder::Provision {
            app: later.id.clone(),
            user: None,
        })
        .await;
    later.idle().await;
    assert_eq!(later.app.said()[1].1["active"], "true");
}

#[tokio::test]
async fn okta_s_own_paths_switch_it_on() {
    let one = Pushed::new(Dialect::Wizard).await;
    let url = one.idle().await["base_url"].as_str().unwrap().to_owned();
    let body = json!({ "label": "By API", "signOnMode": "BOOKMARK", "name": "bookmark",
        "settings": { "app": { "url": "https://keywright.example" } } });
    let (_, made) = ask(&one.org, Method::POST, "/api/v1/apps", Some(body)).await;
    let one = Pushed {
        id: made["id"].as_str().unwrap().to_owned(),
        ..one
    };
    let connection = "/connections/default";
    let unset = one.call(Method::GET, connection, Value::Null).await;
    assert_eq!(unset["status"], "UNKNOWN");
    let body = json!({ "baseUrl": url, "profile": { "authScheme": "TOKEN", "token": "secret" } });
    assert_eq!(
        one.call(Method::POST, connection, body).await["status"],
        "DISABLED"
    );
    one.assign("bob@acme.example").await;
    one.idle().await;
    assert!(one.app.lines().is_empty(), "not before it is activated");
    let off = json!({ "create": { "lifecycleCreate": { "status": "DISABLED" } } });
    let feature = one
        .call(Method::PUT, "/features/USER_PROVISIONING", off)
        .await;
    assert_eq!(
        feature["capabilities"]["create"]["lifecycleCreate"]["status"],
        "DISABLED"
    );
    one.call(
        Method::POST,
        "/connections/default/lifecycle/activate",
        Value::Null,
    )
    .await;
    one.idle().await;
    assert!(one.app.lines().is_empty(), "people are not to be created");
    let on = json!({ "create": { "lifecycleCreate": { "status": "ENABLED" } } });
    one.call(Method::PUT, "/features/USER_PROVISIONING", on)
        .await;
    one.idle().await;
    assert_eq!(one.app.lines().len(), 2);
}

#[tokio::test]
async fn whatever_is_lost_on_the_way_is_right_after_retries() {
    for dialect in [Dialect::Wizard, Dialect::Catalogue] {
        let one = Pushed::new(dialect).await;
        one.order(PushOrder::Faults(PushFaults {
            per_mille: 300,
            seed: 9,
        }))
        .await;
        one.order(PushOrder::Shuffle { seed: Some(3) }).await;
        one.org
            .edit(&[Edit::AddPeople {
                count: 40,
                groups_per_person: 1,
            }])
            .unwrap();
        let group = one.group().await;
        one.call(Method::PUT, &format!("/groups/{group}"), json!({}))
            .await;
        let mut rounds = 0;
        let state = loop {
            let state = one.idle().await;
            if state["failed"] == json!([]) {
                break state;
            }
            rounds += 1;
            assert!(rounds < 40, "{state}");
            one.order(PushOrder::Retry { app: None }).await;
        };
        assert!(
            rounds > 0 && state["struck"].as_u64().unwrap() > 5,
            "{state}"
        );
        assert_eq!(state["active"], 43);
        let kept = one.app.0.lock().unwrap();
        assert_eq!(kept.things.len(), 43, "nobody is there twice");
    }
}
