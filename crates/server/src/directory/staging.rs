//! What a sync run writes: many rows at once, true for readers all together.
//!
//! A small change is one transaction: rows are born in generation 0, which is always true. A large one is prepared in
//! short transactions as rows born, or dying, in the generation to come, and made true by raising the generation:
//!
//! ```text
//! claim ─► chunks: add_users, add_members, add_grants (born g+1), drop_* (died g+1) ─► flip (g := g+1) ─► purge
//! ```
//!
//! What a killed run left behind is swept by the next claim (`sweeping`). Nothing else born above the generation is ever looked at.

use sea_orm::Value;
use uuid::Uuid;

use super::bulk;
use super::grants::GrantId;
use super::groups::GroupId;
use super::mappings::MappingId;
use super::roles::RoleId;
use crate::app::Work;
use crate::db::{self, ConnectionId, Engine, Timestamp, UserId, values};

/// A run that prepares rows and is silent for so long counts as dead, milliseconds.
const SILENT_MS: i64 = 60_000;

/// In which generation rows are born or die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// In this transaction.
    Now,
    /// When the generation is raised to this.
    Generation(i64),
}

impl When {
    fn born(self) -> i64 {
        match self {
            Self::Now => 0,
            Self::Generation(generation) => generation,
        }
    }
}

/// Who says what is known of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum FactSource {
    /// Okta's API: its word about names comes before SCIM's, which an app's mapping may have changed.
    #[default]
    Pull,
    /// SCIM.
    Scim,
}

impl FactSource {
    /// Its word in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Scim => "scim",
        }
    }
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    pub(crate) login: String,
    pub(crate) email: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) display_name: String,
    /// Okta's status; SCIM has none.
    pub(crate) status: String,
    pub(crate) source: FactSource,
    /// Tells whether facts changed without keeping them in memory.
    pub(crate) hash: i64,
}

/// Claims the next generation for `run`; false while another run that lives prepares one.
pub(crate) async fn claim(work: &Work, run: Uuid) -> db::Result<bool> {
    let ensure = "INSERT INTO directory_state (tenant_id, generation, version) VALUES ($1, 0, 0) ON CONFLICT (tenant_id) DO NOTHING";
    work.run(ensure, values![work.tenant]).await?;
    let sql = "UPDATE directory_state SET alone = (alone AND staging = $2), staging = $2, staging_until = $3
        WHERE tenant_id = $1 AND (staging IS NULL OR staging = $2 OR staging_until < $4)";
    let until = work.now.plus_millis(SILENT_MS);
    Ok(work
        .run(sql, values![work.tenant, run, until, work.now])
        .await?
        == 1)
}

/// Lets nobody else change what decides about access until `run`, which holds the claim, gives it back or is silent for
/// too long: others are refused at once, so that nobody waits.
pub(crate) async fn shut_out(work: &Work, run: Uuid) -> db::Result<()> {
    let sql = "UPDATE directory_state SET alone = $3 WHERE tenant_id = $1 AND staging = $2";
    work.run_versioned(sql, values![work.tenant, run, true])
        .await
}

/// Says that `run` lives and still holds the claim; refused with [`db::Error::Stale`] when it does not.
pub(crate) async fn renew(work: &Work, run: Uuid) -> db::Result<()> {
    let sql = "UPDATE directory_state SET staging_until = $3 WHERE tenant_id = $1 AND staging = $2";
    work.run_versioned(
        sql,
        values![work.tenant, run, work.now.plus_millis(SILENT_MS)],
    )
    .await
}

/// Makes everything prepared true, if nothing that decides about access changed since `version`.
pub(crate) async fn flip(work: &Work, run: Uuid, version: i64) -> db::Result<()> {
    let sql = "UPDATE directory_state SET generation = generation + 1, version = version + 1, alone = FALSE, staging = NULL, staging_until = NULL
        WHERE tenant_id = $1 AND staging = $2 AND version = $3";
    work.run_versioned(sql, values![work.tenant, run, version])
        .await
}

/// Has PostgreSQL look how large the tables have become that a large run fills: else it reads all of a table for every
/// request until its own look, a minute later or ten. `SQLite` plans by its indexes alone.
pub(crate) async fn measure(work: Work) -> db::Result<()> {
    if work.engine() == Engine::Postgres {
        let sql = "ANALYZE users, user_links, memberships, grants, sync_changes";
        work.run(sql, Vec::new()).await?;
    }
    work.commit().await
}

