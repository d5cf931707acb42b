//! From a seed file to an org, by the calls of Okta's API.

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value, json};
use serde_saphyr::{Location, Spanned};

use super::SeedError;
use super::form::{App, File, Group, Person, Rule, Text};
use crate::clock::Time;
use crate::company;
use crate::http::{Call, Fail, Found, Handler, Router};
use crate::log::Log;
use crate::org::Org;
use crate::roles::STANDARD;
use crate::store::{Kind, mix};
use crate::users::Status;

/// Makes what a file holds.
pub(super) struct Planter<'a> {
    pub(super) org: &'a mut Org,
    router: &'a Router,
    pub(super) now: Time,
    calls: u64,
}

/// The id of what a call made.
pub(super) fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_default().to_owned()
}

impl<'a> Planter<'a> {
    pub(super) fn new(org: &'a mut Org, router: &'a Router, now: Time) -> Self {
        Self {
            org,
            router,
            now,
            calls: 0,
        }
    }

    /// Makes user types, groups, people, apps, rules, authenticators and tokens, in this order; the system log begins
    /// after them.
    pub(super) fn plant(mut self, file: &File) -> Result<(), SeedError> {
        for kind in &file.user_types {
            self.user_type(kind)?;
        }
        for group in &file.groups {
            self.group(group)?;
        }
        for person in &file.people {
            self.person(person)?;
        }
        for app in &file.apps {
            self.app(app)?;
        }
        for rule in &file.rules {
            self.rule(rule)?;
        }
        for authenticator in &file.authenticators {
            self.authenticator(authenticator)?;
        }
        for token in &file.tokens {
            self.token(token)?;
        }
        self.org.log = Log::default();
        Ok(())
    }

    fn group(&mut self, at: &Spanned<Group>) -> Result<(), SeedError> {
        let group = &at.value;
        let body = json!({ "profile": { "name": group.name, "description": group.description } });
        let made = self.post(at.referenced, "group", "/api/v1/groups", &body)?;
        self.roles(&format!("/api/v1/groups/{}/roles", id(&made)), &group.roles)
    }

    fn person(&mut self, at: &Spanned<Person>) -> Result<(), SeedError> {
        let person = &at.value;
        let status = status(person.status.as_ref())?;
        let mut profile = person.profile.clone();
        for (name, value) in [
            ("login", &person.login),
            ("email", person.email.as_ref().unwrap_or(&person.login)),
            ("firstName", &person.first_name),
            ("lastName", &person.last_name),
        ] {
            profile.insert(name.to_owned(), value.as_str().into());
        }
        let password = person.password.as_deref();
        let mut body = json!({ "profile": profile });
        if let Some(name) = &person.user_type {
            body["type"] = json!({ "id": self.type_id(name)? });
        }
        // Okta makes who has no password and is active PROVISIONED.
        if password.is_some() || !matches!(status, Status::Staged | Status::Provisioned) {
            body["credentials"] =
                json!({ "password": { "value": password.unwrap_or(company::PASSWORD) } });
        }
        let activate = status != Status::Staged;
        let path = format!("/api/v1/users?activate={activate}");
        let made = id(&self.post(at.referenced, "person", &path, &body)?);
        for name in &person.groups {
            let group = self.group_id(name)?;
            let path = format!("/api/v1/groups/{group}/users/{made}");
            self.call(name.referenced, "membership", Method::PUT, &path, None)?;
        }
        self.roles(&format!("/api/v1/users/{made}/roles"), &person.roles)?;
        let now = self.now;
        if let Some(serial) = self.org.tail.serial(Kind::USER, &made)
            && let Some(person) = self.org.people.get_mut(serial)
            && person.status != status
        {
            person.turn(status, now);
        }
        Ok(())
    }

    fn app(&mut self, at: &Spanned<App>) -> Result<(), SeedError> {
        let app = &at.value;
        let mut body = Map::new();
        body.insert("label".to_owned(), app.label.as_str().into());
        body.insert("signOnMode".to_owned(), app.sign_on_mode.as_str().into());
        let name = app.name.clone().map(Value::String);
        for (member, value) in [
            ("name", name.as_ref()),
            ("settings", app.settings.as_ref()),
            ("credentials", app.credentials.as_ref()),
            ("visibility", app.visibility.as_ref()),
            ("accessibility", app.accessibility.as_ref()),
            ("profile", app.profile.as_ref()),
        ] {
            if let Some(value) = value {
                body.insert(member.to_owned(), value.clone());
            }
        }
        let activate = is_active(app.status.as_ref())?;
        let path = format!("/api/v1/apps?activate={activate}");
        let made = id(&self.post(at.referenced, "app", &path, &Value::Object(body))?);
        let here = format!("/api/v1/apps/{made}");
        for name in &app.groups {
            let path = format!("{here}/groups/{}", self.group_id(name)?);
            let body = Some(json!({}));
            self.call(name.referenced, "assignment", Method::PUT, &path, body)?;
        }
        for name in &app.people {
            let body = json!({ "id": self.user_id(name)?, "scope": "USER" });
            self.post(
                name.referenced,
                "assignment",
                &format!("{here}/users"),
                &body,
            )?;
        }
        for scope in &app.grants {
            let body = json!({ "scopeId": scope.value, "issuer": "http://localhost" });
            self.post(scope.referenced, "grant", &format!("{here}/grants"), &body)?;
        }
        self.roles(&format!("/oauth2/v1/clients/{made}/roles"), &app.roles)
    }

