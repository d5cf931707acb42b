//! Okta's resources, ids and times as data: all that client and sandbox share. No behaviour.
//!
//! Three rules hold for every type here:
//!
//! - **Nothing is lost.** Members we do not name are kept in `other`, unknown words of an enumeration in its `Other`,
//!   and a `null` is told apart from an absent member ([`Field`]). What was decoded prints again as the same JSON.
//! - **Times keep their form** ([`OktaTime`]): `.000Z` as most resources send, or without milliseconds as a few do.
//! - **Secrets do not print**: [`Hidden`] shows `***` in `Debug`.
//!
//! Source: the management and OAuth `OpenAPI` documents, and recorded answers (`fixtures/okta/recordings`).

#[macro_use]
mod macros;

pub mod app;
pub mod authenticator;
pub mod error;
pub mod factor;
pub mod group;
pub mod hook;
pub mod iam;
pub mod idp;
pub mod key;
pub mod log;
pub mod oauth;
pub mod org;
pub mod policy;
pub mod provisioning;
pub mod role;
pub mod schema;
pub mod session;
pub mod token;
pub mod user;
pub mod zone;

mod field;
mod hidden;
mod id;
mod link;
mod time;

pub use app::App;
pub use error::{ErrorBody, ErrorCause};
pub use field::Field;
pub use group::Group;
pub use hidden::Hidden;
pub use id::{
    ApiTokenId, AppId, AuthenticatorId, EventHookId, FactorId, GrantId, IdpId, KeyId, LogEventId,
    OktaGroupId, OktaUserId, OrgId, PolicyId, PolicyRuleId, PrincipalRateLimitId, RoleAssignmentId,
    SchemaId, UserTypeId, ZoneId,
};
pub use link::{Link, Links};
pub use oauth::{OAuthError, TokenAnswer};
pub use time::{OktaTime, OktaTimeError};
pub use token::ApiToken;
pub use user::{User, UserStatus};
