//! One-time links: to make the first admin, to sign in as somebody who is locked out, to invite.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::{Error, Result};
use super::store;
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, TenantId, Timestamp, UserId};
use crate::directory::{self, Kind, SUPER_ADMIN, UserDraft};
use crate::web::Options;

/// A link to make the first admin, or to get in again, works for so long (1 h) ...
const SECONDS: i64 = 3_600;
/// ... and an invitation for so long (3 days).
const INVITE_SECONDS: i64 = 3 * 86_400;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To make a break-glass admin.
    FirstAdmin,
    /// To sign in as this person, who was made here.
    SignIn(UserId),
    /// The same for somebody new, who was invited.
    Invite(UserId),
}

impl LinkKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::FirstAdmin => "first_admin",
            Self::SignIn(_) => "sign_in",
            Self::Invite(_) => "invite",
        }
    }

    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Self::FirstAdmin => None,
            Self::SignIn(user) | Self::Invite(user) => Some(user),
        }
    }

    fn seconds(self) -> i64 {
        match self {
            Self::FirstAdmin | Self::SignIn(_) => SECONDS,
            Self::Invite(_) => INVITE_SECONDS,
        }
    }
}

/// A link that still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// What it is good for.
    pub kind: LinkKind,
    /// Who made it.
    pub given_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A link just made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What is known of it.
    pub link: Link,
    /// Its address, a credential: shown this once.
    pub url: SecretString,
}

/// Whether nobody is able to administer this tenant: a link is needed.
pub async fn needs_first_admin(work: &Work) -> db::Result<bool> {
    Ok(directory::admins(work, true, None).await? == 0
        && directory::admins(work, false, None).await? == 0)
}

/// For a start of the server: a link to make the first admin, as long as there is none who could sign in.
pub async fn first_admin_link(app: &App, tenant: TenantId) -> Result<Option<Made>> {
    let mut work = app.begin(&Actor::system(tenant, "start")).await?;
    if !needs_first_admin(&work).await? {
        return Ok(None);
    }
    let made = make(&mut work, LinkKind::FirstAdmin).await?;
    work.commit().await?;
    Ok(Some(made))
}

/// Makes a link; earlier ones for the same end stop working. Its maker must hold all that it leads to.
pub async fn make(work: &mut Work, kind: LinkKind) -> Result<Made> {
    match kind.user() {
        None => {
            let role = directory::find_role(work, SUPER_ADMIN).await?;
            directory::need_delegable(&work.actor, &role.permissions)?;
        }
        Some(user) => {
            work.actor
                .need(crate::actor::Permission::UsersManage)
                .map_err(directory::Error::from)?;
            let found = directory::find_user(work, user).await?;
            if found.kind == Kind::Okta.word() {
                return Err(directory::Error::Invalid(
                    "people of an Okta org sign in through Okta: links are for people made here"
                        .to_owned(),
                )
                .into());
            }
            directory::need_reach(work, user).await?;
        }
    }
    store::end_links_like(work, kind).await?;
    let token = token(work.tenant, work.random());
    let link = Link {
        id: work.id(),
        kind,
        given_by: work.actor.name.clone(),
        created_at: work.now,
        expires_at: work.now.plus_seconds(kind.seconds()),
    };
    store::insert_link(work, &link, hash(token.expose_secret())).await?;
    let target = kind
        .user()
        .map_or(("tenant", work.tenant.to_string()), |user| {
            ("user", user.to_string())
        });
    let entry = audit::Entry::new("sign-in-link.made", target, "a one-time link was made")
        .detail(json!({ "kind": kind.word(), "expires_at": link.expires_at }));
    audit::record(work, entry).await?;
    let public = Options::of(work.app()).public_url;
    let url = SecretString::from(format!("{public}/welcome/{}", token.expose_secret()));
    Ok(Made { link, url })
}

/// Makes a local person with a role and a link for them to get in. Nobody can give a role that they do not hold.
pub async fn invite(
    work: &mut Work,
    draft: &UserDraft,
    role: directory::RoleId,
    reason: &str,
) -> Result<Made> {
    let user = directory::create_user(work, draft, reason).await?;
    if draft.kind == Kind::Local {
        directory::give(work, user.id, role, None, reason).await?;
    }
    make(work, LinkKind::Invite(user.id)).await
}

/// The link of a token, when it still works; nothing is used up.
pub(super) async fn look(app: &App, token: &str) -> Result<(TenantId, Link)> {
    let tenant = tenant_of(token).ok_or(Error::DeadLink)?;
    let work = app.read(&Actor::system(tenant, "sign-in")).await?;
    let link = store::living_link(&work, hash(token)).await?;
    Ok((tenant, link.ok_or(Error::DeadLink)?))
}

/// Uses up a link. Of two who come at the same moment one gets in.
pub(super) async fn redeem(work: &Work, token: &str) -> Result<Link> {
    let link = store::living_link(work, hash(token))
        .await?
        .ok_or(Error::DeadLink)?;
    if store::end_link(work, link.id).await? {
        Ok(link)
    } else {
        Err(Error::DeadLink)
    }
}

/// The tenant and 256 random bits.
fn token(tenant: TenantId, random: [u8; 32]) -> SecretString {
    let bytes = [tenant.0.as_bytes().as_slice(), &random].concat();
    SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
}

fn tenant_of(token: &str) -> Option<TenantId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let tenant = bytes.get(..16).filter(|_| bytes.len() == 48)?;
    Uuid::from_slice(tenant).ok().map(TenantId)
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
