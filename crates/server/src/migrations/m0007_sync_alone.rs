//! Sync: a large run may have the directory to itself for a while.

use crate::db::Migration;

pub(crate) const MIGRATION: Migration = Migration {
    version: 7,
    name: "sync alone",
    sql: "
ALTER TABLE directory_state ADD COLUMN alone BOOLEAN NOT NULL DEFAULT FALSE;
",
};
