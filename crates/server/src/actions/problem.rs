//! What is wrong, as a problem of RFC 9457: by whose fault, and with the mend.

use http::StatusCode;
use keywright_okta::{Error as OktaError, Fault};
use serde_json::json;

use super::{Action, Error};
use crate::web::Problem;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Unknown { near, .. } => {
                let problem = Self::not_found("action").detail(text);
                match near {
                    Some(near) => problem.with("mend", format!("did you mean {near}?")),
                    None => problem.with("mend", "see `keywright action list`"),
                }
            }
            Error::Input(wrong) => Self::invalid(text).with("errors", json!(wrong)),
            Error::Connection(error) => error.into(),
            Error::NotSwitchedOn(name) => Self::conflict(text).with(
                "mend",
                format!("keywright connection set {name} --jobs sync,actions, then keywright connection test {name}"),
            ),
            Error::NotTested(name) => {
                Self::conflict(text).with("mend", format!("keywright connection test {name}"))
            }
            Error::ScopeMissing { action, connection } => {
                Self::new(StatusCode::BAD_GATEWAY, "okta-scope", "The connection lacks a scope")
                    .detail(text)
                    .with("scope", action.scope)
                    .with("mend", format!(
                        "grant {} to the app in Okta (app > Okta API Scopes > Grant), then keywright connection test {connection}",
                        action.scope
                    ))
            }
            Error::NotThere { what, field } => Self::not_found(what).detail(text).with("field", field),
            Error::Okta { action, field, source } => okta(action, field, &source),
            Error::OutcomeUnknown { .. } => {
                Self::new(StatusCode::CONFLICT, "outcome-unknown", "Whether it was done is not known")
                    .detail(text)
                    .with("mend", "send the same request with the same Idempotency-Key in half a minute: what became of it is read back, and it is not done twice; or look in Okta")
            }
            Error::Running => {
                Self::new(StatusCode::CONFLICT, "running", "It is being done")
                    .detail(text)
                    .with("mend", "wait a little, then send the same request again")
                    .retry_after(5)
            }
            Error::KeyReused => Self::invalid(text)
                .with("field", "Idempotency-Key")
                .with("mend", "use a new key for each new request"),
            Error::BadKey => Self::bad_request(text).with("field", "Idempotency-Key"),
            Error::BadCursor => Self::bad_request(text).with("field", "after"),
            Error::NoList(_) => Self::bad_request(text),
            Error::TakenOver => Self::conflict(text),
            Error::Sealed(_) | Error::Unreadable(_) => Self::internal(&error),
            Error::Database(error) => error.into(),
        }
    }
}

/// Okta's refusal, by whose fault it is.
fn okta(action: &Action, field: Option<String>, source: &OktaError) -> Problem {
    let status = StatusCode::BAD_GATEWAY;
    let problem = match source {
        OktaError::ScopeMissing { .. } | OktaError::ScopeNotGranted { .. } => {
            Problem::new(status, "okta-scope", "The connection lacks a scope")
                .with("scope", action.scope)
        }
        OktaError::RoleMissing(_) => {
            Problem::new(status, "okta-role", "The connection lacks an admin role")
                .with("role", action.role)
        }
        OktaError::NotFound(_) => Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found"),
        OktaError::RateLimited { .. } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "rate-limited",
            "Okta's rate limit is used up",
        )
        .retry_after(60),
        other => match other.fault() {
            Fault::Request if matches!(other, OktaError::Validation(_)) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "A value will not do",
            ),
            Fault::Request => Problem::new(
                StatusCode::CONFLICT,
                "conflict",
                "In conflict with what is there",
            ),
            Fault::Credentials | Fault::Clock => Problem::new(
                status,
                "okta-credentials",
                "Okta does not take the connection's credentials",
            ),
            Fault::Permission => Problem::new(status, "okta-forbidden", "Okta forbids it"),
            _ => Problem::new(status, "upstream", "Another system failed"),
        },
    };
    let mut problem = problem
        .detail(source.to_string())
        .with("mend", source.mend());
    if let OktaError::RoleMissing(_) = source {
        problem = problem.with(
            "mend",
            format!("{} At least: {}.", source.mend(), action.role),
        );
    }
    if let Some(field) = field {
        problem = problem.with("field", field);
    }
    if let Some(said) = source.said() {
        problem = problem.with(
            "okta",
            json!({"status": said.status, "code": said.code, "request_id": said.request_id}),
        );
    }
    problem
}
