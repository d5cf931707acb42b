//! Sync: settings and reading state of each connection, runs, their diffs by person.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 5,
    name: "sync",
    sql: "
CREATE TABLE sync_settings (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    interval_minutes BIGINT NOT NULL,
    okta_only BOOLEAN NOT NULL,
    limits TEXT NOT NULL,
    whole_date BIGINT,
    people_date BIGINT,
    people_readable BOOLEAN,
    org_groups BIGINT,
    settled_version BIGINT,
    failing_since BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE sync_runs (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    of_run UUID,
    by_name TEXT NOT NULL,
    by_user UUID,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    expires_at BIGINT,
    whole BOOLEAN NOT NULL,
    calls BIGINT NOT NULL,
    counts TEXT NOT NULL,
    reasons TEXT NOT NULL,
    findings TEXT NOT NULL,
    touches_admins BOOLEAN NOT NULL,
    first_approver UUID,
    decided_by TEXT,
    decided_at BIGINT,
    removed_people BIGINT NOT NULL,
    granted BIGINT NOT NULL,
    admins_lost BIGINT NOT NULL,
    undone_by UUID,
    tail BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sync_runs_connection ON sync_runs (tenant_id, connection_id, id);
CREATE UNIQUE INDEX sync_runs_held ON sync_runs (tenant_id, connection_id) WHERE state = 'held';
CREATE TABLE sync_changes (
    tenant_id UUID NOT NULL,
    run_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    user_id UUID NOT NULL,
    okta_id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    changes TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    ends_sessions BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, run_id, seq)
);
CREATE INDEX sync_changes_user ON sync_changes (tenant_id, user_id);
CREATE TABLE sync_requests (
    tenant_id UUID NOT NULL,
    subject UUID NOT NULL,
    person UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject)
);
",
};
