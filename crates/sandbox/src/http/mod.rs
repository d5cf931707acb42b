//! The edge: from a request to a route, through authentication, rate limits, scopes and roles, to an answer in Okta's form.
//!
//! ```text
//! request -> faults -> route -> caller -> rate limit -> media types -> scope -> role -> family -> faults -> answer
//! ```

mod call;
mod edge;
mod fail;
mod limits;
mod media;
mod outside;
mod page;
mod reply;
mod router;
mod scopes;
mod send;
mod spoil;

pub(crate) use call::{Call, Caller, Query};
pub(crate) use edge::{answer, too_many};
pub(crate) use fail::{Fail, error_id};
pub(crate) use limits::Limits;
pub(crate) use outside::{Answered, Asked, Outside};
pub(crate) use page::Page;
pub(crate) use reply::Reply;
pub(crate) use router::{Found, Handler, Router, Routes};
pub(crate) use scopes::{all as all_scopes, covers, covers_self, scopes_of};
pub(crate) use send::send;

/// What a family gives for one call.
pub(crate) type Answer = Result<Reply, Fail>;
