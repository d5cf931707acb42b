//! Signing in with a login and a recovery code.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::error::{Error, Result};
use super::recognise::admit;
use super::{codes, device, store};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::audit;
use crate::db::{TenantId, UserId};
use crate::directory::{self, Kind};
use crate::sessions::{self, Limit};
use crate::web::{Browser, Options};

/// Failures from one place, over all accounts, within 15 minutes.
const PER_PLACE: i64 = 30;
/// Failures for one account from one place, or of one known browser.
const PER_ACCOUNT: i64 = 5;

/// A try to sign in.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// The login as typed.
    pub login: &'a str,
    /// The recovery code as typed.
    pub code: &'a str,
    /// Where from.
    pub browser: &'a Browser,
    /// The request's headers, for the device cookie.
    pub headers: &'a HeaderMap,
}

/// Signs in; gives the cookies to set. Wrong login and wrong code are not told apart.
pub async fn enter(app: &App, attempt: &Attempt<'_>) -> Result<Vec<HeaderValue>> {
    let mut work = app.begin(&Actor::system(attempt.tenant, "sign-in")).await?;
    if !sessions::rules(&work)
        .await?
        .let_in(attempt.browser.address)
    {
        return Err(Error::Address);
    }
    let person = person(&work, attempt.login).await?;
    let limits = limits(app, attempt, person);
    if let Some(seconds) = sessions::refused_for(&work, &limits).await? {
        return Err(Error::TooMany(seconds));
    }
    // Asked of the database for unknown logins too: the time tells nothing.
    let user = person.unwrap_or(UserId(uuid::Uuid::nil()));
    if !store::use_code(&work, user, codes::hash(attempt.code)).await? {
        refuse(&mut work, attempt, &limits).await?;
        work.commit().await?;
        return Err(Error::Wrong);
    }
    work.actor = Actor {
        kind: crate::actor::ActorKind::Person(user),
        name: attempt.login.to_owned(),
        ..work.actor
    };
    let cookies = admit(&mut work, user, "recovery_code", attempt.browser).await?;
    sessions::forget_failures(&work, &limits[..1]).await?;
    let left = codes::count(&work, user).await?;
    let entry = audit::Entry::new(
        "recovery-code.used",
        ("user", user.to_string()),
        "signed in with a recovery code",
    )
    .detail(json!({ "left": left, "address": attempt.browser.address }));
    audit::record(&mut work, entry).await?;
    work.commit().await?;
    let https = Options::of(app).https();
    Ok(cookies
        .into_iter()
        .chain(device::cookie(app, attempt.tenant, user, https))
        .collect())
}

/// The one person made here who has this login.
async fn person(work: &Work, login: &str) -> Result<Option<UserId>> {
    let found = directory::users_by_login(work, login.trim()).await?;
    let here = found
        .into_iter()
        .find(|user| user.kind != Kind::Okta.word());
    Ok(here.map(|user| user.id))
}

/// What this try counts against: tries of its own for a browser that signed in before as this person.
fn limits(app: &App, attempt: &Attempt<'_>, person: Option<UserId>) -> Vec<Limit> {
    let https = Options::of(app).https();
    let known = device::read(app, attempt.tenant, attempt.headers, https);
    if let Some((_, name)) = known.filter(|(user, _)| Some(*user) == person) {
        let name = format!("device:{name}");
        return vec![Limit {
            name,
            most: PER_ACCOUNT,
        }];
    }
    let (place, login) = (attempt.browser.place(), attempt.login.trim().to_lowercase());
    let login: String = login.chars().take(255).collect();
    vec![
        Limit {
            name: format!("account:{place} {login}"),
            most: PER_ACCOUNT,
        },
        Limit {
            name: format!("place:{place}"),
            most: PER_PLACE,
        },
    ]
}

async fn refuse(work: &mut Work, attempt: &Attempt<'_>, limits: &[Limit]) -> Result<()> {
    sessions::failed(work, limits).await?;
    let login: String = attempt.login.trim().chars().take(255).collect();
    let entry = audit::Entry::new(
        "sign-in.refused",
        ("login", login),
        "wrong login or recovery code",
    )
    .detail(json!({ "address": attempt.browser.address, "browser": attempt.browser.agent }));
    Ok(audit::record(work, entry).await?)
}
