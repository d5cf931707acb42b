//! How a client is put together.

use std::sync::Arc;

use crate::random::Random;
use crate::wire::Wire;
use crate::{Client, Clock, Credentials, Error, Limits, OrgUrl, RateBudget};

/// What a client is made of. Only org and credentials have no default.
#[derive(Debug)]
pub struct Builder {
    org: OrgUrl,
    credentials: Credentials,
    scopes: Vec<String>,
    budget: Arc<RateBudget>,
    clock: Clock,
    limits: Limits,
    seed: Option<u64>,
}

impl Client {
    /// Starts a client.
    #[must_use]
    pub fn builder(org: OrgUrl, credentials: Credentials) -> Builder {
        Builder {
            org,
            credentials,
            scopes: Vec::new(),
            budget: Arc::default(),
            clock: Clock::system(),
            limits: Limits::default(),
            seed: None,
        }
    }
}

impl Builder {
    /// Scopes to ask for; nothing for an API token.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The connection's rate budget; a new one of 50 % where none is given.
    #[must_use]
    pub fn budget(mut self, budget: Arc<RateBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Where the local time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Bounds of time and size.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes ids and jitter repeatable, for tests. Not for two clients of one org: the second's `jti` would be the first's,
    /// and an assertion or proof is good once.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, Error> {
        let random = self.seed.map_or_else(Random::from_os, Random::seeded);
        let wire = Wire::new(self.org, self.clock, self.limits)
            .map_err(|error| Error::NoHttpClient(error.to_string()))?;
        Ok(Client::assemble(
            wire,
            self.credentials,
            self.scopes,
            self.budget,
            random,
        ))
    }
}
