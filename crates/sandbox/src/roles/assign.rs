//! Giving and taking roles (FACTS section 16).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Assignment, Holder, STANDARD};
use crate::groups;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;
use crate::{apps, iam, users};

/// The routes of role assignments.
pub(crate) fn routes(routes: &mut Routes) {
    let holders = [
        [
            "/api/v1/users/{userId}/roles",
            "/api/v1/users/{userId}/roles/{roleAssignmentId}",
        ],
        [
            "/api/v1/groups/{groupId}/roles",
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}",
        ],
        [
            "/oauth2/v1/clients/{clientId}/roles",
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}",
        ],
    ];
    for [all, one] in holders {
        routes
            .get(all, list)
            .post(all, assign)
            .get(one, read)
            .delete(one, unassign);
    }
}

/// Whose roles a path names.
pub(super) fn holder(org: &Org, call: &Call) -> Result<Holder, Fail> {
    let given = |name: &str| call.params.iter().any(|(key, _)| *key == name);
    if given("userId") {
        users::find(org, call, call.param("userId")).map(Holder::User)
    } else if given("groupId") {
        groups::find(org, call.param("groupId")).map(Holder::Group)
    } else {
        apps::find_client(org, call.param("clientId")).map(Holder::Client)
    }
}

/// An id that is the same for everybody who holds the role: its name in base 32.
fn shared_id(role: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut id = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut push = |value: u32| {
        let letter = usize::try_from(value & 31)
            .ok()
            .and_then(|at| LETTERS.get(at));
        id.push(letter.map_or('A', |byte| char::from(*byte)));
    };
    for byte in role.bytes() {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    id
}

fn new_id(org: &mut Org, holder: Holder, role: &str) -> String {
    let own = matches!(role, "SUPER_ADMIN" | "READ_ONLY_ADMIN" | "CUSTOM");
    if !own {
        return shared_id(role);
    }
    let kind = if matches!(holder, Holder::Group(_)) {
        Kind::GROUP_ROLE_ASSIGNMENT
    } else {
        Kind::ROLE_ASSIGNMENT
    };
    let serial = org.roles.next_serial();
    org.tail.id(kind, serial)
}

fn print(org: &Org, call: &Call, holder: Holder, held: &Assignment) -> Value {
    let assignee = match holder {
        Holder::User(serial) => format!("/api/v1/users/{}", org.tail.id(Kind::USER, serial)),
        Holder::Group(serial) => format!("/api/v1/groups/{}", org.tail.id(Kind::GROUP, serial)),
        Holder::Client(serial) => {
            format!("/oauth2/v1/clients/{}", apps::Apps::client_id(org, serial))
        }
    };
    let mut links = json!({ "assignee": { "href": call.url(&assignee) } });
    let mut body = json!({
        "id": held.id, "label": held.label, "type": held.role, "status": "ACTIVE", "created": held.created,
        "lastUpdated": held.created, "assignmentType": holder.text(),
    });
    if let Some((role, set)) = &held.custom {
        body["role"] = role.as_str().into();
        body["resource-set"] = set.as_str().into();
        let roles = call.url(&format!("/api/v1/iam/roles/{role}"));
        links["resource-set"] =
            json!({ "href": call.url(&format!("/api/v1/iam/resource-sets/{set}")) });
        links["role"] = json!({ "href": roles });
        links["permissions"] = json!({ "href": format!("{roles}/permissions") });
        links["member"] = json!({ "href": call.url(&format!("/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{}", held.id)) });
    }
    body["_links"] = links;
    body
}

fn list(org: &Org, call: &Call) -> Answer {
    let holder = holder(org, call)?;
    let mut all: Vec<&Assignment> = org.roles.of(holder).iter().collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let all: Vec<_> = all
        .into_iter()
        .map(|held| print(org, call, holder, held))
        .collect();
    Ok(Reply::json(&all))
}

/// The assignment that a path names.
pub(super) fn find<'a>(org: &'a Org, call: &Call, holder: Holder) -> Result<&'a Assignment, Fail> {
    let id = call.param("roleAssignmentId");
    let found = org.roles.of(holder).iter().find(|held| held.id == id);
    found.ok_or_else(|| Fail::not_found(id, "RoleAssignment"))
}

fn read(org: &Org, call: &Call) -> Answer {
    let holder = holder(org, call)?;
    Ok(Reply::json(&print(
        org,
        call,
        holder,
        find(org, call, holder)?,
    )))
}

