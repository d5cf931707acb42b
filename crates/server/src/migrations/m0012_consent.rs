//! Connections by a person's consent: the web app's secret, the chosen scopes, the tokens, and consents that were begun.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 12,
    name: "consent",
    sql: "
CREATE TABLE connection_consents (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    scopes TEXT NOT NULL,
    client_secret BYTEA,
    refresh_token BYTEA,
    access_token BYTEA,
    granted TEXT,
    expires_at BIGINT,
    in_flight_at BIGINT,
    holder UUID,
    held_until BIGINT,
    ended TEXT,
    consented_at BIGINT,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE consent_requests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    state_hash BYTEA NOT NULL,
    asked_by TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    verifier BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX consent_requests_state ON consent_requests (tenant_id, state_hash);
",
};
