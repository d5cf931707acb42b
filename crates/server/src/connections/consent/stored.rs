//! The tokens of a consent, as the client of Okta's API takes and keeps them: sealed, in the database, so that all
//! processes share them and one refresh goes on at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keywright_okta::{Credentials, Ended, Grants, Held, Pending, Secret, StoreFault, Tokens};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::store::{self, Given, Row};
use super::words;
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections::{Connection, Error, status};
use crate::db::{ConnectionId, TenantId, Timestamp};
use crate::vault::{self, Sealed};

pub(super) const SECRET: &str = "connection_consents.client_secret";
pub(super) const REFRESH: &str = "connection_consents.refresh_token";
pub(super) const ACCESS: &str = "connection_consents.access_token";

/// An access token is good while it lives longer than this, in seconds.
const ENOUGH: i64 = 300;
/// A refresh takes no longer than this, in seconds; afterwards another may try. Shorter than the usual leeway of 30: who
/// takes over from a process that was killed still has time to use the old refresh token.
const HOLD: i64 = 10;
/// Whoever waits for another's refresh looks again after this.
const LOOK: Duration = Duration::from_millis(100);
/// So often.
const LOOKS: u32 = 200;

/// The credentials of a connection by consent.
pub(in super::super) async fn credentials(
    work: &Work,
    connection: &Connection,
) -> Result<Credentials, Error> {
    let authentication = connection.authentication;
    let missing = |field| Error::Missing {
        field,
        authentication,
    };
    let client_id = connection
        .client_id
        .clone()
        .ok_or_else(|| missing("client_id"))?;
    let row = store::find(work, connection.id).await?;
    let row = row.ok_or_else(|| missing("client_secret"))?;
    let sealed = row
        .client_secret
        .as_ref()
        .ok_or_else(|| missing("client_secret"))?;
    Ok(Credentials::AuthorizationCode {
        client_id,
        client_secret: open(work.app(), work.tenant, SECRET, row.id, sealed)?,
        grants: Arc::new(Stored {
            app: work.app().clone(),
            tenant: work.tenant,
            connection: connection.id,
            holder: Mutex::new(None),
        }),
    })
}

fn open(
    app: &App,
    tenant: TenantId,
    column: &str,
    row: Uuid,
    sealed: &Sealed,
) -> Result<Secret, vault::Error> {
    let opened = app.vault().open(tenant, column, row, sealed)?;
    let text = std::str::from_utf8(opened.expose_secret()).map_err(|_| vault::Error::Malformed)?;
    Ok(Secret::from(text))
}

/// The consent of one connection.
struct Stored {
    app: App,
    tenant: TenantId,
    connection: ConnectionId,
    /// Under what name it is held by this client.
    holder: Mutex<Option<Uuid>>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stored").field(&self.connection).finish()
    }
}

/// What a look at the consent gave.
enum Look {
    Held(Box<Held>),
    /// Somebody else refreshes.
    Wait,
}

impl Stored {
    fn actor(&self) -> Actor {
        Actor::system(self.tenant, "connections")
    }

    async fn begin(&self) -> Result<Work, Error> {
        Ok(self.app.begin(&self.actor()).await?)
    }

    fn held(&self) -> Uuid {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        holder.unwrap_or_else(Uuid::nil)
    }

