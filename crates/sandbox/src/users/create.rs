//! `POST /users`.

use serde_json::{Map, Value, json};

use super::person::{Secrets, digest};
use super::{Person, Profile, Provider, Status, password, profile};
use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// The most groups that a user can be put into when it is made.
const MOST_GROUPS: usize = 20;

/// A user about to be made.
pub(crate) struct NewPerson {
    pub(crate) profile: Profile,
    pub(crate) status: Status,
    pub(crate) user_type: u32,
    pub(crate) secrets: Option<Box<Secrets>>,
    pub(crate) provider: Provider,
    pub(crate) groups: Vec<u32>,
    /// Whether the password counts as changed at this time.
    pub(crate) now: Time,
}

impl NewPerson {
    /// Adds the user to the org, its groups and Everyone; gives its serial.
    pub(crate) fn add(mut self, org: &mut Org) -> u32 {
        let now = self.now.whole();
        let active = self.status != Status::Staged;
        let password = self
            .secrets
            .as_ref()
            .is_some_and(|secrets| secrets.password.is_some());
        self.groups.sort_unstable();
        self.groups.dedup();
        let groups = self.groups.clone();
        let serial = org.people.add(Person {
            status: self.status,
            created: now,
            activated: active.then_some(now),
            status_changed: active.then_some(now),
            last_login: None,
            last_updated: now,
            password_changed: password.then_some(now),
            user_type: self.user_type,
            profile: self.profile,
            secrets: self.secrets,
            provider: self.provider,
            groups: self.groups,
        });
        for group in groups {
            org.groups.join(group, serial, now);
        }
        org.groups.everyone_moved(now);
        serial
    }
}

/// `POST /users?activate=&provider=&nextLogin=`.
pub(super) fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let user_type = user_type(org, &body)?;
    let members = profile::given(&body)?
        .ok_or_else(|| Fail::validation("profile", ["profile: The field cannot be left blank"]))?;
    let mut wrong = profile::check(&members, org.schemas.of_type(user_type));
    let credentials = body.get("credentials").cloned().unwrap_or_default();
    let secrets = secrets(&credentials, &mut wrong);
    let taken = members
        .get("login")
        .and_then(Value::as_str)
        .is_some_and(|login| org.people.by_login(login).is_some());
    if taken {
        wrong.push(
            "login: An object with this field already exists in the current organization"
                .to_owned(),
        );
    }
    if !wrong.is_empty() {
        return Err(Fail::validation(subject(&wrong), wrong));
    }
    let provider = provider(&credentials);
    let status = first_status(call, secrets.password.is_some(), &provider)?;
    let groups = groups(org, &body)?;
    let secrets = (secrets != Secrets::default()).then(|| Box::new(secrets));
    let new = NewPerson {
        profile: Profile::of(members),
        status,
        user_type,
        secrets,
        provider,
        groups: groups.clone(),
        now: call.now,
    };
    let serial = new.add(org);
    enter_realm(org, serial, &body);
    told(org, call, serial, status, &groups);
    crate::groups::rules_look_at(org, serial, call.now);
    Ok(super::whole(org, call, serial))
}

/// Puts a user into the realm that a body names.
pub(super) fn enter_realm(org: &mut Org, serial: u32, body: &Map<String, Value>) {
    if let Some(realm) = body
        .get("realmId")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
    {
        org.realm_of.insert(serial, realm.to_owned());
    }
}

/// The object that Okta names in the summary: the one field at fault, or the whole user.
fn subject(wrong: &[String]) -> &'static str {
    match wrong.first().and_then(|cause| cause.split(':').next()) {
        Some("login") => "login",
        Some("email") => "email",
        Some("firstName") => "firstName",
        Some("lastName") => "lastName",
        Some("password") => "password",
        _ => "newUser",
    }
}