fn assign(org: &mut Org, call: &Call) -> Answer {
    let holder = holder(org, call)?;
    let body = call.object()?;
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let role = text("type");
    let (label, custom) = match STANDARD.iter().find(|(name, _)| *name == role) {
        Some((_, label)) => ((*label).to_owned(), None),
        None if role == "CUSTOM" => custom(org, &text("role"), &text("resource-set"))?,
        None => {
            return Err(Fail::validation(
                "type",
                ["type: The role type is not valid"],
            ));
        }
    };
    let same = |held: &Assignment| held.role == role && held.custom == custom;
    if org.roles.of(holder).iter().any(same) {
        let text = "The role specified is already assigned to the user.";
        return Err(Fail::new(StatusCode::CONFLICT, "E0000090", text));
    }
    let id = new_id(org, holder, &role);
    let held = Assignment {
        id,
        role,
        label,
        created: call.now.whole(),
        custom,
        groups: Vec::new(),
        apps: Vec::new(),
    };
    org.roles.of_mut(holder).push(held.clone());
    told(org, call, holder, true);
    Ok(Reply::json(&print(org, call, holder, &held)).status(StatusCode::CREATED))
}

/// A custom role by its id, with the resource set to which it is limited.
fn custom(org: &Org, role: &str, set: &str) -> Result<(String, Option<(String, String)>), Fail> {
    let label = iam::label_of(org, role).ok_or_else(|| Fail::not_found(role, "CustomRole"))?;
    if !iam::exists(org, set) {
        return Err(Fail::not_found(set, "IAMPolicy"));
    }
    Ok((label, Some((role.to_owned(), set.to_owned()))))
}

/// Gives a custom role (id, label) on a resource set to the user or group at an address.
pub(crate) fn assign_custom(
    org: &mut Org,
    call: &Call,
    member: &str,
    role: (&str, &str),
    set: &str,
) -> Result<(), Fail> {
    let id = member.rsplit('/').next().unwrap_or_default();
    let holder = if member.contains("/groups/") {
        groups::find(org, id).map(Holder::Group)?
    } else {
        users::find(org, call, id).map(Holder::User)?
    };
    let id = new_id(org, holder, "CUSTOM");
    let custom = Some((role.0.to_owned(), set.to_owned()));
    if org
        .roles
        .of(holder)
        .iter()
        .any(|held| held.custom == custom)
    {
        return Ok(());
    }
    org.roles.of_mut(holder).push(Assignment {
        id,
        role: "CUSTOM".to_owned(),
        label: role.1.to_owned(),
        created: call.now.whole(),
        custom,
        groups: Vec::new(),
        apps: Vec::new(),
    });
    told(org, call, holder, true);
    Ok(())
}

fn told(org: &mut Org, call: &Call, holder: Holder, given: bool) {
    let (name, target) = match holder {
        Holder::User(serial) => ("user.account.privilege", org.user_target(serial)),
        Holder::Group(serial) => ("group.privilege", org.group_target(serial)),
        Holder::Client(serial) => ("app.oauth2.client.privilege", org.app_target(serial)),
    };
    let event = match (name, given) {
        ("user.account.privilege", true) => "user.account.privilege.grant",
        ("user.account.privilege", false) => "user.account.privilege.revoke",
        ("group.privilege", true) => "group.privilege.grant",
        ("group.privilege", false) => "group.privilege.revoke",
        (_, true) => "app.oauth2.client.privilege.grant",
        (_, false) => "app.oauth2.client.privilege.revoke",
    };
    org.record(call, Event::new(event).target(target));
}

fn unassign(org: &mut Org, call: &Call) -> Answer {
    let holder = holder(org, call)?;
    let id = find(org, call, holder)?.id.clone();
    let own = match (holder, &call.caller) {
        (Holder::User(serial), crate::http::Caller::Token { user, .. }) => serial == *user,
        _ => false,
    };
    if own
        && org
            .roles
            .of(holder)
            .iter()
            .any(|held| held.id == id && held.role == "SUPER_ADMIN")
        && last_super(org)
    {
        return Err(Fail::forbidden());
    }
    take(org, call, holder, &id);
    Ok(Reply::no_content())
}

/// Takes an assignment from whoever holds it.
pub(crate) fn take(org: &mut Org, call: &Call, holder: Holder, id: &str) {
    org.roles.of_mut(holder).retain(|held| held.id != id);
    told(org, call, holder, false);
}

fn last_super(org: &Org) -> bool {
    let supers =
        |(_, list): &(Holder, &[Assignment])| list.iter().any(|held| held.role == "SUPER_ADMIN");
    org.roles
        .holders()
        .filter(supers)
        .filter(|(holder, _)| matches!(holder, Holder::User(_)))
        .count()
        <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_shared_roles_are_as_okta_prints_them() {
        for (role, want) in [
            ("APP_ADMIN", "IFIFAX2BIRGUSTQ"),
            ("HELP_DESK_ADMIN", "JBCUYUC7IRCVGS27IFCE2SKO"),
            ("USER_ADMIN", "KVJUKUS7IFCE2SKO"),
            (
                "GROUP_MEMBERSHIP_ADMIN",
                "I5JE6VKQL5GUKTKCIVJFGSCJKBPUCRCNJFHA",
            ),
        ] {
            assert_eq!(shared_id(role), want);
        }
    }
}
