//! From a cookie to an actor, and from a person to a cookie.

use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::error::{Error, Result};
use crate::actor::{Actor, ActorKind};
use crate::app::{App, Work};
use crate::console::Person;
use crate::db::{self, SessionId, UserId};
use crate::sessions::{self, cookie};
use crate::web::{Browser, Options};
use crate::{directory, tenants};

/// A request's session is noted at most once in so many seconds.
const NOTE_SECONDS: i64 = 60;

/// Who a browser is signed in as.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// Who acts, with what their roles allow now.
    pub actor: Actor,
    /// Their session.
    pub session: SessionId,
    /// Their names.
    pub person: Person,
}

/// Begins a session for a person who may sign in; gives the cookie to set. The caller has found out who it is.
pub async fn admit(
    work: &mut Work,
    user: UserId,
    method: &'static str,
    browser: &Browser,
) -> Result<Vec<HeaderValue>> {
    let access = directory::access(work, user).await?;
    let access = access
        .filter(|access| !access.blocked)
        .ok_or(Error::Blocked)?;
    let (_, token) = sessions::begin(work, user, access.epoch, method, browser).await?;
    let https = Options::of(work.app()).https();
    Ok(
        cookie::set(cookie::SESSION, token.expose_secret(), None, https)
            .into_iter()
            .collect(),
    )
}

/// Who the browser behind these headers is signed in as; `None` for a stranger and for a session that ended, idled too long, or
/// whose person lost access.
pub async fn recognise(app: &App, headers: &HeaderMap) -> db::Result<Option<Recognised>> {
    let https = Options::of(app).https();
    let Some(token) = cookie::read(headers, cookie::SESSION, https).map(SecretString::from) else {
        return Ok(None);
    };
    let Some(tenant) = sessions::tenant_of(&token) else {
        return Ok(None);
    };
    let system = Actor::system(tenant, "sessions");
    let work = app.read(&system).await?;
    let Some(session) = sessions::find(&work, &token).await? else {
        return Ok(None);
    };
    let Some(access) = directory::access(&work, session.user_id).await? else {
        return Ok(None);
    };
    let rules = sessions::rules(&work).await?;
    let by_okta = session.method == "saml";
    if access.blocked || !session.stands(access.epoch, &rules, work.now) || (by_okta && !rules.sso)
    {
        return Ok(None);
    }
    let person = Person {
        id: Some(session.user_id),
        name: access.display_name,
        tenant: tenants::name(&work).await?,
    };
    let now = work.now;
    drop(work);
    if session.seen_at.plus_seconds(NOTE_SECONDS) <= now {
        note(app, &system, session.id).await;
    }
    Ok(Some(Recognised {
        actor: Actor {
            kind: ActorKind::Person(session.user_id),
            name: access.login,
            tenant,
            permissions: access.permissions,
        },
        session: session.id,
        person,
    }))
}

/// A visit that cannot be noted is no reason to refuse it.
async fn note(app: &App, system: &Actor, session: SessionId) {
    let noted = async {
        let work = app.begin(system).await?;
        sessions::touch(&work, session).await?;
        work.commit().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(%error, %session, "a visit could not be noted");
    }
}
