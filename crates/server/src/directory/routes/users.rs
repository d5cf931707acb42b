//! Users and their roles over the API.

use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::super::users::{self, Draft, Kind, Link, User};
use super::super::{grants, groups, roles};
use super::groups::GroupView;
use super::roles::RoleView;
use super::{Look, Why, page};
use crate::app::{App, Work};
use crate::db::{Timestamp, UserId};
use crate::sessions::{self, Session};
use crate::web::{Caller, Json, Page, Paged, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find))
        .routes(routes!(block))
        .routes(routes!(end_sessions))
        .routes(routes!(list_sessions))
        .routes(routes!(list_roles, give))
        .routes(routes!(revoke))
}

/// A user as the API shows them.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct UserView {
    /// The id with us.
    pub(super) id: Uuid,
    /// `okta`, `local` or `break_glass`.
    kind: String,
    /// The name to sign in with.
    login: String,
    /// Mail address.
    email: String,
    /// Name to show.
    display_name: String,
    /// Given name.
    given_name: String,
    /// Family name.
    family_name: String,
    /// Okta's status; `GONE` when the org has the person no more.
    okta_status: Option<String>,
    /// Where these facts come from.
    facts_source: String,
    /// When they last changed for us.
    #[schema(value_type = String, format = DateTime)]
    facts_at: Timestamp,
    /// Whether they may not sign in.
    blocked: bool,
    /// When they became a user.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Rises with each change.
    version: i64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            kind: user.kind,
            login: user.login,
            email: user.email,
            display_name: user.display_name,
            given_name: user.given_name,
            family_name: user.family_name,
            okta_status: user.okta_status,
            facts_source: user.facts_source,
            facts_at: user.facts_at,
            blocked: user.blocked,
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// A user with all that belongs to them.
#[derive(Serialize, utoipa::ToSchema)]
struct UserDetail {
    #[serde(flatten)]
    user: UserView,
    /// Where they are known outside.
    links: Vec<LinkView>,
    /// The mapped groups they are in.
    groups: Vec<GroupView>,
    /// Their roles, the union of all grants.
    roles: Vec<RoleView>,
}

/// Where a user is known outside.
#[derive(Serialize, utoipa::ToSchema)]
struct LinkView {
    /// The connection.
    connection: Uuid,
    /// The id in that org.
    okta_id: String,
}

impl From<Link> for LinkView {
    fn from(link: Link) -> Self {
        Self {
            connection: link.connection_id.0,
            okta_id: link.okta_id,
        }
    }
}

/// A user to be made here.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct UserDraft {
    /// The name to sign in with.
    login: String,
    /// Mail address.
    #[serde(default)]
    email: String,
    /// Name to show.
    #[serde(default)]
    display_name: String,
    /// `local`, or `break_glass` for an admin whom no sync ever touches.
    #[serde(default = "local")]
    kind: Kind,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

fn local() -> Kind {
    Kind::Local
}

/// Lists users.
#[utoipa::path(get, path = "/users", tag = "users", extensions(("x-permission" = json!("users.read"))), params(Look),
    responses((status = 200, description = "A page of users", body = Paged<UserView>)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(look): Query<Look>,
    asked: Page,
) -> Result<Paged<UserView>, Problem> {
    let work = app.read(&actor).await?;
    let found = users::list(&work, &look.q, &page(&asked)?).await?;
    Ok(
        asked.cut(found.into_iter().map(UserView::from).collect(), |user| {
            user.id.to_string()
        }),
    )
}

/// Makes a local user or a break-glass admin. People of an org come by sync.
#[utoipa::path(post, path = "/users", tag = "users", extensions(("x-permission" = json!("users.manage"))),
    request_body = UserDraft, responses((status = 201, description = "The user", body = UserDetail)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(draft): Json<UserDraft>,
) -> Result<(StatusCode, Json<UserDetail>), Problem> {
    let mut work = app.begin(&actor).await?;
    let UserDraft {
        login,
        email,
        display_name,
        kind,
        reason,
    } = draft;
    let user = users::create(
        &mut work,
        &Draft {
            kind,
            login,
            email,
            display_name,
        },
        &reason,
    )
    .await?;
    let detail = detail(&work, user).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(detail)))
}

/// Shows a user, by id or by login when it is one person's only.
#[utoipa::path(get, path = "/users/{user}", tag = "users", extensions(("x-permission" = json!("users.read"))),
    params(("user" = String, Path, description = "Id or login")), responses((status = 200, description = "The user", body = UserDetail)))]
