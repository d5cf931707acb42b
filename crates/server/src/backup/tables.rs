//! Which tables and columns there are, read out of the migrations' own text: nothing to keep in step by hand. Pure.

use crate::db::Migration;

/// The type of a column, as migrations write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Bytes,
    Json,
    Text,
    Boolean,
    Integer,
    BigInt,
    Real,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "UUID" => Self::Uuid,
            "BYTEA" => Self::Bytes,
            "JSONB" => Self::Json,
            "TEXT" => Self::Text,
            "BOOLEAN" => Self::Boolean,
            "INTEGER" => Self::Integer,
            "BIGINT" => Self::BigInt,
            "REAL" | "DOUBLE" => Self::Real,
            _ => return None,
        })
    }
}

/// One table with its columns in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<(String, Kind)>,
    /// The columns of the primary key.
    pub(super) key: Vec<String>,
}

/// All tables after the migrations up to and with `version`, in the order they were made: a table comes after those
/// it refers to.
pub(super) fn tables(migrations: &[Migration], version: i32) -> Vec<Table> {
    let mut tables = Vec::new();
    for migration in migrations.iter().filter(|m| m.version <= version) {
        for statement in migration.sql.split(";\n") {
            read(statement, &mut tables);
        }
    }
    tables
}

/// Takes one statement into account: a new table, a new column, a column or table dropped or renamed.
fn read(statement: &str, tables: &mut Vec<Table>) {
    let flat = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect::<Vec<_>>()
        .join(" ");
    let words: Vec<&str> = flat
        .split(|c: char| c.is_whitespace() || c == '(' || c == ';')
        .filter(|word| !word.is_empty())
        .collect();
    match words.as_slice() {
        ["CREATE", "TABLE", "IF", "NOT", "EXISTS", name, ..] | ["CREATE", "TABLE", name, ..] => {
            tables.push(Table {
                name: (*name).to_owned(),
                columns: columns(&flat),
                key: key(&flat),
            });
        }
        ["ALTER", "TABLE", table, "ADD", "COLUMN", column, kind, ..] => {
            if let (Some(table), Some(kind)) =
                (find(tables, table), Kind::of(kind.trim_end_matches(',')))
            {
                table.columns.push(((*column).to_owned(), kind));
            }
        }
        ["ALTER", "TABLE", table, "DROP", "COLUMN", column, ..] => {
            if let Some(table) = find(tables, table) {
                table.columns.retain(|(name, _)| name != column);
            }
        }
        ["ALTER", "TABLE", table, "RENAME", "TO", new, ..] => {
            if let Some(table) = find(tables, table) {
                (*new).clone_into(&mut table.name);
            }
        }
        ["DROP", "TABLE", name, ..] => tables.retain(|table| table.name != *name),
        _ => {}
    }
}

fn find<'t>(tables: &'t mut [Table], name: &str) -> Option<&'t mut Table> {
    tables.iter_mut().find(|table| table.name == name)
}

/// The columns between the outer brackets: each part whose second word is a type.
fn columns(create: &str) -> Vec<(String, Kind)> {
    let Some((_, body)) = create.split_once('(') else {
        return Vec::new();
    };
    let body = body.rsplit_once(')').map_or(body, |(inside, _)| inside);
    parts(body)
        .into_iter()
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next()?;
            let kind = Kind::of(words.next()?)?;
            Some((name.to_owned(), kind))
        })
        .collect()
}

/// The primary key: `PRIMARY KEY (a, b)` on its own, or the words behind a column.
fn key(create: &str) -> Vec<String> {
    let Some((_, body)) = create.split_once('(') else {
        return Vec::new();
    };
    for part in parts(body) {
        let part = part.trim();
        if let Some(list) = part.strip_prefix("PRIMARY KEY") {
            let list = list.trim().trim_start_matches('(');
            let list = list.split(')').next().unwrap_or_default();
            return list.split(',').map(|name| name.trim().to_owned()).collect();
        }
        if part.contains("PRIMARY KEY") {
            return part.split_whitespace().take(1).map(str::to_owned).collect();
        }
    }
    Vec::new()
}

/// Splits at commas outside brackets.
fn parts(body: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, letter) in body.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(body.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(body.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration {
        version: 1,
        name: "one",
        sql: "
CREATE TABLE a (
    tenant_id UUID NOT NULL,
    id BIGINT NOT NULL,
    -- a word about it, with a comma
    note TEXT NOT NULL DEFAULT 'x',
    body JSONB,
    PRIMARY KEY (tenant_id, id),
    CHECK (id IN (1, 2))
);
CREATE INDEX a_note ON a (note) WHERE note <> '';
CREATE TABLE b (id UUID PRIMARY KEY, seal BYTEA, on_it BOOLEAN NOT NULL);
",
    };
    const TWO: Migration = Migration {
        version: 2,
        name: "two",
        sql: "
ALTER TABLE a ADD COLUMN more INTEGER NOT NULL DEFAULT 0;
ALTER TABLE a DROP COLUMN note;
DROP TABLE b;
",
    };

    fn names(table: &Table) -> Vec<&str> {
        table
            .columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    #[test]
    fn tables_are_read_from_their_own_text() {
        let found = tables(&[ONE, TWO], 1);
        assert_eq!(found.len(), 2);
        assert_eq!(names(&found[0]), ["tenant_id", "id", "note", "body"]);
        assert_eq!(found[0].key, ["tenant_id", "id"]);
        assert_eq!(found[1].key, ["id"]);
        assert_eq!(found[1].columns[1], ("seal".to_owned(), Kind::Bytes));
    }

    #[test]
    fn later_migrations_change_them() {
        let found = tables(&[ONE, TWO], 2);
        assert_eq!(found.len(), 1);
        assert_eq!(names(&found[0]), ["tenant_id", "id", "body", "more"]);
    }

    #[test]
    fn every_table_of_ours_has_columns() {
        let all = crate::migrations::all();
        for table in tables(all, i32::MAX) {
            assert!(
                !table.columns.is_empty() && !table.key.is_empty(),
                "{}",
                table.name
            );
        }
    }
}
