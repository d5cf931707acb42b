//! What there is at Okta: read for a plan, before a change that needs it, and to settle what became of one.

use std::collections::BTreeMap;

use http::Method;
use keywright_okta::model::factor::Factor;
use keywright_okta::model::group::GroupRule;
use keywright_okta::model::{Group, User};
use keywright_okta::{Client, Error as OktaError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::action::{Call, Input};

/// Something to look at; the input names which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// The person `userId`.
    User,
    /// Whoever has the login `profile.login`.
    NewUser,
    /// The group `groupId`.
    Group,
    /// The group called `name`.
    NewGroup,
    /// Whether `userId` is in `groupId`.
    Member,
    /// The assignment of `userId` to `appId`.
    Assignment,
    /// The factors of `userId`.
    Factors,
    /// The group rule `ruleId`.
    Rule,
    /// The group rule called `name`.
    NewRule,
}

impl Thing {
    fn key(self) -> &'static str {
        match self {
            Self::User | Self::NewUser => "user",
            Self::Group | Self::NewGroup => "group",
            Self::Member => "member",
            Self::Assignment => "assignment",
            Self::Factors => "factors",
            Self::Rule | Self::NewRule => "rule",
        }
    }

    /// Whether it is there already, as it must be for the change to be about it.
    pub(super) fn must_be(self) -> bool {
        matches!(self, Self::User | Self::Group | Self::Rule)
    }
}

/// What was seen, by kind; null for what is not there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen(pub BTreeMap<String, Value>);

impl Seen {
    /// Whether it was looked for and is not there.
    pub fn is_missing(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(Value::is_null)
    }

    /// The first thing that should be there and is not: its kind.
    pub(super) fn lacks(&self, things: &[Thing]) -> Option<&'static str> {
        things
            .iter()
            .find(|thing| thing.must_be() && self.is_missing(thing.key()))
            .map(|thing| thing.key())
    }

    /// What is kept of it until the outcome is known: no more than tells before from after.
    pub(super) fn to_keep(&self) -> Self {
        let few = [
            "id",
            "status",
            "statusChanged",
            "passwordChanged",
            "lastUpdated",
        ];
        let kept = self.0.iter().map(|(key, value)| {
            let kept = match value {
                Value::Object(all) => few
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), all.get(*name)?.clone())))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
                other => other.clone(),
            };
            (key.clone(), kept)
        });
        Self(kept.collect())
    }
}

/// Looks at things.
pub(super) async fn look(
    client: &Client,
    input: &Input,
    things: &[Thing],
) -> Result<Seen, OktaError> {
    let mut seen = Seen::default();
    for thing in things {
        let found = one(client, input, *thing).await?;
        let gone = found.is_null() && thing.must_be();
        seen.0.insert(thing.key().to_owned(), found);
        if gone {
            // What follows is about it, and cannot be there either.
            for rest in things {
                seen.0.entry(rest.key().to_owned()).or_insert(Value::Null);
            }
            break;
        }
    }
    Ok(seen)
}

async fn one(client: &Client, input: &Input, thing: Thing) -> Result<Value, OktaError> {
    let user = || input.text("userId");
    match thing {
        Thing::User => found(user_at(client, user()).await),
        Thing::NewUser => {
            let login = input
                .get("profile")
                .and_then(|profile| profile["login"].as_str());
            let answer = found(user_at(client, login.unwrap_or_default()).await)?;
            // Okta also finds a person by the part of the login before the `@`.
            let same = answer["profile"]["login"].as_str().map(str::to_lowercase)
                == login.map(str::to_lowercase);
            Ok(if same { answer } else { Value::Null })
        }
        Thing::Group => {
            found(get::<Group>(client, "/api/v1/groups/{}", &[input.text("groupId")]).await)
        }
        Thing::NewGroup => new_group(client, input.text("name")).await,
        Thing::Member => {
            let path = Call::get("/api/v1/users/{}/groups", &[user()]).path;
            match client.list::<Group>(&path, &[])?.all().await {
                Ok(groups) => Ok(groups
                    .iter()
                    .any(|group| group.id.as_str() == input.text("groupId"))
                    .into()),
                Err(error) if error.is_not_found() => Ok(Value::Null),
                Err(error) => Err(error),
            }
        }
        Thing::Assignment => {
            let parts = [input.text("appId"), user()];
            let path = Call::get("/api/v1/apps/{}/users/{}", &parts).path;
            let answer: Result<Value, _> = client.get(&path, &[]).await;
            let answer = found(answer)?;
            // An assignment that a group gives is not one of the person's own.
            Ok(if answer["scope"] == "GROUP" {
                Value::Null
            } else {
                answer
            })
        }
        Thing::Factors => {
            let path = Call::get("/api/v1/users/{}/factors", &[user()]).path;
            let factors = client.list::<Factor>(&path, &[])?.all().await?;
            Ok(json!(factors))
        }
        Thing::Rule => found(
            get::<GroupRule>(client, "/api/v1/groups/rules/{}", &[input.text("ruleId")]).await,
        ),
        Thing::NewRule => {
            let rules = client
                .list::<GroupRule>("/api/v1/groups/rules", &[("limit", "200")])?
                .all()
                .await?;
            let named = |rule: &&GroupRule| rule.name.as_str() == Some(input.text("name"));
            Ok(rules
                .iter()
                .find(named)
                .map_or(Value::Null, |rule| json!(rule)))
        }
    }
}

/// A person, by id or login.
async fn user_at(client: &Client, user: &str) -> Result<User, OktaError> {
    client.user(user).await
}

async fn get<T: serde::de::DeserializeOwned>(
    client: &Client,
    path: &str,
    parts: &[&str],
) -> Result<T, OktaError> {
    client.get(&Call::get(path, parts).path, &[]).await
}

async fn new_group(client: &Client, name: &str) -> Result<Value, OktaError> {
    let query = keywright_okta::GroupQuery {
        q: Some(name.to_owned()),
        ..Default::default()
    };
    let groups = client.groups(&query)?.all().await?;
    let named = groups.iter().find(|group| group.name() == name);
    Ok(named.map_or(Value::Null, |group| json!(group)))
}

/// A thing as JSON, null when there is none.
fn found<T: Serialize>(answer: Result<T, OktaError>) -> Result<Value, OktaError> {
    match answer {
        Ok(found) => Ok(json!(found)),
        Err(error) if error.is_not_found() => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// Sends a call that changes something; gives what Okta answered, null when that was nothing.
pub(super) async fn send(client: &Client, call: &Call) -> Result<Value, OktaError> {
    let pairs = call.pairs();
    match call.method {
        Method::GET => client.get(&call.path, &pairs).await,
        Method::PUT => client.put_empty(&call.path).await.map(|()| Value::Null),
        Method::DELETE => client
            .delete_with(&call.path, &pairs)
            .await
            .map(|()| Value::Null),
        _ => {
            client
                .post_any(&call.path, &pairs, call.body.as_ref())
                .await
        }
    }
}

/// Whether the call may have been done although it failed.
pub(super) fn may_be_done(error: &OktaError) -> bool {
    matches!(
        error,
        OktaError::Timeout { .. }
            | OktaError::Truncated { .. }
            | OktaError::ServerFault(_)
            | OktaError::Malformed { .. }
            | OktaError::TooLarge { .. }
            | OktaError::Redirected { .. }
    )
}
