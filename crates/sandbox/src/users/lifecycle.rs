//! What turns a user from one status into another (the table of FACTS section 6).

use http::StatusCode;
use serde_json::json;

use super::create::nothing;
use super::person::digest;
use super::{Status, find, password, whole};
use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;

/// A call that may change the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Activate,
    Reactivate,
    Deactivate,
    Suspend,
    Unsuspend,
    Unlock,
    ExpirePassword,
    ResetPassword,
}

/// The routes of the lifecycle.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .post("/api/v1/users/{id}/lifecycle/activate", activate)
        .post("/api/v1/users/{id}/lifecycle/reactivate", reactivate)
        .post("/api/v1/users/{id}/lifecycle/deactivate", deactivate)
        .post("/api/v1/users/{id}/lifecycle/suspend", |org, call| {
            plain(org, call, Verb::Suspend, "user.lifecycle.suspend")
        })
        .post("/api/v1/users/{id}/lifecycle/unsuspend", |org, call| {
            plain(org, call, Verb::Unsuspend, "user.lifecycle.unsuspend")
        })
        .post("/api/v1/users/{id}/lifecycle/unlock", |org, call| {
            plain(org, call, Verb::Unlock, "user.account.unlock")
        })
        .post("/api/v1/users/{id}/lifecycle/expire_password", expire)
        .post(
            "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password",
            expire_with_temporary,
        )
        .post("/api/v1/users/{id}/lifecycle/reset_password", reset)
        .post("/api/v1/users/{id}/lifecycle/reset_factors", reset_factors);
}

/// The status after a call, or why it is refused.
fn next(from: Status, verb: Verb, password: bool) -> Result<Status, Fail> {
    use Status::{
        Active, Deprovisioned, LockedOut, PasswordExpired, Provisioned, Recovery, Staged, Suspended,
    };
    let begun = if password { Active } else { Provisioned };
    match (verb, from) {
        (Verb::Activate, Staged | Deprovisioned) => Ok(begun),
        (Verb::Activate, Suspended) => Err(not_now()),
        (Verb::Activate, _) => {
            let text = "Activation failed because the user is already active";
            Err(Fail::new(StatusCode::FORBIDDEN, "E0000016", text))
        }
        (Verb::Reactivate, Provisioned | Recovery) => Ok(from),
        (Verb::Deactivate, Deprovisioned) => Err(not_now()),
        (Verb::Deactivate, _) => Ok(Deprovisioned),
        (Verb::Suspend, Provisioned | Active | Recovery | PasswordExpired) => Ok(Suspended),
        (Verb::Suspend, _) => Err(Fail::validation(
            "suspendUser",
            ["Cannot suspend a user that is not active"],
        )),
        (Verb::Unsuspend, Suspended) => Ok(Active),
        (Verb::Unsuspend, _) => Err(Fail::validation(
            "unsuspendUser",
            ["Cannot unsuspend a user that is not suspended"],
        )),
        (Verb::Unlock, LockedOut) => Ok(Active),
        (Verb::Unlock, _) => Err(Fail::new(
            StatusCode::FORBIDDEN,
            "E0000032",
            "Unlock is not allowed for this user.",
        )),
        (Verb::ExpirePassword, Active | PasswordExpired | Recovery | LockedOut) => {
            Ok(PasswordExpired)
        }
        (Verb::ResetPassword, Provisioned | Active | Recovery | PasswordExpired | LockedOut) => {
            Ok(Recovery)
        }
        (Verb::Reactivate | Verb::ExpirePassword | Verb::ResetPassword, _) => Err(not_now()),
    }
}

fn not_now() -> Fail {
    let text = "This operation is not allowed in the user's current status.";
    Fail::new(StatusCode::FORBIDDEN, "E0000038", text)
}

fn turn(org: &mut Org, call: &Call, verb: Verb) -> Result<u32, Fail> {
    let serial = find(org, call, call.param("id"))?;
    let person = org
        .people
        .get_mut(serial)
        .ok_or_else(|| Fail::not_found(call.param("id"), "User"))?;
    let status = next(person.status, verb, person.has_password())?;
    if status != person.status || verb == Verb::Deactivate {
        person.turn(status, call.now);
    }
    Ok(serial)
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let user = org.user_target(serial);
    org.record(call, Event::new(event).target(user));
}

fn plain(org: &mut Org, call: &Call, verb: Verb, event: &'static str) -> Answer {
    let serial = turn(org, call, verb)?;
    told(org, call, serial, event);
    Ok(nothing())
}

fn token(call: &Call) -> Reply {
    let token = call.opaque(20);
    Reply::json(
        &json!({ "activationUrl": call.url(&format!("/tokens/{token}/verify")), "activationToken": token }),
    )
}

fn activate(org: &mut Org, call: &Call) -> Answer {
    let serial = turn(org, call, Verb::Activate)?;
    if let Some(person) = org.people.get_mut(serial) {
        person.activated = Some(call.now.whole());
    }
    told(org, call, serial, "user.lifecycle.activate");
    Ok(if call.query.flag("sendEmail").unwrap_or(true) {
        nothing()
    } else {
        token(call)
    })
}

fn reactivate(org: &mut Org, call: &Call) -> Answer {
    let serial = turn(org, call, Verb::Reactivate)?;
    told(org, call, serial, "user.lifecycle.reactivate");
    Ok(if call.query.flag("sendEmail").unwrap_or(false) {
        nothing()
    } else {
        token(call)
    })
}

