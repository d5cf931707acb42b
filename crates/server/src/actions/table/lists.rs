//! Lists (Okta: Users, Groups, System Log).

use serde_json::{Value, json};

use crate::actions::action::{Action, Call, Does, Input, Items};
use crate::actions::schema::{
    group_id, group_out, object, open, rule_out, text, time, user, user_out, word,
};

const READER: &str = "READ_ONLY_ADMIN";

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "search-users",
        title: "Search users",
        about: "By `search` (all attributes, a little behind), `filter` (exact and current) or `q` (start of name or mail; at most ten, one page). Without any of them all who are not deactivated.",
        scope: "okta.users.read",
        role: READER,
        destructive: false,
        input: || {
            one_of(object(
                &[],
                json!({
                    "search": text(2000, "Search", "Such as profile.department eq \"Sales\"."),
                    "filter": text(2000, "Filter", "Such as status eq \"LOCKED_OUT\"."),
                    "q": text(100, "Begins with", "Start of first name, last name or mail."),
                    "sortBy": text(100, "Sort by", "An attribute, with `search`."),
                    "sortOrder": word(&["asc", "desc"], "Order", ""),
                }),
            ))
        },
        output: user_out,
        does: Does::List(
            |input| {
                ["search", "filter", "q", "sortBy", "sortOrder"]
                    .into_iter()
                    .fold(Call::get("/api/v1/users", &[]), |call, name| {
                        call.given(name, input)
                    })
            },
            Items::Users,
        ),
    },
    Action {
        name: "search-groups",
        title: "Search groups",
        about: "By `q` (start of the name, one page), `search` (attributes, a little behind) or `filter` (exact and current).",
        scope: "okta.groups.read",
        role: READER,
        destructive: false,
        input: || {
            one_of(object(
                &[],
                json!({
                    "q": text(255, "Name begins with", ""),
                    "search": text(2000, "Search", "Such as profile.name sw \"eng\"."),
                    "filter": text(2000, "Filter", "Such as type eq \"OKTA_GROUP\"."),
                }),
            ))
        },
        output: group_out,
        does: Does::List(
            |input| {
                ["q", "search", "filter"]
                    .into_iter()
                    .fold(Call::get("/api/v1/groups", &[]), |call, name| {
                        call.given(name, input)
                    })
            },
            Items::Groups,
        ),
    },
    Action {
        name: "list-group-members",
        title: "List the members of a group",
        about: "All people in a group.",
        scope: "okta.groups.read",
        role: READER,
        destructive: false,
        input: || object(&["groupId"], json!({"groupId": group_id()})),
        output: user_out,
        does: Does::List(
            |input| Call::get("/api/v1/groups/{}/users", &[input.text("groupId")]),
            Items::Users,
        ),
    },
    Action {
        name: "list-user-groups",
        title: "List a user's groups",
        about: "All groups a person is in, in one page.",
        scope: "okta.users.read",
        role: READER,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: group_out,
        does: Does::List(
            |input| Call::get("/api/v1/users/{}/groups", &[input.text("userId")]),
            Items::Groups,
        ),
    },
    Action {
        name: "list-user-apps",
        title: "List a user's apps",
        about: "The tiles of a person's dashboard, in one page.",
        scope: "okta.users.read",
        role: READER,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || {
            open(
                &["id"],
                json!({"id": {"type": "string"}, "label": {"type": "string"}, "linkUrl": {"type": "string"},
            "appName": {"type": "string"}, "appInstanceId": {"type": "string"}, "appAssignmentId": {"type": "string"}}),
            )
        },
        does: Does::List(
            |input| Call::get("/api/v1/users/{}/appLinks", &[input.text("userId")]),
            Items::AppLinks,
        ),
    },
    Action {
        name: "list-factors",
        title: "List a user's factors",
        about: "The factors of a person that the enrolment policy allows, in one page.",
        scope: "okta.users.read",
        role: READER,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || {
            open(
                &["id"],
                json!({"id": {"type": "string"}, "factorType": {"type": "string"}, "provider": {"type": "string"}, "status": {"type": "string"}}),
            )
        },
        does: Does::List(
            |input| Call::get("/api/v1/users/{}/factors", &[input.text("userId")]),
            Items::Factors,
        ),
    },
    Action {
        name: "list-logons-by-ip",
        title: "List sign-ins from an IP address",
        about: "Sign-ins to Okta from one address, the latest first: by default of the last seven days, successful or not.",
        scope: "okta.logs.read",
        role: READER,
        destructive: false,
        input: || {
            object(
                &["ipAddress"],
                json!({
                    "ipAddress": {"type": "string", "title": "IP address", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
                    "since": time("From", "By default seven days before the end."),
                    "until": time("Until", "By default now."),
                    "outcome": word(&["SUCCESS", "FAILURE", "ANY"], "Outcome", "By default any."),
                }),
            )
        },
        output: || {
            open(
                &["uuid", "eventType", "published"],
                json!({"uuid": {"type": "string"}, "eventType": {"type": "string"},
            "published": {"type": "string", "format": "date-time"}, "actor": {"type": "object"}, "outcome": {"type": "object"}, "client": {"type": "object"}}),
            )
        },
        does: Does::List(logons, Items::Events),
    },
    Action {
        name: "list-group-rules",
        title: "List group rules",
        about: "The rules that put people into groups.",
        scope: "okta.groups.read",
        role: READER,
        destructive: false,
        input: || {
            object(
                &[],
                json!({"search": text(100, "Search", "Words of the rule's name.")}),
            )
        },
        output: rule_out,
        does: Does::List(
            |input| Call::get("/api/v1/groups/rules", &[]).given("search", input),
            Items::Rules,
        ),
    },
];

/// At most one of the ways to search.
fn one_of(mut schema: Value) -> Value {
    schema["allOf"] = json!([
        {"not": {"required": ["search", "filter"]}},
        {"not": {"required": ["search", "q"]}},
        {"not": {"required": ["filter", "q"]}},
    ]);
    schema
}

/// The address has passed the schema: it is one, and cannot lead out of the quotes. The latest first: such a query is
/// finite and ordered by the time of the event (Okta: System Log query, Bounded requests).
fn logons(input: &Input) -> Call {
    let mut filter = format!(
        "eventType eq \"user.session.start\" and client.ipAddress eq \"{}\"",
        input.text("ipAddress")
    );
    if let outcome @ ("SUCCESS" | "FAILURE") = input.text("outcome") {
        filter.push_str(&format!(" and outcome.result eq \"{outcome}\""));
    }
    Call::get("/api/v1/logs", &[])
        .with("filter", filter)
        .times(&["since", "until"], input)
        .with("sortOrder", "DESCENDING")
}
