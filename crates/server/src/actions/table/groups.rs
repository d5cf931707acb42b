//! Groups, their members and rules (Okta: Groups; Group rules).

use http::Method;
use serde_json::json;

use crate::actions::action::{Action, Back, Call, Change, Does};
use crate::actions::look::Thing;
use crate::actions::schema::{
    flag, group_id, group_out, object, open, rule_id, rule_out, text, user_id,
};

const GROUPS: &str = "okta.groups.manage";
const MEMBERSHIP: &str = "GROUP_MEMBERSHIP_ADMIN";

fn membership_out() -> serde_json::Value {
    open(
        &["userId", "groupId", "member"],
        json!({"userId": {"type": "string"}, "groupId": {"type": "string"}, "member": {"type": "boolean"}}),
    )
}

fn membership_in() -> serde_json::Value {
    object(
        &["userId", "groupId"],
        json!({"userId": user_id(), "groupId": group_id()}),
    )
}

fn rule_in() -> serde_json::Value {
    object(&["ruleId"], json!({"ruleId": rule_id()}))
}

fn changed_rule() -> serde_json::Value {
    open(&[], json!({"rule": rule_out()}))
}

/// Whether a rule that was seen has this status.
fn rule_is(seen: &crate::actions::look::Seen, status: &str) -> Option<bool> {
    Some(seen.0.get("rule")?.get("status")?.as_str()? == status)
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "get-group",
        title: "Get a group",
        about: "One group, by id.",
        scope: "okta.groups.read",
        role: "READ_ONLY_ADMIN",
        destructive: false,
        input: || object(&["groupId"], json!({"groupId": group_id()})),
        output: group_out,
        does: Does::Get(|input| Call::get("/api/v1/groups/{}", &[input.text("groupId")])),
    },
    Action {
        name: "create-group",
        title: "Create a group",
        about: "A new group without members.",
        scope: GROUPS,
        role: "USER_ADMIN",
        destructive: false,
        input: || {
            object(
                &["name"],
                json!({"name": text(255, "Name", ""), "description": text(1024, "Description", "")}),
            )
        },
        output: || open(&[], json!({"group": group_out()})),
        does: Does::Change(Change {
            call: |input| {
                Call::post("/api/v1/groups", &[])
                    .json(json!({"profile": input.only(&["name", "description"])}))
            },
            things: &[Thing::NewGroup],
            looks_first: true,
            from: &[],
            reached: |_, before, now| match before {
                Some(before) if !before.is_missing("group") => Some(false),
                _ => Some(!now.is_missing("group")),
            },
            repeatable: false,
            back: Back::Group,
        }),
    },
    Action {
        name: "add-user-to-group",
        title: "Add a user to a group",
        about: "A person who is a member already stays one. Groups that an app or a directory fills cannot be changed.",
        scope: GROUPS,
        role: MEMBERSHIP,
        destructive: false,
        input: membership_in,
        output: membership_out,
        does: Does::Change(Change {
            call: |input| {
                Call::new(
                    Method::PUT,
                    "/api/v1/groups/{}/users/{}",
                    &[input.text("groupId"), input.text("userId")],
                )
            },
            things: &[Thing::User, Thing::Group, Thing::Member],
            looks_first: false,
            from: &[],
            reached: |_, _, now| now.0.get("member")?.as_bool(),
            repeatable: true,
            back: Back::Member(true),
        }),
    },
    Action {
        name: "remove-user-from-group",
        title: "Remove a user from a group",
        about: "A person who is no member stays none. Groups that an app or a directory fills cannot be changed.",
        scope: GROUPS,
        role: MEMBERSHIP,
        destructive: true,
        input: membership_in,
        output: membership_out,
        does: Does::Change(Change {
            call: |input| {
                Call::new(
                    Method::DELETE,
                    "/api/v1/groups/{}/users/{}",
                    &[input.text("groupId"), input.text("userId")],
                )
            },
            things: &[Thing::User, Thing::Group, Thing::Member],
            looks_first: false,
            from: &[],
            reached: |_, _, now| now.0.get("member")?.as_bool().map(|member| !member),
            repeatable: true,
            back: Back::Member(false),
        }),
    },
    Action {
        name: "create-group-rule",
        title: "Create a group rule",
        about: "People for whom the expression is true become members of the groups, once the rule is activated.",
        scope: GROUPS,
        role: "ORG_ADMIN",
        destructive: false,
        input: || {
            object(
                &["name", "expression", "groupIds"],
                json!({
                    "name": text(50, "Name", ""),
                    "expression": text(4000, "Expression", "Okta Expression Language, such as user.department==\"Sales\"."),
                    "groupIds": {"type": "array", "minItems": 1, "maxItems": 100, "uniqueItems": true, "title": "Groups",
                        "items": {"type": "string", "minLength": 1, "maxLength": 100}},
                }),
            )
        },
        output: changed_rule,
        does: Does::Change(Change {
            call: |input| {
                Call::post("/api/v1/groups/rules", &[]).json(json!({
                    "type": "group_rule",
                    "name": input.text("name"),
                    "conditions": {"expression": {"type": "urn:okta:expression:1.0", "value": input.text("expression")}},
                    "actions": {"assignUserToGroups": {"groupIds": input.get("groupIds")}},
                }))
            },
            things: &[Thing::NewRule],
            looks_first: true,
            from: &[],
            reached: |_, before, now| match before {
                Some(before) if !before.is_missing("rule") => Some(false),
                _ => Some(!now.is_missing("rule")),
            },
            repeatable: false,
            back: Back::Rule,
        }),
    },
    Action {
        name: "activate-group-rule",
        title: "Activate a group rule",
        about: "Okta begins to put people into the rule's groups.",
        scope: GROUPS,
        role: "ORG_ADMIN",
        destructive: false,
        input: rule_in,
        output: changed_rule,
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/groups/rules/{}/lifecycle/activate",
                    &[input.text("ruleId")],
                )
            },
            things: &[Thing::Rule],
            looks_first: false,
            from: &[],
            reached: |_, _, now| rule_is(now, "ACTIVE"),
            repeatable: true,
            back: Back::Rule,
        }),
    },
    Action {
        name: "deactivate-group-rule",
        title: "Deactivate a group rule",
        about: "Okta puts nobody more into the rule's groups; who is in them by the rule is taken out.",
        scope: GROUPS,
        role: "ORG_ADMIN",
        destructive: true,
        input: rule_in,
        output: changed_rule,
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/groups/rules/{}/lifecycle/deactivate",
                    &[input.text("ruleId")],
                )
            },
            things: &[Thing::Rule],
            looks_first: false,
            from: &[],
            reached: |_, _, now| rule_is(now, "INACTIVE"),
            repeatable: true,
            back: Back::Rule,
        }),
    },
    Action {
        name: "delete-group-rule",
        title: "Delete a group rule",
        about: "An inactive rule is deleted. Okta does it a little later.",
        scope: GROUPS,
        role: "ORG_ADMIN",
        destructive: true,
        input: || {
            object(
                &["ruleId"],
                json!({"ruleId": rule_id(), "removeUsers": flag(false, "Remove people", "Whether people whom the rule put into groups are taken out.")}),
            )
        },
        output: || open(&["done"], json!({"done": {"type": "boolean"}})),
        does: Does::Change(Change {
            call: |input| {
                Call::new(
                    Method::DELETE,
                    "/api/v1/groups/rules/{}",
                    &[input.text("ruleId")],
                )
                .given("removeUsers", input)
            },
            things: &[Thing::Rule],
            looks_first: false,
            from: &[],
            reached: |_, _, now| Some(now.is_missing("rule")),
            repeatable: false,
            back: Back::Done,
        }),
    },
];
