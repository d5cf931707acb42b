//! `/api/v1/actions` (what there is) and `/api/v1/connections/{connection}/actions/…` (running them).

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Action, Answer, Asked, Pieces, Plan, document};
use crate::app::App;
use crate::db::ConnectionId;
use crate::web::{Caller, Json, MAX_LIMIT, Problem};

/// The media type of lines of JSON.
const LINES: &str = "application/x-ndjson";
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The API: what there is, and one operation for each action.
pub fn routes() -> OpenApiRouter<App> {
    let router = OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(describe))
        .routes(routes!(by_name));
    super::all().fold(router, |router, action| {
        let name = action.name;
        let post = axum::routing::post(
            async move |State(app): State<App>,
                        caller: Caller,
                        Path(connection): Path<ConnectionId>,
                        query: Query<Ask>,
                        headers: HeaderMap,
                        Json(input): Json<Value>| {
                answer(&app, caller, connection, name, query.0, &headers, input).await
            },
        );
        router.routes((Vec::new(), document::paths(action), post))
    })
}

#[derive(Serialize, ToSchema)]
struct List {
    items: Vec<ActionView>,
}

/// What there is to know about an action.
#[derive(Serialize, ToSchema)]
struct ActionView {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// `read`, `list` or `change`.
    kind: &'static str,
    /// Whether it takes something away that does not come back by itself.
    destructive: bool,
    /// The least Okta scope it needs.
    scope: &'static str,
    /// The least of Okta's standard admin roles that may do it.
    role: &'static str,
    /// JSON Schema of what goes in; with a connection, with the org's own profile attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    /// JSON Schema of what comes out; of one item, for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// What could not be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl ActionView {
    fn short(action: &Action) -> Self {
        Self {
            name: action.name,
            title: action.title,
            about: action.about,
            kind: document::kind(action),
            destructive: action.destructive,
            scope: action.scope,
            role: action.role,
            input: None,
            output: None,
            note: None,
        }
    }
}

/// All actions.
#[utoipa::path(get, path = "/actions", tag = "actions", operation_id = "list_actions", responses((status = 200, body = List)),
    extensions(("x-permission" = json!("actions.run"))))]
async fn list() -> Json<List> {
    Json(List {
        items: super::all().map(ActionView::short).collect(),
    })
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// A connection: the input is then shown with its org's own profile attributes.
    #[param(value_type = Option<uuid::Uuid>)]
    connection: Option<ConnectionId>,
}

/// One action with the schemas of what goes in and what comes out.
#[utoipa::path(get, path = "/actions/{action}", tag = "actions", operation_id = "describe_action",
    params(("action" = String, Path, description = "its name"), Of),
    responses((status = 200, body = ActionView), (status = 404, description = "no such action")),
    extensions(("x-permission" = json!("actions.run"))))]
async fn describe(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Query(of): Query<Of>,
) -> Result<Json<ActionView>, Problem> {
    let action = super::find(&name)?;
    let mut view = ActionView::short(action);
    view.output = Some((action.output)());
    view.input = Some((action.input)());
    if let Some(connection) = of.connection {
        let (input, note) = super::input_schema(&app, &actor, connection, action).await?;
        (view.input, view.note) = (Some(input), note);
    }
    Ok(Json(view))
}

/// How an action is to be run.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Ask {
    /// Only say what would be done.
    #[serde(default)]
    plan: bool,
    /// Items of a page, for lists: 1 to 200.
    limit: Option<u32>,
    /// `next` of the page before, for lists.
    after: Option<String>,
}

/// What came of an action.
#[derive(Serialize, ToSchema)]
struct RunAnswer {
    action: &'static str,
    /// `done` or `planned`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Value>>,
    /// What to send as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    /// What is to be known beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// Run an action by its name. Each action also has an operation of its own, with its schemas.
#[utoipa::path(post, path = "/connections/{connection}/actions/{action}", tag = "actions", operation_id = "run_action",
    params(("connection" = uuid::Uuid, Path, description = "the connection"), ("action" = String, Path, description = "its name"), Ask,
        ("Idempotency-Key" = Option<String>, Header, description = "for a change: the same key never does it twice within 24 hours")),
    request_body = Value,
    responses((status = 200, body = RunAnswer), (status = 404, description = "no such action, connection or thing at Okta"),
        (status = 409, description = "in the present state it cannot be done, or it is being done"),
        (status = 422, description = "the input will not do: `errors` has the fields")),
    extensions(("x-permission" = json!("actions.run"))))]
async fn by_name(
    State(app): State<App>,
    caller: Caller,
    Path((connection, name)): Path<(ConnectionId, String)>,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
    Json(input): Json<Value>,
) -> Result<Response, Problem> {
    answer(&app, caller, connection, &name, ask, &headers, input).await
}

async fn answer(
    app: &App,
    Caller(actor): Caller,
    connection: ConnectionId,
    name: &str,
    ask: Ask,
    headers: &HeaderMap,
    input: Value,
) -> Result<Response, Problem> {
    let action = super::find(name)?;
    if ask
        .limit
        .is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit))
    {
        let text = format!("`limit` must be a number from 1 to {MAX_LIMIT}");
        return Err(Problem::bad_request(text));
    }
    if action.lists() && !ask.plan && wants_lines(headers) {
        let pieces = super::stream(app, &actor, connection, name, input).await?;
        return Ok(lines(pieces));
    }
    let key = headers
        .get(KEY)
        .map(|key| key.to_str().unwrap_or_default().to_owned());
    let asked = Asked {
        input,
        plan: ask.plan,
        key,
        limit: ask.limit,
        after: ask.after,
    };
    let answer = super::run(app, &actor, connection, name, asked).await?;
    Ok(rendered(action, answer))
}

fn rendered(action: &'static Action, answer: Answer) -> Response {
    let mut body = RunAnswer {
        action: action.name,
        outcome: "done",
        output: None,
        items: None,
        next: None,
        plan: None,
        notes: Vec::new(),
    };
    let mut again = false;
    match answer {
        Answer::Output {
            output,
            notes,
            replayed,
        } => {
            (body.output, body.notes, again) = (Some(output), notes, replayed);
        }
        Answer::Page { items, next } => (body.items, body.next) = (Some(items), next),
        Answer::Plan(plan) => (body.plan, body.outcome) = (Some(plan), "planned"),
    }
    let mut response = Json(body).into_response();
    if again {
        let told = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, told);
    }
    response
}

fn wants_lines(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains(LINES))
}

/// A line for each item, and one at the end that says that it is the end, or what broke it off: a list without its last
/// line is not whole.
fn lines(pieces: Pieces) -> Response {
    let counted =
        pieces
            .map(Some)
            .chain(stream::iter([None]))
            .scan((0_u64, false), |state, piece| {
                let (count, broken) = state;
                let lines = match piece {
                    Some(Ok(items)) => {
                        *count += u64::try_from(items.len()).unwrap_or_default();
                        items
                            .iter()
                            .map(|item| line(&json!({ "item": item })))
                            .collect()
                    }
                    Some(Err(error)) => {
                        *broken = true;
                        line(&json!({"problem": Problem::from(error).document()}))
                    }
                    None if *broken => String::new(),
                    None => line(&json!({"end": {"count": *count}})),
                };
                futures_util::future::ready(Some(Ok::<_, std::convert::Infallible>(Bytes::from(
                    lines,
                ))))
            });
    ([(CONTENT_TYPE, LINES)], Body::from_stream(counted)).into_response()
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
