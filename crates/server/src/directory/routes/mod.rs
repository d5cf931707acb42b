//! The directory over the API.

mod groups;
mod roles;
mod users;

pub(crate) use users::resolve;

use http::HeaderMap;
use http::header::IF_MATCH;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use super::error::Error;
use super::users::Page;
use crate::app::App;
use crate::web::{self, Problem};

/// This slice's routes.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(groups::routes())
        .merge(roles::routes())
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::Delegation(lacks) => {
                let lacks: Vec<&str> = lacks.iter().map(|permission| permission.wire()).collect();
                Self::forbidden(words).with("permissions", lacks)
            }
            Error::Invalid(_) => Self::invalid(words),
            Error::Taken { .. }
            | Error::BuiltIn(_)
            | Error::RoleMapped(_)
            | Error::LastAdmin
            | Error::FromMapping => Self::conflict(words),
            Error::Db(error) => error.into(),
        }
    }
}

/// The page asked for, by ids.
pub(crate) fn page(page: &web::Page) -> Result<Page, Problem> {
    let after = match &page.after {
        None => Uuid::nil(),
        Some(after) => after
            .parse()
            .map_err(|_| Problem::bad_request("`after` must be taken from the page before"))?,
    };
    Ok(Page {
        after,
        limit: page.rows(),
    })
}

/// The version in `If-Match`, if the caller sent one: `"3"`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .unwrap_or_default()
        .trim()
        .trim_start_matches("W/")
        .trim_matches('"');
    text.parse()
        .map(Some)
        .map_err(|_| Problem::bad_request("`If-Match` must be the `version` of what was read"))
}

/// Why somebody does something: everything that changes access asks for it.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Why {
    /// Why, for the audit trail.
    #[serde(default)]
    pub(crate) reason: String,
}

/// What to look for in a list.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Look {
    /// A part of the name.
    #[serde(default)]
    pub(crate) q: String,
    /// Only of this connection.
    pub(crate) connection: Option<Uuid>,
}
