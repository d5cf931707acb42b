//! Whose sign-in it is: by Okta's user id, and only by it.
//!
//! ```text
//! id sent as attribute ──────────────┐
//! no id: NameID, and Okta is asked   ├─► user joined by (connection, id) ─► login of another one here? ─► refused
//!   whose login that is now ─────────┘        └─ none ─► login known here? ─► refused, else just-in-time, if on
//! ```
//!
//! Logins change hands: two people may swap theirs between two sync runs, so a login alone, as we know it, says nothing
//! about who signs in (`docs/notes/0070-who-signed-in.md`).

use std::time::Duration;

use keywright_proto::saml::Identity;

use super::desk::Desk;
use super::jit;
use super::refused::Refused;
use crate::app::{App, Work};
use crate::connections;
use crate::directory::{self, Kind, User};

/// How long Okta is asked, while a person waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Okta's id of who signed in: as the answer says, or asked of Okta by the login.
pub(super) async fn okta_id(
    app: &App,
    desk: &Desk,
    identity: &Identity,
) -> Result<String, Refused> {
    let attribute = &desk.settings.okta_id_attribute;
    if let Some(id) = identity
        .attribute(attribute)
        .map(str::trim)
        .filter(|id| !id.is_empty())
    {
        return Ok(id.to_owned());
    }
    let login = identity.name_id.trim();
    let unsure = |why: String| Refused::Unsure {
        login: login.to_owned(),
        attribute: attribute.clone(),
        why,
    };
    let client = connections::client(app, desk.tenant, desk.connection)
        .await
        .map_err(|error| unsure(error.to_string()))?;
    match tokio::time::timeout(PATIENCE, client.user(login)).await {
        Err(_) => Err(unsure("no answer in time".to_owned())),
        Ok(Err(error)) if error.is_not_found() => Err(Refused::NoSuchLogin {
            login: login.to_owned(),
        }),
        Ok(Err(error)) => Err(unsure(error.to_string())),
        // Okta takes a login without its domain too; a NameID must be the whole login.
        Ok(Ok(user)) if !same(user.profile.login.as_str().unwrap_or_default(), login) => {
            Err(Refused::NoSuchLogin {
                login: login.to_owned(),
            })
        }
        Ok(Ok(user)) => Ok(user.id.to_string()),
    }
}

/// The user with this id of the connection, if they may sign in.
pub(super) async fn admit(
    work: &mut Work,
    desk: &Desk,
    okta_id: &str,
    identity: &Identity,
) -> Result<User, Refused> {
    let user = find(work, desk, okta_id, identity).await?;
    let login = user.login.clone();
    if user.kind != Kind::Okta.word() {
        return Err(Refused::NotOfOkta { login });
    }
    if user.blocked {
        return Err(Refused::Blocked { login });
    }
    if directory::roles_of(work, user.id).await?.is_empty() {
        return Err(Refused::NoRole { login });
    }
    Ok(user)
}

async fn find(
    work: &mut Work,
    desk: &Desk,
    okta_id: &str,
    identity: &Identity,
) -> Result<User, Refused> {
    let login = identity.name_id.trim();
    let by_id = directory::user_by_okta_id(work, desk.connection, okta_id).await?;
    let by_login = directory::users_of_connection_by_login(work, desk.connection, login).await?;
    let conflict = || Refused::Conflict {
        login: login.to_owned(),
        okta_id: okta_id.to_owned(),
    };
    match by_id {
        Some(user) if by_login.is_empty() || same(&user.login, login) => Ok(user),
        Some(_) => Err(conflict()),
        None if !by_login.is_empty() => Err(conflict()),
        None if desk.settings.jit => jit::make(work, desk, okta_id, identity).await,
        None => Err(Refused::Unknown {
            login: login.to_owned(),
            okta_id: okta_id.to_owned(),
        }),
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
