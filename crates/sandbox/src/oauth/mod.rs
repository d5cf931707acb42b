//! Authorization servers: the org's own and custom ones. Tokens for service apps and for people, DPoP, keys, discovery
//! (FACTS sections 1.2 to 1.6).
//!
//! ```text
//! authorize -> request (checks) -> session (sign-in page) -> code
//! token     -> form (client) -> grants (by type) -> servers::evaluate -> issue
//! resource  -> access (bearer or DPoP) -> who calls
//! ```

mod about;
mod access;
mod assertion;
mod authorize;
mod discovery;
mod dpop;
mod fail;
mod form;
mod grants;
mod issue;
mod issuer;
mod jws;
pub(crate) mod kept;
mod keys;
mod nonces;
pub(crate) mod page;
mod request;
mod scopes;
mod session;
mod sha1;
mod sign_ins;
mod token;
mod tokens;

use crate::http::Routes;

pub(crate) use access::{Shown, bearer, expired, insufficient_scope};
pub(crate) use grants::may_sign_in;
pub(crate) use jws::{encode as base64url, is_private, thumbprint};
pub(crate) use keys::{Certified, Keys, PrivateKey, RsaHash};
pub(crate) use nonces::Memory;
pub(crate) use request::is_assigned as assigned;
pub(crate) use session::{
    LIFE as SESSION_LIFE, Refused, begin as begin_session, cookie, of as session, redirect,
    sign_in_first, verify,
};
pub(crate) use sign_ins::{Session, SignIns};

/// The routes of all authorization servers.
pub(crate) fn routes(routes: &mut Routes) {
    discovery::routes(routes);
    tokens::routes(routes);
    for [authorize, token, introspect, revoke, userinfo, logout, par] in [
        [
            "/oauth2/v1/authorize",
            "/oauth2/v1/token",
            "/oauth2/v1/introspect",
            "/oauth2/v1/revoke",
            "/oauth2/v1/userinfo",
            "/oauth2/v1/logout",
            "/oauth2/v1/par",
        ],
        [
            "/oauth2/{authorizationServerId}/v1/authorize",
            "/oauth2/{authorizationServerId}/v1/token",
            "/oauth2/{authorizationServerId}/v1/introspect",
            "/oauth2/{authorizationServerId}/v1/revoke",
            "/oauth2/{authorizationServerId}/v1/userinfo",
            "/oauth2/{authorizationServerId}/v1/logout",
            "/oauth2/{authorizationServerId}/v1/par",
        ],
    ] {
        routes
            .protocol(http::Method::GET, authorize, authorize::answer)
            .protocol(http::Method::POST, authorize, authorize::answer)
            .protocol(http::Method::POST, token, token::answer)
            .protocol(http::Method::POST, introspect, about::introspect)
            .protocol(http::Method::POST, revoke, about::revoke)
            .protocol(http::Method::GET, userinfo, about::userinfo)
            .protocol(http::Method::POST, userinfo, about::userinfo)
            .protocol(http::Method::GET, logout, about::logout)
            .protocol(http::Method::POST, logout, about::logout)
            .protocol(http::Method::POST, par, about::push);
    }
    routes
        .protocol(http::Method::GET, "/login/login.htm", session::show)
        .protocol(http::Method::POST, "/login/login.htm", session::sign_in)
        .protocol(http::Method::GET, "/login/signout", session::sign_out);
}
