//! Who owns a group.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::find;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// An owner of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    group: u32,
    id: String,
    kind: String,
    since: crate::clock::Time,
}

/// The routes of owners.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/groups/{groupId}/owners", list)
        .post("/api/v1/groups/{groupId}/owners", add)
        .delete("/api/v1/groups/{groupId}/owners/{ownerId}", remove);
}

fn print(org: &Org, owner: &Owner, stamp: &str) -> Value {
    let name = match owner.kind.as_str() {
        "USER" => org
            .tail
            .serial(Kind::USER, &owner.id)
            .and_then(|serial| org.people.get(serial))
            .map(|person| format!("{} {}", person.profile.first_name, person.profile.last_name)),
        _ => find(org, &owner.id)
            .ok()
            .and_then(|serial| org.groups.get(serial))
            .map(|group| group.name.to_string()),
    };
    json!({
        "id": owner.id, "type": owner.kind, "resolved": true, "originId": null, "originType": "OKTA_DIRECTORY",
        "displayName": name, "lastUpdated": stamp,
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let group = find(org, call.param("groupId"))?;
    let mut mine: Vec<_> = org
        .owners
        .iter()
        .filter(|owner| owner.group == group)
        .collect();
    mine.sort_by(|a, b| b.id.cmp(&a.id));
    let body: Vec<_> = mine
        .into_iter()
        .map(|owner| {
            print(
                org,
                owner,
                &owner.since.text().replace('T', " ").replace(".000Z", ".0"),
            )
        })
        .collect();
    Ok(Reply::json(&body))
}

fn add(org: &mut Org, call: &Call) -> Answer {
    let group = find(org, call.param("groupId"))?;
    let body = call.object()?;
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (id, kind) = (text("id"), text("type"));
    match kind.as_str() {
        "USER" => {
            let serial = org
                .tail
                .serial(Kind::USER, &id)
                .filter(|serial| org.people.get(*serial).is_some());
            serial.ok_or_else(|| Fail::not_found(&id, "User"))?;
        }
        "GROUP" => {
            find(org, &id)?;
        }
        _ => {
            return Err(Fail::validation(
                "type",
                ["type: The field must be USER or GROUP"],
            ));
        }
    }
    if org
        .owners
        .iter()
        .any(|owner| owner.group == group && owner.id == id)
    {
        return Err(Fail::validation(
            "groupOwner",
            ["id: Provided owner is already assigned to this group"],
        ));
    }
    let owner = Owner {
        group,
        id,
        kind,
        since: call.now.whole(),
    };
    // The answer to a POST writes its time in another way than the list does.
    let shown = print(org, &owner, &call.now.long());
    org.owners.push(owner);
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn remove(org: &mut Org, call: &Call) -> Answer {
    let group = find(org, call.param("groupId"))?;
    let id = call.param("ownerId");
    let before = org.owners.len();
    org.owners
        .retain(|owner| owner.group != group || owner.id != id);
    if org.owners.len() == before {
        return Err(Fail::not_found(id, "GroupOwner"));
    }
    Ok(Reply::no_content())
}