    async fn look(&self, refused: Option<&Secret>) -> Result<Look, Error> {
        let work = self.begin().await?;
        let row = store::find(&work, self.connection).await?;
        let row = row.ok_or_else(|| Error::NotFound(self.connection.to_string()))?;
        if let Some(word) = &row.ended {
            return Ok(Look::Held(Box::new(Held::Ended(Ended::of(word)))));
        }
        let Some(refresh) = &row.refresh_token else {
            return Err(Error::NoConsent);
        };
        let access = self.access(&row)?;
        let is_refused = |tokens: &Tokens| {
            refused.is_some_and(|refused| refused.reveal() == tokens.access.reveal())
        };
        let now = work.now;
        let left = |seconds: i64| {
            let until = row.expires_at.unwrap_or_default();
            until.0 > now.plus_seconds(seconds).0
        };
        if let Some(tokens) = access
            .as_ref()
            .filter(|tokens| left(ENOUGH) && !is_refused(tokens))
        {
            return Ok(Look::Held(Box::new(Held::Fresh(tokens.clone()))));
        }
        if row.held_until.is_some_and(|until| until.0 > work.now.0) {
            return Ok(Look::Wait);
        }
        let refresh = open(&self.app, self.tenant, REFRESH, row.id, refresh)?;
        let holder: Uuid = work.id();
        store::hold(&work, self.connection, holder, work.now.plus_seconds(HOLD)).await?;
        work.commit().await?;
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = Some(holder);
        Ok(Look::Held(Box::new(Held::Stale {
            refresh,
            access: access.filter(|_| left(0)).map(|tokens| tokens.access),
            in_flight: row.in_flight_at.is_some(),
        })))
    }

    fn access(&self, row: &Row) -> Result<Option<Tokens>, Error> {
        let Some(sealed) = &row.access_token else {
            return Ok(None);
        };
        Ok(Some(Tokens {
            access: open(&self.app, self.tenant, ACCESS, row.id, sealed)?,
            refresh: None,
            scopes: words(row.granted.as_deref().unwrap_or_default()),
            expires_at: row.expires_at.unwrap_or_default().to_jiff(),
        }))
    }

    async fn taken(&self, refused: Option<&Secret>) -> Result<Held, Error> {
        for _ in 0..LOOKS {
            match self.look(refused).await {
                Ok(Look::Held(held)) => return Ok(*held),
                // Another was quicker in that very moment.
                Ok(Look::Wait) | Err(Error::Database(crate::db::Error::Stale)) => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::StillRefreshing)
    }

    async fn kept(&self, tokens: &Tokens) -> Result<(), Error> {
        let work = self.begin().await?;
        let row = store::find(&work, self.connection).await?;
        let row = row.ok_or_else(|| Error::NotFound(self.connection.to_string()))?;
        let Some(refresh) = &tokens.refresh else {
            return Err(Error::NoRefreshToken);
        };
        let given = Given {
            refresh: work.seal(REFRESH, row.id, refresh.reveal().as_bytes()),
            access: work.seal(ACCESS, row.id, tokens.access.reveal().as_bytes()),
            granted: tokens.scopes.join(" "),
            expires_at: Timestamp::from_jiff(tokens.expires_at),
        };
        store::keep(&work, self.connection, self.held(), given).await?;
        Ok(work.commit().await?)
    }

    async fn released(&self) -> Result<(), Error> {
        let work = self.begin().await?;
        store::release(&work, self.connection, self.held()).await?;
        Ok(work.commit().await?)
    }

    async fn ended(&self, why: Ended) -> Result<(), Error> {
        let mut work = self.begin().await?;
        store::end(&work, self.connection, self.held(), why.word()).await?;
        let text = format!("reconnect needed: {why}");
        status::failed(&mut work, self.connection, &text).await?;
        Ok(work.commit().await?)
    }
}

fn fault(error: &Error) -> StoreFault {
    StoreFault(crate::web::chain(error))
}

impl Grants for Stored {
    fn take<'a>(&'a self, refused: Option<&'a Secret>) -> Pending<'a, Held> {
        Box::pin(async move { self.taken(refused).await.map_err(|error| fault(&error)) })
    }

    fn keep<'a>(&'a self, tokens: &'a Tokens) -> Pending<'a, ()> {
        Box::pin(async move { self.kept(tokens).await.map_err(|error| fault(&error)) })
    }

    fn release(&self) -> Pending<'_, ()> {
        Box::pin(async move { self.released().await.map_err(|error| fault(&error)) })
    }

    fn end(&self, why: Ended) -> Pending<'_, ()> {
        Box::pin(async move { self.ended(why).await.map_err(|error| fault(&error)) })
    }
}
