//! One text of table definitions for both engines.

use super::Engine;

/// The text for `engine`: written with PostgreSQL's types, of which SQLite gets its own: `UUID` and `BYTEA` become
/// `BLOB`, `JSONB` becomes `TEXT`. Words are matched whole, in capitals only.
#[must_use]
pub fn ddl(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Postgres => text.to_owned(),
        Engine::Sqlite => text
            .split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map(for_sqlite)
            .collect(),
    }
}

/// One word with the character that ended it.
fn for_sqlite(piece: &str) -> String {
    let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let rest = piece.strip_prefix(word).unwrap_or_default();
    let word = match word {
        "UUID" | "BYTEA" => "BLOB",
        "JSONB" => "TEXT",
        other => other,
    };
    format!("{word}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_change_for_sqlite_only() {
        let text = "CREATE TABLE t (id UUID NOT NULL, UUIDX TEXT, d JSONB, b BYTEA)";
        assert_eq!(ddl(Engine::Postgres, text), text);
        assert_eq!(
            ddl(Engine::Sqlite, text),
            "CREATE TABLE t (id BLOB NOT NULL, UUIDX TEXT, d TEXT, b BLOB)"
        );
    }
}
