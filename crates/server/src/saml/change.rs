//! Setting up SAML for a connection, changing it, taking it away.

use keywright_proto::saml::{Certificate, IdentityProvider, METADATA_LIMIT};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::certificates::Pinned;
use super::settings::{self, Binding, Demand, Idp, Settings};
use super::{Error, Result, keys, store};
use crate::actor::{Actor, Permission, Permissions};
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, ConnectionId};
use crate::directory::{self, RoleId};
use crate::outgoing::Outgoing;

/// Most seconds by which clocks may differ.
const MOST_SKEW: i32 = 60;

/// What is to be set. What is left out stays as it is.
///
/// The identity provider comes by its metadata, pasted or fetched, or value by value; while nothing of it is given, the
/// connection waits for it, and its own metadata can be read already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// Whether people may sign in this way.
    pub enabled: Option<bool>,
    /// The identity provider's metadata, pasted.
    pub metadata: Option<String>,
    /// The address of the identity provider's metadata, which is fetched now.
    pub metadata_url: Option<String>,
    /// The identity provider's entity id (Okta: Issuer).
    pub entity_id: Option<String>,
    /// Where questions go by HTTP-Redirect (Okta: Sign-On URL); empty for nowhere.
    pub redirect_url: Option<String>,
    /// Where questions go by HTTP-POST (Okta: Sign-On URL); empty for nowhere.
    pub post_url: Option<String>,
    /// All certificates that are pinned from now on: PEM, or base64 alone.
    pub certificates: Option<Vec<String>>,
    /// How questions travel.
    pub binding: Option<Binding>,
    /// What must be signed.
    pub demand: Option<Demand>,
    /// By how many seconds clocks may differ, 0 to 60.
    pub clock_skew_seconds: Option<i32>,
    /// The attribute that carries Okta's user id.
    pub okta_id_attribute: Option<String>,
    /// Whether who is not known yet becomes a user by signing in.
    pub jit: Option<bool>,
    /// The role that they get, by name or id; `none` for none. Never one that administers.
    pub jit_role: Option<String>,
}

impl Change {
    /// Whether it sets nothing.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says who may sign whom in.
    fn sets_trust(&self) -> bool {
        self.sets_provider() || self.okta_id_attribute.is_some() || self.demand.is_some()
    }

    fn sets_provider(&self) -> bool {
        self.metadata.is_some()
            || self.metadata_url.is_some()
            || self.entity_id.is_some()
            || self.redirect_url.is_some()
            || self.post_url.is_some()
            || self.certificates.is_some()
    }
}

/// Sets up SAML for a connection, or changes it; with `version` only when nobody changed it since.
pub async fn set(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    change: Change,
    version: Option<i64>,
) -> Result<Settings> {
    let fetched = match &change.metadata_url {
        Some(address) => {
            actor.need(Permission::ConnectionsManage)?;
            need_everything(actor)?;
            Some(fetch(app, address).await?)
        }
        None => None,
    };
    let mut work = app.begin(actor).await?;
    let settings = apply(&mut work, connection, &change, fetched.as_deref(), version).await?;
    work.commit().await?;
    Ok(settings)
}

/// Fetches the metadata again from where it came, and takes its values and certificates in the place of the present ones.
pub async fn refresh(app: &App, actor: &Actor, connection: ConnectionId) -> Result<Settings> {
    let work = app.read(actor).await?;
    let address = settings::need(&work, connection).await?.metadata_url;
    drop(work);
    let change = Change {
        metadata_url: Some(address.ok_or(Error::NoMetadataUrl)?),
        ..Change::default()
    };
    set(app, actor, connection, change, None).await
}

/// Takes SAML away from a connection: nobody signs in through it any more, its keys and certificates are gone.
pub async fn remove(work: &mut Work, connection: ConnectionId) -> Result<()> {
    work.actor.need(Permission::ConnectionsManage)?;
    settings::need(work, connection).await?;
    store::delete(work, connection).await?;
    record(work, connection, "saml.removed", "by hand", json!({})).await
}

