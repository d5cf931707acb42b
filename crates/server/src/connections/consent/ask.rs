//! A consent from its beginning to its end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_okta::{AuthorizationRequest, Code, OrgUrl, Secret};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use url::{Host, Url};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Begun, Given};
use super::{redirect_uri, stored, words};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections::{Authentication, Connection, Error, client, create, find};
use crate::db::{ConnectionId, Timestamp};
use crate::vault;

/// Whoever begins has so many seconds to come back (10 min).
const SECONDS: i64 = 600;
const VERIFIER: &str = "consent_requests.verifier";

/// Where a person is to go to consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Asked {
    /// The address at Okta to open in a browser.
    pub authorize_url: String,
    /// Where Okta sends the browser back to; must stand among the app's sign-in redirect URIs.
    pub redirect_uri: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Begins a consent for whoever `by` names (a session, a key): only they can finish it. `loopback` is an address of this
/// machine to come back to, for a command; else the console's.
pub async fn ask(
    work: &mut Work,
    id: ConnectionId,
    loopback: Option<&str>,
    by: &str,
) -> Result<Asked, Error> {
    let connection = find(work, id).await?;
    let (client_id, scopes) = ready(work, &connection).await?;
    let redirect_uri = match loopback {
        Some(address) => on_this_machine(address)?,
        None => redirect_uri(work.app()),
    };
    let token = |bytes: [u8; 32]| URL_SAFE_NO_PAD.encode(bytes);
    let (state, verifier) = (token(work.random()), token(work.random()));
    let row: Uuid = work.id();
    let begun = Begun {
        id: row,
        connection_id: id,
        asked_by: by.to_owned(),
        redirect_uri: redirect_uri.clone(),
        verifier: work.seal(VERIFIER, row, verifier.as_bytes()),
        until: work.now.plus_seconds(SECONDS),
    };
    store::begin(work, &begun, &Sha256::digest(&state)).await?;
    let request = AuthorizationRequest {
        client_id: &client_id,
        redirect_uri: &redirect_uri,
        scopes: &scopes,
        state: &state,
        code_verifier: &verifier,
    };
    let org = OrgUrl::parse(connection.domain.org_url()).ok();
    let url = org.and_then(|org| request.url(&org));
    let url = url.ok_or_else(|| Error::Unreadable {
        id,
        what: "domain".to_owned(),
    })?;
    create::record(
        work,
        "connection.consent_asked",
        &connection,
        "a person was sent to Okta to consent",
    )
    .await?;
    Ok(Asked {
        authorize_url: url.into(),
        redirect_uri,
        expires_at: begun.until,
    })
}

/// Finishes a consent: the code is exchanged and the tokens are kept. [`Error::StateUnknown`] for a state that was not
/// begun here, by this caller, in the last ten minutes; each is good once.
pub async fn finish(
    app: &App,
    actor: &Actor,
    state: &str,
    code: &SecretString,
    by: &str,
) -> Result<ConnectionId, Error> {
    let work = app.begin(actor).await?;
    let begun = store::take(&work, &Sha256::digest(state)).await?;
    let Some(begun) = begun.filter(|begun| begun.until > work.now) else {
        return Err(Error::StateUnknown);
    };
    if begun.asked_by != by {
        return Err(Error::StateUnknown);
    }
    let verifier = app
        .vault()
        .open(work.tenant, VERIFIER, begun.id, &begun.verifier)?;
    let verifier = std::str::from_utf8(verifier.expose_secret())
        .map_err(|_| vault::Error::Malformed)?
        .to_owned();
    let connection = find(&work, begun.connection_id).await?;
    let client = client::for_test(&work, &connection).await?;
    work.commit().await?;
    let tokens = client
        .exchange(&Code {
            code: &Secret::from(code.expose_secret()),
            redirect_uri: &begun.redirect_uri,
            code_verifier: &Secret::from(verifier),
        })
        .await
        .map_err(|error| Error::Client(Box::new(error)))?;
    let Some(refresh) = tokens.refresh.clone() else {
        return Err(Error::NoRefreshToken);
    };
    let mut work = app.begin(actor).await?;
    let row = store::find(&work, connection.id).await?;
    let row = row.ok_or_else(|| Error::NotFound(connection.id.to_string()))?;
    let given = Given {
        refresh: work.seal(stored::REFRESH, row.id, refresh.reveal().as_bytes()),
        access: work.seal(stored::ACCESS, row.id, tokens.access.reveal().as_bytes()),
        granted: tokens.scopes.join(" "),
        expires_at: Timestamp::from_jiff(tokens.expires_at),
    };
    store::consent(&work, connection.id, given).await?;
    super::super::store::touch(&work, connection.id).await?;
    create::record(
        &mut work,
        "connection.consented",
        &connection,
        "a person consented at Okta",
    )
    .await?;
    work.commit().await?;
    Ok(connection.id)
}

/// Client id and scopes, if all is there that a consent needs.
async fn ready(work: &Work, connection: &Connection) -> Result<(String, Vec<String>), Error> {
    let authentication = connection.authentication;
    let missing = |field| Error::Missing {
        field,
        authentication,
    };
    if authentication != Authentication::AuthorizationCode {
        return Err(Error::DoesNotGo {
            field: "consent",
            authentication,
        });
    }
    let client_id = connection
        .client_id
        .clone()
        .ok_or_else(|| missing("client_id"))?;
    let row = store::find(work, connection.id).await?;
    let row = row
        .filter(|row| row.client_secret.is_some())
        .ok_or_else(|| missing("client_secret"))?;
    Ok((client_id, words(&row.scopes)))
}

/// `http://127.0.0.1:8765/…`, `http://localhost:…` or `http://[::1]:…`: the code must not leave this machine.
fn on_this_machine(address: &str) -> Result<String, Error> {
    let url = Url::parse(address).ok().filter(|url| {
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        here && url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && address.len() <= 200
    });
    match url {
        Some(_) => Ok(address.to_owned()),
        None => Err(Error::BadRedirect(address.to_owned())),
    }
}

/// Keeps the web app's secret.
pub(in super::super) async fn set_secret(
    work: &Work,
    id: ConnectionId,
    secret: &SecretString,
) -> Result<(), Error> {
    let secret = secret.expose_secret().trim();
    if !(20..=200).contains(&secret.len()) || !secret.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::BadSecret);
    }
    let row = store::find(work, id).await?;
    let row = row.ok_or_else(|| Error::NotFound(id.to_string()))?;
    let sealed = work.seal(stored::SECRET, row.id, secret.as_bytes());
    Ok(store::set_secret(work, id, sealed).await?)
}
