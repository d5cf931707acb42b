//! Okta pushes a company by SCIM: whatever the order and whatever is lost on the way, in the end both sides hold the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    on_both,
    org::{Org, text},
    server::{Person, Scim, Server},
    setup::connect,
    site::Site,
};

on_both!(an_app_of_the_wizard);
on_both!(an_app_of_the_catalogue);

async fn an_app_of_the_wizard(site: Site) {
    pushes(site, "wizard").await;
}

async fn an_app_of_the_catalogue(site: Site) {
    pushes(site, "catalogue").await;
}

fn size(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given
        .and_then(|number| number.parse().ok())
        .unwrap_or(usual)
}

async fn pushes(site: Site, dialect: &str) {
    let people = size("KEYWRIGHT_TEST_PEOPLE", 60);
    let groups = size("KEYWRIGHT_TEST_GROUPS", 6);
    let org = Org::start(&[
        "--people",
        &people.to_string(),
        "--groups",
        &groups.to_string(),
        "--random-seed",
        "21",
    ]);
    connect(&site, &org, "dpop");
    let server = Server::start(&site);
    let scim = Scim::new(&site, &server);
    // 5 % of the requests: lost, lost on the way back, refused, done but answered with 500, sent twice.
    let faults = json!({"op": "faults", "per_mille": 50, "seed": 7});
    push(&org, &json!([{"op": "workers", "count": 8}, faults])).await;

    let first = Pusher::new(&org, &scim, dialect, "first", 1).await;
    first.until_all_is_said("first push").await;
    same(&org, &scim, "after the first push").await;

    let gone = changes(&org, people / 50 + 2).await;
    first.until_all_is_said("changes").await;
    same(&org, &scim, "after changes").await;
    let inactive: BTreeSet<String> = scim.people(false).await.into_keys().collect();
    assert_eq!(
        inactive, gone,
        "who was deactivated is known and not active"
    );

    // The whole company once more, by another app that finds everybody there.
    first.end().await;
    let second = Pusher::new(&org, &scim, dialect, "second", 2).await;
    second.until_all_is_said("second push").await;
    same(&org, &scim, "after the second push").await;
}

async fn push(org: &Org, orders: &Value) -> Value {
    org.done(Method::POST, "/_sandbox/push", Some(orders.clone()))
        .await
}

/// An app that pushes everybody and all groups.
struct Pusher<'a> {
    org: &'a Org,
    app: String,
}

impl<'a> Pusher<'a> {
    async fn new(org: &'a Org, scim: &Scim, dialect: &str, label: &str, seed: u64) -> Self {
        let app = json!({
            "name": "bookmark", "label": label, "signOnMode": "BOOKMARK",
            "settings": {"app": {"url": "https://keywright.example"}},
        });
        let app = org.done(Method::POST, "/api/v1/apps", Some(app)).await;
        let app = text(&app["id"]);
        let connect = json!({"op": "connect", "app": app, "base_url": scim.base, "token": scim.token, "dialect": dialect});
        push(
            org,
            &json!([connect, {"op": "test", "app": app, "groups": true}, {"op": "shuffle", "seed": seed}, {"op": "hold", "on": true}]),
        )
        .await;
        let everyone = org.list("/api/v1/groups?q=Everyone").await;
        let path = format!("/api/v1/apps/{app}/groups/{}", text(&everyone[0]["id"]));
        org.done(Method::PUT, &path, Some(json!({}))).await;
        for (group, name) in org.groups().await {
            let body = json!({"sourceGroupId": group, "targetGroupName": name});
            let path = format!("/api/v1/apps/{app}/group-push/mappings");
            org.done(Method::POST, &path, Some(body)).await;
        }
        push(org, &json!({"op": "hold", "on": false})).await;
        Self { org, app }
    }

    /// Waits, and retries failed tasks as an admin does, until there are none.
    async fn until_all_is_said(&self, what: &str) {
        let began = Instant::now();
        let mut failures = 0;
        for _ in 0..30 {
            let state = push(self.org, &json!({"op": "wait", "timeout_ms": 3_600_000})).await;
            let state = state.as_array().expect("apps").iter();
            let mine = state
                .clone()
                .find(|one| one["app"] == self.app.as_str())
                .expect("the app");
            let failed = mine["failed"].as_array().expect("a list").len();
            failures += failed;
            if failed == 0 {
                println!(
                    "{what}: {} requests, {} spoilt, {failures} tasks failed and were retried, {:.1} s",
                    mine["requests"],
                    mine["struck"],
                    began.elapsed().as_secs_f64()
                );
                return;
            }
            push(self.org, &json!({"op": "retry"})).await;
        }
        let state = self.org.done(Method::GET, "/_sandbox/push", None).await;
        panic!("{what}: tasks fail again and again: {state:#}");
    }

