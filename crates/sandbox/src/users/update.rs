//! `POST` (some members) and `PUT` (all members) of one user.

use http::StatusCode;
use serde_json::{Map, Value};

use super::person::digest;
use super::{Profile, create, profile};
use crate::http::{Answer, Call, Fail};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// `POST /users/{id}`: members that are named change, null takes one away, the others stay.
pub(super) fn partial(org: &mut Org, call: &Call) -> Answer {
    change(org, call, |old, new| {
        let mut members = old.clone();
        members.extend(new);
        members
    })
}

/// `PUT /users/{id}`: members that are not named go.
pub(super) fn replace(org: &mut Org, call: &Call) -> Answer {
    change(org, call, |_, new| new)
}

type Merge = fn(&Map<String, Value>, Map<String, Value>) -> Map<String, Value>;

fn change(org: &mut Org, call: &Call, merge: Merge) -> Answer {
    let (serial, person) = super::person(org, call, call.param("id"))?;
    let body = call.object()?;
    matches_etag(org, call, serial)?;
    let user_type = match body
        .get("type")
        .and_then(|kind| kind.get("id"))
        .and_then(Value::as_str)
    {
        Some(id) => org
            .schemas
            .find_type(&org.tail, id)
            .ok_or_else(|| Fail::not_found(id, "CVDType"))?,
        None => person.user_type,
    };
    let mut wrong = Vec::new();
    let merged = profile::given(&body)?.map(|new| merge(&person.profile.members(), new));
    if let Some(members) = &merged {
        wrong.extend(profile::check(members, org.schemas.of_type(user_type)));
        let login = members
            .get("login")
            .and_then(Value::as_str)
            .and_then(|login| org.people.by_login(login));
        if login.is_some_and(|other| other != serial) {
            wrong.push(
                "login: An object with this field already exists in the current organization"
                    .to_owned(),
            );
        }
    }
    let credentials = body.get("credentials").cloned().unwrap_or_default();
    let secrets = create::secrets(&credentials, &mut wrong);
    if !wrong.is_empty() {
        return Err(Fail::validation("user", wrong));
    }
    let password = secrets.password.is_some();
    let renamed = merged.is_some();
    if let Some(members) = merged {
        org.people.rename(serial, Profile::of(members));
    }
    if let Some(person) = org.people.get_mut(serial) {
        person.user_type = user_type;
        person.last_updated = call.now.whole();
        if credentials.get("provider").is_some() {
            person.provider = create::provider(&credentials);
        }
        if password {
            person.password_changed = Some(call.now.whole());
            person.secrets_mut().password = secrets.password;
        }
        if secrets.question.is_some() {
            let kept = person.secrets_mut();
            kept.question = secrets.question;
            kept.answer = secrets.answer;
        }
    }
    create::enter_realm(org, serial, &body);
    told(org, call, serial, renamed, password);
    Ok(super::whole(org, call, serial))
}

fn matches_etag(org: &Org, call: &Call, serial: u32) -> Result<(), Fail> {
    let Some(wanted) = call.if_match().filter(|tag| *tag != "*") else {
        return Ok(());
    };
    let now = org
        .people
        .get(serial)
        .map(|person| person.etag(&org.tail.id(Kind::USER, serial)));
    if now.as_deref() == Some(wanted) {
        return Ok(());
    }
    let text = "The request is missing or has an If-Match that does not match the current version";
    Err(Fail::new(StatusCode::PRECONDITION_FAILED, "E0000115", text))
}

fn told(org: &mut Org, call: &Call, serial: u32, profile: bool, password: bool) {
    let user = org.user_target(serial);
    if profile {
        org.record(
            call,
            Event::new("user.account.update_profile").target(user.clone()),
        );
        crate::groups::rules_look_at(org, serial, call.now);
    }
    if password {
        org.record(
            call,
            Event::new("user.account.update_password").target(user),
        );
    }
}

/// Whether a text is the password of a user.
pub(crate) fn is_password(org: &Org, serial: u32, text: &str) -> bool {
    let kept = org
        .people
        .get(serial)
        .and_then(|person| person.secrets.as_ref())
        .and_then(|secrets| secrets.password);
    kept == Some(digest(text))
}
