//! Making and changing connections.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::keys::{self, Algorithm, GivenKey, Key, KeyState, Purpose};
use super::{
    Authentication, Connection, DEFAULT_SHARE, Domain, Error, Job, Status, consent, store,
};
use crate::actor::Permission;
use crate::app::Work;
use crate::db::ConnectionId;
use crate::{audit, directory};

/// What the sealed API tokens are bound to.
pub(super) const TOKEN_COLUMN: &str = "connections.api_token";

/// A connection to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// Its name; by default the org's first label.
    #[serde(default)]
    pub name: Option<String>,
    /// The org, in any spelling.
    pub domain: String,
    /// How it proves itself.
    #[serde(default)]
    pub authentication: Authentication,
    /// The service app's client id; can be given later, once the app has our key.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The API token, for `api_token`.
    #[serde(default, deserialize_with = "super::given::optional")]
    #[schema(value_type = Option<String>, format = "password")]
    pub api_token: Option<SecretString>,
    /// The web app's secret, for `authorization_code`; can be given later.
    #[serde(default, deserialize_with = "super::given::optional")]
    #[schema(value_type = Option<String>, format = "password")]
    pub client_secret: Option<SecretString>,
    /// The scopes to ask a person's consent for; by default what the jobs need. `offline_access` is always among them.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// What it is switched on for; by default `sync`.
    #[serde(default)]
    pub jobs: Option<Vec<Job>>,
    /// Its share of the org's rate limits, percent; by default 50.
    #[serde(default)]
    pub rate_share: Option<u32>,
    /// The kind of the keys that are made here.
    #[serde(default)]
    pub key_algorithm: Algorithm,
    /// A client key that exists already; by default one is made.
    #[serde(default)]
    pub client_key: Option<GivenKey>,
    /// A DPoP key that exists already; by default one is made.
    #[serde(default)]
    pub dpop_key: Option<GivenKey>,
}

/// What is to be changed; what is missing stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Another way to prove itself: `oauth` and `oauth_dpop` keep their keys, `api_token` needs a token.
    #[serde(default)]
    pub authentication: Option<Authentication>,
    /// Another client id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Another API token.
    #[serde(default, deserialize_with = "super::given::optional")]
    #[schema(value_type = Option<String>, format = "password")]
    pub api_token: Option<SecretString>,
    /// Another client secret, for `authorization_code`.
    #[serde(default, deserialize_with = "super::given::optional")]
    #[schema(value_type = Option<String>, format = "password")]
    pub client_secret: Option<SecretString>,
    /// Other scopes to ask a person's consent for; in force with the next consent.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Other jobs.
    #[serde(default)]
    pub jobs: Option<Vec<Job>>,
    /// Another share, percent.
    #[serde(default)]
    pub rate_share: Option<u32>,
    /// Switches it off or on again.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// Makes a connection with its keys. It is `inactive` until it is tested.