/// Gives the claim back with nothing left behind.
pub(crate) async fn release(work: &Work, run: Uuid) -> db::Result<()> {
    let sql = "UPDATE directory_state SET alone = FALSE, staging = NULL, staging_until = NULL WHERE tenant_id = $1 AND staging = $2";
    work.run(sql, values![work.tenant, run]).await.map(drop)
}

/// A person to become a user.
#[derive(Clone, Debug, Hash)]
pub(crate) struct NewUser {
    pub(crate) id: UserId,
    pub(crate) okta_id: String,
    pub(crate) facts: Facts,
    pub(crate) blocked: bool,
}

/// Makes users of people of an org.
pub(crate) async fn add_users(
    work: &Work,
    connection: ConnectionId,
    when: When,
    users: &[NewUser],
) -> db::Result<()> {
    let head = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key,
        okta_status, facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born)";
    let row = |user: &NewUser| {
        let mut row = values![work.tenant, user.id, "okta"];
        row.extend(facts_values(work, &user.facts));
        row.extend(values![
            user.blocked,
            0_i64,
            1_i64,
            work.now,
            work.now,
            when.born()
        ]);
        row
    };
    bulk::insert(work, head, "", users.iter().map(row).collect()).await?;
    let link = |user: &NewUser| {
        values![
            work.tenant,
            connection,
            user.okta_id.as_str(),
            user.id,
            work.now
        ]
    };
    let head = "INSERT INTO user_links (tenant_id, connection_id, okta_id, user_id, seen_at)";
    bulk::insert(work, head, "", users.iter().map(link).collect()).await
}

/// New facts about users that there are.
pub(crate) async fn update_facts(work: &Work, users: &[(UserId, Facts)]) -> db::Result<()> {
    let head = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key,
        okta_status, facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born)";
    let tail = "ON CONFLICT (tenant_id, id) DO UPDATE SET login = excluded.login, login_key = excluded.login_key,
        email = excluded.email, given_name = excluded.given_name, family_name = excluded.family_name,
        display_name = excluded.display_name, name_key = excluded.name_key, okta_status = excluded.okta_status, facts_source = excluded.facts_source,
        facts_at = excluded.facts_at, facts_hash = excluded.facts_hash, updated_at = excluded.updated_at,
        version = users.version + 1";
    let row = |(id, facts): &(UserId, Facts)| {
        let mut row = values![work.tenant, *id, "okta"];
        row.extend(facts_values(work, facts));
        row.extend(values![false, 0_i64, 1_i64, work.now, work.now, 0_i64]);
        row
    };
    bulk::insert(work, head, tail, users.iter().map(row).collect()).await
}

/// The columns from `login` to `facts_hash`.
fn facts_values(work: &Work, facts: &Facts) -> Vec<Value> {
    values![
        facts.login.as_str(),
        facts.login.to_lowercase(),
        facts.email.as_str(),
        facts.given_name.as_str(),
        facts.family_name.as_str(),
        facts.display_name.as_str(),
        facts.display_name.to_lowercase(),
        (facts.source == FactSource::Pull).then(|| facts.status.clone()),
        facts.source.word(),
        work.now,
        facts.hash,
    ]
}

/// Bars users from signing in, or lets them in again.
pub(crate) async fn set_blocked(work: &Work, ids: &[UserId], blocked: bool) -> db::Result<()> {
    let sql = "UPDATE users SET blocked = $2, version = version + 1, updated_at = $3 WHERE tenant_id = $1 AND id IN ({ids})";
    bulk::by_id(work, sql, values![work.tenant, blocked, work.now], ids)
        .await
        .map(drop)
}

/// Notes that an org showed these people just now.
pub(crate) async fn see_links(work: &Work, ids: &[UserId]) -> db::Result<()> {
    let sql = "UPDATE user_links SET seen_at = $2 WHERE tenant_id = $1 AND user_id IN ({ids})";
    bulk::by_id(work, sql, values![work.tenant, work.now], ids)
        .await
        .map(drop)
}

/// People who joined groups.
pub(crate) async fn add_members(
    work: &Work,
    when: When,
    members: &[(GroupId, UserId)],
) -> db::Result<()> {
    let row = |(group, user): &(GroupId, UserId)| values![work.tenant, *group, *user, when.born()];
    let head = "INSERT INTO memberships (tenant_id, group_id, user_id, born)";
    bulk::insert(work, head, "", members.iter().map(row).collect()).await
}

