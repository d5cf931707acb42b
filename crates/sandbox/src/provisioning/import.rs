//! Import: what is at the app already, page by page (FACTS section 14.3).

use serde_json::{Value, json};

use super::client::{Client, Trouble};
use crate::clock::Time;
use crate::groups::{Group, Origin};
use crate::org::Org;
use crate::store::Kind;

/// Resources on one page.
const PAGE: u64 = 100;

/// What an import read.
#[derive(Debug, Default)]
pub(super) struct Read {
    people: Vec<Value>,
    groups: Vec<Value>,
}

/// Reads all people and groups.
pub(super) async fn read(client: &mut Client) -> Result<Read, Trouble> {
    let people = all(client, "/Users").await?;
    let groups = all(client, "/Groups").await?;
    Ok(Read { people, groups })
}

async fn all(client: &mut Client, path: &str) -> Result<Vec<Value>, Trouble> {
    let (mut start, mut found) = (1, Vec::new());
    loop {
        let (index, count) = (start.to_string(), PAGE.to_string());
        let query = [("startIndex", index.as_str()), ("count", count.as_str())];
        let (total, page) = client.list(path, &query).await?;
        let empty = page.is_empty();
        found.extend(page);
        start += PAGE;
        if start > total || empty {
            return Ok(found);
        }
    }
}

/// Links whom it matches, notes groups as groups of the app, and counts.
pub(super) fn apply(org: &mut Org, app: u32, read: &Read, now: Time) -> Value {
    let text = |one: &Value, name: &str| {
        one.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (mut matched, mut new, mut inactive) = (0_u32, Vec::new(), 0_u32);
    for one in &read.people {
        // Inactive users are not pulled in.
        if one.get("active") == Some(&Value::Bool(false)) {
            inactive += 1;
            continue;
        }
        let name = text(one, "userName");
        let user = org
            .tail
            .serial(Kind::USER, &text(one, "externalId"))
            .filter(|user| org.people.get(*user).is_some())
            .or_else(|| org.people.by_login(&name));
        let Some(user) = user else {
            new.push(name);
            continue;
        };
        matched += 1;
        if let Some(side) = org.provisioning.of_mut(app) {
            let account = side.accounts.entry(user).or_default();
            if account.external_id.is_none() {
                account.external_id = Some(text(one, "id"));
                (account.active, account.uncertain) = (true, true);
            }
        }
    }
    let mut made = 0_u32;
    for one in &read.groups {
        made += u32::from(group(
            org,
            app,
            &text(one, "id"),
            &text(one, "displayName"),
            now,
        ));
    }
    json!({
        "users": read.people.len(), "matched": matched, "new": new, "inactive": inactive,
        "groups": read.groups.len(), "new_groups": made,
    })
}

/// A group of the app that no mapping pushes becomes a group of the org.
fn group(org: &mut Org, app: u32, id: &str, name: &str, now: Time) -> bool {
    let known = org.provisioning.of(app).is_none_or(|side| {
        side.imported.contains_key(id)
            || side
                .links
                .values()
                .any(|link| link.external_id.as_deref() == Some(id))
    });
    if known {
        return false;
    }
    let now = now.whole();
    let serial = org.groups.add(Group {
        origin: Origin::App,
        created: now,
        last_updated: now,
        last_membership_updated: now,
        name: name.into(),
        description: None,
        more: Box::default(),
        members: Vec::new(),
    });
    if let Some(side) = org.provisioning.of_mut(app) {
        side.imported.insert(id.to_owned(), serial);
    }
    true
}
