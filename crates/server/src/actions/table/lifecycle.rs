//! Where people are in their life (Okta: User lifecycle operations; Lifecycle of a user).

use serde_json::json;

use super::status;
use crate::actions::action::{Action, Back, Call, Change, Does};
use crate::actions::look::{Seen, Thing};
use crate::actions::schema::{changed_user, flag, object, open, shown_once, user};

const USER: &[Thing] = &[Thing::User];
const USERS: &str = "okta.users.manage";
const GROUP_ADMIN: &str = "USER_ADMIN";
const HELP_DESK: &str = "HELP_DESK_ADMIN";

/// Whether the person is in one of these statuses.
fn is(seen: &Seen, wanted: &[&str]) -> Option<bool> {
    status(seen).map(|status| wanted.contains(&status))
}

/// Whether a stamp of the person moved.
fn moved(before: Option<&Seen>, now: &Seen, stamp: &str) -> Option<bool> {
    let of = |seen: &Seen| seen.0.get("user").and_then(|user| user.get(stamp)).cloned();
    Some(of(before?)? != of(now)?)
}

/// A change of status that looks at the person alone.
const fn to_status(
    call: fn(&crate::actions::action::Input) -> Call,
    from: &'static [&'static str],
    reached: fn(&crate::actions::action::Input, Option<&Seen>, &Seen) -> Option<bool>,
    back: Back,
) -> Does {
    Does::Change(Change {
        call,
        things: USER,
        looks_first: false,
        from,
        reached,
        repeatable: false,
        back,
    })
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "activate-user",
        title: "Activate a user",
        about: "A staged or deactivated person becomes active, or gets a way to set a password first. With `sendEmail: false` the link comes back.",
        scope: USERS,
        role: GROUP_ADMIN,
        destructive: false,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(), "sendEmail": flag(true, "Send a mail", "Whether Okta mails the link; if not, it comes back.")}),
            )
        },
        output: || {
            changed_user(
                json!({"activationUrl": shown_once("Activation link"), "activationToken": shown_once("Activation token")}),
            )
        },
        does: to_status(
            |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/activate",
                    &[input.text("userId")],
                )
                .with("sendEmail", input.flag("sendEmail").unwrap_or(true))
            },
            &["STAGED", "DEPROVISIONED"],
            |_, _, now| {
                is(
                    now,
                    &["ACTIVE", "PROVISIONED", "PASSWORD_EXPIRED", "RECOVERY"],
                )
            },
            Back::User(&["activationUrl", "activationToken"]),
        ),
    },
    Action {
        name: "deactivate-user",
        title: "Deactivate a user",
        about: "The person loses all apps and sessions. Okta keeps the person, who can be activated again.",
        scope: USERS,
        role: GROUP_ADMIN,
        destructive: true,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(), "sendEmail": flag(false, "Send a mail", "Whether Okta tells the admins.")}),
            )
        },
        output: || changed_user(json!({})),
        does: to_status(
            |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/deactivate",
                    &[input.text("userId")],
                )
                .with("sendEmail", input.flag("sendEmail").unwrap_or(false))
            },
            &[
                "STAGED",
                "PROVISIONED",
                "ACTIVE",
                "RECOVERY",
                "PASSWORD_EXPIRED",
                "LOCKED_OUT",
                "SUSPENDED",
            ],
            |_, _, now| is(now, &["DEPROVISIONED"]),
            Back::User(&[]),
        ),
    },
    Action {
        name: "suspend-user",
        title: "Suspend a user",
        about: "The person cannot sign in until unsuspended; groups and apps stay.",
        scope: USERS,
        role: GROUP_ADMIN,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || changed_user(json!({})),
        does: to_status(
            |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/suspend",
                    &[input.text("userId")],
                )
            },
            &["ACTIVE", "PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED"],
            |_, _, now| is(now, &["SUSPENDED"]),
            Back::User(&[]),
        ),
    },
    Action {
        name: "unsuspend-user",
        title: "Unsuspend a user",
        about: "A suspended person is active again.",
        scope: USERS,
        role: GROUP_ADMIN,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || changed_user(json!({})),
        does: to_status(
            |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/unsuspend",
                    &[input.text("userId")],
                )
            },
            &["SUSPENDED"],
            |_, _, now| is(now, &["SUSPENDED"]).map(|suspended| !suspended),
            Back::User(&[]),
        ),
    },
    Action {
        name: "unlock-user",
        title: "Unlock a user",
        about: "A person who is locked out after too many tries can sign in again with the same password.",
        scope: USERS,
        role: HELP_DESK,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || changed_user(json!({})),
        does: to_status(
            |input| Call::post("/api/v1/users/{}/lifecycle/unlock", &[input.text("userId")]),
            &["LOCKED_OUT"],
            |_, _, now| is(now, &["LOCKED_OUT"]).map(|locked| !locked),
            Back::User(&[]),
        ),
    },
    Action {
        name: "expire-password",
        title: "Expire a user's password",
        about: "The person must set a new password at the next sign-in.",
        scope: USERS,
        role: HELP_DESK,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || changed_user(json!({})),
        does: to_status(
            |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/expire_password",
                    &[input.text("userId")],
                )
            },
            &["ACTIVE", "PASSWORD_EXPIRED"],
            |_, _, now| is(now, &["PASSWORD_EXPIRED"]),
            Back::AnsweredUser,
        ),
    },
    Action {
        name: "get-temporary-password",
        title: "Expire a user's password and get a temporary one",
        about: "The password is replaced by one that comes back and must be changed at the next sign-in.",
        scope: USERS,
        role: HELP_DESK,
        destructive: true,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(), "revokeSessions": flag(false, "End sessions", "Whether the person's sessions end, too.")}),
            )
        },
        output: || changed_user(json!({"tempPassword": shown_once("Temporary password")})),
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/expire_password_with_temp_password",
                    &[input.text("userId")],
                )
                .given("revokeSessions", input)
            },
            things: USER,
            looks_first: true,
            from: &["ACTIVE", "PASSWORD_EXPIRED"],
            reached: |_, before, now| moved(before, now, "passwordChanged"),
            repeatable: false,
            back: Back::User(&["tempPassword"]),
        }),
    },
    Action {
        name: "reset-password",
        title: "Reset a user's password",
        about: "The person must set a new password by a link. With `sendEmail: false` the link comes back. Not for a person who is suspended or deactivated.",
        scope: USERS,
        role: HELP_DESK,
        destructive: true,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(),
            "sendEmail": flag(true, "Send a mail", "Whether Okta mails the link; if not, it comes back."),
            "revokeSessions": flag(false, "End sessions", "Whether the person's sessions end, too.")}),
            )
        },
        output: || changed_user(json!({"resetPasswordUrl": shown_once("Reset link")})),
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/reset_password",
                    &[input.text("userId")],
                )
                .with("sendEmail", input.flag("sendEmail").unwrap_or(true))
                .given("revokeSessions", input)
            },
            things: USER,
            looks_first: true,
            from: &[
                "PROVISIONED",
                "ACTIVE",
                "RECOVERY",
                "PASSWORD_EXPIRED",
                "LOCKED_OUT",
            ],
            // One who was to set a password already looks the same afterwards.
            reached: |_, before, now| match before.and_then(status) {
                Some("RECOVERY") | None => None,
                Some(_) => is(now, &["RECOVERY"]),
            },
            repeatable: false,
            back: Back::User(&["resetPasswordUrl"]),
        }),
    },
    Action {
        name: "get-password-reset-link",
        title: "Get the link of a forgotten password",
        about: "As if the person had said that the password is forgotten: a link comes back, no mail is sent, the old password goes on. Okta does it for active people with a recovery question; each new link ends the one before.",
        scope: USERS,
        role: HELP_DESK,
        destructive: false,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || {
            open(
                &["resetPasswordUrl"],
                json!({"resetPasswordUrl": shown_once("Reset link"), "user": crate::actions::schema::user_out()}),
            )
        },
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/users/{}/credentials/forgot_password",
                    &[input.text("userId")],
                )
                .with("sendEmail", false)
            },
            things: USER,
            looks_first: false,
            from: &["ACTIVE"],
            reached: |_, _, _| None,
            repeatable: true,
            back: Back::User(&["resetPasswordUrl"]),
        }),
    },
    Action {
        name: "clear-sessions",
        title: "End a user's sessions",
        about: "All of the person's sessions at Okta end; with `oauthTokens` the tokens that apps hold for the person, too.",
        scope: USERS,
        role: HELP_DESK,
        destructive: false,
        input: || {
            object(
                &["userId"],
                json!({"userId": user(), "oauthTokens": flag(false, "Revoke tokens", "Whether OpenID Connect and OAuth tokens end, too.")}),
            )
        },
        output: || open(&["done"], json!({"done": {"type": "boolean"}})),
        does: Does::Change(Change {
            call: |input| {
                Call::new(
                    http::Method::DELETE,
                    "/api/v1/users/{}/sessions",
                    &[input.text("userId")],
                )
                .given("oauthTokens", input)
            },
            things: USER,
            looks_first: false,
            from: &[],
            reached: |_, _, _| None,
            repeatable: true,
            back: Back::Done,
        }),
    },
    Action {
        name: "reset-factors",
        title: "Reset a user's factors",
        about: "All factors of the person are removed; the person enrols again at the next sign-in.",
        scope: USERS,
        role: HELP_DESK,
        destructive: true,
        input: || object(&["userId"], json!({"userId": user()})),
        output: || changed_user(json!({})),
        does: Does::Change(Change {
            call: |input| {
                Call::post(
                    "/api/v1/users/{}/lifecycle/reset_factors",
                    &[input.text("userId")],
                )
            },
            things: &[Thing::User, Thing::Factors],
            looks_first: false,
            from: &[],
            reached: |_, _, now| Some(now.0.get("factors")?.as_array()?.is_empty()),
            repeatable: false,
            back: Back::User(&[]),
        }),
    },
];
