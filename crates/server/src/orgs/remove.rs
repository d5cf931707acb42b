//! `/connections/{connection}/remove`: leaving an org.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::change;
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Status};
use crate::console::{Affected, Confirm, Done, Fields, Pages, Visit};
use crate::db::ConnectionId;
use crate::directory::{self, browse};
use crate::web::Problem;

/// Most people who are named.
const NAMES: i64 = 51;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}/remove",
            Permission::ConnectionsManage,
            ask,
        )
        .post(
            "/connections/{connection}/remove",
            Permission::ConnectionsManage,
            remove,
        )
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    question(&app, &visit, id, &Fields::default(), None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let mappings = directory::list_mappings(&work, Some(id)).await?.len();
    let grants = directory::count_mapped(&work, id).await?;
    let people = browse::mapped_people(&work, id, NAMES).await?;
    let in_use = mappings > 0 || grants > 0;
    // Only an org that does not answer can be left with people's roles still standing.
    let force = in_use && connection.status != Status::Active;
    let words = match (in_use, force) {
        (false, _) => "Nobody has a role through it. Its keys are deleted here; the app in Okta stays until you delete it there.".to_owned(),
        (true, false) => format!(
            "{mappings} mapped groups give {grants} roles through it, so it cannot be removed yet: remove its mappings, let a run end what they gave, then remove it. Or switch it off."
        ),
        (true, true) => format!(
            "{mappings} mapped groups give {grants} roles through it. Its org does not answer, so no run can end them: removing it ends them at once, without the guard."
        ),
    };
    Confirm {
        title: format!("Remove {}?", connection.name),
        words: vec![words],
        affected: people
            .iter()
            .map(|user| Affected {
                name: user.display_name.clone(),
                note: user.login.clone(),
            })
            .collect(),
        action: format!("/connections/{id}/remove"),
        hidden: force
            .then(|| ("force", "yes".to_owned()))
            .into_iter()
            .collect(),
        typed: Some(connection.name.clone()),
        button: "Remove it",
        back: format!("/connections/{id}"),
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
    }
    .show(change::frame(visit, "", &connection))
}

async fn remove(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    match try_remove(&app, &visit, id, &fields).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => question(&app, &visit, id, &fields, Some(error.or_fault()?)).await,
    }
}

async fn try_remove(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    if fields.text("typed") != connection.name {
        return Err(Problem::invalid(format!(
            "type the name `{}` to go on",
            connection.name
        )));
    }
    let left = if fields.has("force", "yes") {
        let forced = connections::remove_by_force(&mut work, id, fields.text("reason")).await?;
        format!(
            "; {} people lost roles. Left in Okta: {}",
            forced.ended.people,
            forced.left_in_okta.join("; ")
        )
    } else {
        connections::remove(&mut work, id, fields.text("reason")).await?;
        String::new()
    };
    work.commit().await?;
    Ok(Done::to("/connections").ok(format!("{} is removed{left}", connection.name)))
}
