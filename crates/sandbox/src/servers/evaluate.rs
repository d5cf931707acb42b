//! What a server's policies and claims make of a request for tokens.

use serde_json::{Map, Value};

use super::{Doc, parts};
use crate::expression::{Subject, fill, parse};
use crate::groups::EVERYONE;
use crate::org::Org;
use crate::store::Kind;

/// Who wants a token, how, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) app: u32,
    pub(crate) grant_type: &'a str,
    pub(crate) user: Option<u32>,
    pub(crate) scopes: &'a [String],
}

/// How long tokens live, in seconds; nothing is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lives {
    pub(crate) access: i64,
    pub(crate) refresh: Option<i64>,
    /// A refresh token dies when it is not used for so long.
    pub(crate) window: i64,
}

/// Why a policy gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    NoPolicy,
    /// A rule fits but for these scopes.
    Scopes(Vec<String>),
    AllScopes,
}

fn list<'a>(doc: &'a Doc, path: &[&str]) -> Vec<&'a str> {
    let found = doc.at(path).and_then(Value::as_array);
    found
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

fn meets(org: &Org, rule: &Doc, wish: Wish<'_>) -> bool {
    let grants = list(rule, &["conditions", "grantTypes", "include"]);
    if !grants.contains(&wish.grant_type) {
        return false;
    }
    let Some(user) = wish.user else {
        return true;
    };
    let id = org.tail.id(Kind::USER, user);
    let mine = org
        .people
        .get(user)
        .map(|person| person.groups.as_slice())
        .unwrap_or_default();
    let holds = |what: &str, side: &str| {
        let named = list(rule, &["conditions", "people", what, side]);
        named.iter().any(|name| match what {
            "users" => *name == id,
            _ => {
                *name == "EVERYONE"
                    || org
                        .tail
                        .serial(Kind::GROUP, name)
                        .is_some_and(|group| group == EVERYONE || mine.contains(&group))
            }
        })
    };
    (holds("users", "include") || holds("groups", "include"))
        && !holds("users", "exclude")
        && !holds("groups", "exclude")
}

/// What the policies of a server say to a wish: the first rule that fits counts.
pub(crate) fn evaluate(org: &Org, server: u32, wish: Wish<'_>) -> Result<Lives, Denied> {
    let client = crate::apps::Apps::client_id(org, wish.app);
    let mut nearest: Option<Vec<String>> = None;
    for (policy, doc) in parts(&org.servers.policies, server) {
        let clients = list(doc, &["conditions", "clients", "include"]);
        if !doc.active
            || !clients
                .iter()
                .any(|id| *id == "ALL_CLIENTS" || *id == client)
        {
            continue;
        }
        for (_, rule) in parts(&org.servers.rules, policy) {
            if !rule.active || !meets(org, rule, wish) {
                continue;
            }
            let allowed = list(rule, &["conditions", "scopes", "include"]);
            let denied: Vec<String> = wish
                .scopes
                .iter()
                .filter(|scope| !allowed.iter().any(|one| *one == "*" || one == scope))
                .cloned()
                .collect();
            if denied.is_empty() {
                return Ok(lives(rule));
            }
            nearest.get_or_insert(denied);
        }
    }
    Err(match nearest {
        None => Denied::NoPolicy,
        Some(denied) if denied.len() == wish.scopes.len() => Denied::AllScopes,
        Some(denied) => Denied::Scopes(denied),
    })
}

fn lives(rule: &Doc) -> Lives {
    let minutes = |name: &str| {
        rule.at(&["actions", "token", name])
            .and_then(Value::as_i64)
            .unwrap_or(0)
            * 60
    };
    let refresh = minutes("refreshTokenLifetimeMinutes");
    Lives {
        access: minutes("accessTokenLifetimeMinutes").max(300),
        refresh: (refresh > 0).then_some(refresh),
        window: minutes("refreshTokenWindowMinutes"),
    }
}

/// The user and the app as an expression of a claim or an assertion sees them.
pub(crate) struct Seen<'a> {
    org: &'a Org,
    app: u32,
    user: Option<u32>,
}

impl<'a> Seen<'a> {
    /// An app and somebody who signs in to it, by their serials.
    pub(crate) fn new(org: &'a Org, app: u32, user: Option<u32>) -> Self {
        Self { org, app, user }
    }

    /// A member of the profile that the user has in the app.
    fn of_assignment(&self, name: &str) -> Option<Value> {
        let held = self.org.apps.get(self.app)?.users.get(&self.user?)?;
        held.profile
            .get(name)
            .filter(|value| !value.is_null())
            .cloned()
    }

