//! Security questions: the list to choose from, and answers.

use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply};
use crate::oauth::base64url;
use crate::org::Org;
use crate::users::{self, digest};

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

/// The text of a question.
pub(super) fn text(key: &str) -> &str {
    let known = QUESTIONS.iter().find(|(known, _)| *known == key);
    known.map_or(key, |(_, text)| text)
}

/// `GET /users/{userId}/factors/questions`.
pub(super) fn list(org: &Org, call: &Call) -> Answer {
    users::find(org, call, call.param("userId"))?;
    Ok(Reply::json(&QUESTIONS.map(
        |(key, text)| json!({ "question": key, "questionText": text }),
    )))
}

/// What is kept of an answer; case does not matter.
pub(super) fn kept(answer: &str) -> String {
    base64url(&digest(&answer.to_lowercase()))
}

/// The question and answer of a body; the answer must have four characters.
pub(super) fn given(body: &Value) -> Result<(String, String), Fail> {
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
    Ok((question, kept(&answer)))
}
