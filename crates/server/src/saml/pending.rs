//! A sign-in that a browser began, sealed into a cookie of that browser: nothing of it is stored here.
//!
//! The answer comes as a form that another site's page makes the browser send, so the cookie must be fit for that:
//! `SameSite=None; Secure`. Plain http (this machine alone) cannot have `Secure`; there the cookie goes without `SameSite`,
//! which browsers send with such a form for at least two minutes (`docs/notes/0071-the-question-in-a-cookie.md`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use keywright_proto::saml::RelayState;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::db::{ConnectionId, TenantId, Timestamp};
use crate::vault::Sealed;

/// What the sealed cookie is bound to, beside tenant and connection.
const COLUMN: &str = "saml.pending";
/// A question may be answered for so many seconds (10 min).
pub(super) const SECONDS: i64 = 600;
/// Questions that a browser may have open at once; with one more all earlier ones are over.
const MOST: usize = 5;

/// What a browser asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The id of the question, which the answer must name.
    pub(super) question: String,
    /// `RelayState` of the question, which must come back.
    pub(super) relay: String,
    /// Where the person goes then: a path of ours.
    pub(super) back: String,
    /// Until when it may be answered.
    pub(super) until: Timestamp,
}

/// Whose question it is, and how browsers reach us.
pub(super) struct Place<'a> {
    pub(super) app: &'a App,
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    pub(super) https: bool,
}

impl Place<'_> {
    /// The cookies to set so that this browser can be answered: the new one, after those that are over.
    pub(super) fn give(&self, pending: &Pending, headers: &HeaderMap) -> Vec<HeaderValue> {
        let mut cookies = Vec::new();
        let prefix = self.prefix();
        let open: Vec<&str> = names(headers, &prefix).collect();
        if open.len() >= MOST {
            cookies.extend(open.into_iter().filter_map(|name| self.cookie(name, "", 0)));
        }
        let name = self.name(&pending.relay);
        cookies.extend(self.cookie(&name, &self.seal(pending), SECONDS));
        cookies
    }

    /// How many questions this browser has open.
    pub(super) fn open(&self, headers: &HeaderMap) -> usize {
        names(headers, &self.prefix()).count()
    }

    /// The cookie that takes a question away once it was answered.
    pub(super) fn take_away(&self, pending: &Pending) -> Option<HeaderValue> {
        self.cookie(&self.name(&pending.relay), "", 0)
    }

    /// What this browser asked under this `RelayState`, if it still stands.
    pub(super) fn find(&self, relay: &RelayState, headers: &HeaderMap) -> Option<Pending> {
        let name = self.name(relay.as_str());
        let mut found = values(headers, &name);
        let sealed = found.next().filter(|_| found.next().is_none())?;
        let pending = self.unseal(sealed)?;
        let stands = pending.relay == relay.as_str() && self.app.now() < pending.until;
        stands.then_some(pending)
    }

    fn seal(&self, pending: &Pending) -> String {
        let text = serde_json::to_vec(pending).unwrap_or_default();
        let nonce = self.app.random();
        let vault = self.app.vault();
        let sealed = vault.seal(self.tenant, COLUMN, self.connection.0, &text, nonce);
        URL_SAFE_NO_PAD.encode(sealed.0)
    }

    fn unseal(&self, text: &str) -> Option<Pending> {
        let sealed = Sealed(URL_SAFE_NO_PAD.decode(text).ok()?);
        let vault = self.app.vault();
        let opened = vault
            .open(self.tenant, COLUMN, self.connection.0, &sealed)
            .ok()?;
        serde_json::from_slice(opened.expose_secret()).ok()
    }

    fn prefix(&self) -> String {
        let host = if self.https { "__Host-" } else { "" };
        format!("{host}keywright-saml-")
    }

    /// Each question has a cookie of its own, so that two windows do not end each other's.
    fn name(&self, relay: &str) -> String {
        let short: String = relay.chars().take(8).collect();
        format!("{}{short}", self.prefix())
    }

    fn cookie(&self, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
        let site = if self.https {
            "; SameSite=None; Secure"
        } else {
            ""
        };
        let text = format!("{name}={value}; Path=/; HttpOnly; Max-Age={seconds}{site}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    pairs(headers)
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

fn names<'h>(headers: &'h HeaderMap, prefix: &'h str) -> impl Iterator<Item = &'h str> {
    pairs(headers)
        .map(|(name, _)| name)
        .filter(move |name| name.starts_with(prefix))
}
