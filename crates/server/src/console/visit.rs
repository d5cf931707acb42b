//! Who looks at a page, and where they are.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use http::{HeaderMap, Uri};

use super::flash::Flash;
use super::frame::Frame;
use super::pages::Declared;
use crate::actor::{Actor, Permission};
use crate::db::{SessionId, Timestamp, UserId};
use crate::sessions::cookie;
use crate::web::Problem;

/// The person behind a visit, as the frame names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The user; none for the operator of the machine.
    pub id: Option<UserId>,
    /// Name to show.
    pub name: String,
    /// The tenant's name.
    pub tenant: String,
}

/// Numbers that the navigation shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Badges {
    /// Runs that wait for a decision.
    pub held: i64,
}

/// The colours a browser chose: `light` or `dark`; none leaves it to the system.
#[must_use]
pub(crate) fn theme(headers: &HeaderMap, https: bool) -> Option<&'static str> {
    match cookie::read(headers, "theme", https).as_deref() {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    }
}

/// One look at the console: the router's guard has found out who it is, and that they may.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who acts.
    pub actor: Actor,
    /// The browser's session; none inside the process.
    pub session: Option<SessionId>,
    /// The person.
    pub person: Person,
    /// The instant of the request.
    pub now: Timestamp,
    /// The address asked for.
    pub uri: Uri,
    /// What is told once.
    pub flash: Option<Flash>,
    /// Numbers of the navigation.
    pub badges: Badges,
    /// `light` or `dark` when the person chose one.
    pub theme: Option<&'static str>,
    /// Which pages there are.
    pub pages: Declared,
}

impl Visit {
    /// Whether the person may.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.may(permission)
    }

    /// The frame of a page with this title.
    #[must_use]
    pub fn frame(&self, title: impl Into<String>) -> Frame {
        Frame::of(self, title.into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthorized)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
