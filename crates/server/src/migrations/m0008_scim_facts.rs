//! What SCIM says as facts of the directory: its groups beside Okta's, deactivations under the guard, collisions, dialects.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 8,
    name: "SCIM facts",
    sql: "
ALTER TABLE scim_resources ADD COLUMN emptied BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE scim_resources ADD COLUMN stirred BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scim_resources ADD COLUMN inactive_since BIGINT;
CREATE INDEX scim_resources_inactive ON scim_resources (tenant_id, inactive_since) WHERE inactive_since IS NOT NULL;
CREATE INDEX scim_resources_gone ON scim_resources (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE TABLE scim_state (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    put_at BIGINT,
    patch_at BIGINT,
    rest_until BIGINT,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE scim_collisions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    kind TEXT NOT NULL,
    attribute TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    holder_id UUID NOT NULL,
    wanted_by UUID,
    wanted_external_id TEXT,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    decision TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX scim_collisions_name ON scim_collisions (tenant_id, connection_id, kind, attribute, name_key);
ALTER TABLE groups ADD COLUMN scim_id UUID;
ALTER TABLE groups ADD COLUMN said_version BIGINT;
ALTER TABLE groups ADD COLUMN twin TEXT;
ALTER TABLE groups ADD COLUMN gone_at BIGINT;
ALTER TABLE sync_runs ADD COLUMN blocked_people BIGINT NOT NULL DEFAULT 0;
",
};
