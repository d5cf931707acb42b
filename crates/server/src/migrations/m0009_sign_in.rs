//! Signing in by browser: where sessions come from, the rules of sign-in, failed tries, one-time links, recovery codes.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 9,
    name: "sign-in",
    sql: "
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN agent TEXT;
CREATE TABLE sign_in_rules (
    tenant_id UUID PRIMARY KEY,
    sso BOOLEAN NOT NULL,
    addresses TEXT NOT NULL,
    idle_seconds BIGINT NOT NULL,
    absolute_seconds BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE TABLE sign_in_failures (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    failures BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
CREATE TABLE sign_in_links (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    kind TEXT NOT NULL,
    user_id UUID,
    given_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX sign_in_links_token ON sign_in_links (tenant_id, token_hash);
CREATE INDEX sign_in_links_user ON sign_in_links (tenant_id, user_id);
CREATE TABLE recovery_codes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX recovery_codes_code ON recovery_codes (tenant_id, code_hash);
CREATE INDEX recovery_codes_user ON recovery_codes (tenant_id, user_id);
",
};
