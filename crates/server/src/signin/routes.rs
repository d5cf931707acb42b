//! Links, invitations and the rules of sign-in by the API.

use axum::extract::State;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::links::{self, LinkKind};
use crate::app::App;
use crate::db::Timestamp;
use crate::directory::{self, Kind, UserDraft};
use crate::sessions::{self, Rules, RulesDraft, RulesError};
use crate::web::{Browser, Caller, Json, Problem};

/// `/sign-in-links`, `/invitations`, `/sign-in-rules`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(link))
        .routes(routes!(invite))
        .routes(routes!(rules, change))
}

/// Whom a link is for.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    /// Id or login of a person made here; without it the link makes a new break-glass admin.
    user: Option<String>,
}

/// Somebody to invite.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Invitation {
    /// The name to sign in with.
    login: String,
    /// Name to show.
    #[serde(default)]
    display_name: String,
    /// Mail address.
    #[serde(default)]
    email: String,
    /// Id or name of the role they get.
    role: String,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// A link just made.
#[derive(Serialize, utoipa::ToSchema)]
struct Made {
    /// Its address: a credential, shown this once.
    url: String,
    /// Until when it works.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<links::Made> for Made {
    fn from(made: links::Made) -> Self {
        Self {
            url: made.url.expose_secret().to_owned(),
            expires_at: made.link.expires_at,
        }
    }
}

/// Makes a one-time link to sign in by browser: as a new break-glass admin, or as a person made here.
#[utoipa::path(post, path = "/sign-in-links", tag = "sign-in", extensions(("x-permission" = json!("users.manage"))),
    request_body = Wanted, responses((status = 201, description = "The link", body = Made)))]
async fn link(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let mut work = app.begin(&actor).await?;
    let kind = match &wanted.user {
        None => LinkKind::FirstAdmin,
        Some(user) => LinkKind::SignIn(directory::routes::resolve(&work, user).await?),
    };
    let made = links::make(&mut work, kind).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Makes a local person with a role, and a link for them to get in by.
#[utoipa::path(post, path = "/invitations", tag = "sign-in", extensions(("x-permission" = json!("users.manage"))),
    request_body = Invitation, responses((status = 201, description = "The link", body = Made)))]
async fn invite(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(invitation): Json<Invitation>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let mut work = app.begin(&actor).await?;
    let role = directory::find_role_by(&work, &invitation.role).await?;
    let draft = UserDraft {
        kind: Kind::Local,
        login: invitation.login,
        email: invitation.email,
        display_name: invitation.display_name,
    };
    let made = links::invite(&mut work, &draft, role.id, &invitation.reason).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Shows the rules of sign-in.
#[utoipa::path(get, path = "/sign-in-rules", tag = "sign-in", extensions(("x-permission" = json!("settings.read"))),
    responses((status = 200, description = "The rules in force", body = Rules)))]
async fn rules(State(app): State<App>, Caller(actor): Caller) -> Result<Json<Rules>, Problem> {
    Ok(Json(sessions::rules(&app.read(&actor).await?).await?))
}

/// Changes the rules of sign-in.
#[utoipa::path(put, path = "/sign-in-rules", tag = "sign-in", extensions(("x-permission" = json!("settings.manage"))),
    request_body = RulesDraft, responses((status = 200, description = "The rules in force", body = Rules)))]
async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    browser: Browser,
    Json(draft): Json<RulesDraft>,
) -> Result<Json<Rules>, Problem> {
    let mut work = app.begin(&actor).await?;
    let rules = sessions::change_rules(&mut work, &draft, &browser).await?;
    work.commit().await?;
    Ok(Json(rules))
}

impl From<RulesError> for Problem {
    fn from(error: RulesError) -> Self {
        let words = error.to_string();
        match error {
            RulesError::Forbidden(forbidden) => forbidden.into(),
            RulesError::Invalid(_) => Self::invalid(words),
            RulesError::LockOut(_) => Self::conflict(words),
            RulesError::Db(error) => error.into(),
        }
    }
}
