//! What a command prints: a table for people or JSON for programs, always to standard output; all else to standard
//! error. Colours and progress only on a terminal.

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::{OwoColorize, Stream};
use serde_json::Value;

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// The API's own JSON.
    Json,
}

/// One column: its heading, and the path of its value in an item (`a.b` goes inside).
pub(crate) type Column = (&'static str, &'static str);

/// Writes results in the form the caller asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    format: Format,
}

impl Printer {
    /// A printer for one form.
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// True when a program reads: no words beside the JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// A list: one row for each item under `items`, or of the array itself.
    pub(crate) fn list(self, answer: &Value, columns: &[Column]) {
        if self.is_json() {
            return print_json(answer);
        }
        let items = items(answer);
        if items.is_empty() {
            say("none");
            return;
        }
        let mut table = new_table();
        table.set_header(columns.iter().map(|(heading, _)| *heading));
        for item in items {
            table.add_row(columns.iter().map(|(_, path)| text(at(item, path))));
        }
        say(&tidy(&table));
        if let Some(cursor) = answer.get("next").and_then(Value::as_str) {
            complain_more(&format!("more: --after {cursor}"));
        }
    }

    /// One thing: a line for each field that it has.
    pub(crate) fn item(self, answer: &Value, fields: &[Column]) {
        if self.is_json() {
            return print_json(answer);
        }
        let mut table = new_table();
        for (heading, path) in fields {
            let value = at(answer, path);
            if !value.is_null() {
                table.add_row([(*heading).to_owned(), text(value)]);
            }
        }
        say(&tidy(&table));
    }

    /// A sentence for people; a program gets the JSON instead.
    pub(crate) fn done(self, answer: &Value, sentence: &str) {
        if self.is_json() {
            print_json(answer);
        } else {
            say(sentence);
        }
    }
}

/// Prints JSON as it is.
pub(crate) fn print_json(answer: &Value) {
    match serde_json::to_string_pretty(answer) {
        Ok(text) => say(&text),
        Err(error) => complain(&format!("cannot print the answer: {error}")),
    }
}

/// The items of a list answer.
pub(crate) fn items(answer: &Value) -> &[Value] {
    answer
        .get("items")
        .unwrap_or(answer)
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// The value at a dotted path; null when there is none.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.')
        .try_fold(value, |inside, step| inside.get(step))
        .unwrap_or(&Value::Null)
}

/// A value as one cell.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields.get("name").map_or_else(|| value.to_string(), text),
        Value::Number(number) => number.to_string(),
    }
}

fn new_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The table without the blanks around its lines.
fn tidy(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}

/// Prints one line to standard output. A closed pipe is no error: the reader had enough.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints an error to standard error.
pub(crate) fn complain(text: &str) {
    let head = "error:".if_supports_color(Stream::Stderr, |head| head.red());
    let _closed = writeln!(std::io::stderr().lock(), "{head} {text}");
}

/// Prints a further line to standard error.
pub(crate) fn complain_more(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}

/// True when a person watches standard error and can be asked on standard input.
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A spinner on standard error with one line of text, or nothing when nobody watches.
pub(crate) fn spinner(text: &str) -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let spinner = indicatif::ProgressBar::new_spinner().with_message(text.to_owned());
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_goes_inside_and_ends_in_null() {
        let item = json!({"a": {"b": 3}});
        assert_eq!(at(&item, "a.b"), &json!(3));
        assert_eq!(at(&item, "a.c"), &Value::Null);
    }

    #[test]
    fn cells_are_words() {
        let cases = [
            (json!(null), "-"),
            (json!(true), "yes"),
            (json!(["a", {"name": "b"}]), "a, b"),
            (json!(12), "12"),
        ];
        for (value, want) in cases {
            assert_eq!(text(&value), want);
        }
    }

    #[test]
    fn a_list_is_the_array_or_its_items() {
        assert_eq!(items(&json!([1, 2])).len(), 2);
        assert_eq!(items(&json!({"items": [1]})).len(), 1);
        assert_eq!(items(&json!({})).len(), 0);
    }
}