/// People who left a group.
pub(crate) async fn drop_members(
    work: &Work,
    when: When,
    group: GroupId,
    users: &[UserId],
) -> db::Result<()> {
    let (sql, fixed) = match when {
        When::Now => (
            "DELETE FROM memberships WHERE tenant_id = $1 AND group_id = $2 AND user_id IN ({ids})",
            values![work.tenant, group],
        ),
        When::Generation(generation) => (
            "UPDATE memberships SET died = $3 WHERE tenant_id = $1 AND group_id = $2 AND died IS NULL AND user_id IN ({ids})",
            values![work.tenant, group, generation],
        ),
    };
    bulk::by_id(work, sql, fixed, users).await.map(drop)
}

/// A grant to give. One with a mapping has that as its source.
#[derive(Clone, Debug, Hash)]
pub(crate) struct NewGrant {
    pub(crate) user: UserId,
    pub(crate) role: RoleId,
    pub(crate) mapping: Option<MappingId>,
    pub(crate) group: Option<GroupId>,
    pub(crate) run: Uuid,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Gives grants.
pub(crate) async fn add_grants(
    work: &Work,
    when: When,
    reason: &str,
    grants: &[NewGrant],
) -> db::Result<()> {
    let row = |grant: &NewGrant| {
        let source = if grant.mapping.is_some() {
            "mapping"
        } else {
            "manual"
        };
        let by = work.actor.name.as_str();
        let mut row = values![
            work.tenant,
            work.id::<GrantId>(),
            grant.user,
            grant.role,
            source
        ];
        row.extend([
            Value::from(grant.mapping.map(|id| id.0)),
            Value::from(grant.group.map(|id| id.0)),
            grant.run.into(),
        ]);
        row.extend(values![
            by,
            reason,
            work.now,
            grant.expires_at.map(|at| at.0),
            when.born()
        ]);
        row
    };
    let head = "INSERT INTO grants (tenant_id, id, user_id, role_id, source, mapping_id, group_id, run_id, given_by, reason,
        given_at, expires_at, born)";
    bulk::insert(work, head, "", grants.iter().map(row).collect()).await
}

/// Takes grants.
pub(crate) async fn drop_grants(work: &Work, when: When, ids: &[GrantId]) -> db::Result<()> {
    match when {
        When::Now => {
            bulk::by_id(
                work,
                "DELETE FROM grants WHERE tenant_id = $1 AND id IN ({ids})",
                values![work.tenant],
                ids,
            )
            .await
        }
        When::Generation(generation) => {
            let sql = "UPDATE grants SET died = $2 WHERE tenant_id = $1 AND id IN ({ids})";
            bulk::by_id(work, sql, values![work.tenant, generation], ids).await
        }
    }
    .map(drop)
}

/// What an org says about a group now.
#[derive(Clone, Debug)]
pub(crate) struct GroupSeen {
    pub(crate) id: GroupId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) last_updated: Option<Timestamp>,
    pub(crate) last_membership_updated: Option<Timestamp>,
    /// Members and the time they were read, when they were and are believed.
    pub(crate) read: Option<(i64, Timestamp)>,
    pub(crate) suspect: Option<&'static str>,
    /// Of a group that SCIM says: as far as its members are taken over.
    pub(crate) said_version: Option<i64>,
}

/// Notes what an org says about groups.
pub(crate) async fn see_groups(work: &Work, groups: &[GroupSeen]) -> db::Result<()> {
    // Both engines name the columns of VALUES so.
    let head = "UPDATE groups SET name = v.column3, name_key = v.column4, description = v.column5, kind = v.column6,
            last_updated = v.column7, last_membership_updated = v.column8, suspect = v.column9, seen_at = v.column10,
            members = COALESCE(v.column11, members), read_date = COALESCE(v.column12, read_date),
            said_version = COALESCE(v.column13, said_version)
        FROM (";
    let tail = ") AS v WHERE groups.tenant_id = v.column1 AND groups.id = v.column2";
    let row = |group: &GroupSeen| {
        let (members, read) = group.read.unzip();
        let mut row = values![
            work.tenant,
            group.id,
            group.name.as_str(),
            group.name.to_lowercase(),
            group.description.as_str(),
            group.kind.as_str()
        ];
        row.extend(values![
            group.last_updated.map(|at| at.0),
            group.last_membership_updated.map(|at| at.0),
            group.suspect,
            work.now
        ]);
        row.extend(values![members, read.map(|at| at.0), group.said_version]);
        row
    };
    bulk::insert(work, head, tail, groups.iter().map(row).collect()).await
}
