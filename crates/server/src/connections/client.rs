//! One client per connection and process: all work on it draws from one rate budget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keywright_okta::{Client, Clock, Credentials, Limits, OrgUrl, RateBudget, Secret};
use secrecy::ExposeSecret;

use super::create::TOKEN_COLUMN;
use super::keys::{self, Key, KeyState, Purpose};
use super::{
    Authentication, Capability, Connection, Error, Outcome, Status, authentication, consent, find,
    store,
};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::{ConnectionId, TenantId};
use crate::vault::{self, Sealed};

/// How long a test waits: a person waits for it, so it gives up sooner than work in the background.
const PATIENCE: Limits = Limits {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(20),
    answer_bytes: 4 * 1024 * 1024,
    rate_wait: Duration::from_secs(70),
    tries: 2,
    first_pause: Duration::from_millis(200),
};

/// The clients of this process; a part of every [`App`].
#[derive(Clone, Default)]
pub struct Clients(Arc<Mutex<HashMap<(TenantId, ConnectionId), Kept>>>);

struct Kept {
    made_of: MadeOf,
    client: Option<Client>,
    budget: Arc<RateBudget>,
}

/// What a client must be made anew for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct MadeOf {
    version: i64,
    scopes: Vec<String>,
}

/// The client of a connection, shared by all work on it. Nothing is sent yet.
///
/// It asks for the scopes that the last test found granted, or for all that the jobs need when there was no test.
/// [`Error::Disabled`] for a connection that is switched off.
pub async fn client(app: &App, tenant: TenantId, id: ConnectionId) -> Result<Client, Error> {
    let work = app.read(&Actor::system(tenant, "connections")).await?;
    let connection = find(&work, id).await?;
    if connection.status == Status::Disabled {
        return Err(Error::Disabled(connection.name));
    }
    let made_of = MadeOf {
        version: connection.version,
        scopes: match connection.authentication {
            Authentication::AuthorizationCode => consent::granted(&work, &connection).await?,
            _ => scopes(&connection),
        },
    };
    let clients = clients(app);
    if let Some(kept) = clients.of(tenant, id).filter(|(kept, _)| *kept == made_of) {
        return Ok(kept.1);
    }
    consent::must_be(&work, &connection).await?;
    let credentials = credentials(&work, &connection).await?;
    let client = build(
        app,
        &connection,
        credentials,
        &made_of.scopes,
        clients.budget(tenant, &connection),
        Limits::default(),
    )?;
    clients.keep(tenant, id, made_of, &client);
    Ok(client)
}

/// The rate budget that all work on the connection draws from in this process.
#[must_use]
pub fn budget(app: &App, tenant: TenantId, connection: &Connection) -> Arc<RateBudget> {
    clients(app).budget(tenant, connection)
}

/// A client of the connection for a test: its own sign-in, all wanted scopes, the same budget.
pub(super) async fn for_test(work: &Work, connection: &Connection) -> Result<Client, Error> {
    let app = work.app();
    let credentials = credentials(work, connection).await?;
    let wanted = match connection.authentication {
        Authentication::AuthorizationCode => consent::granted(work, connection).await?,
        _ => wanted(connection),
    };
    build(
        app,
        connection,
        credentials,
        &wanted,
        clients(app).budget(work.tenant, connection),
        PATIENCE,
    )
}

/// A client that signs with another client key than the current one.
pub(super) fn with_key(
    app: &App,
    tenant: TenantId,
    connection: &Connection,
    keys: &[Key],
    client_key: &Key,
) -> Result<Client, Error> {
    let credentials = by_keys(app, tenant, connection, keys, client_key)?;
    build(
        app,
        connection,
        credentials,
        &scopes(connection),
        clients(app).budget(tenant, connection),
        PATIENCE,
    )
}

async fn credentials(work: &Work, connection: &Connection) -> Result<Credentials, Error> {
    let authentication = connection.authentication;
    if authentication == Authentication::ApiToken {
        let sealed = store::api_token(work, connection.id)
            .await?
            .ok_or(Error::Missing {
                field: "api_token",
                authentication,
            })?;
        return Ok(Credentials::ApiToken(open_token(
            work,
            connection.id,
            &sealed,
        )?));
    }
    if authentication == Authentication::AuthorizationCode {
        return consent::credentials(work, connection).await;
    }
    let keys = store::keys(work, connection.id).await?;
    let client_key = current(&keys, Purpose::Client).ok_or(Error::Missing {
        field: "the client key",
        authentication,
    })?;
    by_keys(work.app(), work.tenant, connection, &keys, client_key)
}

