//! Making, changing and deleting groups.

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Group, Origin, find, whole};
use crate::http::{Answer, Call, Fail, Reply};
use crate::log::Event;
use crate::org::Org;

/// What a body says of a group's profile.
struct Given {
    name: String,
    description: Option<Box<str>>,
    more: Box<str>,
}

fn given(org: &Org, call: &Call, own: Option<u32>) -> Result<Given, Fail> {
    let body = call.object()?;
    let Some(Value::Object(mut profile)) = body.get("profile").cloned() else {
        return Err(Fail::validation(
            "profile",
            ["profile: The field cannot be left blank"],
        ));
    };
    let name = match profile.remove("name") {
        Some(Value::String(name)) if !name.is_empty() => name,
        _ => {
            return Err(Fail::validation(
                "name",
                ["name: The field cannot be left blank"],
            ));
        }
    };
    if name.chars().count() > 255 {
        return Err(Fail::validation("name", ["name: The field is too long"]));
    }
    if org
        .groups
        .by_name(&name)
        .is_some_and(|other| Some(other) != own)
    {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("name", [why]));
    }
    let description = match profile.remove("description") {
        Some(Value::String(text)) => Some(text.into_boxed_str()),
        _ => None,
    };
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > 1024)
    {
        return Err(Fail::validation(
            "description",
            ["description: The field is too long"],
        ));
    }
    let more = custom(org, profile)?;
    Ok(Given {
        name,
        description,
        more,
    })
}

/// Checks and prints the members that an admin added to the group schema.
fn custom(org: &Org, mut members: Map<String, Value>) -> Result<Box<str>, Fail> {
    // Terraform and older SDKs send their own name for custom members along with the members themselves.
    members.retain(|_, value| !value.is_null());
    let schema = org.schemas.of_groups();
    let mut wrong = Vec::new();
    for (name, value) in &members {
        match schema.get(name) {
            None => wrong.push(format!("Property name '{name}' is not defined in profile")),
            Some(attribute) => wrong.extend(attribute.fault(name, value)),
        }
    }
    if !wrong.is_empty() {
        return Err(Fail::validation("profile", wrong));
    }
    let text = serde_json::to_string(&members).unwrap_or_default();
    Ok(text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default()
        .into())
}

/// `POST /groups`.
pub(super) fn create(org: &mut Org, call: &Call) -> Answer {
    let Given {
        name,
        description,
        more,
    } = given(org, call, None)?;
    let now = call.now.whole();
    let serial = org.groups.add(Group {
        origin: Origin::Okta,
        created: now,
        last_updated: now,
        last_membership_updated: now,
        name: name.into(),
        description,
        more,
        members: Vec::new(),
    });
    let target = org.group_target(serial);
    org.record(call, Event::new("group.lifecycle.create").target(target));
    Ok(whole(org, call, serial))
}

fn changeable(org: &Org, serial: u32) -> Result<(), Fail> {
    match org.groups.get(serial).map(|group| group.origin) {
        Some(Origin::BuiltIn) => Err(Fail::new(
            StatusCode::FORBIDDEN,
            "E0000006",
            "You do not have permission to perform the requested action",
        )),
        Some(Origin::App) => Err(Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000096",
            "Cannot modify the app user because it is mastered by an external app.",
        )),
        _ => Ok(()),
    }
}

/// `PUT /groups/{id}`.
pub(super) fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call.param("groupId"))?;
    changeable(org, serial)?;
    let Given {
        name,
        description,
        more,
    } = given(org, call, Some(serial))?;
    org.groups.rename(serial, &name);
    if let Some(group) = org.groups.get_mut(serial) {
        group.description = description;
        group.more = more;
        group.last_updated = call.now.whole();
    }
    let target = org.group_target(serial);
    org.record(call, Event::new("group.profile.update").target(target));
    Ok(whole(org, call, serial))
}

/// `DELETE /groups/{id}`.
pub(super) fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call.param("groupId"))?;
    changeable(org, serial)?;
    let target = org.group_target(serial);
    super::remove(org, serial);
    org.record(call, Event::new("group.lifecycle.delete").target(target));
    Ok(Reply::no_content())
}