    fn rule(&mut self, at: &Spanned<Rule>) -> Result<(), SeedError> {
        let rule = &at.value;
        let groups = rule.groups.iter().map(|name| self.group_id(name));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let body = json!({
            "type": "group_rule", "name": rule.name,
            "conditions": { "expression": { "value": rule.expression, "type": "urn:okta:expression:1.0" } },
            "actions": { "assignUserToGroups": { "groupIds": groups } },
        });
        let made = id(&self.post(at.referenced, "rule", "/api/v1/groups/rules", &body)?);
        if is_active(rule.status.as_ref())? {
            let path = format!("/api/v1/groups/rules/{made}/lifecycle/activate");
            self.call(at.referenced, "rule", Method::POST, &path, None)?;
        }
        Ok(())
    }

    fn roles(&mut self, path: &str, roles: &[Text]) -> Result<(), SeedError> {
        for role in roles {
            if !STANDARD.iter().any(|(kind, _)| *kind == role.value) {
                let known = STANDARD.iter().map(|(kind, _)| *kind);
                let all: Vec<_> = known.clone().collect();
                let mend = format!("known are {}", all.join(", "));
                return Err(SeedError::unknown(
                    role.referenced,
                    "administrator role",
                    &role.value,
                    known,
                    &mend,
                ));
            }
            self.post(
                role.referenced,
                "role",
                path,
                &json!({ "type": role.value }),
            )?;
        }
        Ok(())
    }

    fn group_id(&self, name: &Text) -> Result<String, SeedError> {
        let groups = &self.org.groups;
        let serial = groups.by_name(&name.value).ok_or_else(|| {
            let known = groups.from(0).map(|(_, group)| &*group.name);
            let mend = "make it under `groups:`";
            SeedError::unknown(name.referenced, "group", &name.value, known, mend)
        })?;
        Ok(self.org.tail.id(Kind::GROUP, serial))
    }

    /// The serial of the person of this login.
    pub(super) fn user_serial(&self, name: &Text) -> Result<u32, SeedError> {
        let people = &self.org.people;
        people.by_login(&name.value).ok_or_else(|| {
            let known = people.from(0).map(|(_, person)| &*person.profile.login);
            let mend = "make it under `people:`";
            SeedError::unknown(name.referenced, "person", &name.value, known, mend)
        })
    }

    fn user_id(&self, name: &Text) -> Result<String, SeedError> {
        self.user_serial(name)
            .map(|serial| self.org.tail.id(Kind::USER, serial))
    }

    pub(super) fn post(
        &mut self,
        at: Location,
        kind: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, SeedError> {
        self.call(at, kind, Method::POST, path, Some(body.clone()))
    }

    /// One call as the first super administrator.
    pub(super) fn call(
        &mut self,
        at: Location,
        kind: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, SeedError> {
        self.calls += 1;
        let salt = mix(self.org.seed ^ mix(self.calls));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut call = Call::own(self.org, method, path, query, self.now);
        call.body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        call.salt = salt;
        self.answer(call).map_err(|fail| {
            let what = format!("Okta refuses this {kind}: {}", fail.words());
            SeedError::at(at, what, format!("change what the {kind} here says"))
        })
    }

    fn answer(&mut self, mut call: Call) -> Result<Value, Fail> {
        let Found::Route(route, params) = self.router.find(&call.method, &call.path) else {
            return Err(Fail::method());
        };
        call.params = params;
        let reply = match route.handler {
            Handler::Read(read) => read(self.org, &call),
            Handler::Write(write) => write(self.org, &call),
            _ => Err(Fail::method()),
        }?;
        Ok(serde_json::from_slice(&reply.body).unwrap_or_default())
    }
}

fn status(text: Option<&Text>) -> Result<Status, SeedError> {
    let Some(text) = text else {
        return Ok(Status::Active);
    };
    Status::parse(&text.value).ok_or_else(|| {
        let known: Vec<_> = Status::ALL.iter().map(|status| status.text()).collect();
        let mend = format!("known are {}", known.join(", "));
        SeedError::unknown(text.referenced, "status", &text.value, known, &mend)
    })
}

/// Whether an app, a rule or an authenticator is switched on.
pub(super) fn is_active(text: Option<&Text>) -> Result<bool, SeedError> {
    match text.map(|text| (text, text.value.as_str())) {
        None | Some((_, "ACTIVE")) => Ok(true),
        Some((_, "INACTIVE")) => Ok(false),
        Some((text, other)) => Err(SeedError::unknown(
            text.referenced,
            "status",
            other,
            ["ACTIVE", "INACTIVE"],
            "write ACTIVE or INACTIVE",
        )),
    }
}
