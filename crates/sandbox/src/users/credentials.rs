//! Passwords and recovery questions of a user.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::create::nothing;
use super::person::digest;
use super::update::is_password;
use super::{Status, find, password, print};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;

/// The routes of credentials.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .post(
            "/api/v1/users/{userId}/credentials/change_password",
            change_password,
        )
        .post(
            "/api/v1/users/{userId}/credentials/change_recovery_question",
            change_question,
        )
        .post("/api/v1/users/{userId}/credentials/forgot_password", forgot)
        .post(
            "/api/v1/users/{userId}/credentials/forgot_password_recovery_question",
            forgot_with_answer,
        );
}

fn value<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.get("value")?.as_str()
}

fn shown(org: &Org, serial: u32) -> Reply {
    let mut body = Vec::new();
    if let Some(person) = org.people.get(serial) {
        print::credentials(&mut body, person, false);
    }
    Reply::raw(body)
}

fn refused(code: &'static str, text: &str) -> Fail {
    Fail::new(StatusCode::FORBIDDEN, code, text)
}

fn can_change(org: &Org, serial: u32) -> Result<(), Fail> {
    let status = org.people.get(serial).map(|person| person.status);
    match status {
        Some(Status::Active | Status::PasswordExpired | Status::Staged | Status::Recovery) => {
            Ok(())
        }
        _ => Err(refused("E0000014", "Update of credentials failed")),
    }
}

/// Gives a user another password, if the policy allows it.
pub(crate) fn set_password(org: &mut Org, call: &Call, serial: u32, new: &str) -> Result<(), Fail> {
    if let Some(why) = password::fault(new) {
        return Err(Fail::validation("password", [why]));
    }
    if let Some(person) = org.people.get_mut(serial) {
        person.secrets_mut().password = Some(digest(new));
        person.password_changed = Some(call.now.whole());
        person.last_updated = call.now.whole();
        if person.status == Status::PasswordExpired || person.status == Status::Recovery {
            person.turn(Status::Active, call.now);
        }
    }
    let user = org.user_target(serial);
    org.record(
        call,
        Event::new("user.account.update_password").target(user),
    );
    Ok(())
}

fn change_password(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("userId"))?;
    let body = call.object()?;
    can_change(org, serial)?;
    let (Some(old), Some(new)) = (value(&body, "oldPassword"), value(&body, "newPassword")) else {
        return Err(Fail::validation(
            "password",
            ["newPassword: The field cannot be left blank"],
        ));
    };
    if !is_password(org, serial, old) {
        return Err(refused("E0000014", "Update of credentials failed")
            .because("oldPassword: Old Password is not correct"));
    }
    set_password(org, call, serial, new)?;
    Ok(shown(org, serial))
}

fn change_question(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("userId"))?;
    let body = call.object()?;
    can_change(org, serial)?;
    if !value(&body, "password").is_some_and(|text| is_password(org, serial, text)) {
        return Err(refused("E0000014", "Update of credentials failed")
            .because("password: Password is not correct"));
    }
    let question = body.get("recovery_question").cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    let given = super::create::secrets(&json!({ "recovery_question": question }), &mut wrong);
    if given.question.is_none() || given.answer.is_none() {
        wrong.push("recovery_question: The field cannot be left blank".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Fail::validation("recovery_question", wrong));
    }
    if let Some(person) = org.people.get_mut(serial) {
        let kept = person.secrets_mut();
        kept.question = given.question;
        kept.answer = given.answer;
        person.last_updated = call.now.whole();
    }
    Ok(shown(org, serial))
}

fn recoverable(org: &Org, serial: u32) -> Result<(), Fail> {
    let able = org
        .people
        .get(serial)
        .is_some_and(|person| person.status == Status::Active && person.has_question());
    if able {
        Ok(())
    } else {
        Err(refused(
            "E0000034",
            "Forgot password not allowed on specified user.",
        ))
    }
}

fn forgot(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("userId"))?;
    if !call.body.is_empty() {
        return forgot_with_answer(org, call);
    }
    recoverable(org, serial)?;
    let link = call.url(&format!("/reset_password/{}", call.opaque(20)));
    let mail = call.query.flag("sendEmail").unwrap_or(true);
    Ok(if mail {
        nothing()
    } else {
        Reply::json(&json!({ "resetPasswordUrl": link }))
    })
}

fn forgot_with_answer(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call, call.param("userId"))?;
    let body = call.object()?;
    recoverable(org, serial)?;
    let answer = body
        .get("recovery_question")
        .and_then(|question| question.get("answer"))
        .and_then(Value::as_str);
    let kept = org
        .people
        .get(serial)
        .and_then(|person| person.secrets.as_ref())
        .and_then(|secrets| secrets.answer);
    if answer.map(|answer| digest(&answer.to_lowercase())) != kept {
        return Err(refused(
            "E0000087",
            "The recovery question answer did not match our records.",
        ));
    }
    let new = value(&body, "password").unwrap_or_default().to_owned();
    set_password(org, call, serial, &new)?;
    Ok(shown(org, serial))
}
