//! The SAML service provider of each connection: its settings, pinned certificates, own keys, used assertions, traces.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 10,
    name: "SAML",
    sql: "
CREATE TABLE saml_settings (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    enabled BOOLEAN NOT NULL,
    idp_entity_id TEXT,
    idp_redirect TEXT,
    idp_post TEXT,
    binding TEXT NOT NULL,
    metadata_url TEXT,
    metadata_at BIGINT,
    demand TEXT NOT NULL,
    skew_seconds INTEGER NOT NULL,
    okta_id_attribute TEXT NOT NULL,
    jit BOOLEAN NOT NULL,
    jit_role UUID,
    attributes TEXT NOT NULL,
    signed_in_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE saml_certificates (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    certificate TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    told_days INTEGER,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX saml_certificates_one ON saml_certificates (tenant_id, connection_id, fingerprint);
CREATE TABLE saml_keys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    state TEXT NOT NULL,
    certificate TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX saml_keys_state ON saml_keys (tenant_id, connection_id, state);
CREATE TABLE saml_used (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    used_hash BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, used_hash)
);
CREATE INDEX saml_used_until ON saml_used (tenant_id, until);
CREATE TABLE saml_traces (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    at BIGINT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    login TEXT,
    address TEXT NOT NULL,
    request_id TEXT,
    times BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saml_traces_connection ON saml_traces (tenant_id, connection_id, id);
",
};
