//! Tenants, audit entries and their seals, jobs and schedules, sessions.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 1,
    name: "tenants, audit, jobs, sessions",
    sql: "
CREATE TABLE tenants (
    id UUID PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE audit_entries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    seal BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_entries_unsealed ON audit_entries (tenant_id, id) WHERE seal IS NULL;
CREATE INDEX audit_entries_seal ON audit_entries (tenant_id, seal);
CREATE INDEX audit_entries_target ON audit_entries (tenant_id, target_kind, target_id);
CREATE TABLE audit_seals (
    tenant_id UUID NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE TABLE jobs (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    state TEXT NOT NULL,
    unique_key TEXT,
    run_at BIGINT NOT NULL,
    lease_until BIGINT,
    owner TEXT,
    fence BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX jobs_unique ON jobs (tenant_id, kind, unique_key) WHERE state = 'queued' AND unique_key IS NOT NULL;
CREATE UNIQUE INDEX jobs_running ON jobs (tenant_id, kind, unique_key) WHERE state = 'running' AND unique_key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE TABLE schedules (
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    payload JSONB NOT NULL,
    every_ms BIGINT NOT NULL,
    next_run BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, name)
);
CREATE INDEX schedules_due ON schedules (next_run);
CREATE TABLE sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id UUID NOT NULL,
    access_epoch BIGINT NOT NULL,
    method TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id);
",
};
