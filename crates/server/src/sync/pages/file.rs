//! `/runs/{run}/json`: a run with all it does, as a file. Read in chunks, so that a large one takes no memory.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::super::changes;
use super::super::routes::{ChangeView, RunView};
use super::super::run::{self, RunId};
use crate::actor::{Actor, Permission};
use crate::app::App;
use crate::console::{Pages, Visit};
use crate::web::Problem;

/// Changes read from the database at once.
const CHUNK: i64 = 1_000;

pub(super) fn pages() -> Pages {
    Pages::new().get("/runs/{run}/json", Permission::RunsRead, file)
}

async fn file(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RunId>,
) -> Result<Response, Problem> {
    let run = run::find_any(&app.read(&visit.actor).await?, id).await?;
    let head =
        serde_json::to_string(&RunView::from(run)).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"run-{id}.json\""),
        ),
    ];
    let head = format!("{{\"run\":{head},\"changes\":[");
    Ok((headers, stream(app, visit.actor, id, head)).into_response())
}

/// What breaks the file off.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Where the file goes on.
enum At {
    /// Before everything.
    Head(String),
    /// After the change of this number; whether it is the first one that comes.
    Changes(i64, bool),
    /// Behind its end.
    Over,
}

fn stream(app: App, actor: Actor, id: RunId, head: String) -> Body {
    let pieces = futures_util::stream::try_unfold(At::Head(head), move |at| {
        let (app, actor) = (app.clone(), actor.clone());
        async move {
            match at {
                At::Head(head) => Ok(Some((head, At::Changes(-1, true)))),
                At::Changes(after, first) => piece(&app, &actor, id, after, first).await.map(Some),
                At::Over => Ok(None),
            }
        }
    });
    Body::from_stream(pieces)
}

async fn piece(
    app: &App,
    actor: &Actor,
    id: RunId,
    after: i64,
    first: bool,
) -> Result<(String, At), Broken> {
    let found = changes::list(&app.read(actor).await?, id, None, after, CHUNK).await?;
    let Some(last) = found.last().map(|change| change.seq) else {
        return Ok(("]}\n".to_owned(), At::Over));
    };
    // A change that cannot be written breaks the file off: one that lacks it would look whole.
    let lines: Vec<String> = found
        .into_iter()
        .map(|change| serde_json::to_string(&ChangeView::from(change)))
        .collect::<Result<_, _>>()
        .map_err(std::io::Error::other)?;
    let comma = if first { "\n" } else { ",\n" };
    Ok((
        format!("{comma}{}", lines.join(",\n")),
        At::Changes(last, false),
    ))
}
