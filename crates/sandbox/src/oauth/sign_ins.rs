//! What people signed in to: sessions, codes that wait to be exchanged, and grants with their tokens.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::issuer::Issuer;
use crate::clock::Time;
use crate::store::Table;

/// A session of a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) user: u32,
    pub(crate) created: Time,
    pub(crate) until: Time,
    /// When a second factor was proved.
    #[serde(default)]
    pub(crate) factor: Option<Time>,
}

/// What an authorize request asked for, kept until its code is exchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) issuer: Issuer,
    pub(crate) app: u32,
    pub(crate) user: u32,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) auth_time: Time,
    pub(crate) until: Time,
}

/// What a user granted to a client, with the tokens that came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) issuer: Issuer,
    pub(crate) app: u32,
    pub(crate) user: u32,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: Time,
    /// The thumbprint of the key to which the tokens are bound.
    pub(crate) jkt: Option<String>,
    pub(crate) created: Time,
    pub(crate) used: Time,
    /// When the refresh token dies for good, and after how many seconds without use.
    pub(crate) until: Option<Time>,
    pub(crate) window: i64,
    /// The refresh token that counts.
    pub(crate) refresh: Option<String>,
    /// The ids of its access tokens.
    pub(crate) access: Vec<String>,
}

/// What a refresh token leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It is the present one, or an old one within its leeway.
    Good(u32),
    /// It was replaced a while ago: somebody else has it.
    Reused(u32),
    Unknown,
}

/// A request that was pushed: client, parameters, end.
pub(crate) type Pushed = (u32, Vec<(String, String)>, Time);

/// All of it. Tokens are kept as they are, as a sandbox has nothing to hide from its owner.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SignIns {
    pub(crate) sessions: HashMap<String, Session>,
    codes: HashMap<String, Asked>,
    /// Requests that were pushed, by `request_uri`.
    pub(crate) pushed: HashMap<String, Pushed>,
    grants: Table<Granted>,
    /// Refresh tokens: grant, and for replaced ones the end of their leeway.
    tokens: HashMap<String, (u32, Option<Time>)>,
    revoked: HashSet<String>,
    /// Questions by SAML that wait until the person has signed in.
    #[serde(default)]
    pub(crate) questions: HashMap<String, crate::saml::Question>,
    failures: HashMap<u32, u32>,
}

impl SignIns {
    /// Keeps what a code stands for.
    pub(crate) fn add_code(&mut self, code: String, asked: Asked, now: Time) {
        self.codes.retain(|_, other| other.until > now);
        self.codes.insert(code, asked);
    }

    /// What a code stands for, while it lives.
    pub(crate) fn code(&self, code: &str, now: Time) -> Option<&Asked> {
        self.codes.get(code).filter(|asked| asked.until > now)
    }

    /// Uses a code up.
    pub(crate) fn spend(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// Keeps a grant and gives its serial.
    pub(crate) fn add(&mut self, granted: Granted) -> u32 {
        let token = granted.refresh.clone();
        let serial = self.grants.push(granted);
        if let Some(token) = token {
            self.tokens.insert(token, (serial, None));
        }
        serial
    }

    /// The grant with this serial.
    pub(crate) fn grant(&self, serial: u32) -> Option<&Granted> {
        self.grants.get(serial)
    }

    /// Notes an access token of a grant, so that it dies with it.
    pub(crate) fn note(&mut self, serial: u32, id: &str, now: Time) {
        if let Some(grant) = self.grants.get_mut(serial) {
            grant.access.push(id.to_owned());
            grant.used = now;
        }
    }

    /// What a refresh token leads to at a time.
    pub(crate) fn refresh(&self, token: &str, now: Time) -> Shown {
        let Some((serial, replaced)) = self.tokens.get(token).copied() else {
            return Shown::Unknown;
        };
        let alive = self.grants.get(serial).filter(|grant| {
            grant.until.is_none_or(|until| until > now)
                && grant.used.plus(grant.window) > now
                && grant.refresh.is_some()
        });
        match (alive, replaced) {
            (None, _) => Shown::Unknown,
            (Some(_), Some(until)) if until <= now => Shown::Reused(serial),
            (Some(_), _) => Shown::Good(serial),
        }
    }

    /// Puts another refresh token in the place of the present one, which goes on for `leeway` seconds.
    pub(crate) fn rotate(&mut self, serial: u32, old: &str, new: &str, leeway: i64, now: Time) {
        if let Some(grant) = self.grants.get_mut(serial) {
            grant.refresh = Some(new.to_owned());
        }
        if let Some((_, replaced)) = self.tokens.get_mut(old) {
            replaced.get_or_insert(now.plus(leeway));
        }
        self.tokens.insert(new.to_owned(), (serial, None));
    }

    /// Revokes one access token.
    pub(crate) fn revoke(&mut self, id: &str) {
        self.revoked.insert(id.to_owned());
    }

    /// Whether an access token was revoked.
    pub(crate) fn is_revoked(&self, id: &str) -> bool {
        self.revoked.contains(id)
    }

    /// Ends a grant with all its tokens.
    pub(crate) fn end(&mut self, serial: u32) {
        if let Some(grant) = self.grants.remove(serial) {
            self.revoked.extend(grant.access.iter().cloned());
            self.tokens.retain(|_, (of, _)| *of != serial);
        }
    }

    fn end_where(&mut self, fits: impl Fn(&Granted) -> bool) {
        let gone: Vec<u32> = self
            .grants
            .iter()
            .filter(|(_, grant)| fits(grant))
            .map(|(serial, _)| serial)
            .collect();
        for serial in gone {
            self.end(serial);
        }
    }

    /// Ends everything of a custom server.
    pub(crate) fn end_server(&mut self, server: u32) {
        self.end_where(|grant| grant.issuer == Issuer::Custom(server));
        self.codes
            .retain(|_, asked| asked.issuer != Issuer::Custom(server));
    }

    /// Ends the sessions of a user, and with `tokens` what it granted.
    pub(crate) fn end_user(&mut self, user: u32, tokens: bool) {
        self.sessions.retain(|_, session| session.user != user);
        if tokens {
            self.codes.retain(|_, asked| asked.user != user);
            self.end_where(|grant| grant.user == user);
        }
    }

    /// The grants with a refresh token that fit, oldest first.
    pub(crate) fn refreshing(&self, fits: impl Fn(&Granted) -> bool) -> Vec<(u32, &Granted)> {
        self.grants
            .iter()
            .filter(|(_, grant)| grant.refresh.is_some() && fits(grant))
            .collect()
    }

    /// Counts a wrong password; gives how many there were in a row.
    pub(crate) fn failed(&mut self, user: u32) -> u32 {
        let count = self.failures.entry(user).or_default();
        *count += 1;
        *count
    }

    /// Forgets wrong passwords.
    pub(crate) fn succeeded(&mut self, user: u32) {
        self.failures.remove(&user);
    }
}
