//! Groups over the API.

use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::super::groups::{self, Group, GroupId};
use super::users::UserView;
use super::{Look, page};
use crate::app::App;
use crate::db::{ConnectionId, Timestamp};
use crate::web::{Caller, Json, Page, Paged, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
        .routes(routes!(members))
}

/// A group as the API shows it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GroupView {
    /// Its id with us.
    id: Uuid,
    /// Its connection.
    connection: Uuid,
    /// Its id in Okta.
    okta_id: String,
    /// Its name.
    name: String,
    /// Its description.
    description: String,
    /// Okta's kind: `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`; `SCIM_GROUP` for one pushed by SCIM.
    kind: String,
    /// How many members it had when last read.
    members: i64,
    /// When its members last changed in Okta.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_membership_updated: Option<Timestamp>,
    /// When its members were last read (Okta's time).
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    /// Why its last answer was not believed: `vanished`, `emptied`.
    suspect: Option<String>,
    /// The group of Okta that SCIM says it is.
    twin: Option<String>,
    /// When SCIM removed it.
    #[schema(value_type = Option<String>, format = DateTime)]
    gone_at: Option<Timestamp>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            id: group.id.0,
            connection: group.connection_id.0,
            okta_id: group.okta_id,
            name: group.name,
            description: group.description,
            kind: group.kind,
            members: group.members,
            last_membership_updated: group.last_membership_updated,
            read_at: group.read_date,
            suspect: group.suspect,
            twin: group.twin,
            gone_at: group.gone_at,
        }
    }
}

/// Lists the groups we know.
#[utoipa::path(get, path = "/groups", tag = "groups", extensions(("x-permission" = json!("groups.read"))), params(Look),
    responses((status = 200, description = "A page of groups", body = Paged<GroupView>)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(look): Query<Look>,
    asked: Page,
) -> Result<Paged<GroupView>, Problem> {
    let work = app.read(&actor).await?;
    let found = groups::list(
        &work,
        look.connection.map(ConnectionId),
        &look.q,
        &page(&asked)?,
    )
    .await?;
    Ok(
        asked.cut(found.into_iter().map(GroupView::from).collect(), |group| {
            group.id.to_string()
        }),
    )
}

/// Shows a group.
#[utoipa::path(get, path = "/groups/{id}", tag = "groups", extensions(("x-permission" = json!("groups.read"))),
    params(("id" = Uuid, Path, description = "The group")), responses((status = 200, description = "The group", body = GroupView)))]
async fn find(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<GroupId>,
) -> Result<Json<GroupView>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(groups::find(&work, id).await?.into()))
}

/// Lists a group's members.
#[utoipa::path(get, path = "/groups/{id}/members", tag = "groups", extensions(("x-permission" = json!("groups.read"))),
    params(("id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "A page of users", body = Paged<UserView>)))]
async fn members(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<GroupId>,
    asked: Page,
) -> Result<Paged<UserView>, Problem> {
    let work = app.read(&actor).await?;
    let found = groups::members(&work, id, &page(&asked)?).await?;
    Ok(
        asked.cut(found.into_iter().map(UserView::from).collect(), |user| {
            user.id.to_string()
        }),
    )
}