fn deactivate(org: &mut Org, call: &Call) -> Answer {
    let serial = turn(org, call, Verb::Deactivate)?;
    leaves_apps(org, serial);
    told(org, call, serial, "user.lifecycle.deactivate");
    Ok(nothing())
}

fn leaves_apps(org: &mut Org, serial: u32) {
    org.apps.forget_user(serial);
    org.roles.forget_user(serial);
}

fn expire(org: &mut Org, call: &Call) -> Answer {
    let serial = turn(org, call, Verb::ExpirePassword)?;
    told(org, call, serial, "user.account.expire_password");
    Ok(whole(org, call, serial))
}

fn expire_with_temporary(org: &mut Org, call: &Call) -> Answer {
    let serial = turn(org, call, Verb::ExpirePassword)?;
    let temporary = password::temporary(call);
    if let Some(person) = org.people.get_mut(serial) {
        person.secrets_mut().password = Some(digest(&temporary));
        person.password_changed = Some(call.now.whole());
    }
    told(org, call, serial, "user.account.expire_password");
    Ok(Reply::json(&json!({ "tempPassword": temporary })))
}

fn reset(org: &mut Org, call: &Call) -> Answer {
    let Some(mail) = call.query.flag("sendEmail") else {
        return Err(Fail::validation(
            "sendEmail",
            ["sendEmail: The field cannot be left blank"],
        ));
    };
    let serial = turn(org, call, Verb::ResetPassword)?;
    told(org, call, serial, "user.account.reset_password");
    let link = call.url(&format!("/reset_password/{}", call.opaque(20)));
    Ok(if mail {
        nothing()
    } else {
        Reply::json(&json!({ "resetPasswordUrl": link }))
    })
}

fn reset_factors(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("id"))?;
    crate::factors::forget(org, serial);
    told(org, call, serial, "user.mfa.factor.reset_all");
    Ok(nothing())
}

/// `DELETE /users/{id}`: the first call deactivates, the second takes the user away.
pub(super) fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("id"))?;
    let gone = org
        .people
        .get(serial)
        .is_some_and(|person| person.status == Status::Deprovisioned);
    if gone {
        told(org, call, serial, "user.lifecycle.delete.initiated");
        remove(org, serial, call.now);
    } else {
        if let Some(person) = org.people.get_mut(serial) {
            person.turn(Status::Deprovisioned, call.now);
        }
        leaves_apps(org, serial);
        told(org, call, serial, "user.lifecycle.deactivate");
    }
    Ok(Reply::no_content())
}

/// Takes a user away for good, with its memberships, assignments and roles.
pub(crate) fn remove(org: &mut Org, serial: u32, now: Time) {
    let groups = org
        .people
        .get(serial)
        .map(|person| person.groups.clone())
        .unwrap_or_default();
    for group in groups {
        org.groups.leave(group, serial, now);
    }
    leaves_apps(org, serial);
    org.groups.everyone_moved(now);
    org.people.remove(serial);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the table in FACTS section 6: the outcome of each call from each status, without a password.
    #[test]
    fn the_table_of_statuses() {
        let verbs = [
            Verb::Activate,
            Verb::Reactivate,
            Verb::Deactivate,
            Verb::Suspend,
            Verb::Unsuspend,
            Verb::Unlock,
            Verb::ExpirePassword,
            Verb::ResetPassword,
        ];
        for (from, row) in [
            (
                Status::Staged,
                "PROVISIONED E0000038 DEPROVISIONED E0000001 E0000001 E0000032 E0000038 E0000038",
            ),
            (
                Status::Provisioned,
                "E0000016 PROVISIONED DEPROVISIONED SUSPENDED E0000001 E0000032 E0000038 RECOVERY",
            ),
            (
                Status::Active,
                "E0000016 E0000038 DEPROVISIONED SUSPENDED E0000001 E0000032 PASSWORD_EXPIRED RECOVERY",
            ),
            (
                Status::Recovery,
                "E0000016 RECOVERY DEPROVISIONED SUSPENDED E0000001 E0000032 PASSWORD_EXPIRED RECOVERY",
            ),
            (
                Status::PasswordExpired,
                "E0000016 E0000038 DEPROVISIONED SUSPENDED E0000001 E0000032 PASSWORD_EXPIRED RECOVERY",
            ),
            (
                Status::LockedOut,
                "E0000016 E0000038 DEPROVISIONED E0000001 E0000001 ACTIVE PASSWORD_EXPIRED RECOVERY",
            ),
            (
                Status::Suspended,
                "E0000038 E0000038 DEPROVISIONED E0000001 ACTIVE E0000032 E0000038 E0000038",
            ),
            (
                Status::Deprovisioned,
                "PROVISIONED E0000038 E0000038 E0000001 E0000001 E0000032 E0000038 E0000038",
            ),
        ] {
            let found: Vec<&str> = verbs
                .into_iter()
                .map(|verb| match next(from, verb, false) {
                    Ok(status) => status.text(),
                    Err(fail) => fail.code,
                })
                .collect();
            assert_eq!(found.join(" "), row, "{from:?}");
        }
    }

    #[test]
    fn with_a_password_a_user_begins_active() {
        for from in [Status::Staged, Status::Deprovisioned] {
            assert_eq!(next(from, Verb::Activate, true).unwrap(), Status::Active);
        }
        assert_eq!(
            next(Status::Suspended, Verb::Unsuspend, true).unwrap(),
            Status::Active
        );
    }
}
