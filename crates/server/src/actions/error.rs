//! Why an action was refused or failed.

use keywright_okta::Error as OktaError;

use super::Action;
use super::check::Wrong;
use crate::{connections, db, vault};

/// Why an action was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no action of this name.
    #[error("there is no action called `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name that there is.
        near: Option<&'static str>,
    },
    /// The input does not fit the action's schema, or Okta finds a field wrong.
    #[error("the input will not do: {}", summary(.0))]
    Input(Vec<Wrong>),
    /// The connection cannot be used.
    #[error(transparent)]
    Connection(#[from] connections::Error),
    /// The connection is not switched on for actions.
    #[error("the connection {0} is not switched on for actions")]
    NotSwitchedOn(String),
    /// The connection was never tested.
    #[error("the connection {0} is not tested yet")]
    NotTested(String),
    /// The connection does not ask for the scope that the action needs.
    #[error("{action} needs the scope {scope}, which is not granted to the connection {connection}", action = action.name, scope = action.scope)]
    ScopeMissing {
        /// The action.
        action: &'static Action,
        /// The connection's name.
        connection: String,
    },
    /// Okta refused, or could not be asked. Nothing was changed.
    #[error("{source}")]
    Okta {
        /// The action.
        action: &'static Action,
        /// The field of the input that it is about, where that is known.
        field: Option<String>,
        /// What Okta said.
        source: Box<OktaError>,
    },
    /// What the action is about is not there.
    #[error("there is no such {what} in Okta, or the connection may not see it")]
    NotThere {
        /// Its kind.
        what: &'static str,
        /// The field of the input that names it.
        field: &'static str,
    },
    /// The call was sent, and what became of it cannot be seen.
    #[error("whether {action} was done is not known: {why}", action = action.name)]
    OutcomeUnknown {
        /// The action.
        action: &'static Action,
        /// Why it is not known.
        why: String,
    },
    /// The same request is being done at this moment.
    #[error("this very request is being done at the moment")]
    Running,
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request in the last 24 hours")]
    KeyReused,
    /// The key cannot be used.
    #[error("an Idempotency-Key has 1 to 255 visible characters")]
    BadKey,
    /// A cursor that is not of this list.
    #[error("`after` must be taken from the page before of this very list")]
    BadCursor,
    /// Pages of what is no list.
    #[error("{0} gives no list")]
    NoList(&'static str),
    /// Somebody else took the run over.
    #[error("the run was taken over by another process")]
    TakenOver,
    /// A sealed value does not open.
    #[error("what was kept of a run does not open")]
    Sealed(#[from] vault::Error),
    /// What was kept of a run cannot be read.
    #[error("what was kept of a run cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

fn summary(wrong: &[Wrong]) -> String {
    wrong
        .iter()
        .map(|one| format!("{} {}", one.field, one.message).trim().to_owned())
        .collect::<Vec<_>>()
        .join("; ")
}

impl Error {
    /// Okta's refusal of an action, with the field of the input it is about.
    pub(super) fn of(
        action: &'static Action,
        input: &super::action::Input,
        source: OktaError,
    ) -> Self {
        if let Some(wrong) = by_field(&source) {
            return Self::Input(wrong);
        }
        let summary = source.said().map(|said| said.summary.clone());
        // `Resource not found: 00u1 (User)` names the value.
        let field = summary.and_then(|summary| {
            let named = input.0.iter().find(|(_, value)| {
                value
                    .as_str()
                    .is_some_and(|text| text.len() > 3 && summary.contains(text))
            });
            named.map(|(name, _)| name.clone())
        });
        Self::Okta {
            action,
            field,
            source: Box::new(source),
        }
    }
}

/// What Okta finds wrong with single fields: causes such as `login: An object with this field already exists`.
fn by_field(source: &OktaError) -> Option<Vec<Wrong>> {
    let OktaError::Validation(said) = source else {
        return None;
    };
    if said.code.as_deref() != Some("E0000001") {
        return None;
    }
    let mend = "change the value; Okta gives the reason";
    let wrong: Vec<Wrong> = said
        .causes
        .iter()
        .map(|cause| match cause.split_once(": ") {
            Some((field, text)) if is_name(field) => Wrong::new(place(field), text, mend),
            _ => match cause.split('\'').nth(1) {
                Some(field) if cause.starts_with("Property name") => Wrong::new(
                    format!("profile.{field}"),
                    cause.clone(),
                    "leave it out, or add the attribute to the org's profile in Okta",
                ),
                _ => Wrong::new("", cause.clone(), mend),
            },
        })
        .collect();
    (!wrong.is_empty()).then_some(wrong)
}

fn is_name(field: &str) -> bool {
    !field.is_empty()
        && field
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// Okta names the attributes of a profile alone.
fn place(field: &str) -> String {
    match field {
        "password" | "recovery_question" | "provider" => format!("credentials.{field}"),
        "groupIds" | "credentials" | "profile" | "name" | "type" | "expression" => field.to_owned(),
        other if other.contains('.') => other.to_owned(),
        other => format!("profile.{other}"),
    }
}