/// The metadata document at an address.
pub(super) async fn fetch(app: &App, address: &str) -> Result<Vec<u8>> {
    let url = Url::parse(address.trim())
        .map_err(|_| Error::Invalid("`metadata_url` must be an https address".to_owned()))?;
    let outgoing = app.part::<Outgoing>().cloned().unwrap_or_default();
    let (status, body) = outgoing.get(&url, METADATA_LIMIT).await?;
    if status == 200 {
        Ok(body)
    } else {
        Err(Error::FetchStatus(status))
    }
}

/// Who says who may sign whom in could sign in as anybody, also as those who will have more than they have now.
pub(super) fn need_everything(actor: &Actor) -> Result<()> {
    actor.need(Permission::ConnectionsManage)?;
    let lacking = actor.permissions.lack(&Permissions::all());
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(Error::NotEverything(lacking))
    }
}

async fn apply(
    work: &mut Work,
    connection: ConnectionId,
    change: &Change,
    fetched: Option<&[u8]>,
    version: Option<i64>,
) -> Result<Settings> {
    work.actor.need(Permission::ConnectionsManage)?;
    if change.sets_trust() {
        need_everything(&work.actor)?;
    }
    let before = settings::find(work, connection).await?;
    if version.is_some_and(|seen| seen != before.as_ref().map_or(0, |there| there.version)) {
        return Err(db::Error::Stale.into());
    }
    let mut after = before.unwrap_or_else(|| Settings::new(connection, work.now));
    let pinned = store::certificates(work, connection).await?;
    let mut swapped = Vec::new();
    if change.sets_provider() {
        let provider = provider(change, fetched, &after, &pinned)?;
        take_provider(
            &mut after,
            change,
            fetched.is_some().then_some(work.now),
            &provider,
        );
        swapped = swap(work, connection, &pinned, &provider).await?;
    }
    take_rest(work, &mut after, change).await?;
    after.updated_at = work.now;
    keys::ensure(work, connection).await?;
    store::save(work, &after).await?;
    after.version += 1;
    let detail = json!({
        "enabled": after.enabled, "idp": after.idp, "metadata_url": after.metadata_url, "binding": after.binding,
        "demand": after.demand, "clock_skew_seconds": after.skew_seconds, "okta_id_attribute": after.okta_id_attribute,
        "jit": after.jit, "jit_role": after.jit_role, "certificates": swapped,
    });
    record(work, connection, "saml.set", "by hand", detail).await?;
    Ok(after)
}

/// The identity provider that a change describes.
fn provider(
    change: &Change,
    fetched: Option<&[u8]>,
    present: &Settings,
    pinned: &[Pinned],
) -> Result<IdentityProvider> {
    let document = fetched.or(change.metadata.as_deref().map(str::as_bytes));
    let by_value = [&change.entity_id, &change.redirect_url, &change.post_url];
    let any_value = by_value.iter().any(|one| one.is_some()) || change.certificates.is_some();
    if fetched.is_some() && change.metadata.is_some() || document.is_some() && any_value {
        return Err(Error::Invalid(
            "give the identity provider one way: its metadata pasted, the address of its metadata, or its values"
                .to_owned(),
        ));
    }
    if let Some(document) = document {
        return Ok(IdentityProvider::from_metadata(document)?);
    }
    let there = present.idp.clone();
    let entity_id = change.entity_id.clone();
    let entity_id = entity_id.or_else(|| Some(there.as_ref()?.entity_id.clone()));
    let redirect = address(
        change.redirect_url.as_ref(),
        there.as_ref().and_then(|idp| idp.redirect_url.clone()),
    );
    let post = address(
        change.post_url.as_ref(),
        there.as_ref().and_then(|idp| idp.post_url.clone()),
    );
    let texts = match &change.certificates {
        Some(given) => given.clone(),
        None => pinned.iter().map(|one| one.certificate.clone()).collect(),
    };
    let certificates: Result<Vec<_>, _> =
        texts.iter().map(|text| Certificate::parse(text)).collect();
    Ok(IdentityProvider::new(
        entity_id.as_deref().unwrap_or_default(),
        redirect.as_deref(),
        post.as_deref(),
        certificates?,
    )?)
}

/// The given address, or else the present one; an empty one is none.
fn address(given: Option<&String>, present: Option<String>) -> Option<String> {
    let chosen = given.cloned().or(present);
    chosen.filter(|text| !text.trim().is_empty())
}

