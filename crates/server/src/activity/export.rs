//! The trail as a file: JSON Lines or CSV, read in chunks so that a large one takes no memory.

use axum::body::Body;
use serde::Deserialize;

use crate::actor::Actor;
use crate::app::App;
use crate::audit::{Filter, Row, list, shown};
use crate::db;

/// Entries read from the database at once.
const CHUNK: u32 = 1_000;

/// The form of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// RFC 4180, with a head.
    Csv,
}

/// All entries that match, newest first.
pub(super) fn stream(app: App, actor: Actor, filter: Filter, form: Form) -> Body {
    let first = (Some(filter), form == Form::Csv);
    let pieces = futures_util::stream::try_unfold(first, move |(filter, head)| {
        let (app, actor) = (app.clone(), actor.clone());
        async move {
            let Some(filter) = filter else {
                return Ok(None);
            };
            let rows = chunk(&app, &actor, &filter).await?;
            let next = rows.last().map(|last| Filter {
                before: Some(last.id),
                ..filter
            });
            let mut text = if head { HEAD.to_owned() } else { String::new() };
            text.extend(rows.into_iter().map(|row| match form {
                Form::Jsonl => shown(row).to_string() + "\n",
                Form::Csv => line(&row),
            }));
            Ok::<_, db::Error>(Some((text, (next, false))))
        }
    });
    Body::from_stream(pieces)
}

async fn chunk(app: &App, actor: &Actor, filter: &Filter) -> db::Result<Vec<Row>> {
    list(&app.read(actor).await?, filter, CHUNK).await
}

const HEAD: &str =
    "id,at,actor_kind,actor_id,actor_name,action,target_kind,target_id,reason,detail,sealed\r\n";

fn line(row: &Row) -> String {
    let (id, at) = (row.id.to_string(), row.at.to_string());
    let cells = [
        id.as_str(),
        &at,
        &row.actor_kind,
        row.actor_id.as_deref().unwrap_or_default(),
        &row.actor_name,
        &row.action,
        &row.target_kind,
        &row.target_id,
        &row.reason,
        &row.detail,
        if row.seal.is_some() { "yes" } else { "no" },
    ];
    cells.map(cell).join(",") + "\r\n"
}

/// A quoted cell. What a spreadsheet would take for a formula gets an apostrophe in front, as people outside wrote some of it.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_never_formulas_and_stay_cells() {
        for (text, want) in [
            ("plain", "\"plain\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@a", "\"'@a\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b\nc", "\"a,b\nc\""),
        ] {
            assert_eq!(cell(text), want);
        }
    }
}
