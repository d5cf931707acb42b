//! A sandbox org and clients of it.

use std::time::Duration;

use keywright_okta::{Builder, Client, Credentials, Limits, OrgUrl, SigningAlgorithm, SigningKey};
use keywright_sandbox::{Sandbox, SandboxOptions, ServiceApp};

/// Scopes of all calls made here.
pub(crate) const SCOPES: [&str; 3] = ["okta.users.read", "okta.groups.read", "okta.logs.read"];

pub(crate) async fn sandbox(people: u32, groups: u32) -> Sandbox {
    let mut options = SandboxOptions::default();
    (options.people, options.groups, options.rate_limits) = (people, groups, false);
    Sandbox::start(options).await.unwrap()
}

pub(crate) fn client(sandbox: &Sandbox, credentials: Credentials) -> Builder {
    let limits = Limits {
        first_pause: Duration::from_millis(1),
        rate_wait: Duration::from_secs(20),
        ..Limits::default()
    };
    Client::builder(OrgUrl::parse(&sandbox.url()).unwrap(), credentials)
        .scopes(SCOPES)
        .limits(limits)
}

pub(crate) fn token(sandbox: &Sandbox) -> Credentials {
    Credentials::ApiToken(sandbox.api_token().into())
}

pub(crate) fn oauth(app: &ServiceApp) -> Credentials {
    let key = SigningKey::from_pem(&app.private_key_pem).unwrap();
    Credentials::Oauth {
        client_id: app.client_id.clone(),
        key,
    }
}

pub(crate) fn dpop(app: &ServiceApp) -> Credentials {
    dpop_with(app, SigningAlgorithm::Es256)
}

pub(crate) fn dpop_with(app: &ServiceApp, algorithm: SigningAlgorithm) -> Credentials {
    let key = SigningKey::from_pem(&app.private_key_pem).unwrap();
    let dpop_key = SigningKey::generate(algorithm).unwrap();
    Credentials::OauthDpop {
        client_id: app.client_id.clone(),
        key,
        dpop_key,
    }
}