async fn find(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<Json<UserDetail>, Problem> {
    let work = app.read(&actor).await?;
    let id = resolve(&work, &user).await?;
    Ok(Json(detail(&work, users::find(&work, id).await?).await?))
}

async fn detail(work: &Work, user: User) -> Result<UserDetail, Problem> {
    let id = user.id;
    Ok(UserDetail {
        user: user.into(),
        links: users::links(work, id)
            .await?
            .into_iter()
            .map(LinkView::from)
            .collect(),
        groups: groups::of_user(work, id)
            .await?
            .into_iter()
            .map(GroupView::from)
            .collect(),
        roles: grants::roles_of(work, id)
            .await?
            .into_iter()
            .map(RoleView::from)
            .collect(),
    })
}

/// The user meant by an id or a login.
pub(crate) async fn resolve(work: &Work, user: &str) -> Result<UserId, Problem> {
    if let Ok(id) = user.parse::<UserId>() {
        return Ok(users::find(work, id).await?.id);
    }
    match users::by_login(work, user).await?.as_slice() {
        [] => Err(Problem::not_found("user")),
        [one] => Ok(one.id),
        _ => Err(Problem::conflict(
            "several people have this login: use the id",
        )),
    }
}

/// Whether a user may sign in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Blocked {
    /// True keeps them out.
    blocked: bool,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// Keeps a user made here out, or lets them in again. People of an org are suspended in Okta.
#[utoipa::path(put, path = "/users/{user}/blocked", tag = "users", extensions(("x-permission" = json!("users.manage"))),
    params(("user" = String, Path, description = "Id or login")), request_body = Blocked,
    responses((status = 200, description = "The user", body = UserDetail)))]
async fn block(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Json(to): Json<Blocked>,
) -> Result<Json<UserDetail>, Problem> {
    let mut work = app.begin(&actor).await?;
    let id = resolve(&work, &user).await?;
    let user = users::set_blocked(&mut work, id, to.blocked, &to.reason).await?;
    let detail = detail(&work, user).await?;
    work.commit().await?;
    Ok(Json(detail))
}

/// Ends all sessions and API keys' present access of a user.
#[utoipa::path(post, path = "/users/{user}/end-sessions", tag = "users", extensions(("x-permission" = json!("users.manage"))),
    params(("user" = String, Path, description = "Id or login"), Why), responses((status = 204, description = "Ended")))]
async fn end_sessions(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Query(why): Query<Why>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    let id = resolve(&work, &user).await?;
    users::end_sessions(&mut work, id, &why.reason).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person's sessions, newest first.
#[utoipa::path(get, path = "/users/{user}/sessions", tag = "Sessions", extensions(("x-permission" = json!("users.read"))),
    params(("user" = String, Path, description = "Id or login")),
    responses((status = 200, description = "At most the last 200", body = Vec<Session>)))]
async fn list_sessions(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<axum::Json<Vec<Session>>, Problem> {
    let work = app.read(&actor).await?;
    let id = resolve(&work, &user).await?;
    users::find(&work, id).await?;
    Ok(axum::Json(sessions::of_user(&work, id).await?))
}

/// A user's roles.
#[derive(Serialize, utoipa::ToSchema)]
struct UserRoles {
    items: Vec<RoleView>,
}

/// Lists a user's roles: the union of all grants. Why they have them: `/users/{user}/why`.
#[utoipa::path(get, path = "/users/{user}/roles", tag = "users", extensions(("x-permission" = json!("users.read"))),
    params(("user" = String, Path, description = "Id or login")), responses((status = 200, description = "The roles", body = UserRoles)))]
async fn list_roles(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<Json<UserRoles>, Problem> {
    let work = app.read(&actor).await?;
    let id = resolve(&work, &user).await?;
    Ok(Json(UserRoles {
        items: grants::roles_of(&work, id)
            .await?
            .into_iter()
            .map(RoleView::from)
            .collect(),
    }))
}

/// A role to be given by hand.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Giving {
    /// Id or name of the role.
    role: String,
    /// Until when; for good when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// Gives a role by hand. Nobody can give what they do not hold.
#[utoipa::path(post, path = "/users/{user}/roles", tag = "users", extensions(("x-permission" = json!("grants.manage"))),
    params(("user" = String, Path, description = "Id or login")), request_body = Giving,
    responses((status = 200, description = "The roles", body = UserRoles)))]
async fn give(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Json(giving): Json<Giving>,
) -> Result<Json<UserRoles>, Problem> {
    let mut work = app.begin(&actor).await?;
    let id = resolve(&work, &user).await?;
    let role = roles::find_by(&work, &giving.role).await?;
    grants::give(&mut work, id, role.id, giving.expires_at, &giving.reason).await?;
    let items = grants::roles_of(&work, id)
        .await?
        .into_iter()
        .map(RoleView::from)
        .collect();
    work.commit().await?;
    Ok(Json(UserRoles { items }))
}

/// Takes back a role that was given by hand. The last admin keeps theirs.
#[utoipa::path(delete, path = "/users/{user}/roles/{role}", tag = "users", extensions(("x-permission" = json!("grants.manage"))),
    params(("user" = String, Path, description = "Id or login"), ("role" = String, Path, description = "Id or name"), Why),
    responses((status = 204, description = "Taken back")))]
async fn revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((user, role)): Path<(String, String)>,
    Query(why): Query<Why>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    let id = resolve(&work, &user).await?;
    let role = roles::find_by(&work, &role).await?;
    grants::revoke(&mut work, id, role.id, &why.reason).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
