//! One entry of the system log, kept small and printed when asked for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Time;
use crate::http::Call;
use crate::store::keep::StaticText;
use crate::store::{Tail, mix};

/// Whom or what an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    #[serde(deserialize_with = "crate::store::keep::static_text")]
    pub(crate) kind: StaticText,
    pub(crate) id: Box<str>,
    pub(crate) alternate: Box<str>,
    pub(crate) name: Box<str>,
}

impl Target {
    /// A target by type, id, alternate id and name.
    pub(crate) fn new(
        kind: &'static str,
        id: impl Into<Box<str>>,
        alternate: impl Into<Box<str>>,
        name: impl Into<Box<str>>,
    ) -> Self {
        Self {
            kind,
            id: id.into(),
            alternate: alternate.into(),
            name: name.into(),
        }
    }

    /// The same as another type.
    pub(crate) fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    fn print(&self) -> Value {
        json!({
            "id": self.id, "type": self.kind, "alternateId": self.alternate, "displayName": self.name,
            "detailEntry": null,
        })
    }
}

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    targets: Vec<Target>,
    failure: Option<String>,
    /// Who did it, when that is not who called.
    pub(super) actor: Option<Target>,
}

impl Event {
    /// An event of this type that went well.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            targets: Vec::new(),
            failure: None,
            actor: None,
        }
    }

    /// Says who did it: a person whose session is not a caller of the API.
    pub(crate) fn by(mut self, actor: Target) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Adds a target.
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Says that it failed, and why.
    pub(crate) fn failed(mut self, reason: impl Into<String>) -> Self {
        self.failure = Some(reason.into());
        self
    }
}

/// An entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) uuid: String,
    pub(crate) published: Time,
    #[serde(deserialize_with = "crate::store::keep::static_text")]
    pub(crate) event: StaticText,
    pub(crate) actor: Target,
    pub(crate) targets: Vec<Target>,
    failure: Option<String>,
    request_id: Box<str>,
    path: Box<str>,
    agent: Box<str>,
    address: Box<str>,
    token: Option<Box<str>>,
}

/// Message and legacy name of the events this org writes.
const MESSAGES: [(&str, &str); 35] = [
    ("user.lifecycle.create", "Create okta user"),
    ("user.lifecycle.activate", "Activate Okta user"),
    ("user.lifecycle.reactivate", "Reactivate Okta user"),
    ("user.lifecycle.deactivate", "Deactivate Okta user"),
    ("user.lifecycle.suspend", "Suspend Okta user"),
    ("user.lifecycle.unsuspend", "Unsuspend Okta user"),
    ("user.lifecycle.delete.initiated", "Delete Okta user"),
    (
        "user.account.update_profile",
        "Update user profile for Okta",
    ),
    (
        "user.account.update_password",
        "User update password for Okta",
    ),
    (
        "user.account.reset_password",
        "Fired when the user's Okta password is reset",
    ),
    (
        "user.account.expire_password",
        "Fired when the user's Okta password is expired",
    ),
    ("user.account.unlock", "Unlock user account"),
    ("user.account.privilege.grant", "Grant user privilege"),
    ("user.account.privilege.revoke", "Revoke user privilege"),
    ("user.mfa.factor.reset_all", "Reset all factors for user"),
    ("user.mfa.factor.activate", "Activate factor for user"),
    ("user.mfa.factor.deactivate", "Reset factor for user"),
    (
        "user.authentication.auth_via_mfa",
        "Authentication of user via MFA",
    ),
    ("user.session.start", "User login to Okta"),
    ("user.authentication.sso", "User single sign on to app"),
    (
        "app.generic.unauth_app_access_attempt",
        "User attempted unauthorized access to app",
    ),
    ("group.lifecycle.create", "Create Okta group"),
    ("group.lifecycle.delete", "Delete Okta group"),
    ("group.profile.update", "Update Okta group profile"),
    ("group.user_membership.add", "Add user to group membership"),
    (
        "group.user_membership.remove",
        "Remove user from group membership",
    ),
    ("group.privilege.grant", "Grant group privilege"),
    ("group.privilege.revoke", "Revoke group privilege"),
    (
        "app.oauth2.client.privilege.grant",
        "Grant OAuth client privilege",
    ),
    (
        "app.oauth2.client.privilege.revoke",
        "Revoke OAuth client privilege",
    ),
    (
        "app.oauth2.as.token.grant.access_token",
        "OAuth2 access token is granted",
    ),
    ("app.oauth2.as.token.grant", "OIDC access token is granted"),
    ("system.api_token.create", "Create API token"),
    ("system.api_token.revoke", "Revoke API token"),
    ("application.lifecycle.create", "Create application"),
];

