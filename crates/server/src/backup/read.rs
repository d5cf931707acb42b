//! Restoring a backup into an empty database.

use std::io::{BufRead, BufReader, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::tables::{Kind, Table, tables};
use super::{End, Error, FORM, Head, Row, Summary, hex};
use crate::db::{self, Database};

/// The longest line that is taken, bytes: one row.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Fills an empty database from `source` (compressed or not) in one transaction: all of it or nothing.
///
/// Brings the schema up first. Refuses a database with rows, a backup of another schema, and a damaged file.
pub async fn restore(database: &Database, source: impl Read + Send) -> Result<Summary, Error> {
    let mut lines = Lines::new(source)?;
    let head: Head = lines
        .next()?
        .and_then(|line| serde_json::from_slice(&line).ok())
        .filter(|head: &Head| head.keywright_backup == FORM)
        .ok_or(Error::NotABackup)?;
    let known = crate::migrations::all().last().map_or(0, |m| m.version);
    if head.schema != known {
        return Err(Error::OtherSchema {
            found: head.schema,
            known,
        });
    }
    database.migrate().await?;
    let tables = tables(crate::migrations::all(), known);
    let begun = database.begin_write().await?;
    for table in &tables {
        refuse_rows(database, &begun.tx, table).await?;
    }
    let rows = fill(database, &begun.tx, &tables, &mut lines).await?;
    begun.tx.commit().await.map_err(db::Error::from)?;
    drop(begun.writer);
    database.durable().await?;
    Ok(Summary {
        schema: known,
        tables: tables.len(),
        rows,
    })
}

async fn refuse_rows(
    database: &Database,
    tx: &DatabaseTransaction,
    table: &Table,
) -> Result<(), Error> {
    let text = format!("SELECT 1 AS one FROM {} LIMIT 1", table.name);
    let statement = Statement::from_string(database.engine().backend(), text);
    match tx.query_one_raw(statement).await.map_err(db::Error::from)? {
        Some(_) => Err(Error::NotEmpty(table.name.clone())),
        None => Ok(()),
    }
}

async fn fill(
    database: &Database,
    tx: &DatabaseTransaction,
    tables: &[Table],
    lines: &mut Lines<'_>,
) -> Result<u64, Error> {
    let mut rows = 0;
    loop {
        let before = lines.digest_so_far();
        let line = lines
            .next()?
            .ok_or_else(|| Error::Damaged("its last line is missing".to_owned()))?;
        if let Ok(end) = serde_json::from_slice::<End>(&line) {
            if end.rows != rows || end.sha256 != before {
                return Err(Error::Damaged(
                    "its rows are not those that were written".to_owned(),
                ));
            }
            return Ok(rows);
        }
        let row: Row<'_> =
            serde_json::from_slice(&line).map_err(|error| lines.bad(&error.to_string()))?;
        let table = tables
            .iter()
            .find(|table| table.name == row.t)
            .ok_or_else(|| lines.bad("it names an unknown table"))?;
        insert(database, tx, table, row.r, lines).await?;
        rows += 1;
    }
}

async fn insert(
    database: &Database,
    tx: &DatabaseTransaction,
    table: &Table,
    cells: Vec<Value>,
    lines: &Lines<'_>,
) -> Result<(), Error> {
    if cells.len() != table.columns.len() {
        return Err(lines.bad("it has another number of columns"));
    }
    let columns: Vec<&str> = table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let text = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        columns.join(", "),
        places.join(", ")
    );
    let values = cells
        .into_iter()
        .zip(&table.columns)
        .map(|(cell, (name, kind))| {
            value(cell, *kind).ok_or_else(|| lines.bad(&format!("{name} has the wrong type")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let statement = Statement::from_sql_and_values(database.engine().backend(), text, values);
    tx.execute_raw(statement).await.map_err(db::Error::from)?;
    Ok(())
}

/// A cell as a value to bind; `None` when it has another type than its column.
pub(super) fn value(cell: Value, kind: Kind) -> Option<sea_orm::Value> {
    let null = cell.is_null();
    Some(match kind {
        Kind::Text if null => None::<String>.into(),
        Kind::Boolean if null => None::<bool>.into(),
        Kind::Integer if null => None::<i32>.into(),
        Kind::BigInt if null => None::<i64>.into(),
        Kind::Real if null => None::<f64>.into(),
        Kind::Json if null => None::<Value>.into(),
        Kind::Uuid if null => None::<Uuid>.into(),
        Kind::Bytes if null => None::<Vec<u8>>.into(),
        Kind::Text => cell.as_str()?.to_owned().into(),
        Kind::Boolean => cell.as_bool()?.into(),
        Kind::Integer => i32::try_from(cell.as_i64()?).ok()?.into(),
        Kind::BigInt => cell.as_i64()?.into(),
        Kind::Real => cell.as_f64()?.into(),
        Kind::Json => match cell {
            Value::Array(inside) => inside.into_iter().next()?.into(),
            _ => return None,
        },
        Kind::Uuid => Uuid::parse_str(cell.as_str()?).ok()?.into(),
        Kind::Bytes => BASE64_STANDARD.decode(cell.as_str()?).ok()?.into(),
    })
}

/// The file's lines, counted, with a digest over those that were read.
struct Lines<'s> {
    source: Box<dyn BufRead + Send + 's>,
    digest: Sha256,
    number: u64,
}

impl<'s> Lines<'s> {
    fn new(source: impl Read + Send + 's) -> Result<Self, Error> {
        let mut source = BufReader::new(source);
        let zipped = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let source: Box<dyn BufRead + Send + 's> = if zipped {
            Box::new(BufReader::new(flate2::bufread::GzDecoder::new(source)))
        } else {
            Box::new(source)
        };
        Ok(Self {
            source,
            digest: Sha256::new(),
            number: 0,
        })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut line = Vec::new();
        (&mut self.source)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        self.digest.update(&line);
        Ok(Some(line))
    }

    fn digest_so_far(&self) -> String {
        hex(&self.digest.clone().finalize())
    }

    fn bad(&self, why: &str) -> Error {
        Error::BadLine {
            line: self.number,
            why: why.to_owned(),
        }
    }
}
