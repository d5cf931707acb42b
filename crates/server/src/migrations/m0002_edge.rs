//! API keys; notices, where they go, and their deliveries.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 2,
    name: "api keys, notices",
    sql: "
CREATE TABLE api_keys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_id UUID NOT NULL,
    name TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    permissions JSONB NOT NULL,
    access_epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    told_days INTEGER,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_keys_token ON api_keys (tenant_id, token_hash);
CREATE INDEX api_keys_owner ON api_keys (tenant_id, owner_id, id);
CREATE INDEX api_keys_expiry ON api_keys (tenant_id, expires_at) WHERE revoked_at IS NULL;
CREATE TABLE notice_channels (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    secret BYTEA,
    topics JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE notices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    topic TEXT NOT NULL,
    once_key TEXT,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    path TEXT NOT NULL,
    detail JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notices_once ON notices (tenant_id, once_key, created_at) WHERE once_key IS NOT NULL;
CREATE TABLE notice_deliveries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    notice_id UUID NOT NULL,
    channel_id UUID,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notice_deliveries_notice ON notice_deliveries (tenant_id, notice_id);
CREATE INDEX notice_deliveries_waiting ON notice_deliveries (tenant_id, next_at) WHERE state = 'waiting';
",
};
