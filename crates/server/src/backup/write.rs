//! Writing a backup.

use std::borrow::Cow;
use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::tables::{Kind, Table, tables};
use super::{End, Error, FORM, Head, Row, Summary, hex};
use crate::db::{self, Database, Timestamp};

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// Writes all rows of all tables to `out`, compressed when `zipped`, as one state of the database.
///
/// Tables are read page by page along their primary keys: memory does not grow with the database.
pub async fn write(
    database: &Database,
    now: Timestamp,
    zipped: bool,
    out: impl Write + Send,
) -> Result<Summary, Error> {
    let schema = database
        .schema_version()
        .await?
        .filter(|version| *version > 0)
        .ok_or(Error::NothingThere)?;
    let tables = tables(crate::migrations::all(), schema);
    let out: Box<dyn Write + Send> = if zipped {
        Box::new(flate2::write::GzEncoder::new(
            out,
            flate2::Compression::default(),
        ))
    } else {
        Box::new(out)
    };
    let mut lines = Lines {
        out,
        digest: Sha256::new(),
    };
    lines.put(&Head {
        keywright_backup: FORM,
        schema,
        made_at: now.to_string(),
        tables: tables.len(),
    })?;
    let tx = database.begin_read().await?;
    let mut rows = 0;
    for table in &tables {
        rows += copy(database, &tx, table, &mut lines).await?;
    }
    lines.finish(rows)?;
    Ok(Summary {
        schema,
        tables: tables.len(),
        rows,
    })
}

async fn copy(
    database: &Database,
    tx: &impl ConnectionTrait,
    table: &Table,
    lines: &mut Lines<'_>,
) -> Result<u64, Error> {
    let mut rows = 0;
    let mut behind: Option<Vec<sea_orm::Value>> = None;
    loop {
        let statement = page(database, table, behind.take());
        let found = tx.query_all_raw(statement).await.map_err(db::Error::from)?;
        let full = found.len() == PAGE;
        for row in &found {
            lines.put(&Row {
                t: Cow::Borrowed(&table.name),
                r: cells(row, table)?,
            })?;
            rows += 1;
        }
        match found.last().filter(|_| full) {
            Some(last) => behind = Some(key_of(last, table)?),
            None => return Ok(rows),
        }
    }
}

/// The rows behind a key, in the order of the key.
fn page(database: &Database, table: &Table, behind: Option<Vec<sea_orm::Value>>) -> Statement {
    let columns: Vec<&str> = table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let key = table.key.join(", ");
    let condition = match &behind {
        Some(values) => {
            let places: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
            format!("WHERE ({key}) > ({})", places.join(", "))
        }
        None => String::new(),
    };
    let text = format!(
        "SELECT {} FROM {} {condition} ORDER BY {key} LIMIT {PAGE}",
        columns.join(", "),
        table.name
    );
    Statement::from_sql_and_values(
        database.engine().backend(),
        text,
        behind.unwrap_or_default(),
    )
}

fn key_of(row: &QueryResult, table: &Table) -> Result<Vec<sea_orm::Value>, Error> {
    let mut values = Vec::new();
    for name in &table.key {
        let Some((_, kind)) = table.columns.iter().find(|(column, _)| column == name) else {
            continue;
        };
        let cell = cell(row, name, *kind).map_err(db::Error::from)?;
        values.extend(super::read::value(cell, *kind));
    }
    Ok(values)
}

fn cells(row: &QueryResult, table: &Table) -> Result<Vec<Value>, Error> {
    table
        .columns
        .iter()
        .map(|(name, kind)| Ok(cell(row, name, *kind).map_err(db::Error::from)?))
        .collect()
}

fn cell(row: &QueryResult, name: &str, kind: Kind) -> Result<Value, sea_orm::DbErr> {
    fn get<T: TryGetable + Into<Value>>(
        row: &QueryResult,
        name: &str,
    ) -> Result<Value, sea_orm::DbErr> {
        let value: Option<T> = row.try_get("", name)?;
        Ok(value.map_or(Value::Null, Into::into))
    }
    match kind {
        Kind::Text => get::<String>(row, name),
        Kind::Boolean => get::<bool>(row, name),
        Kind::Integer => get::<i32>(row, name),
        Kind::BigInt => get::<i64>(row, name),
        Kind::Real => get::<f64>(row, name),
        // Kept inside brackets: a JSON null is not the absence of a value.
        Kind::Json => {
            let value: Option<Value> = row.try_get("", name)?;
            Ok(value.map_or(Value::Null, |value| Value::Array(vec![value])))
        }
        Kind::Uuid => {
            let value: Option<Uuid> = row.try_get("", name)?;
            Ok(value.map_or(Value::Null, |id| id.hyphenated().to_string().into()))
        }
        Kind::Bytes => {
            let value: Option<Vec<u8>> = row.try_get("", name)?;
            Ok(value.map_or(Value::Null, |bytes| BASE64_STANDARD.encode(bytes).into()))
        }
    }
}

/// Lines of JSON, with a digest over all before the last.
struct Lines<'o> {
    out: Box<dyn Write + Send + 'o>,
    digest: Sha256,
}

impl Lines<'_> {
    fn put(&mut self, line: &impl serde::Serialize) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.digest.update(&text);
        self.out.write_all(&text)?;
        Ok(())
    }

    fn finish(mut self, rows: u64) -> Result<(), Error> {
        let sha256 = hex(&self.digest.finalize_reset());
        self.put(&End {
            last: true,
            rows,
            sha256,
        })?;
        self.out.flush()?;
        Ok(())
    }
}
