//! Who has which app (Okta: Application users).

use http::Method;
use serde_json::{Value, json};

use crate::actions::action::{Action, Back, Call, Change, Does};
use crate::actions::look::Thing;
use crate::actions::schema::{app_id, flag, object, open, user_id};

fn assignment_out() -> Value {
    open(
        &["userId", "appId", "assigned"],
        json!({"userId": {"type": "string"}, "appId": {"type": "string"}, "assigned": {"type": "boolean"}}),
    )
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "assign-user-to-app",
        title: "Assign a user to an app",
        about: "The person gets the app by itself, beside whatever groups give.",
        scope: "okta.apps.manage",
        role: "APP_ADMIN",
        destructive: false,
        input: || {
            object(
                &["userId", "appId"],
                json!({"userId": user_id(), "appId": app_id(),
                    "profile": {"type": "object", "title": "Profile in the app", "description": "Attributes of the app's own user profile."}}),
            )
        },
        output: assignment_out,
        does: Does::Change(Change {
            call: |input| {
                let mut body = json!({"id": input.text("userId"), "scope": "USER"});
                if let Some(profile) = input.get("profile") {
                    body["profile"] = profile.clone();
                }
                Call::post("/api/v1/apps/{}/users", &[input.text("appId")]).json(body)
            },
            things: &[Thing::User, Thing::Assignment],
            looks_first: false,
            from: &[],
            reached: |_, _, now| Some(!now.is_missing("assignment")),
            repeatable: false,
            back: Back::Assigned(true),
        }),
    },
    Action {
        name: "unassign-user-from-app",
        title: "Take an app from a user",
        about: "The person's own assignment ends; what groups give stays.",
        scope: "okta.apps.manage",
        role: "APP_ADMIN",
        destructive: true,
        input: || {
            object(
                &["userId", "appId"],
                json!({"userId": user_id(), "appId": app_id(), "sendEmail": flag(false, "Send a mail", "Whether Okta tells the admins.")}),
            )
        },
        output: assignment_out,
        does: Does::Change(Change {
            call: |input| {
                Call::new(
                    Method::DELETE,
                    "/api/v1/apps/{}/users/{}",
                    &[input.text("appId"), input.text("userId")],
                )
                .given("sendEmail", input)
            },
            things: &[Thing::User, Thing::Assignment],
            looks_first: false,
            from: &[],
            reached: |_, _, now| Some(now.is_missing("assignment")),
            repeatable: false,
            back: Back::Assigned(false),
        }),
    },
];
