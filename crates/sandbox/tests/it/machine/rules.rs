//! What must hold when all clients are done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::client::{Client, same};
use crate::client::link;
use crate::judge::watched::Watched;

type Broken = Result<(), String>;

/// Checks all rules.
pub(crate) async fn check(org: &Watched, clients: &[Client], shared: &[String]) -> Broken {
    let http = crate::client::http();
    let people = everything(&http, org, "/api/v1/users?search=status+pr&limit=7").await;
    let plain = everything(&http, org, "/api/v1/users?limit=3").await;
    let groups = everything(&http, org, "/api/v1/groups?limit=2&expand=stats").await;
    unique(&people, "login")?;
    unique(&groups, "name")?;
    users(clients, &people, &plain)?;
    memberships(&http, org, clients, &groups, shared).await?;
    log(&http, org, clients).await
}

/// All of a list, page by page; each element may come once.
async fn everything(http: &reqwest::Client, org: &Watched, path: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let url = if path.starts_with("http") {
            path.clone()
        } else {
            format!("{}{path}", org.url())
        };
        let request = http
            .get(url)
            .header("authorization", format!("SSWS {}", org.api_token()));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        next = link(&answer, "next");
        let page: Vec<Value> = answer.json().await.unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all
}

fn id(one: &Value) -> String {
    one["id"].as_str().unwrap_or_default().to_owned()
}

fn unique(all: &[Value], name: &str) -> Broken {
    let mut seen = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for one in all {
        let text = one["profile"][name]
            .as_str()
            .unwrap_or_default()
            .to_lowercase();
        if !seen.insert(text.clone()) {
            return Err(format!("uniqueness: two have the {name} {text}"));
        }
        if !ids.insert(id(one)) {
            return Err(format!("counts: pages show {} twice", id(one)));
        }
    }
    Ok(())
}

fn users(clients: &[Client], people: &[Value], plain: &[Value]) -> Broken {
    let wanted: BTreeMap<String, &str> = clients
        .iter()
        .flat_map(|client| &client.users)
        .map(|user| (user.id.clone(), user.status))
        .collect();
    let soak = |one: &&Value| one["profile"]["firstName"] == "Soak";
    let found: BTreeMap<String, &str> = people
        .iter()
        .filter(soak)
        .map(|one| (id(one), one["status"].as_str().unwrap_or_default()))
        .collect();
    same("statuses: of all users", &found, &wanted)?;
    let listed: BTreeSet<String> = plain.iter().filter(soak).map(id).collect();
    let alive: BTreeSet<String> = wanted
        .iter()
        .filter(|(_, status)| **status != "DEPROVISIONED")
        .map(|(id, _)| id.clone())
        .collect();
    same("visibility: the plain list", listed, alive)
}

async fn memberships(
    http: &reqwest::Client,
    org: &Watched,
    clients: &[Client],
    groups: &[Value],
    shared: &[String],
) -> Broken {
    let known: BTreeSet<String> = clients
        .iter()
        .flat_map(|client| client.groups.clone())
        .chain(shared.iter().cloned())
        .collect();
    let found: BTreeSet<String> = groups
        .iter()
        .filter(|one| one["type"] == "OKTA_GROUP")
        .map(id)
        .collect();
    same("memberships: the groups that are there", &found, &known)?;
    let mut by_group: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups.iter().filter(|one| one["type"] == "OKTA_GROUP") {
        let members = everything(
            http,
            org,
            &format!("/api/v1/groups/{}/users?limit=2", id(group)),
        )
        .await;
        unique(&members, "login")?;
        let count = group["_embedded"]["stats"]["usersCount"].as_u64();
        let listed = u64::try_from(members.len()).ok();
        same(&format!("counts: of {}", id(group)), count, listed)?;
        by_group.insert(id(group), members.iter().map(id).collect());
    }
    for user in clients.iter().flat_map(|client| &client.users) {
        let mine = everything(http, org, &format!("/api/v1/users/{}/groups", user.id)).await;
        let mine: BTreeSet<String> = mine
            .iter()
            .filter(|one| one["type"] == "OKTA_GROUP")
            .map(id)
            .collect();
        let theirs: BTreeSet<String> = by_group
            .iter()
            .filter(|(_, members)| members.contains(&user.id))
            .map(|(group, _)| group.clone())
            .collect();
        if user.status != "DEPROVISIONED" {
            same(
                &format!("memberships: {} by itself and by its groups", user.id),
                &mine,
                &theirs,
            )?;
        }
        if user.sure {
            same(&format!("memberships: of {}", user.id), &mine, &user.groups)?;
        }
    }
    Ok(())
}

async fn log(http: &reqwest::Client, org: &Watched, clients: &[Client]) -> Broken {
    let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in everything(http, org, "/api/v1/logs?limit=1000").await {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        entries
            .entry(text(&entry["transaction"]["id"]))
            .or_default()
            .push(text(&entry["eventType"]));
    }
    for line in clients.iter().flat_map(|client| &client.lines) {
        let found = entries.get(&line.request_id).cloned().unwrap_or_default();
        match line.event {
            Some(event) => {
                let count = found.iter().filter(|one| *one == event).count();
                same(
                    &format!(
                        "log: entries {event} of `{}`, which has {found:?}",
                        line.curl()
                    ),
                    count,
                    1,
                )?;
            }
            None if line.status >= 400 => same(
                &format!("log: of the refused `{}`", line.curl()),
                found,
                Vec::new(),
            )?,
            None => {}
        }
    }
    Ok(())
}
