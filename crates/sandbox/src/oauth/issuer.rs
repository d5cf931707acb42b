//! Which authorization server a call is for: the org's own, or a custom one.

use std::sync::Arc;

use serde_json::Value;

use super::keys::PrivateKey;
use crate::http::{Call, Reply};
use crate::org::Org;
use crate::servers::{self, Servers};

/// An authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Issuer {
    Org,
    /// A custom server by its serial.
    Custom(u32),
}

impl Issuer {
    /// The server beneath whose path a call is.
    ///
    /// Fails with the answer when there is none, or when it is switched off.
    pub(crate) fn of(org: &Org, call: &Call) -> Result<Self, Reply> {
        let name = call.param("authorizationServerId");
        if name.is_empty() {
            return Ok(Self::Org);
        }
        let serial = org.servers.find(org.tail, name);
        let active = serial.filter(|serial| {
            org.servers
                .get(*serial)
                .is_some_and(|server| server.doc.active)
        });
        active.map(Self::Custom).ok_or_else(|| {
            crate::http::Fail::not_found(name, "AuthorizationServer")
                .reply(&crate::http::error_id(call.salt))
        })
    }

    /// The issuer as tokens name it.
    pub(crate) fn url(self, org: &Org, call: &Call) -> String {
        match self {
            Self::Org => call.base.clone(),
            Self::Custom(serial) => {
                call.url(&format!("/oauth2/{}", Servers::name(org.tail, serial)))
            }
        }
    }

    /// The address beneath which its endpoints are.
    pub(crate) fn endpoints(self, org: &Org, call: &Call) -> String {
        match self {
            Self::Org => call.url("/oauth2"),
            Self::Custom(_) => self.url(org, call),
        }
    }

    /// The custom server, if it is one.
    pub(crate) fn server(self) -> Option<u32> {
        match self {
            Self::Org => None,
            Self::Custom(serial) => Some(serial),
        }
    }

    /// The `aud` of its access tokens.
    pub(crate) fn audience(self, org: &Org, call: &Call) -> Value {
        let server = self.server().and_then(|serial| org.servers.get(serial));
        let audiences = server
            .and_then(|server| server.doc.body.get("audiences"))
            .and_then(Value::as_array);
        audiences
            .and_then(|list| list.first())
            .cloned()
            .unwrap_or_else(|| self.url(org, call).into())
    }

    /// The key that signs for it now.
    pub(crate) fn key(self, org: &Org) -> Option<Arc<PrivateKey>> {
        match self {
            Self::Org => org.keys.signing(),
            Self::Custom(serial) => servers::active_key(org, serial),
        }
    }

    /// The keys by which its tokens are checked.
    pub(crate) fn public_keys(self, org: &Org) -> Vec<Value> {
        match self {
            Self::Org => org.keys.signing().iter().map(|key| key.jwk()).collect(),
            Self::Custom(serial) => servers::public_keys(org, serial),
        }
    }

    /// The scopes it knows, with whether each is given when none is asked for.
    pub(crate) fn scopes(self, org: &Org) -> Vec<(String, bool)> {
        match self {
            Self::Org => {
                let named = OPENID
                    .iter()
                    .copied()
                    .chain(["groups"])
                    .chain(crate::http::all_scopes());
                named.map(|scope| (scope.to_owned(), false)).collect()
            }
            Self::Custom(serial) => {
                let default =
                    |doc: &crate::store::Doc| doc.body.get("default") == Some(&Value::Bool(true));
                let scopes = org.servers.scopes_of(serial);
                scopes
                    .into_iter()
                    .map(|doc| (doc.text("name").to_owned(), default(doc)))
                    .collect()
            }
        }
    }
}

/// The scopes of OpenID Connect.
pub(crate) const OPENID: [&str; 7] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
    "device_sso",
];