fn take_provider(
    after: &mut Settings,
    change: &Change,
    fetched_at: Option<db::Timestamp>,
    provider: &IdentityProvider,
) {
    let idp = Idp {
        entity_id: provider.entity_id().to_owned(),
        redirect_url: provider.redirect().map(str::to_owned),
        post_url: provider.post().map(str::to_owned),
    };
    if idp.redirect_url.is_none() {
        after.binding = Binding::Post;
    } else if idp.post_url.is_none() {
        after.binding = Binding::Redirect;
    }
    after.idp = Some(idp);
    after.metadata_url = fetched_at.and_then(|_| {
        change
            .metadata_url
            .as_ref()
            .map(|url| url.trim().to_owned())
    });
    after.metadata_at = fetched_at;
}

/// Pins the provider's certificates in the place of the present ones; those that stay keep their age. Gives all fingerprints.
async fn swap(
    work: &Work,
    connection: ConnectionId,
    pinned: &[Pinned],
    provider: &IdentityProvider,
) -> Result<Vec<String>> {
    let wanted: Vec<Pinned> = provider
        .certificates()
        .iter()
        .map(|certificate| Pinned::new(work, certificate))
        .collect();
    let is_in = |list: &[Pinned], one: &Pinned| {
        list.iter()
            .any(|other| other.fingerprint == one.fingerprint)
    };
    for gone in pinned.iter().filter(|one| !is_in(&wanted, one)) {
        store::unpin(work, connection, gone.id).await?;
    }
    for new in wanted.iter().filter(|one| !is_in(pinned, one)) {
        store::pin(work, connection, new).await?;
    }
    Ok(wanted.into_iter().map(|one| one.fingerprint).collect())
}

/// Everything beside the identity provider.
async fn take_rest(work: &Work, after: &mut Settings, change: &Change) -> Result<()> {
    after.enabled = change.enabled.unwrap_or(after.enabled);
    after.demand = change.demand.unwrap_or(after.demand);
    if let Some(binding) = change.binding {
        after.binding = binding;
        if after.idp.is_some() && after.destination().is_none() {
            return Err(Error::Invalid(format!(
                "the identity provider has no address for the binding `{}`",
                binding.word()
            )));
        }
    }
    if let Some(skew) = change.clock_skew_seconds {
        if !(0..=MOST_SKEW).contains(&skew) {
            return Err(Error::Invalid(format!(
                "`clock_skew_seconds` must be from 0 to {MOST_SKEW}"
            )));
        }
        after.skew_seconds = skew;
    }
    if let Some(name) = &change.okta_id_attribute {
        let name = name.trim();
        if name.is_empty() || name.len() > 200 || name.contains(char::is_control) {
            return Err(Error::Invalid(
                "`okta_id_attribute` must have 1 to 200 characters".to_owned(),
            ));
        }
        name.clone_into(&mut after.okta_id_attribute);
    }
    if let Some(role) = &change.jit_role {
        after.jit_role = jit_role(work, role).await?;
    }
    if change.jit == Some(true) && !after.jit {
        work.actor.need(Permission::UsersManage)?;
    }
    after.jit = change.jit.unwrap_or(after.jit);
    Ok(())
}

async fn jit_role(work: &Work, text: &str) -> Result<Option<RoleId>> {
    if text.trim().is_empty() || text == "none" {
        return Ok(None);
    }
    work.actor.need(Permission::GrantsManage)?;
    let role = directory::find_role_by(work, text.trim()).await?;
    directory::need_delegable(&work.actor, &role.permissions)?;
    if directory::is_admin(role.id) {
        return Err(Error::Invalid(format!(
            "`{}` administers: nobody gets it by signing in for the first time",
            role.name
        )));
    }
    Ok(Some(role.id))
}

pub(super) async fn record(
    work: &mut Work,
    connection: ConnectionId,
    action: &'static str,
    reason: &str,
    detail: Value,
) -> Result<()> {
    let entry = audit::Entry::new(action, ("connection", connection.to_string()), reason);
    audit::record(work, entry.detail(detail)).await?;
    Ok(())
}
