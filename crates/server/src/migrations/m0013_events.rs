//! The event store: each System Log event once, in the order in which it was kept; and the secrets of event hooks.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 13,
    name: "events",
    sql: "
CREATE TABLE events (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    uuid TEXT NOT NULL,
    event_type TEXT NOT NULL,
    published BIGINT NOT NULL,
    actor_id TEXT,
    outcome TEXT,
    came_by TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, seq)
);
CREATE UNIQUE INDEX events_uuid ON events (tenant_id, connection_id, uuid);
CREATE INDEX events_received ON events (tenant_id, received_at);
CREATE TABLE event_heads (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE event_polls (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    log_cursor TEXT,
    polled_at BIGINT,
    found BIGINT NOT NULL,
    trouble TEXT,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE event_secrets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    prefix TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX event_secrets_connection ON event_secrets (tenant_id, connection_id);
",
};