fn user_type(org: &Org, body: &Map<String, Value>) -> Result<u32, Fail> {
    let Some(id) = body
        .get("type")
        .and_then(|kind| kind.get("id"))
        .and_then(Value::as_str)
    else {
        return Ok(0);
    };
    org.schemas
        .find_type(&org.tail, id)
        .ok_or_else(|| Fail::not_found(id, "CVDType"))
}

/// Reads password and recovery question of a `credentials` member.
pub(super) fn secrets(credentials: &Value, wrong: &mut Vec<String>) -> Secrets {
    let mut secrets = Secrets::default();
    let given = credentials.get("password");
    if let Some(text) = given
        .and_then(|password| password.get("value"))
        .and_then(Value::as_str)
    {
        wrong.extend(password::fault(text));
        secrets.password = Some(digest(text));
    } else if given
        .is_some_and(|password| password.get("hash").is_some() || password.get("hook").is_some())
    {
        secrets.password = Some(digest(&given.map(Value::to_string).unwrap_or_default()));
    }
    if let Some(question) = credentials.get("recovery_question") {
        secrets.question = question
            .get("question")
            .and_then(Value::as_str)
            .map(Into::into);
        let answer = question.get("answer").and_then(Value::as_str);
        if answer.is_some_and(|answer| answer.chars().count() < 4) {
            wrong.push(
                "answer: The security question answer must be at least 4 characters in length"
                    .to_owned(),
            );
        }
        secrets.answer = answer.map(|answer| digest(&answer.to_lowercase()));
    }
    secrets
}

/// Reads the provider of a `credentials` member.
pub(super) fn provider(credentials: &Value) -> Provider {
    let provider = credentials.get("provider");
    let text = |name: &str| {
        provider
            .and_then(|provider| provider.get(name))
            .and_then(Value::as_str)
            .unwrap_or("OKTA")
    };
    match text("type") {
        "OKTA" => Provider::Okta,
        kind => Provider::Other(kind.into(), text("name").into()),
    }
}

fn first_status(call: &Call, password: bool, provider: &Provider) -> Result<Status, Fail> {
    let activate = call.query.flag("activate").unwrap_or(true);
    let change = call.query.get("nextLogin") == Some("changePassword");
    if change && !(activate && password) {
        let why = "nextLogin: changePassword needs a password and activation";
        return Err(Fail::validation("nextLogin", [why]));
    }
    Ok(match (activate, password, provider) {
        (false, ..) => Status::Staged,
        (true, true, _) if change => Status::PasswordExpired,
        (true, true, _) => Status::Active,
        (true, false, Provider::Okta) => Status::Provisioned,
        (true, false, Provider::Other(..)) => Status::Active,
    })
}

fn groups(org: &Org, body: &Map<String, Value>) -> Result<Vec<u32>, Fail> {
    let Some(Value::Array(ids)) = body.get("groupIds") else {
        return Ok(Vec::new());
    };
    if ids.len() > MOST_GROUPS {
        return Err(Fail::validation(
            "groupIds",
            ["groupIds: At most 20 groups can be given"],
        ));
    }
    let found = ids.iter().map(|id| {
        let id = id.as_str().unwrap_or_default();
        let serial = org
            .tail
            .serial(Kind::GROUP, id)
            .filter(|serial| org.groups.takes_members(*serial));
        serial.ok_or_else(|| {
            Fail::validation(
                "groupIds",
                [format!("groupIds: The group '{id}' is not valid")],
            )
        })
    });
    found.collect()
}

fn told(org: &mut Org, call: &Call, serial: u32, status: Status, groups: &[u32]) {
    let user = org.user_target(serial);
    org.record(
        call,
        Event::new("user.lifecycle.create").target(user.clone()),
    );
    if status != Status::Staged {
        org.record(
            call,
            Event::new("user.lifecycle.activate").target(user.clone()),
        );
    }
    for group in groups {
        let target = org.group_target(*group);
        org.record(
            call,
            Event::new("group.user_membership.add")
                .target(user.clone())
                .target(target),
        );
    }
}

/// The answer `{}`.
pub(super) fn nothing() -> Reply {
    Reply::json(&json!({}))
}
