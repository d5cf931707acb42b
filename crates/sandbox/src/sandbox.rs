//! A running sandbox.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Time;
use crate::control::{Edit, EditError, Fault, Requests};
use crate::credentials::{Credentials, ServiceApp};
use crate::observer::Exchange;
use crate::options::{SandboxOptions, StartError};
use crate::orgs::{OrgPlace, Orgs};
use crate::provisioning::{self, PushError, PushOrder};
use crate::shared::Shared;
use crate::start;

/// A running sandbox. It stops when it is dropped or told to.
pub struct Sandbox {
    orgs: Arc<Orgs>,
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
    tasks: tokio::task::JoinSet<()>,
    _guard: DropGuard,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts an org, or several, and listens.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let started = start::all(options, &stop).await?;
        Ok(Self {
            shared: started.orgs.main(),
            orgs: started.orgs,
            address: started.address,
            stop,
            tasks: started.tasks,
            _guard: guard,
        })
    }

    /// The address of the org, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        self.orgs.url(self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate in PEM, with TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.orgs.certificate_pem()
    }

    /// Every org of this process: its name, addresses and credentials; the first is this one.
    #[must_use]
    pub fn orgs(&self) -> Vec<OrgPlace> {
        self.orgs.list()
    }

    /// With what clients come in.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// An API token of the super administrator.
    #[must_use]
    pub fn api_token(&self) -> &str {
        &self.shared.credentials.api_token
    }

    /// A service app with plain bearer tokens.
    #[must_use]
    pub fn oauth(&self) -> &ServiceApp {
        &self.shared.credentials.oauth
    }

    /// A service app whose tokens are bound by DPoP.
    #[must_use]
    pub fn dpop(&self) -> &ServiceApp {
        &self.shared.credentials.dpop
    }

    /// Shows each answer that no fault spoiled to an observer, before it leaves. There can be one; gives whether it was
    /// taken.
    pub fn observe(&self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> bool {
        self.shared.observed.set(observer)
    }

    /// Brings the state at start back; tokens and service apps keep working.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Adds a rule by which answers go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// Takes all rules away.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// What was asked since the start or the last [`Self::clear_requests`].
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.shared.requests().numbers()
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.shared.requests().clear();
    }

    /// Moves the clock of the org by milliseconds.
    pub fn advance_clock_ms(&self, by: i64) {
        self.shared.clock.advance_ms(by);
        self.shared.touched();
    }

    /// Sets the clock of the org, in milliseconds since 1970.
    pub fn set_clock_ms(&self, to: i64) {
        self.shared.clock.set(Time(to));
        self.shared.touched();
    }

    /// The clock of the org, in milliseconds since 1970.
    #[must_use]
    pub fn clock_ms(&self) -> i64 {
        self.shared.clock.now().0
    }

    /// Stops the clock, or lets it go on.
    pub fn freeze_clock(&self, still: bool) {
        self.shared.clock.freeze(still);
        self.shared.touched();
    }

    /// Changes people and groups at once; gives the ids of what was made.
    pub fn edit(&self, edits: &[Edit]) -> Result<Vec<String>, EditError> {
        self.shared.edit(edits)
    }

    /// Does something with the provisioning of an app; gives what the control says of it.
    pub async fn push(&self, order: &PushOrder) -> Result<serde_json::Value, PushError> {
        provisioning::carry_out(&self.shared, order).await
    }

    /// Switches rate limits on or off.
    pub fn rate_limits(&self, on: bool) {
        self.shared.limits().switch(on);
    }

    /// Sets the org's quota per minute of a bucket; a caller gets half. Gives whether there is such a bucket.
    #[must_use]
    pub fn set_rate_limit(&self, bucket: &str, per_minute: u32) -> bool {
        self.shared.limits().set(bucket, per_minute)
    }

    /// Renews the DPoP nonce and refuses the old ones.
    pub fn renew_nonce(&self) {
        let now = self.shared.clock.now();
        self.shared.memory().renew(now, true);
    }

    /// Takes all administrator roles of a service app, or makes it super administrator again.
    pub fn set_client_admin(&self, client_id: &str, admin: bool) {
        start::set_client_admin(
            &mut self.shared.write(),
            client_id,
            admin,
            self.shared.clock.now(),
        );
    }

    /// Replaces the scopes that are granted to a service app.
    pub fn set_client_scopes(&self, client_id: &str, scopes: &[&str]) {
        start::set_client_scopes(
            &mut self.shared.write(),
            client_id,
            scopes,
            self.shared.clock.now(),
        );
    }

    /// Sets whether a service app must use DPoP.
    pub fn set_client_dpop(&self, client_id: &str, required: bool) {
        start::set_client_dpop(&mut self.shared.write(), client_id, required);
    }

    /// Stops listening, writes the state file if there is one, and waits until that is done.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // Tasks end by themselves; that one was cancelled elsewhere is no matter.
        while self.tasks.join_next().await.is_some() {}
    }

    /// Waits until the sandbox ends.
    pub async fn wait(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