    /// The app is switched off: it says nothing any more.
    async fn end(&self) {
        let path = format!("/api/v1/apps/{}/lifecycle/deactivate", self.app);
        self.org.done(Method::POST, &path, None).await;
    }
}

/// People are renamed, promoted, moved, deactivated, brought back; groups renamed and emptied. Gives who is deactivated.
async fn changes(org: &Org, number: usize) -> BTreeSet<String> {
    let mut rng = StdRng::seed_from_u64(3);
    let people: Vec<String> = org
        .everyone()
        .await
        .iter()
        .map(|one| text(&one["id"]))
        .skip(1)
        .collect();
    let groups = org.groups().await;
    for at in 0..number {
        let id = people.choose(&mut rng).expect("somebody");
        let profile = json!({"profile": {"lastName": format!("O'Neil-{at} Ünal"), "title": format!("Chief {at}"),
            "login": format!("renamed.{at}@acme.example"), "email": format!("renamed.{at}@acme.example")}});
        let path = format!("/api/v1/users/{id}");
        org.done(Method::POST, &path, Some(profile)).await;
        let (group, _) = groups.choose(&mut rng).expect("a group");
        let (other, _) = groups.choose(&mut rng).expect("a group");
        let id = people.choose(&mut rng).expect("somebody");
        org.join(group, id).await;
        org.leave(other, id).await;
    }
    // Two who swap their logins between two pushes would collide at the app; Okta pushes the first as it is.
    let mut gone = BTreeSet::new();
    for at in 0..number {
        let id = people.choose(&mut rng).expect("somebody").clone();
        let life = |verb: &str| format!("/api/v1/users/{id}/lifecycle/{verb}?sendEmail=false");
        if gone.insert(id.clone()) {
            org.done(Method::POST, &life("deactivate"), None).await;
            if at % 4 == 0 || rng.random_bool(0.1) {
                org.done(Method::POST, &life("activate"), None).await;
                gone.remove(&id);
            }
        }
    }
    let rename = json!({"profile": {"name": "Renamed / 100 % \"new\"", "description": null}});
    let path = format!("/api/v1/groups/{}", groups[0].0);
    org.done(Method::PUT, &path, Some(rename)).await;
    let emptied = groups.last().expect("a group");
    let leave = org.members(&emptied.0).await;
    let leave: Vec<_> = leave.into_iter().map(|(id, _)| id).collect();
    let edit = json!({"op": "leave", "group": emptied.0, "users": leave});
    org.done(Method::POST, "/_sandbox/people", Some(edit)).await;
    gone
}

/// The org person by person and member by member against what the server says.
async fn same(org: &Org, scim: &Scim, when: &str) {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for one in org.everyone().await {
        let part = |name: &str| one["profile"][name].as_str().unwrap_or_default().to_owned();
        let names = [
            "login",
            "firstName",
            "lastName",
            "email",
            "title",
            "department",
        ];
        people.insert(text(&one["id"]), names.map(part));
    }
    let said = scim.people(true).await;
    let wrong: Vec<_> = people
        .keys()
        .chain(said.keys())
        .filter(|id| people.get(*id) != said.get(*id))
        .map(|id| (id, people.get(id), said.get(id)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{when}: {} people differ: {:?}",
        wrong.len(),
        wrong.iter().take(3).collect::<Vec<_>>()
    );

    let mut groups = BTreeMap::new();
    for (id, name) in org.groups().await {
        let members = org.members(&id).await.into_iter().map(|(id, _)| id);
        let members: BTreeSet<String> = members.filter(|id| people.contains_key(id)).collect();
        groups.insert(name, members);
    }
    let told = scim.groups().await;
    let names = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&groups), names(&told), "{when}: the groups");
    for (name, members) in &groups {
        let differ: Vec<_> = members.symmetric_difference(&told[name]).collect();
        assert!(
            differ.is_empty(),
            "{when}: {name}: {} of {} members differ: {:?}",
            differ.len(),
            members.len(),
            differ.first()
        );
    }
    println!(
        "{when}: {} people and {} groups with {} memberships are the same on both sides",
        people.len(),
        groups.len(),
        groups.values().map(BTreeSet::len).sum::<usize>()
    );
}