pub async fn create(work: &mut Work, new: New) -> Result<Connection, Error> {
    let domain = Domain::parse(&new.domain)?;
    let connection = Connection {
        id: work.id(),
        name: check_name(&new.name.unwrap_or_else(|| default_name(&domain)))?,
        authentication: new.authentication,
        client_id: check_client(new.client_id.as_deref(), new.authentication)?,
        jobs: check_jobs(new.jobs.unwrap_or_else(|| vec![Job::Sync])),
        rate_share: check_share(new.rate_share)?,
        domain,
        status: Status::Inactive,
        status_since: work.now,
        status_why: None,
        tested_at: None,
        test: None,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    let token = match (new.authentication, &new.api_token) {
        (Authentication::ApiToken, Some(token)) => Some(seal_token(work, connection.id, token)?),
        (authentication @ Authentication::ApiToken, None) => {
            return Err(Error::Missing {
                field: "api_token",
                authentication,
            });
        }
        (authentication, Some(_)) => {
            return Err(Error::DoesNotGo {
                field: "api_token",
                authentication,
            });
        }
        (_, None) => None,
    };
    let keys = first_keys(
        work,
        new.client_key.as_ref(),
        new.dpop_key.as_ref(),
        new.authentication,
        new.key_algorithm,
    )?;
    if !store::insert(work, &connection, token).await? {
        return Err(Error::Taken {
            name: connection.name,
            domain: connection.domain.to_string(),
        });
    }
    for key in &keys {
        store::insert_key(work, connection.id, key).await?;
    }
    choose(work, &connection, true, new.scopes, new.client_secret).await?;
    record(
        work,
        "connection.created",
        &connection,
        "an Okta org was joined",
    )
    .await?;
    Ok(connection)
}

/// Client key and DPoP key, given or made; none for an API token.
fn first_keys(
    work: &Work,
    client: Option<&GivenKey>,
    dpop: Option<&GivenKey>,
    authentication: Authentication,
    algorithm: Algorithm,
) -> Result<Vec<Key>, Error> {
    if !authentication.has_keys() {
        return match (client, dpop) {
            (None, None) => Ok(Vec::new()),
            _ => Err(Error::DoesNotGo {
                field: "a key",
                authentication,
            }),
        };
    }
    let one = |purpose, given: Option<&GivenKey>| match given {
        Some(given) => keys::take(work, purpose, given, KeyState::Current),
        None => keys::generate(work, purpose, algorithm, KeyState::Current),
    };
    let client = one(Purpose::Client, client)?;
    // The DPoP key is made for `oauth`, too: the app may require it any day.
    let dpop = one(Purpose::Dpop, dpop)?;
    keys::differ(&client, &dpop)?;
    Ok(vec![client, dpop])
}

/// Changes a connection; `version` is the one the change was decided on.
pub async fn change(
    work: &mut Work,
    id: ConnectionId,
    version: Option<i64>,
    change: Change,
) -> Result<Connection, Error> {
    let before = super::find(work, id).await?;
    let mut after = before.clone();
    if let Some(name) = change.name {
        after.name = check_name(&name)?;
    }
    after.authentication = change.authentication.unwrap_or(before.authentication);
    if let Some(client) = change.client_id {
        after.client_id = check_client(Some(&client), after.authentication)?;
    }
    if let Some(jobs) = change.jobs {
        after.jobs = check_jobs(jobs);
    }
    if let Some(share) = change.rate_share {
        after.rate_share = check_share(Some(share))?;
    }
    switch(work, &before, &mut after, change.enabled);
    store::update(work, &after, version.unwrap_or(before.version)).await?;
    keep_secrets(work, &after, change.api_token).await?;
    let anew = before.authentication != after.authentication;
    choose(work, &after, anew, change.scopes, change.client_secret).await?;
    record(
        work,
        "connection.changed",
        &after,
        "a connection was changed",
    )
    .await?;
    super::find(work, id).await
}

/// Scopes and secret of a connection by consent; with another way to prove itself it has none.
async fn choose(
    work: &Work,
    connection: &Connection,
    anew: bool,
    scopes: Option<Vec<String>>,
    secret: Option<SecretString>,
) -> Result<(), Error> {
    let (id, authentication) = (connection.id, connection.authentication);
    if authentication != Authentication::AuthorizationCode {
        return match (scopes, secret) {
            (None, None) if anew => Ok(consent::delete(work, id).await?),
            (None, None) => Ok(()),
            (Some(_), _) => Err(Error::DoesNotGo {
                field: "scopes",
                authentication,
            }),
            (None, Some(_)) => Err(Error::DoesNotGo {
                field: "client_secret",
                authentication,
            }),
        };
    }
    if anew || scopes.is_some() {
        let scopes = consent::check_scopes(scopes, &connection.jobs)?;
        consent::choose(work, id, &scopes).await?;
    }
    match secret {
        Some(secret) => consent::set_secret(work, id, &secret).await,
        None => Ok(()),
    }
}

/// Off is off; on again, or with another way to prove itself, it has to be tested first.
fn switch(work: &Work, before: &Connection, after: &mut Connection, enabled: Option<bool>) {
    let proves_otherwise =
        after.authentication != before.authentication || after.client_id != before.client_id;
    let status = match enabled {
        Some(false) => Status::Disabled,
        Some(true) if before.status == Status::Disabled => Status::Inactive,
        _ if proves_otherwise && before.status != Status::Disabled => Status::Inactive,
        _ => before.status,
    };
    if status != before.status {
        after.status = status;
        after.status_since = work.now;
        after.status_why = None;
    }
}

/// After a change the secrets are those that the way of authentication needs, and no others.
async fn keep_secrets(
    work: &mut Work,
    after: &Connection,
    token: Option<SecretString>,
) -> Result<(), Error> {
    let authentication = after.authentication;
    if authentication.has_client() {
        if token.is_some() {
            return Err(Error::DoesNotGo {
                field: "api_token",
                authentication,
            });
        }
        if store::api_token(work, after.id).await?.is_some() {
            store::set_api_token(work, after.id, None).await?;
        }
        if authentication.has_keys() && store::keys(work, after.id).await?.is_empty() {
            for key in first_keys(work, None, None, authentication, Algorithm::default())? {
                store::insert_key(work, after.id, &key).await?;
            }
        }
        return Ok(());
    }
    match token {
        Some(token) => {
            let sealed = seal_token(work, after.id, &token)?;
            store::set_api_token(work, after.id, Some(sealed)).await?;
        }
        None if store::api_token(work, after.id).await?.is_none() => {
            return Err(Error::Missing {
                field: "api_token",
                authentication,
            });
        }
        None => {}
    }
    Ok(())
}

/// Removes a connection with its keys. [`Error::InUse`] while people have roles through it: those are taken by runs, under
/// the guard, never by the way.
pub async fn remove(work: &mut Work, id: ConnectionId, reason: &str) -> Result<(), Error> {
    let connection = super::find(work, id).await?;
    let mappings = directory::list_mappings(work, Some(id)).await?.len();
    let grants = directory::count_mapped(work, id).await?;
    if mappings > 0 || grants > 0 {
        return Err(Error::InUse {
            name: connection.name,
            mappings,
            grants,
        });
    }
    store::delete(work, id).await?;
    record(work, "connection.removed", &connection, reason).await
}

/// What was ended by force, and what is left behind in the org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Forced {
    /// What people had through it.
    #[serde(flatten)]
    pub ended: directory::Ended,
    /// What still stands in the org, should it ever come back, and where to remove it there.
    pub left_in_okta: Vec<String>,
}

