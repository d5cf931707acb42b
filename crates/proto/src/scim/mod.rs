//! SCIM 2.0 (RFC 7643, RFC 7644) as pure functions.
//!
//! ```text
//! body  -> Resource::parse        canonical names, typed values, read-only and unknown ones left out
//! PATCH -> patch::parse -> apply  all operations or none; members of groups come apart as commands
//! query -> filter::parse -> Filter -> matches (here) or SQL (in the server)
//! answer <- projection, ListResponse, ETag, error bodies, discovery documents
//! ```
//!
//! `scim_v2` reads filters and paths; what they mean for our schemas is decided here.

pub mod attribute;
pub mod bulk;
pub mod discovery;
mod error;
pub mod etag;
pub mod filter;
pub mod list;
pub mod matching;
pub mod members;
pub mod patch;
pub mod path;
pub mod projection;
mod resource;
pub mod schemas;

pub use error::{Error, ScimType, body as error_body};
pub use filter::Filter;
pub use path::Path;
pub use resource::Resource;

/// The media type of SCIM messages (RFC 7644 section 8.1).
pub const MEDIA_TYPE: &str = "application/scim+json";
