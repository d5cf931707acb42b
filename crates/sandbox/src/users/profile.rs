//! The profile of a user: four members that all have, and the rest as printed JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::Fail;
use crate::schemas::Attributes;

/// A profile. Most people have few attributes beyond the four, so those are kept as the JSON text that goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) login: Box<str>,
    pub(crate) email: Box<str>,
    pub(crate) first_name: Box<str>,
    pub(crate) last_name: Box<str>,
    /// The other members as JSON without the outer braces, such as `"department":"Sales"`; empty when there are none.
    pub(crate) more: Box<str>,
}

/// Members of the four that are kept apart.
const APART: [&str; 4] = ["login", "email", "firstName", "lastName"];

impl Profile {
    /// The texts of which it is made.
    pub(crate) fn parts(&self) -> [&str; 5] {
        [
            &self.login,
            &self.email,
            &self.first_name,
            &self.last_name,
            &self.more,
        ]
    }

    /// The members beyond the four.
    pub(crate) fn extra(&self) -> Map<String, Value> {
        if self.more.is_empty() {
            return Map::new();
        }
        serde_json::from_str(&format!("{{{}}}", self.more)).unwrap_or_default()
    }

    /// One member.
    pub(crate) fn member(&self, name: &str) -> Option<Value> {
        match name {
            "login" => Some(self.login.as_ref().into()),
            "email" => Some(self.email.as_ref().into()),
            "firstName" => Some(self.first_name.as_ref().into()),
            "lastName" => Some(self.last_name.as_ref().into()),
            _ if self.more.contains(name) => self.extra().remove(name),
            _ => None,
        }
    }

    /// All members that are set.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let mut all = self.extra();
        for name in APART {
            all.insert(name.to_owned(), self.member(name).unwrap_or_default());
        }
        all
    }

    /// The profile with these members; unset ones are left out.
    pub(crate) fn of(mut members: Map<String, Value>) -> Self {
        let mut take = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => text.into_boxed_str(),
            _ => Box::default(),
        };
        let (login, email, first_name, last_name) = (
            take("login"),
            take("email"),
            take("firstName"),
            take("lastName"),
        );
        members.retain(|_, value| !value.is_null());
        let text = serde_json::to_string(&members).unwrap_or_default();
        let more = text
            .get(1..text.len().saturating_sub(1))
            .unwrap_or_default()
            .into();
        Self {
            login,
            email,
            first_name,
            last_name,
            more,
        }
    }
}

/// Checks the members of a profile against the schema; gives what is wrong, in Okta's words.
pub(crate) fn check(members: &Map<String, Value>, schema: &Attributes) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, value) in members {
        match schema.get(name) {
            None => wrong.push(format!("Property name '{name}' is not defined in profile")),
            Some(_) if value.is_null() => {}
            Some(attribute) => wrong.extend(attribute.fault(name, value)),
        }
    }
    for name in schema.required() {
        if blank(members.get(name)) {
            wrong.push(format!("{name}: The field cannot be left blank"));
        }
    }
    wrong.extend(
        login_fault(members)
            .into_iter()
            .chain(mail_fault(members, "email")),
    );
    wrong
}

fn blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn login_fault(members: &Map<String, Value>) -> Option<String> {
    let login = members
        .get("login")?
        .as_str()
        .filter(|text| !text.is_empty())?;
    if login.len() < 5 {
        return Some("login: String is too short (min 5 characters)".to_owned());
    }
    if login.len() > 100 {
        return Some("login: String is too long (max 100 characters)".to_owned());
    }
    (!is_mail(login)).then(|| "login: Username must be in the form of an email address".to_owned())
}

fn mail_fault(members: &Map<String, Value>, name: &str) -> Option<String> {
    let mail = members
        .get(name)?
        .as_str()
        .filter(|text| !text.is_empty())?;
    (!is_mail(mail)).then(|| format!("{name}: Does not match required pattern"))
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && !host.is_empty()
            && !host.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

/// What a call makes of the `profile` member of its body.
///
/// Fails with `E0000003` when it is no object.
pub(crate) fn given(body: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Fail> {
    match body.get("profile") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members.clone())),
        Some(_) => Err(Fail::malformed()),
    }
}