impl Entry {
    /// An entry about what a call did.
    pub(super) fn of(
        tail: Tail,
        serial: u32,
        call: &Call,
        actor: Target,
        token: Option<String>,
        event: Event,
    ) -> Self {
        let high = mix(u64::from(serial) ^ mix(u64::from_be_bytes(tail_number(tail))));
        let wide = u128::from(high) << 64 | u128::from(mix(high));
        let uuid = uuid::Builder::from_random_bytes(wide.to_be_bytes())
            .into_uuid()
            .to_string();
        Self {
            uuid,
            published: call.now,
            event: event.name,
            actor,
            targets: event.targets,
            failure: event.failure,
            request_id: call.request_id.as_str().into(),
            path: call.path.as_str().into(),
            agent: call.header("user-agent").unwrap_or("unknown").into(),
            address: call.header("x-forwarded-for").unwrap_or("127.0.0.1").into(),
            token: token.map(Into::into),
        }
    }

    /// What kind of event it is.
    pub(super) fn kind(&self) -> &str {
        self.event
    }

    /// The entry as JSON.
    pub(crate) fn print(&self) -> Value {
        let message = MESSAGES
            .iter()
            .find(|(name, _)| *name == self.event)
            .map_or(self.event, |(_, text)| text);
        let detail = self
            .token
            .as_ref()
            .map_or_else(|| json!({}), |token| json!({ "requestApiTokenId": token }));
        let targets: Vec<_> = self.targets.iter().map(Target::print).collect();
        json!({
            "actor": self.actor.print(),
            "client": {
                "userAgent": { "rawUserAgent": self.agent, "os": "Unknown", "browser": "UNKNOWN" },
                "zone": "null", "device": "Unknown", "id": null, "ipAddress": self.address,
                "geographicalContext": null,
            },
            "device": null,
            "authenticationContext": {
                "authenticationProvider": null, "credentialProvider": null, "credentialType": null, "issuer": null,
                "interface": null, "authenticationStep": 0, "rootSessionId": "unknown", "externalSessionId": "unknown",
            },
            "displayMessage": message,
            "eventType": self.event,
            "outcome": { "result": if self.failure.is_some() { "FAILURE" } else { "SUCCESS" }, "reason": self.failure },
            "published": self.published,
            "securityContext": { "asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null },
            "severity": if self.failure.is_some() { "WARN" } else { "INFO" },
            "debugContext": { "debugData": { "requestId": self.request_id, "requestUri": self.path, "url": self.path } },
            "legacyEventType": null,
            "transaction": { "type": "WEB", "id": self.request_id, "detail": detail },
            "uuid": self.uuid,
            "version": "0",
            "request": { "ipChain": [{ "ip": self.address, "geographicalContext": null, "version": "V4", "source": null }] },
            "target": targets,
        })
    }
}

fn tail_number(tail: Tail) -> [u8; 8] {
    let mut number = [0; 8];
    for (slot, byte) in number
        .iter_mut()
        .zip(tail.id(crate::store::Kind::ORG, 0).bytes().rev())
    {
        *slot = byte;
    }
    number
}
