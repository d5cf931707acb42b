//! The administrator of another tenant knocks at each page and each operation with the ids of real things: the answer is
//! the one for ids that nobody has, no answer names what is the neighbour's, and nothing of theirs changes.

use std::collections::HashMap;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{all, body, pages};
use crate::actor::{Actor, ActorKind};
use crate::audit;
use crate::db::UserId;
use crate::scim::tests::client::Client;
use crate::sync::tests::Org;
use crate::testing::{TestApp, TestBrowser, db_test};
use crate::web::Need;

/// In the names of everything that the tenant has.
const MARK: &str = "zebra";
const NOBODYS: &str = "0190a000-0000-7000-8000-000000000000";

/// A thing of the tenant for each parameter of an address. A parameter named `id` is told by the part before it.
struct Things(HashMap<&'static str, String>);

impl Things {
    /// The address with the ids of things that there are.
    fn at(&self, path: &str) -> String {
        let mut before = "";
        let parts = path.split('/').map(|part| {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            let name = if name == Some("id") {
                Some(before)
            } else {
                name
            };
            before = part;
            let Some(name) = name else {
                return part.to_owned();
            };
            let thing = self.0.get(name);
            thing
                .unwrap_or_else(|| panic!("nothing for `{name}` of {path}"))
                .clone()
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The same with ids that nobody has; words stay.
    fn nowhere(&self, path: &str) -> String {
        let mut at = self.at(path);
        for id in self
            .0
            .values()
            .filter(|id| id.parse::<uuid::Uuid>().is_ok())
        {
            at = at.replace(id.as_str(), NOBODYS);
        }
        at
    }
}

async fn made(t: &TestApp, path: &str, draft: Value) -> Value {
    let (status, made) = t.call("POST", &format!("/api/v1{path}"), Some(draft)).await;
    assert!((200..300).contains(&status), "{path}: {status} {made}");
    made
}

/// The id of a thing, or of the first of a list of them.
#[track_caller]
fn id(of: &Value) -> String {
    let first = of["items"].get(0).or_else(|| of.get(0)).unwrap_or(of);
    first["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {of}"))
        .to_owned()
}

/// One of each thing, all with the mark in their names.
async fn things(org: &Org) -> Things {
    let t = &org.t;
    org.staff(&[("zebra sales", &["zebra-ann", "zebra-bo"])]);
    let mapping = org.map("zebra sales", &["helpdesk"]).await;
    let run = org.run().await;
    let at = format!("/connections/{}", org.id);
    let (_, groups) = t.call("GET", "/api/v1/groups?q=zebra", None).await;
    let (_, people) = t.call("GET", "/api/v1/users?q=zebra", None).await;
    let user = id(&people);
    let role = made(
        t,
        "/roles",
        json!({"name": "zebra desk", "permissions": ["users.read"]}),
    )
    .await;
    let channel =
        json!({"kind": "webhook", "name": "zebra hook", "target": "https://zebra.example/notices"});
    let channel = made(t, "/notice-channels", channel).await;
    let idp = |name: &str| crate::saml::tests::certificate(name);
    let saml = json!({"entity_id": "https://zebra.example", "redirect_url": "https://zebra.example/sso", "certificates": [idp("idp")]});
    let (status, saml) = t
        .call("PUT", &format!("/api/v1{at}/saml"), Some(saml))
        .await;
    assert_eq!(status, 200, "{saml}");
    let okta = Client::on(t, org.id).await;
    let (_, tokens) = t
        .call("GET", &format!("/api/v1{at}/scim/tokens"), None)
        .await;
    okta.ok("POST", "/Groups", json!({"displayName": "zebra herd"}))
        .await;
    okta.refused(
        "POST",
        "/Groups",
        json!({"displayName": "Zebra Herd"}),
        409,
        Some("uniqueness"),
    )
    .await;
    let (_, collisions) = t
        .call("GET", &format!("/api/v1{at}/scim/collisions"), None)
        .await;
    let mut zed = t.signed_in("admin").await;
    let key = zed
        .post(
            "/api-keys",
            &[
                ("name", "zebra key"),
                ("days", "30"),
                ("permission", "users.read"),
            ],
        )
        .await;
    assert!(key.status < 400, "{}", key.body);
    let (_, keys) = t.call("GET", "/api/v1/api-keys", None).await;
    let (_, owner) = t.call("GET", "/api/v1/users?q=admin-", None).await;
    let (_, sessions) = t
        .call(
            "GET",
            &format!("/api/v1/users/{}/sessions", id(&owner)),
            None,
        )
        .await;
    let (_, hook) = t
        .call("POST", &format!("/api/v1{at}/event-hook/secrets"), None)
        .await;
    Things(HashMap::from([
        ("event", "zebra-event".to_owned()),
        ("secret", id(&hook)),
        ("connection", org.id.to_string()),
        ("mapping", mapping.to_string()),
        ("mappings", mapping.to_string()),
        ("run", run.id.to_string()),
        ("group", id(&groups)),
        ("groups", id(&groups)),
        ("user", user),
        ("role", id(&role)),
        ("roles", id(&role)),
        ("notice-channels", id(&channel)),
        ("notices", id(&channel)),
        ("certificate", id(&saml["certificates"][0])),
        ("collision", id(&collisions)),
        ("token", id(&tokens)),
        ("api-keys", id(&keys)),
        ("session", id(&sessions)),
        ("sessions", id(&sessions)),
        ("action", "get_user".to_owned()),
        ("verdict", "approve".to_owned()),
    ]))
}

/// What was done in the tenant.
async fn entries(t: &TestApp) -> Vec<String> {
    let filter = audit::Filter::default();
    let rows = audit::list(&t.read().await, &filter, 10_000).await.unwrap();
    rows.iter()
        .map(|row| format!("{} {} by {}", row.action, row.target_id, row.actor_name))
        .collect()
}

/// The page's answer, in which the id that was asked for does not count.
async fn page(
    browser: &mut TestBrowser<'_>,
    method: &Method,
    at: &str,
    things: &Things,
) -> (u16, String) {
    let answer = if *method == Method::GET {
        browser.get(at).await
    } else {
        browser.post(at, &[]).await
    };
    (answer.status, masked(&answer.body, things))
}

fn masked(text: &str, things: &Things) -> String {
    let ids = things
        .0
        .values()
        .filter(|id| id.parse::<uuid::Uuid>().is_ok());
    ids.fold(text.to_owned(), |text, id| {
        text.replace(id.as_str(), NOBODYS)
    })
}

fn no_word_of_them(text: &str, method: &Method, at: &str) {
    assert!(
        !text.to_lowercase().contains(MARK),
        "{method} {at} tells of the neighbour: {text}"
    );
}

db_test!(
    with |builder| crate::sync::tests::parts(builder).with(crate::scim::State::default());

    // P3: every page.
    async fn p3_no_page_knows_the_neighbours_things(t) {
        let org = Org::start(t).await;
        let things = things(&org).await;
        let (t, before) = (&org.t, entries(&org.t).await);
        let other = t.other_tenant().await;
        let (mut asked, mut browser) = (0, t.signed_in_as(&other, "super_admin").await);
        for (method, path, need) in pages() {
            if need == Need::Nothing {
                continue;
            }
            let (theirs, nobodys) = (things.at(path), things.nowhere(path));
            let (status, text) = page(&mut browser, &method, &theirs, &things).await;
            no_word_of_them(&text, &method, path);
            if theirs != nobodys {
                assert!((400..500).contains(&status), "{method} {path}: {status}");
                assert_eq!(status, page(&mut browser, &method, &nobodys, &things).await.0, "{method} {path}");
                asked += 1;
            }
            if status == 303 && path.contains("sign-out") || path.contains("sessions/end") {
                browser = t.signed_in_as(&other, "super_admin").await;
            }
        }
        assert!(asked > 50, "{asked}");
        assert_eq!(entries(t).await, before, "nothing of theirs changed");
    }

    // P3: every operation.
    async fn p3_no_operation_knows_the_neighbours_things(t) {
        let org = Org::start(t).await;
        let things = things(&org).await;
        let (t, before) = (&org.t, entries(&org.t).await);
        let (router, mut asked) = (org.t.router(), 0);
        let kind = ActorKind::Person(t.app.id::<UserId>());
        let other = Actor { kind, ..t.other_tenant().await };
        let call = async |method: &Method, at: &str| {
            let request = Request::builder().method(method).uri(at).header("content-type", "application/json");
            let mut request = request.body(Body::from("{}")).unwrap();
            request.extensions_mut().insert(other.clone());
            let response = router.clone().oneshot(request).await.unwrap();
            (response.status().as_u16(), masked(&body(response).await, &things))
        };
        for (method, path, _) in all() {
            let (theirs, nobodys) = (things.at(&path), things.nowhere(&path));
            let (status, text) = call(&method, &theirs).await;
            no_word_of_them(&text, &method, &path);
            if theirs != nobodys {
                assert!((400..500).contains(&status), "{method} {path}: {status} {text}");
                assert_eq!((status, text), call(&method, &nobodys).await, "{method} {path}");
                asked += 1;
            }
        }
        assert!(asked > 50, "{asked}");
        assert_eq!(entries(t).await, before, "nothing of theirs changed");
    }
);
