//! API tokens (FACTS section 1.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock::Time;
use crate::http::{Answer, Call, Caller, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::{Kind, Table, Tail};

/// An API token dies when it is not used for so many days.
const WINDOW_DAYS: i64 = 30;

/// An API token; its secret is kept as a digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    #[serde(with = "crate::store::keep::digest")]
    digest: [u8; 32],
    pub(crate) name: String,
    /// Serial of the user whose roles it has.
    pub(crate) user: u32,
    created: Time,
    /// When it was last used, in milliseconds; shared by copies of the org.
    #[serde(with = "crate::store::keep::shared_number")]
    used: Arc<AtomicI64>,
    client_name: String,
    network: Value,
}

impl Token {
    fn expires(&self) -> Time {
        Time(self.used.load(Ordering::Relaxed))
            .plus(WINDOW_DAYS * 86_400)
            .whole()
    }

    fn print(&self, org: &Org, call: &Call, serial: u32) -> Value {
        let id = org.tail.id(Kind::TOKEN, serial);
        let user = org.tail.id(Kind::USER, self.user);
        json!({
            "id": id, "name": self.name, "userId": user, "clientName": self.client_name, "tokenWindow": "P30D",
            "network": self.network, "expiresAt": self.expires(), "created": self.created,
            "lastUpdated": Time(self.used.load(Ordering::Relaxed)).whole(),
            "_links": {
                "self": { "href": call.url(&format!("/api/v1/api-tokens/{id}")), "hints": { "allow": ["GET", "DELETE"] } },
                "user": { "href": call.url(&format!("/api/v1/users/{user}")), "hints": { "allow": ["GET"] } },
            },
        })
    }
}

/// All API tokens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    rows: Table<Token>,
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Tokens {
    /// Adds a token that `reset` keeps.
    pub(crate) fn add(&mut self, secret: &str, name: &str, user: u32, now: Time) -> u32 {
        self.rows.push(Token {
            digest: digest(secret),
            name: name.to_owned(),
            user,
            created: now.whole(),
            used: Arc::new(AtomicI64::new(now.0)),
            client_name: "Okta API".to_owned(),
            network: json!({ "connection": "ANYWHERE" }),
        })
    }

    /// Whether there is a token with this id.
    pub(crate) fn knows(&self, tail: Tail, id: &str) -> bool {
        let serial = tail.serial(Kind::TOKEN, id);
        serial.is_some_and(|serial| self.rows.get(serial).is_some())
    }

    /// Who calls with this secret; notes that it was used.
    pub(crate) fn caller(&self, secret: &str, now: Time) -> Option<Caller> {
        let wanted = digest(secret);
        let (serial, token) = self.rows.iter().find(|(_, token)| token.digest == wanted)?;
        if token.expires() < now {
            return None;
        }
        token.used.fetch_max(now.0, Ordering::Relaxed);
        Some(Caller::Token {
            token: serial,
            user: token.user,
        })
    }
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/api-tokens", list)
        .delete("/api/v1/api-tokens/current", revoke_current)
        .get("/api/v1/api-tokens/{apiTokenId}", one)
        .put("/api/v1/api-tokens/{apiTokenId}", update)
        .delete("/api/v1/api-tokens/{apiTokenId}", revoke);
}

fn list(org: &Org, call: &Call) -> Answer {
    let all: Vec<_> = org
        .tokens
        .rows
        .iter()
        .map(|(serial, token)| token.print(org, call, serial))
        .collect();
    Ok(Reply::json(&all))
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("apiTokenId");
    let serial = org
        .tail
        .serial(Kind::TOKEN, id)
        .filter(|serial| org.tokens.rows.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "Token"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let token = org
        .tokens
        .rows
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("apiTokenId"), "Token"))?;
    Ok(Reply::json(&token.print(org, call, serial)))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn update(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    if let Some(token) = org.tokens.rows.get_mut(serial) {
        name.clone_into(&mut token.name);
        if let Some(network) = body.get("network").filter(|network| network.is_object()) {
            token.network = network.clone();
        }
    }
    shown(org, call, serial)
}

fn revoke(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    gone(org, call, serial);
    Ok(Reply::no_content())
}

fn revoke_current(org: &mut Org, call: &Call) -> Answer {
    let Caller::Token { token, .. } = call.caller else {
        return Err(Fail::forbidden());
    };
    gone(org, call, token);
    Ok(Reply::no_content())
}

fn gone(org: &mut Org, call: &Call, serial: u32) {
    let target = org.token_target(serial);
    org.record(call, Event::new("system.api_token.revoke").target(target));
    org.tokens.rows.remove(serial);
}

impl Org {
    /// Adds a token of a user (serial), with its share of the rate limits.
    pub(crate) fn add_token(&mut self, secret: &str, name: &str, user: u32, now: Time) {
        let serial = self.tokens.add(secret, name, user, now);
        let id = self.tail.id(Kind::TOKEN, serial);
        self.quotas.add(&id, "SSWS_TOKEN", now);
    }

    /// A token as the target of a log entry.
    pub(crate) fn token_target(&self, serial: u32) -> crate::log::Target {
        let name = self
            .tokens
            .rows
            .get(serial)
            .map(|token| token.name.clone())
            .unwrap_or_default();
        crate::log::Target::new("Token", self.tail.id(Kind::TOKEN, serial), "unknown", name)
    }
}
