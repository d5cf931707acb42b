//! SCIM: tokens, resources as they were said, members, and the log of requests.

use crate::db::Migration;

pub(crate) const MIGRATION: Migration = Migration {
    version: 6,
    name: "SCIM",
    sql: "
CREATE TABLE scim_tokens (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    told_days INTEGER,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX scim_tokens_connection ON scim_tokens (connection_id);
CREATE TABLE scim_resources (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    external_id TEXT,
    active BOOLEAN NOT NULL,
    members BIGINT NOT NULL,
    resource TEXT NOT NULL,
    folded JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX scim_resources_name ON scim_resources (tenant_id, connection_id, kind, name_key) WHERE deleted_at IS NULL;
CREATE INDEX scim_resources_external ON scim_resources (tenant_id, connection_id, kind, external_id);
CREATE INDEX scim_resources_order ON scim_resources (tenant_id, connection_id, kind, id) WHERE deleted_at IS NULL;
CREATE INDEX scim_resources_deleted ON scim_resources (tenant_id, connection_id, kind, name_key) WHERE deleted_at IS NOT NULL;
CREATE TABLE scim_members (
    tenant_id UUID NOT NULL,
    group_id UUID NOT NULL,
    user_id UUID NOT NULL,
    display TEXT,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, group_id, user_id)
);
CREATE INDEX scim_members_user ON scim_members (tenant_id, user_id);
CREATE TABLE scim_requests (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    token TEXT NOT NULL,
    client TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT,
    detail TEXT,
    PRIMARY KEY (tenant_id, connection_id, id)
);
",
};
