//! What both ends of a sign-in need: whose connection it is, whether it is open, its settings, certificates and keys.

use keywright_proto::saml::{IdentityProvider, SpKey};

use super::addresses::Addresses;
use super::keys::{self, KeyState};
use super::pending::Place;
use super::refused::Refused;
use super::settings::Settings;
use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::connections::{self, Status};
use crate::db::{ConnectionId, TenantId};
use crate::sessions;
use crate::web::{Browser, Options};

/// The name under which work is done before it is known who signs in.
pub(super) const ACTOR: &str = "saml";

/// A connection at which somebody may sign in now.
pub(super) struct Desk {
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    pub(super) addresses: Addresses,
    pub(super) settings: Settings,
    pub(super) provider: IdentityProvider,
    /// The current one first.
    pub(super) keys: Vec<SpKey>,
    pub(super) https: bool,
}

impl Desk {
    pub(super) fn place<'a>(&self, app: &'a App) -> Place<'a> {
        Place {
            app,
            tenant: self.tenant,
            connection: self.connection,
            https: self.https,
        }
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::system(self.tenant, ACTOR)
    }
}

/// Opens the desk of a connection for a browser.
pub(super) async fn open(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
    browser: &Browser,
) -> Result<Desk, Refused> {
    let options = Options::of(app);
    let work = app.read(&Actor::system(tenant, ACTOR)).await?;
    let rules = sessions::rules(&work).await?;
    if !rules.sso {
        return Err(Refused::SsoOff);
    }
    if !rules.let_in(browser.address) {
        return Err(Refused::Address);
    }
    if connections::find(&work, connection).await?.status == Status::Disabled {
        return Err(Refused::NotReady);
    }
    let settings = store::settings(&work, connection).await?;
    let settings = settings
        .filter(|settings| settings.enabled)
        .ok_or(Refused::NotReady)?;
    let pinned = store::certificates(&work, connection).await?;
    let provider = settings.provider(&pinned).ok_or(Refused::NotReady)?;
    let stored = keys::keys(&work, connection).await?;
    drop(work);
    if !stored.iter().any(|key| key.state == KeyState::Current) {
        return Err(Refused::NotReady);
    }
    let keys: Result<Vec<SpKey>, _> = stored.iter().map(|key| key.open(app, tenant)).collect();
    Ok(Desk {
        tenant,
        connection,
        addresses: Addresses::below(&options.public_url, connection),
        settings,
        provider,
        keys: keys?,
        https: options.https(),
    })
}
