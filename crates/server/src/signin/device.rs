//! Device cookies: a browser that signed in before as somebody has tries of its own, which strangers cannot use up.
//!
//! The value is `key.user-and-random.code`: a keyed code over user and randomness, so that nobody can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::app::App;
use crate::db::{TenantId, UserId};
use crate::sessions::cookie;

const NAME: &str = "device";
const PURPOSE: &str = "sign-in device cookie";
/// A year, seconds.
const AGE: i64 = 365 * 86_400;

/// The cookie for a browser that signed in as `user`.
pub(super) fn cookie(
    app: &App,
    tenant: TenantId,
    user: UserId,
    https: bool,
) -> Option<HeaderValue> {
    let body = [user.0.as_bytes().as_slice(), &app.random::<16>()].concat();
    let key = app.vault().active_key();
    let code = code(app, key, tenant, &body)?;
    let value = format!(
        "{key}.{}.{}",
        URL_SAFE_NO_PAD.encode(&body),
        URL_SAFE_NO_PAD.encode(code)
    );
    cookie::set(NAME, &value, Some(AGE), https)
}

/// Who signed in with this browser before, and a name for it.
pub(super) fn read(
    app: &App,
    tenant: TenantId,
    headers: &HeaderMap,
    https: bool,
) -> Option<(UserId, String)> {
    let value = cookie::read(headers, NAME, https)?;
    let mut parts = value.split('.');
    let key = parts.next()?.parse().ok()?;
    let body = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    let told = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    let good: bool = code(app, key, tenant, &body)?.ct_eq(&told).into();
    let user = Uuid::from_slice(body.get(..16).filter(|_| good)?).ok()?;
    Some((UserId(user), URL_SAFE_NO_PAD.encode(&body)))
}

fn code(app: &App, key: u32, tenant: TenantId, body: &[u8]) -> Option<[u8; 32]> {
    let message = [tenant.0.as_bytes().as_slice(), body].concat();
    app.vault().mac(key, PURPOSE, &message)
}
