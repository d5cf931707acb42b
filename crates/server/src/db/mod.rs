//! One store for SQLite and PostgreSQL: opening, transactions, migrations, durable commits, and the newtypes of columns.
//!
//! Both engines run the same SQL texts with `$1` placeholders. Where they part, the difference is in this folder:
//! [`ddl`] (column types), [`Database::begin_write`] (IMMEDIATE on SQLite), [`crate::app::Work::lock`] (advisory locks).

mod ddl;
mod durability;
mod error;
mod ids;
mod migrate;
mod open;
mod sql;
mod time;

pub use ddl::ddl;
pub use error::{Error, Result};
pub(crate) use ids::id;
pub use ids::{ConnectionId, JobId, SessionId, TenantId, UserId};
pub use migrate::{Migration, SCHEMA_TABLE};
pub use open::{Database, Engine};
pub(crate) use sql::{for_sqlite, values};
pub use time::Timestamp;

#[cfg(test)]
mod tests;