fn by_keys(
    app: &App,
    tenant: TenantId,
    connection: &Connection,
    keys: &[Key],
    client_key: &Key,
) -> Result<Credentials, Error> {
    let authentication = connection.authentication;
    let client_id = connection.client_id.clone().ok_or(Error::Missing {
        field: "client_id",
        authentication,
    })?;
    let key = keys::open(app, tenant, client_key)?;
    if authentication != Authentication::OauthDpop {
        return Ok(Credentials::Oauth { client_id, key });
    }
    let dpop = current(keys, Purpose::Dpop).ok_or(Error::Missing {
        field: "the DPoP key",
        authentication,
    })?;
    Ok(Credentials::OauthDpop {
        client_id,
        key,
        dpop_key: keys::open(app, tenant, dpop)?,
    })
}

fn current(keys: &[Key], purpose: Purpose) -> Option<&Key> {
    keys.iter()
        .find(|key| key.purpose == purpose && key.state == KeyState::Current)
}

fn open_token(work: &Work, id: ConnectionId, sealed: &Sealed) -> Result<Secret, Error> {
    let token = work
        .app()
        .vault()
        .open(work.tenant, TOKEN_COLUMN, id.0, sealed)?;
    let token = std::str::from_utf8(token.expose_secret()).map_err(|_| vault::Error::Malformed)?;
    Ok(Secret::new(token.to_owned()))
}

fn build(
    app: &App,
    connection: &Connection,
    credentials: Credentials,
    scopes: &[String],
    budget: Arc<RateBudget>,
    limits: Limits,
) -> Result<Client, Error> {
    let org = OrgUrl::parse(connection.domain.org_url()).map_err(|_| Error::Unreadable {
        id: connection.id,
        what: "domain".to_owned(),
    })?;
    let clock = app.clock().clone();
    Client::builder(org, credentials)
        .scopes(scopes)
        .budget(budget)
        .limits(limits)
        .clock(Clock::from_fn(move || clock.now().to_jiff()))
        .build()
        .map_err(|error| Error::Client(Box::new(error)))
}

/// All scopes that the jobs ask for.
fn wanted(connection: &Connection) -> Vec<String> {
    if !connection.authentication.has_client() {
        return Vec::new();
    }
    authentication::scopes(&connection.jobs)
        .iter()
        .map(|scope| scope.name.to_owned())
        .collect()
}

/// The wanted scopes without those that the last test found not granted but not needed either: Okta refuses a token
/// outright when one of the scopes is not granted.
fn scopes(connection: &Connection) -> Vec<String> {
    let left_out = |name: &str| {
        connection
            .test
            .iter()
            .flat_map(|report| &report.checks)
            .any(|check| {
                check.capability == Capability::Scope
                    && check.outcome == Outcome::Warning
                    && check.scope.as_deref() == Some(name)
            })
    };
    wanted(connection)
        .into_iter()
        .filter(|name| !left_out(name))
        .collect()
}

/// The clients of the app; of none are kept in one that was built without.
fn clients(app: &App) -> Clients {
    app.part::<Clients>().cloned().unwrap_or_default()
}

impl Clients {
    fn of(&self, tenant: TenantId, id: ConnectionId) -> Option<(MadeOf, Client)> {
        let all = self.lock();
        let kept = all.get(&(tenant, id))?;
        Some((kept.made_of.clone(), kept.client.clone()?))
    }

    fn keep(&self, tenant: TenantId, id: ConnectionId, made_of: MadeOf, client: &Client) {
        if let Some(kept) = self.lock().get_mut(&(tenant, id)) {
            kept.made_of = made_of;
            kept.client = Some(client.clone());
        }
    }

    /// The connection's budget outlives its clients: what Okta granted does not change with a key.
    fn budget(&self, tenant: TenantId, connection: &Connection) -> Arc<RateBudget> {
        let mut all = self.lock();
        let kept = all.entry((tenant, connection.id)).or_insert_with(|| Kept {
            made_of: MadeOf::default(),
            client: None,
            budget: Arc::new(RateBudget::new(connection.rate_share)),
        });
        kept.budget.set_share(connection.rate_share);
        kept.budget.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, ConnectionId), Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
