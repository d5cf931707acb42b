//! Apps, their grants and the roles of clients.

use http::Method;
use keywright_model::{App, AppId, app::Grant, role::RoleAssignment};

use super::segment;
use crate::client::Client;
use crate::{Error, Pages};

impl Client {
    /// An app. Scope `okta.apps.read`.
    pub async fn app(&self, id: &AppId) -> Result<App, Error> {
        let path = format!("/api/v1/apps/{}", segment(id.as_str()));
        self.fetch(&self.call(Method::GET, &path, &[])?).await
    }

    /// The scopes granted to an app. Scope `okta.appGrants.read`.
    pub fn app_grants(&self, id: &AppId) -> Result<Pages<Grant>, Error> {
        Pages::new(
            self,
            &format!("/api/v1/apps/{}/grants", segment(id.as_str())),
            &[],
        )
    }

    /// The admin roles of an OAuth client. Scope `okta.roles.read`.
    pub fn client_roles(&self, id: &AppId) -> Result<Pages<RoleAssignment>, Error> {
        Pages::new(
            self,
            &format!("/oauth2/v1/clients/{}/roles", segment(id.as_str())),
            &[],
        )
    }
}