/// Removes a connection whose org is gone, with everything that people have through it. No run can end that under the
/// guard, as nothing can be read any more: it takes a person's own credential, and is refused while the org answers
/// ([`Error::StillWorks`]) and for the last admin.
pub async fn remove_by_force(
    work: &mut Work,
    id: ConnectionId,
    reason: &str,
) -> Result<Forced, Error> {
    let connection = super::find(work, id).await?;
    if !work.actor.is_personal() {
        return Err(Error::NotPersonal);
    }
    work.actor
        .need(Permission::RunsApprove)
        .map_err(directory::Error::from)?;
    if connection.status == Status::Active {
        return Err(Error::StillWorks(connection.name));
    }
    let left_in_okta = left_behind(&connection, &store::keys(work, id).await?);
    let ended = directory::end_connection(work, id).await?;
    store::delete(work, id).await?;
    record(work, "connection.removed-by-force", &connection, reason).await?;
    Ok(Forced {
        ended,
        left_in_okta,
    })
}

fn left_behind(connection: &Connection, keys: &[Key]) -> Vec<String> {
    let org = &connection.domain;
    let Some(client_id) = &connection.client_id else {
        return vec![format!(
            "in {org}: the API token (Security > API > Tokens): revoke it"
        )];
    };
    let kids: Vec<&str> = keys
        .iter()
        .filter(|key| key.purpose == Purpose::Client)
        .map(|key| key.kid.as_str())
        .collect();
    vec![
        format!(
            "in {org}: the service app {client_id} with its public keys ({}), granted scopes and admin role (Applications > Applications): deactivate and delete it",
            kids.join(", ")
        ),
        format!("in {org}: people, groups and memberships, just as they are"),
    ]
}

pub(super) fn seal_token(
    work: &Work,
    id: ConnectionId,
    token: &SecretString,
) -> Result<crate::vault::Sealed, Error> {
    let token = token.expose_secret().trim();
    let token = token.strip_prefix("SSWS ").unwrap_or(token);
    if !(20..=200).contains(&token.len()) || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::BadToken);
    }
    Ok(work.seal(TOKEN_COLUMN, id.0, token.as_bytes()))
}

pub(super) async fn record(
    work: &mut Work,
    action: &'static str,
    connection: &Connection,
    reason: &str,
) -> Result<(), Error> {
    let entry = audit::Entry::new(action, ("connection", connection.id.to_string()), reason)
        .detail(json!({
            "name": connection.name,
            "domain": connection.domain.to_string(),
            "authentication": connection.authentication,
            "client_id": connection.client_id,
            "jobs": connection.jobs,
            "rate_share": connection.rate_share,
            "status": connection.status,
        }));
    audit::record(work, entry).await?;
    Ok(())
}

/// The org's first label: `acme` of acme.okta.com.
fn default_name(domain: &Domain) -> String {
    if domain.is_loopback() {
        return domain.host().to_owned();
    }
    domain
        .host()
        .split('.')
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn check_name(name: &str) -> Result<String, Error> {
    let name = name.trim().to_owned();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name)
    } else {
        Err(Error::BadName(name))
    }
}

fn check_client(
    client: Option<&str>,
    authentication: Authentication,
) -> Result<Option<String>, Error> {
    match client.map(str::trim).filter(|client| !client.is_empty()) {
        None => Ok(None),
        Some(_) if !authentication.has_client() => Err(Error::DoesNotGo {
            field: "client_id",
            authentication,
        }),
        Some(client)
            if client.len() <= 100
                && client
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) =>
        {
            Ok(Some(client.to_owned()))
        }
        Some(client) => Err(Error::BadClientId(client.to_owned())),
    }
}

fn check_jobs(mut jobs: Vec<Job>) -> Vec<Job> {
    jobs.sort_unstable();
    jobs.dedup();
    jobs
}

fn check_share(share: Option<u32>) -> Result<u8, Error> {
    match share {
        None => Ok(DEFAULT_SHARE),
        Some(share) => u8::try_from(share)
            .ok()
            .filter(|share| (1..=100).contains(share))
            .ok_or(Error::BadShare(share)),
    }
}
