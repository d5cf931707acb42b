//! Connections to Okta orgs and their keys.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 4,
    name: "connections",
    sql: "
CREATE TABLE connections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    domain TEXT NOT NULL,
    authentication TEXT NOT NULL,
    client_id TEXT,
    api_token BYTEA,
    jobs TEXT NOT NULL,
    rate_share INTEGER NOT NULL,
    status TEXT NOT NULL,
    status_since BIGINT NOT NULL,
    status_why TEXT,
    tested_at BIGINT,
    test JSONB,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX connections_name ON connections (tenant_id, name_key);
CREATE UNIQUE INDEX connections_domain ON connections (tenant_id, domain);
CREATE TABLE connection_keys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    public_jwk JSONB NOT NULL,
    public_pem TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX connection_keys_one ON connection_keys (tenant_id, connection_id, purpose, state);
CREATE INDEX connection_keys_served ON connection_keys (connection_id);
",
};
