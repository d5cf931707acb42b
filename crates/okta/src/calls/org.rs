//! The org: what it is, its tokens, authenticators and policies.

use http::Method;
use keywright_model::{
    ApiToken,
    authenticator::Authenticator,
    org::WellKnownOrg,
    policy::{Policy, PolicyRule},
};

use super::segment;
use crate::client::Client;
use crate::{Error, Pages};

impl Client {
    /// `/.well-known/okta-organization`: public, tells id and engine of the org.
    pub async fn well_known_org(&self) -> Result<WellKnownOrg, Error> {
        self.fetch(
            &self
                .call(Method::GET, "/.well-known/okta-organization", &[])?
                .public(),
        )
        .await
    }

    /// The org's API tokens (their metadata). Scope `okta.apiTokens.read`.
    pub fn api_tokens(&self) -> Result<Pages<ApiToken>, Error> {
        Pages::new(self, "/api/v1/api-tokens", &[])
    }

    /// Revokes the API token this client uses; its next call must end in [`Error::TokenInvalid`].
    pub async fn revoke_current_api_token(&self) -> Result<(), Error> {
        self.send(&self.call(Method::DELETE, "/api/v1/api-tokens/current", &[])?)
            .await
            .map(drop)
    }

    /// The org's authenticators. Scope `okta.authenticators.read`.
    pub fn authenticators(&self) -> Result<Pages<Authenticator>, Error> {
        Pages::new(self, "/api/v1/authenticators", &[])
    }

    /// Policies of a type (`MFA_ENROLL`, `ACCESS_POLICY`, `IDP_DISCOVERY`, …). Scope `okta.policies.read`.
    pub fn policies(&self, policy_type: &str) -> Result<Pages<Policy>, Error> {
        Pages::new(self, "/api/v1/policies", &[("type", policy_type)])
    }

    /// A policy's rules. Scope `okta.policies.read`.
    pub fn policy_rules(&self, policy: &str) -> Result<Pages<PolicyRule>, Error> {
        Pages::new(
            self,
            &format!("/api/v1/policies/{}/rules", segment(policy)),
            &[],
        )
    }
}
