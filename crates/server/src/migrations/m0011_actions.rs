//! Runs of connector actions: claimed before the call, kept for a day, so that nothing is done twice.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 11,
    name: "actions",
    sql: "
CREATE TABLE action_runs (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    action TEXT NOT NULL,
    caller TEXT NOT NULL,
    key_hash BYTEA NOT NULL,
    hash_key BIGINT NOT NULL,
    body_hash BYTEA NOT NULL,
    state TEXT NOT NULL,
    fence BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    input BYTEA,
    seen_before JSONB,
    outcome BYTEA,
    claimed_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX action_runs_key ON action_runs (tenant_id, connection_id, caller, key_hash);
CREATE INDEX action_runs_state ON action_runs (tenant_id, state, lease_until);
",
};
