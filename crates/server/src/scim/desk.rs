//! What admins see and decide of SCIM: how it stands, collisions of names, what each source says of a person.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::collisions::{self, Collision, Decision};
use super::error::Error;
use super::{base, requests, said, settle, state};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::connections;
use crate::db::{ConnectionId, Timestamp};
use crate::directory;
use crate::web::{Caller, Json, Options, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(standing))
        .routes(routes!(list_collisions))
        .routes(routes!(decide))
        .routes(routes!(sources))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::NoSuch("collision", _) => Self::not_found("collision"),
            Error::Undecidable(_) => Self::invalid(words),
            Error::Taken(_) | Error::Stale(_) => Self::conflict(words),
            Error::Directory(error) => error.into(),
            Error::Db(error) => error.into(),
            _ => Self::bad_request(words),
        }
    }
}

/// How SCIM of a connection stands: its address, the dialect Okta speaks, how many people and groups it says.
#[utoipa::path(get, path = "/connections/{connection}/scim", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "How it stands", body = state::Standing)))]
async fn standing(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
) -> Result<Json<state::Standing>, Problem> {
    actor.need(Permission::ScimManage)?;
    requests::flush(&app).await;
    let connection = ConnectionId(connection);
    let public = app
        .part::<Options>()
        .cloned()
        .unwrap_or_default()
        .public_url;
    let work = app.read(&actor).await?;
    connections::find(&work, connection).await?;
    let base_url = base(&public, connection);
    Ok(Json(state::standing(&work, connection, base_url).await?))
}

/// List the names that two resources want, newest first.
#[utoipa::path(get, path = "/connections/{connection}/scim/collisions", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "Collisions that stand", body = Vec<Collision>)))]
async fn list_collisions(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
) -> Result<Json<Vec<Collision>>, Problem> {
    actor.need(Permission::ScimManage)?;
    let work = app.read(&actor).await?;
    connections::find(&work, ConnectionId(connection)).await?;
    Ok(Json(
        collisions::list(&work, ConnectionId(connection)).await?,
    ))
}

/// What is to be done about a collision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Deciding {
    /// `link`: both are the same; `rename`: the one that is there gets another name; `adopt`: the pushed one takes its
    /// place.
    decision: Decision,
    /// The new name, for `rename`.
    name: Option<String>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// Decide a collision. A rename happens at once, the others with the next push (in Okta: retry the failed task).
#[utoipa::path(post, path = "/connections/{connection}/scim/collisions/{collision}", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection"), ("collision" = Uuid, Path, description = "The collision")),
    request_body = Deciding, extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "The collision as decided", body = Collision)))]
async fn decide(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, collision)): Path<(Uuid, Uuid)>,
    Json(asked): Json<Deciding>,
) -> Result<Json<Collision>, Problem> {
    actor.need(Permission::ScimManage)?;
    let connection = ConnectionId(connection);
    let mut work = app.begin(&actor).await?;
    connections::find(&work, connection).await?;
    let decided = collisions::decide(
        &mut work,
        connection,
        collision,
        asked.decision,
        asked.name.as_deref(),
        &asked.reason,
    )
    .await?;
    settle::enqueue(&mut work, connection).await?;
    work.commit().await?;
    Ok(Json(decided))
}

/// What one source says of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Word {
    /// The connection.
    pub(crate) connection: Uuid,
    /// `pull`: Okta's API; `scim`: what Okta pushes.
    pub(crate) source: &'static str,
    /// The person's id in Okta.
    pub(crate) okta_id: String,
    /// The name to sign in with.
    pub(crate) login: String,
    /// Mail address.
    pub(crate) email: String,
    /// Name to show.
    pub(crate) display_name: String,
    /// Okta's status; of SCIM `active`, `inactive` or `removed`.
    pub(crate) status: String,
    /// Whether the person may sign in, by this source.
    pub(crate) lets_in: bool,
    /// When it last said so.
    #[schema(value_type = Option<String>)]
    pub(crate) at: Option<Timestamp>,
}

/// What the sources say of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sources {
    /// Each source.
    pub(crate) items: Vec<Word>,
    /// Whether two differ about access; then the more restrictive one counts.
    pub(crate) differ: bool,
}

/// What each source says of a person: Okta's API and SCIM, by connection.
#[utoipa::path(get, path = "/users/{user}/sources", tag = "users", extensions(("x-permission" = json!("users.read"))),
    params(("user" = String, Path, description = "Id or login")),
    responses((status = 200, description = "What each source says", body = Sources)))]
async fn sources(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<Json<Sources>, Problem> {
    actor.need(Permission::UsersRead)?;
    let work = app.read(&actor).await?;
    let id = directory::routes::resolve(&work, &user).await?;
    let user = directory::find_user(&work, id).await?;
    Ok(Json(sources_of(&work, &user).await?))
}

/// What each source says of a person.
pub(crate) async fn sources_of(work: &Work, user: &directory::User) -> Result<Sources, Problem> {
    let mut items = Vec::new();
    let mut differ = false;
    for link in directory::links_of(work, user.id).await? {
        let of_link =
            |source, login: &str, email: &str, name: &str, status: &str, lets_in, at| Word {
                connection: link.connection_id.0,
                source,
                okta_id: link.okta_id.clone(),
                login: login.to_owned(),
                email: email.to_owned(),
                display_name: name.to_owned(),
                status: status.to_owned(),
                lets_in,
                at,
            };
        let mut words = Vec::new();
        if let Some(status) = user.okta_status.as_deref() {
            let lets_in = !matches!(status, "SUSPENDED" | "DEPROVISIONED" | "GONE");
            let (login, email, name) = (&user.login, &user.email, &user.display_name);
            words.push(of_link(
                "pull",
                login,
                email,
                name,
                status,
                lets_in,
                Some(user.facts_at),
            ));
        }
        let heard = said::person_by_okta_id(work, link.connection_id, &link.okta_id).await?;
        if let Some((person, at)) = heard {
            let status = match (person.gone, person.active) {
                (true, _) => "removed",
                (false, true) => "active",
                (false, false) => "inactive",
            };
            let facts = &person.facts;
            let (login, email, name) = (&facts.login, &facts.email, &facts.display_name);
            words.push(of_link(
                "scim",
                login,
                email,
                name,
                status,
                person.active,
                Some(at),
            ));
        }
        differ |= words.iter().any(|word| word.lets_in) && words.iter().any(|word| !word.lets_in);
        items.extend(words);
    }
    Ok(Sources { items, differ })
}
