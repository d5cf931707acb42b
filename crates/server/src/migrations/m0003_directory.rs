//! Users, links to Okta, groups, memberships, roles, mappings, grants.
//!
//! A large change is prepared in rows `born` in the generation to come and made true by raising the generation of
//! `directory_state` (see `directory::staging`); readers go through the `live_` views.

use crate::db::Migration;

pub(super) const MIGRATION: Migration = Migration {
    version: 3,
    name: "directory",
    sql: "
CREATE TABLE directory_state (
    tenant_id UUID PRIMARY KEY,
    generation BIGINT NOT NULL,
    version BIGINT NOT NULL,
    staging UUID,
    staging_until BIGINT
);
CREATE TABLE users (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL,
    email TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    okta_status TEXT,
    facts_source TEXT NOT NULL,
    facts_at BIGINT NOT NULL,
    facts_hash BIGINT NOT NULL,
    blocked BOOLEAN NOT NULL,
    access_epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    born BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX users_login ON users (tenant_id, login_key, id, born, name_key);
CREATE INDEX users_born ON users (tenant_id, id, born);
CREATE INDEX users_shown ON users (tenant_id, kind, okta_status, login_key, id, born);
CREATE INDEX users_staged ON users (tenant_id, born) WHERE born > 0;
CREATE TABLE user_links (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    okta_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, okta_id)
);
CREATE UNIQUE INDEX user_links_user ON user_links (tenant_id, user_id, connection_id);
CREATE TABLE groups (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    okta_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    members BIGINT NOT NULL,
    last_updated BIGINT,
    last_membership_updated BIGINT,
    read_date BIGINT,
    suspect TEXT,
    seen_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX groups_okta ON groups (tenant_id, connection_id, okta_id);
CREATE INDEX groups_name ON groups (tenant_id, name_key);
CREATE TABLE memberships (
    tenant_id UUID NOT NULL,
    group_id UUID NOT NULL,
    user_id UUID NOT NULL,
    born BIGINT NOT NULL,
    died BIGINT,
    PRIMARY KEY (tenant_id, group_id, user_id, born)
);
CREATE INDEX memberships_user ON memberships (tenant_id, user_id);
CREATE INDEX memberships_staged ON memberships (tenant_id, born) WHERE born > 0;
CREATE INDEX memberships_dead ON memberships (tenant_id, died) WHERE died IS NOT NULL;
CREATE TABLE roles (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX roles_name ON roles (tenant_id, name_key);
CREATE TABLE mappings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connection_id UUID NOT NULL,
    group_id UUID NOT NULL,
    paused_at BIGINT,
    paused_by UUID,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX mappings_group ON mappings (tenant_id, connection_id, group_id);
CREATE TABLE mapping_roles (
    tenant_id UUID NOT NULL,
    mapping_id UUID NOT NULL,
    role_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, mapping_id, role_id)
);
CREATE INDEX mapping_roles_role ON mapping_roles (tenant_id, role_id);
CREATE TABLE grants (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    role_id UUID NOT NULL,
    source TEXT NOT NULL,
    mapping_id UUID,
    group_id UUID,
    run_id UUID,
    given_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    expires_at BIGINT,
    born BIGINT NOT NULL,
    died BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX grants_user ON grants (tenant_id, user_id, role_id);
CREATE INDEX grants_role ON grants (tenant_id, role_id);
CREATE INDEX grants_staged ON grants (tenant_id, born) WHERE born > 0;
CREATE INDEX grants_dead ON grants (tenant_id, died) WHERE died IS NOT NULL;
CREATE VIEW live_users AS SELECT u.* FROM users u
    JOIN directory_state s ON s.tenant_id = u.tenant_id WHERE u.born <= s.generation;
CREATE VIEW live_memberships AS SELECT m.* FROM memberships m
    JOIN directory_state s ON s.tenant_id = m.tenant_id
    WHERE m.born <= s.generation AND (m.died IS NULL OR m.died > s.generation);
CREATE VIEW live_grants AS SELECT g.* FROM grants g
    JOIN directory_state s ON s.tenant_id = g.tenant_id
    WHERE g.born <= s.generation AND (g.died IS NULL OR g.died > s.generation);
",
};
