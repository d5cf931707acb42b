//! Migrations: forward only, all in one transaction, safe when several processes start at once.
//!
//! Our own, as `sea-orm-migration` runs `SQLite` migrations outside a transaction: a kill in the middle would leave half.

use sea_orm::{ConnectionTrait, Statement};

use super::{Database, Engine, Error, Result, ddl};

/// The table that says which migrations a database has had.
pub const SCHEMA_TABLE: &str = "schema_migrations";

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the order, from 1, without gaps.
    pub version: i32,
    /// What it adds, for people.
    pub name: &'static str,
    /// Statements separated by `;` at a line's end, for both engines (see [`ddl`]).
    pub sql: &'static str,
}

impl Database {
    /// Brings the schema to the newest version. A database of a newer program is refused untouched
    /// ([`Error::NewerSchema`]).
    pub async fn migrate(&self) -> Result<()> {
        let all = crate::migrations::all();
        if self.schema_version().await? == Some(newest(all)) {
            return Ok(());
        }
        let begun = self.begin_write().await?;
        let tx = &begun.tx;
        if self.engine() == Engine::Postgres {
            // Two processes that start at once take turns; the number is ours alone ("keyw").
            tx.execute_unprepared("SELECT pg_advisory_xact_lock(1801812343)")
                .await?;
        }
        tx.execute_unprepared(&format!(
            "CREATE TABLE IF NOT EXISTS {SCHEMA_TABLE} (version INTEGER PRIMARY KEY, name TEXT NOT NULL)"
        ))
        .await?;
        let found = version_in(tx, self.engine()).await?;
        refuse_newer(found, newest(all))?;
        for migration in all.iter().filter(|m| m.version > found) {
            apply(tx, self.engine(), migration).await?;
        }
        begun.tx.commit().await?;
        drop(begun.writer);
        self.durable().await
    }

    /// The schema's version; nothing when the database has never been migrated. A newer one than ours is an error.
    pub async fn schema_version(&self) -> Result<Option<i32>> {
        let exists = match self.engine() {
            Engine::Sqlite => format!("SELECT 1 FROM sqlite_master WHERE name = '{SCHEMA_TABLE}'"),
            Engine::Postgres => format!("SELECT 1 WHERE to_regclass('{SCHEMA_TABLE}') IS NOT NULL"),
        };
        let backend = self.engine().backend();
        if self
            .pool
            .query_one_raw(Statement::from_string(backend, exists))
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let found = version_in(&self.pool, self.engine()).await?;
        refuse_newer(found, newest(crate::migrations::all()))?;
        Ok(Some(found))
    }
}

async fn apply(tx: &impl ConnectionTrait, engine: Engine, migration: &Migration) -> Result<()> {
    for statement in ddl(engine, migration.sql)
        .split(";\n")
        .map(str::trim)
        .filter(|s| !s.is_empty())
    {
        tx.execute_unprepared(statement.trim_end_matches(';'))
            .await?;
    }
    let insert = format!("INSERT INTO {SCHEMA_TABLE} (version, name) VALUES ($1, $2)");
    let values = super::values![migration.version, migration.name];
    tx.execute_raw(Statement::from_sql_and_values(
        engine.backend(),
        insert,
        values,
    ))
    .await?;
    Ok(())
}

async fn version_in(connection: &impl ConnectionTrait, engine: Engine) -> Result<i32> {
    let text = format!("SELECT COALESCE(MAX(version), 0) AS version FROM {SCHEMA_TABLE}");
    let row = connection
        .query_one_raw(Statement::from_string(engine.backend(), text))
        .await?;
    Ok(row
        .map(|r| r.try_get("", "version"))
        .transpose()?
        .unwrap_or(0))
}

fn newest(all: &[Migration]) -> i32 {
    all.iter().map(|m| m.version).max().unwrap_or(0)
}

fn refuse_newer(found: i32, known: i32) -> Result<()> {
    if found > known {
        Err(Error::NewerSchema { found, known })
    } else {
        Ok(())
    }
}
