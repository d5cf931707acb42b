//! The audit trail by the API: list, export, verify.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Anchor, Filter, Report, Row, list as find, seal, verify as walk};
use crate::actor::Actor;
use crate::app::App;
use crate::db;
use crate::web::{Caller, Json, Page, Paged, Problem};

/// Entries read from the database at once by an export.
const CHUNK: u32 = 1_000;

/// `/audit`, `/audit/export`, `/audit/verify`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(verify))
}

/// Which entries.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// Only this action: `role.granted`.
    action: Option<String>,
    /// Only this kind of target: `user`.
    target_kind: Option<String>,
    /// Only this target.
    target_id: Option<String>,
}

impl Wanted {
    fn filter(&self, before: Option<Uuid>) -> Filter {
        let Self {
            action,
            target_kind,
            target_id,
        } = self;
        Filter {
            action: action.clone(),
            target_kind: target_kind.clone(),
            target_id: target_id.clone(),
            before,
            ..Filter::default()
        }
    }
}

/// List audit entries, newest first.
#[utoipa::path(get, path = "/audit", tag = "Audit", params(
        ("action" = Option<String>, Query, description = "Only this action: `role.granted`"),
        ("target_kind" = Option<String>, Query, description = "Only this kind of target: `user`"),
        ("target_id" = Option<String>, Query, description = "Only this target")), extensions(("x-permission" = json!("audit.read"))),
    responses((status = 200, description = "A page of entries", body = Value)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    page: Page,
    Query(wanted): Query<Wanted>,
) -> Result<Paged<Value>, Problem> {
    let before = page.after.as_deref().map(str::parse).transpose();
    let before =
        before.map_err(|_| Problem::bad_request("`after` must be taken from the page before"))?;
    let limit = u32::try_from(page.rows()).unwrap_or(CHUNK);
    let rows = find(&app.read(&actor).await?, &wanted.filter(before), limit).await?;
    let last = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    Ok(page.cut(rows.into_iter().map(shown).collect(), last))
}

/// Export the whole trail as JSON Lines, newest first.
#[utoipa::path(get, path = "/audit/export", tag = "Audit", params(
        ("action" = Option<String>, Query, description = "Only this action: `role.granted`"),
        ("target_kind" = Option<String>, Query, description = "Only this kind of target: `user`"),
        ("target_id" = Option<String>, Query, description = "Only this target")), extensions(("x-permission" = json!("audit.read"))),
    responses((status = 200, description = "One entry per line", content_type = "application/x-ndjson", body = String)))]
async fn export(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lines = futures_util::stream::try_unfold(Some(None), move |before| {
        let (app, actor, filter) = (
            app.clone(),
            actor.clone(),
            before.map(|before| wanted.filter(before)),
        );
        async move {
            let Some(filter) = filter else {
                return Ok(None);
            };
            let rows = chunk(&app, &actor, &filter).await?;
            let next = rows.last().map(|last| Some(last.id));
            let lines: Vec<String> = rows
                .into_iter()
                .map(|row| shown(row).to_string() + "\n")
                .collect();
            let text = lines.concat();
            Ok::<_, db::Error>(next.map(|next| (text, Some(next))))
        }
    });
    (
        [(CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(lines),
    )
        .into_response()
}

async fn chunk(app: &App, actor: &Actor, filter: &Filter) -> db::Result<Vec<Row>> {
    find(&app.read(actor).await?, filter, CHUNK).await
}

/// What to check against.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    /// An anchor kept from an earlier check: the trail must still lead to it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    anchor: Option<Anchor>,
}

/// Verify the chain of the trail; first seals what is not sealed yet.
#[utoipa::path(post, path = "/audit/verify", tag = "Audit", request_body = Check,
    extensions(("x-permission" = json!("audit.read"))),
    responses((status = 200, description = "What was checked, the new anchor, and every break", body = Value)))]
async fn verify(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(check): Json<Check>,
) -> Result<axum::Json<Report>, Problem> {
    seal_all(&app, &actor).await?;
    Ok(axum::Json(
        walk(&app.read(&actor).await?, check.anchor.as_ref()).await?,
    ))
}

/// Seals everything of the actor's tenant that is not sealed yet.
pub async fn seal_all(app: &App, actor: &Actor) -> db::Result<()> {
    loop {
        let mut work = app.begin(actor).await?;
        match seal(&mut work).await {
            Ok(0) => return Ok(()),
            Ok(_) => work.commit().await?,
            Err(db::Error::Stale) => {} // an older entry came in meanwhile: once more
            Err(error) => return Err(error),
        }
    }
}

/// An entry as people and programs see it, its detail as JSON.
pub(crate) fn shown(row: Row) -> Value {
    let detail = serde_json::from_str(&row.detail).unwrap_or(Value::String(row.detail));
    json!({
        "id": row.id, "at": row.at,
        "actor": { "kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name },
        "action": row.action, "target": { "kind": row.target_kind, "id": row.target_id },
        "reason": row.reason, "detail": detail, "sealed": row.seal.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Entry, record};
    use crate::testing::{TestApp, db_test};

    async fn three_entries(t: &TestApp) {
        let mut work = t.begin().await;
        for n in 0..3 {
            let entry = Entry::new("role.granted", ("user", n.to_string()), "a test");
            record(&mut work, entry).await.unwrap();
        }
        work.commit().await.unwrap();
    }

    db_test!(
        async fn entries_are_listed_in_pages_and_exported_whole(t) {
            three_entries(&t).await;
            let (status, page) = t.call("GET", "/api/v1/audit?limit=3", None).await;
            assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 3));
            let next = format!("/api/v1/audit?limit=3&after={}", page["next"].as_str().unwrap());
            let (_, page) = t.call("GET", &next, None).await;
            assert_eq!(page["items"][0]["action"], "tenant.created");
            assert_eq!(page["next"], Value::Null);
            let (_, lines) = t.call("GET", "/api/v1/audit/export", None).await;
            assert_eq!(lines.as_str().unwrap().lines().count(), 4);
            let (_, line) = t.call("GET", "/api/v1/audit/export?target_kind=user&target_id=1", None).await;
            assert_eq!(line["target"]["id"], "1");
        }

        async fn verifying_seals_first_and_gives_an_anchor_to_come_back_with(t) {
            three_entries(&t).await;
            let (status, report) = t.call("POST", "/api/v1/audit/verify", Some(json!({}))).await;
            assert_eq!((status, &report["unsealed"], &report["breaks"]), (200, &json!(0), &json!([])));
            let check = json!({ "anchor": report["anchor"] });
            let (_, report) = t.call("POST", "/api/v1/audit/verify", Some(check)).await;
            assert_eq!(report["breaks"], json!([]));
        }
    );
}
