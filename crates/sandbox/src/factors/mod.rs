//! Factors of users: the security question. Others follow with security keys (FACTS section 7).

use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::{Doc, Kind, members};
use crate::users;

const QUESTION: Kind = Kind("ufs");

/// Questions to choose from: key and text.
const QUESTIONS: [(&str, &str); 10] = [
    (
        "disliked_food",
        "What is the food you least liked as a child?",
    ),
    (
        "name_of_first_plush_toy",
        "What is the name of your first stuffed animal?",
    ),
    (
        "first_award",
        "What did you earn your first medal or award for?",
    ),
    (
        "favorite_security_question",
        "What is your favorite security question?",
    ),
    (
        "favorite_toy",
        "What is the toy/stuffed animal you liked the most as a kid?",
    ),
    (
        "first_computer_game",
        "What was the first computer game you played?",
    ),
    ("favorite_movie_quote", "What is your favorite movie quote?"),
    (
        "first_sports_team_mascot",
        "What was the mascot of the first sports team you played on?",
    ),
    (
        "first_music_purchase",
        "What music album or song did you first purchase?",
    ),
    ("favorite_art_piece", "What is your favorite piece of art?"),
];

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/users/{userId}/factors", list)
        .post("/api/v1/users/{userId}/factors", enroll)
        .get("/api/v1/users/{userId}/factors/questions", questions)
        .get("/api/v1/users/{userId}/factors/{factorId}", one)
        .put("/api/v1/users/{userId}/factors/{factorId}", change)
        .delete("/api/v1/users/{userId}/factors/{factorId}", drop);
}

fn user_of(factor: &Doc) -> Option<u32> {
    factor
        .body
        .get("user")
        .and_then(Value::as_u64)
        .and_then(|user| u32::try_from(user).ok())
}

fn print(org: &Org, call: &Call, serial: u32, factor: &Doc) -> Value {
    let id = org.tail.id(QUESTION, serial);
    let user = call.url(&format!(
        "/api/v1/users/{}",
        org.tail.id(Kind::USER, user_of(factor).unwrap_or(0))
    ));
    let key = factor.text("question");
    let text = QUESTIONS
        .iter()
        .find(|(known, _)| *known == key)
        .map_or(key, |(_, text)| text);
    json!({
        "id": id, "factorType": "question", "provider": "OKTA", "vendorName": "OKTA", "status": "ACTIVE",
        "created": factor.created, "lastUpdated": factor.last_updated,
        "profile": { "question": key, "questionText": text },
        "_links": {
            "questions": { "href": format!("{user}/factors/questions"), "hints": { "allow": ["GET"] } },
            "self": { "href": format!("{user}/factors/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
            "user": { "href": user, "hints": { "allow": ["GET"] } },
        },
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userId"))?;
    let mine = org
        .factors
        .iter()
        .filter(|(_, factor)| user_of(factor) == Some(user));
    Ok(Reply::json(
        &mine
            .map(|(serial, factor)| print(org, call, serial, factor))
            .collect::<Vec<_>>(),
    ))
}

fn questions(org: &Org, call: &Call) -> Answer {
    users::find(org, call, call.param("userId"))?;
    Ok(Reply::json(&QUESTIONS.map(
        |(key, text)| json!({ "question": key, "questionText": text }),
    )))
}

fn find(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let user = users::find(org, call, call.param("userId"))?;
    let id = call.param("factorId");
    let serial = org.tail.serial(QUESTION, id);
    let known = serial.filter(|serial| {
        org.factors
            .get(*serial)
            .is_some_and(|factor| user_of(factor) == Some(user))
    });
    known
        .map(|serial| (user, serial))
        .ok_or_else(|| Fail::not_found(id, "UserFactor"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let factor = org
        .factors
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("factorId"), "UserFactor"))?;
    Ok(Reply::json(&print(org, call, serial, factor)))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    shown(org, call, serial)
}

/// The question of a body; the answer must have four characters.
fn given(call: &Call) -> Result<String, Fail> {
    let body = Value::Object(call.object()?);
    let text = |path: &str| {
        body.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (question, answer) = (text("/profile/question"), text("/profile/answer"));
    if question.is_empty() {
        return Err(Fail::validation(
            "question",
            ["question: The field cannot be left blank"],
        ));
    }
    if answer.chars().count() < 4 {
        let why = "answer: The security question answer must be at least 4 characters in length";
        return Err(Fail::validation("answer", [why]));
    }
    Ok(question)
}

fn enroll(org: &mut Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userId"))?;
    let body = call.object()?;
    let kind = body
        .get("factorType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kind != "question" {
        return Err(Fail::validation(
            "factorType",
            [format!("factorType: '{kind}' is not enabled in this org")],
        ));
    }
    if org
        .factors
        .iter()
        .any(|(_, factor)| user_of(factor) == Some(user))
    {
        return Err(Fail::validation(
            "factorEnrollRequest",
            ["A factor of this type is already set up."],
        ));
    }
    let question = given(call)?;
    let serial = org.factors.push(Doc::new(
        members(json!({ "user": user, "question": question })),
        call.now,
    ));
    let target = org.user_target(user);
    org.record(call, Event::new("user.mfa.factor.activate").target(target));
    shown(org, call, serial)
}

fn change(org: &mut Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    let question = given(call)?;
    if let Some(factor) = org.factors.get_mut(serial) {
        factor.body.insert("question".to_owned(), question.into());
        factor.last_updated = call.now.whole();
    }
    shown(org, call, serial)
}

fn drop(org: &mut Org, call: &Call) -> Answer {
    let (user, serial) = find(org, call)?;
    org.factors.remove(serial);
    let target = org.user_target(user);
    org.record(
        call,
        Event::new("user.mfa.factor.deactivate").target(target),
    );
    Ok(Reply::no_content())
}
