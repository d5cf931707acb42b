//! Values inside of a JSON document, in the words of each engine.

use keywright_proto::scim::Path;
use keywright_proto::scim::filter::{Operand, Operator};
use keywright_proto::scim::matching::fold;
use sea_orm::Value as Bound;

use super::{Condition, NEVER, sign};
use crate::db::Engine;

impl Condition<'_> {
    /// A comparison with the value at `steps` in a document; false where there is none or one of another type.
    pub(super) fn leaf(
        &mut self,
        doc: &str,
        steps: &[Step<'_>],
        operator: Operator,
        value: &Operand,
        exact: bool,
    ) -> String {
        match (value, self.engine) {
            (Operand::Null, _) => NEVER.to_owned(),
            (Operand::Text(text), _) => {
                let text = if exact { text.clone() } else { fold(text) };
                let expression = self.text(doc, steps);
                let compared = self.compare_text(&expression, operator, text);
                format!(
                    "({} AND {compared})",
                    self.is_a(doc, steps, "text", "string")
                )
            }
            (Operand::Bool(flag), Engine::Sqlite) => {
                format!(
                    "COALESCE(json_type({doc}, {}) = '{flag}', FALSE)",
                    sqlite_path(steps)
                )
            }
            (Operand::Bool(flag), Engine::Postgres) => {
                format!(
                    "COALESCE({} = '{flag}'::jsonb, FALSE)",
                    postgres_path(doc, steps)
                )
            }
            (Operand::Number(number), engine) => {
                let place = self.bind(Bound::from(number.as_f64().unwrap_or(0.0)));
                let (number, typed) = match engine {
                    Engine::Sqlite => {
                        let path = sqlite_path(steps);
                        (
                            format!("json_extract({doc}, {path})"),
                            format!(
                                "COALESCE(json_type({doc}, {path}) IN ('integer', 'real'), FALSE)"
                            ),
                        )
                    }
                    Engine::Postgres => {
                        let value = postgres_path(doc, steps);
                        let typed = format!("COALESCE(jsonb_typeof({value}) = 'number', FALSE)");
                        // A cast of what is no number would fail the query, in whatever order the terms are looked at.
                        (
                            format!(
                                "(CASE WHEN jsonb_typeof({value}) = 'number' THEN ({value})::text::float8 END)"
                            ),
                            typed,
                        )
                    }
                };
                format!(
                    "({typed} AND COALESCE({number} {} {place}, FALSE))",
                    sign(operator)
                )
            }
        }
    }

    fn is_a(&self, doc: &str, steps: &[Step<'_>], sqlite: &str, postgres: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!(
                "COALESCE(json_type({doc}, {}) = '{sqlite}', FALSE)",
                sqlite_path(steps)
            ),
            Engine::Postgres => format!(
                "COALESCE(jsonb_typeof({}) = '{postgres}', FALSE)",
                postgres_path(doc, steps)
            ),
        }
    }

    pub(super) fn is_there(&self, doc: &str, steps: &[Step<'_>]) -> String {
        match self.engine {
            Engine::Sqlite => {
                let path = sqlite_path(steps);
                format!(
                    "COALESCE(json_type({doc}, {path}) <> 'null' AND json_extract({doc}, {path}) <> '', FALSE)"
                )
            }
            Engine::Postgres => {
                let value = postgres_path(doc, steps);
                format!("COALESCE({value} NOT IN ('null'::jsonb, '\"\"'::jsonb), FALSE)")
            }
        }
    }

    /// The text at a place, NULL where there is none.
    pub(super) fn text(&self, doc: &str, steps: &[Step<'_>]) -> String {
        match self.engine {
            Engine::Sqlite => format!("json_extract({doc}, {})", sqlite_path(steps)),
            Engine::Postgres => format!("({} #>> '{{}}')", postgres_path(doc, steps)),
        }
    }

    /// Whether a condition on `e.value` holds for one value of a list.
    pub(super) fn each(&self, doc: &str, list: &[Step<'_>], inside: &str) -> String {
        match self.engine {
            Engine::Sqlite => {
                let path = sqlite_path(list);
                // json_each would also walk the members of an object; and what it gives of plain values is not JSON.
                format!(
                    "EXISTS (SELECT 1 FROM (SELECT CASE WHEN type IN ('object', 'array') THEN value \
                     WHEN type IN ('true', 'false', 'null') THEN type ELSE json_quote(value) END AS value \
                     FROM json_each(CASE WHEN json_type({doc}, {path}) = 'array' THEN json_extract({doc}, {path}) ELSE '[]' END)) AS e WHERE {inside})"
                )
            }
            Engine::Postgres => {
                let value = postgres_path(doc, list);
                format!(
                    "EXISTS (SELECT 1 FROM jsonb_array_elements(CASE WHEN jsonb_typeof({value}) = 'array' THEN {value} ELSE '[]'::jsonb END) AS e(value) WHERE {inside})"
                )
            }
        }
    }
}

/// One step into a document.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Name(&'a str),
    First,
}

pub(super) fn steps(path: &Path) -> Vec<Step<'_>> {
    [
        path.extension.as_deref(),
        Some(path.name.as_str()),
        path.sub.as_deref(),
    ]
    .into_iter()
    .flatten()
    .map(Step::Name)
    .collect()
}

pub(super) fn extended<'a>(holder: &[Step<'a>], names: &'a [String]) -> Vec<Step<'a>> {
    holder
        .iter()
        .copied()
        .chain(names.iter().map(|name| Step::Name(name)))
        .collect()
}

/// `'$."a"."b"'`.
fn sqlite_path(steps: &[Step<'_>]) -> String {
    let inner: String = steps
        .iter()
        .map(|step| match step {
            Step::Name(name) => format!(".\"{}\"", plain(name)),
            Step::First => "[0]".to_owned(),
        })
        .collect();
    format!("'${inner}'")
}

/// `(doc -> 'a' -> 'b')`.
fn postgres_path(doc: &str, steps: &[Step<'_>]) -> String {
    let inner: String = steps
        .iter()
        .map(|step| match step {
            Step::Name(name) => format!(" -> '{}'", plain(name)),
            Step::First => " -> 0".to_owned(),
        })
        .collect();
    format!("({doc}{inner})")
}

/// Names have no quotes by the grammar; if one came in all the same, it would go here.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '\'' | '"' | '\\'))
        .collect()
}
