//! People themselves (Okta: Users).

use http::Method;
use serde_json::{Value, json};

use super::status;
use crate::actions::action::{Action, Back, Call, Change, Does, Input};
use crate::actions::look::{Seen, Thing};
use crate::actions::schema::{
    changed_user, credentials, flag, object, open, profile, user, user_out, word,
};

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "get-user",
        title: "Get a user",
        about: "One person, by id or login.",
        scope: "okta.users.read",
        role: "READ_ONLY_ADMIN",
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: user_out,
        does: Does::Get(|input| Call::get("/api/v1/users/{}", &[input.text("userId")])),
    },
    Action {
        name: "create-user",
        title: "Create a user",
        about: "A new person: with a password, an imported password, a recovery question, both, another provider, or none (Okta then mails a way in, unless `activate` is false), at once in up to 20 groups.",
        scope: "okta.users.manage",
        role: "USER_ADMIN",
        destructive: false,
        input: create_input,
        output: || changed_user(json!({})),
        does: Does::Change(Change {
            call: create,
            things: &[Thing::NewUser],
            looks_first: true,
            from: &[],
            reached: |_, before, now| match before {
                // The login was taken before: what is there now is not ours.
                Some(before) if !before.is_missing("user") => Some(false),
                _ => Some(!now.is_missing("user")),
            },
            repeatable: false,
            back: Back::AnsweredUser,
        }),
    },
    Action {
        name: "update-user",
        title: "Update a user",
        about: "Changes the attributes that are given and leaves the others. `null` clears an attribute, an empty text is a value.",
        scope: "okta.users.manage",
        role: "USER_ADMIN",
        destructive: false,
        input: || {
            let mut schema = object(
                &["userId"],
                json!({"userId": user(), "profile": profile(&[]), "credentials": credentials(),
                "strict": flag(false, "Strict", "Whether a new password must meet the rules on age and history.")}),
            );
            schema["anyOf"] = json!([{"required": ["profile"]}, {"required": ["credentials"]}]);
            schema
        },
        output: || changed_user(json!({})),
        does: Does::Change(Change {
            call: |input| {
                Call::post("/api/v1/users/{}", &[input.text("userId")])
                    .given("strict", input)
                    .json(input.only(&["profile", "credentials"]))
            },
            things: &[Thing::User],
            looks_first: false,
            from: &[],
            reached: has_profile,
            repeatable: false,
            back: Back::AnsweredUser,
        }),
    },
    Action {
        name: "delete-user",
        title: "Delete a user",
        about: "Okta deletes in two steps and answers both alike: a person who is not deactivated is deactivated, one who is deactivated is deleted for good. What comes back says which step was done, as read afterwards.",
        scope: "okta.users.manage",
        role: "USER_ADMIN",
        destructive: true,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(), "sendEmail": flag(false, "Send a mail", "Whether Okta tells the admins.")}),
            )
        },
        output: || {
            open(
                &["step", "userId"],
                json!({
                    "step": word(&["deactivated", "deleted"], "Which step was done", ""),
                    "userId": {"type": "string"},
                    "user": user_out(),
                }),
            )
        },
        does: Does::Change(Change {
            call: |input| {
                Call::new(Method::DELETE, "/api/v1/users/{}", &[input.text("userId")])
                    .with("sendEmail", input.flag("sendEmail").unwrap_or(false))
            },
            things: &[Thing::User],
            looks_first: true,
            from: &[],
            reached: |_, before, now| match before.and_then(status) {
                Some("DEPROVISIONED") => Some(now.is_missing("user")),
                _ => Some(now.is_missing("user") || status(now) == Some("DEPROVISIONED")),
            },
            repeatable: false,
            back: Back::Deleted,
        }),
    },
];

fn create_input() -> Value {
    let mut schema = object(
        &["profile"],
        json!({
            "profile": profile(&["login", "email"]),
            "credentials": credentials(),
            "groupIds": {"type": "array", "maxItems": 20, "uniqueItems": true, "title": "Groups", "items": {"type": "string", "minLength": 1, "maxLength": 100}},
            "type": object(&["id"], json!({"id": {"type": "string", "minLength": 1, "maxLength": 100, "title": "User type"}})),
            "realmId": {"type": "string", "minLength": 1, "maxLength": 100, "title": "Realm"},
            "activate": flag(true, "Activate", "Whether the person is activated at once."),
            "nextLogin": word(&["changePassword"], "At the next sign-in", "The password given is expired: the person sets another at the first sign-in."),
        }),
    );
    schema["dependentRequired"] = json!({"nextLogin": ["credentials"]});
    schema
}

/// `POST /users` (Okta: Create a user).
fn create(input: &Input) -> Call {
    let mut call = Call::post("/api/v1/users", &[])
        .with("activate", input.flag("activate").unwrap_or(true))
        .given("nextLogin", input);
    let provider = input
        .get("credentials")
        .and_then(|credentials| credentials["provider"]["type"].as_str());
    if matches!(provider, Some("FEDERATION" | "SOCIAL")) {
        call = call.with("provider", true);
    }
    call.json(input.only(&["profile", "credentials", "groupIds", "type", "realmId"]))
}

/// Whether all attributes are as given; credentials cannot be seen.
fn has_profile(input: &Input, _: Option<&Seen>, now: &Seen) -> Option<bool> {
    let now = now.0.get("user")?.get("profile")?;
    let wanted = input.get("profile")?.as_object()?;
    let is_so = wanted
        .iter()
        .all(|(name, value)| now.get(name).unwrap_or(&Value::Null) == value);
    match (is_so, input.get("credentials")) {
        (true, Some(_)) => None,
        (is_so, _) => Some(is_so),
    }
}
