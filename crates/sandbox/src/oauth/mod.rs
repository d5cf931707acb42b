//! The org authorization server: tokens for service apps, DPoP, keys, discovery (FACTS sections 1.2 to 1.5).

mod access;
mod assertion;
mod discovery;
mod dpop;
mod fail;
mod jws;
mod keys;
mod nonces;
mod token;

pub(crate) use access::{Shown, bearer, expired, insufficient_scope};
pub(crate) use discovery::routes;
pub(crate) use jws::{encode as base64url, is_private, thumbprint};
pub(crate) use keys::{Keys, PrivateKey};
pub(crate) use nonces::Memory;
pub(crate) use token::answer;