    /// The name that the user has in the app: the one of the assignment, else by the app's template.
    fn name_in_app(&self) -> Option<String> {
        let (app, user) = (self.org.apps.get(self.app)?, self.user?);
        let own = app.users.get(&user).and_then(|held| held.user_name.clone());
        let template = || {
            let credentials = app.body.get("credentials")?;
            let text = credentials
                .pointer("/userNameTemplate/template")?
                .as_str()?;
            Some(fill(text, self)).filter(|name| !name.is_empty())
        };
        let login = || Some(self.org.people.get(user)?.profile.login.to_string());
        own.or_else(template).or_else(login)
    }
}

impl Subject for Seen<'_> {
    fn value(&self, path: &[String]) -> Value {
        let person = self.user.and_then(|user| self.org.people.get(user));
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["app", "clientId"] => crate::apps::Apps::client_id(self.org, self.app).into(),
            ["app", "name" | "label"] => self
                .org
                .apps
                .get(self.app)
                .map(|app| app.label.clone())
                .into(),
            ["appuser"] => person.map_or(Value::Null, |_| true.into()),
            ["appuser" | "user", "userName"] => self.name_in_app().into(),
            ["appuser", name] if self.of_assignment(name).is_some() => {
                self.of_assignment(name).unwrap_or_default()
            }
            ["user", "id"] => self
                .user
                .map(|user| self.org.tail.id(Kind::USER, user))
                .into(),
            ["user", "status"] => person.map(|person| person.status.text()).into(),
            ["user" | "appuser" | "source", name] | ["user", "profile", name] => person
                .and_then(|person| person.profile.member(name))
                .unwrap_or_default(),
            ["org", "name"] => self.org.name.clone().into(),
            ["org", "externalKey"] => self.org.tail.id(Kind("exk"), self.app).into(),
            ["org", "subdomain"] => self.org.subdomain().into(),
            _ => Value::Null,
        }
    }

    fn in_group(&self, id: &str) -> bool {
        let person = self.user.and_then(|user| self.org.people.get(user));
        let serial = self.org.tail.serial(Kind::GROUP, id);
        person.is_some_and(|person| {
            serial.is_some_and(|group| group == EVERYONE || person.groups.contains(&group))
        })
    }

    fn group_names(&self) -> Vec<String> {
        let mine = self
            .user
            .and_then(|user| self.org.people.get(user))
            .map(|person| person.groups.as_slice());
        let all = std::iter::once(EVERYONE).chain(mine.unwrap_or_default().iter().copied());
        let all = all.filter(|_| self.user.is_some());
        all.filter_map(|serial| self.org.groups.get(serial))
            .map(|group| group.name.to_string())
            .collect()
    }
}

fn groups(seen: &Seen<'_>, doc: &Doc) -> Value {
    let wanted = doc.text("value");
    seen.group_names()
        .into_iter()
        .filter(|name| group_fits(doc.text("group_filter_type"), wanted, name))
        .collect()
}

/// Whether the name of a group fits a filter of this kind.
pub(crate) fn group_fits(kind: &str, wanted: &str, name: &str) -> bool {
    match kind {
        "EQUALS" => name == wanted,
        "CONTAINS" => name.contains(wanted),
        "REGEX" => whole_match(wanted, name),
        _ => name.starts_with(wanted),
    }
}

/// Regular expressions as claims use them: `.*` at either end, or a fixed text.
fn whole_match(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix(".*"), pattern.strip_suffix(".*")) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => name.contains(rest.trim_end_matches(".*")),
        (Some(rest), None) => name.ends_with(rest),
        (None, Some(rest)) => name.starts_with(rest),
        (None, None) => name == pattern,
    }
}

/// The claims of a server for a token of this type (`RESOURCE` or `IDENTITY`); null ones are left out.
pub(crate) fn claims_for(
    org: &Org,
    server: u32,
    claim_type: &str,
    wish: Wish<'_>,
) -> Map<String, Value> {
    let seen = Seen {
        org,
        app: wish.app,
        user: wish.user,
    };
    let mut all = Map::new();
    for (_, doc) in parts(&org.servers.claims, server) {
        let scopes = list(doc, &["conditions", "scopes"]);
        let asked = scopes.is_empty()
            || scopes
                .iter()
                .any(|scope| wish.scopes.iter().any(|one| one == scope));
        if !doc.active || doc.text("claimType") != claim_type || !asked {
            continue;
        }
        let value = match doc.text("valueType") {
            "GROUPS" => groups(&seen, doc),
            _ => parse(doc.text("value"))
                .map(|expression| expression.of(&seen))
                .unwrap_or_default(),
        };
        if !value.is_null() {
            all.insert(doc.text("name").to_owned(), value);
        }
    }
    all
}
