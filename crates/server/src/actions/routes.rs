//! `/api/v1/actions` (what there is) and `/api/v1/connections/{connection}/actions/…` (running them).

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use keywright_okta::{Error as OktaError, Fault};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Action, Answer, Asked, Error, Pieces, Plan, document};
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
