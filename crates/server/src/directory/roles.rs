//! Roles: named sets of permissions. Five are built in; custom ones choose from the documented list.

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Result};
use super::state::touch;
use crate::actor::{Actor, Permission, Permissions};
use crate::app::Work;
use crate::audit;
use crate::db::{self, values};

db::id! {
    /// One role.
    RoleId
}

/// The built-in role `super_admin`.
pub const SUPER_ADMIN: RoleId = RoleId(Uuid::from_u128(0x8000_8000_0000_0000_0001));
/// The built-in role `admin`.
pub const ADMIN: RoleId = RoleId(Uuid::from_u128(0x8000_8000_0000_0000_0002));
/// The built-in role `auditor`.
pub const AUDITOR: RoleId = RoleId(Uuid::from_u128(0x8000_8000_0000_0000_0003));
/// The built-in role `helpdesk`.
pub const HELPDESK: RoleId = RoleId(Uuid::from_u128(0x8000_8000_0000_0000_0004));
/// The built-in role `user`.
pub const USER: RoleId = RoleId(Uuid::from_u128(0x8000_8000_0000_0000_0005));

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Its id; fixed for built-in roles.
    pub id: RoleId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is built in.
    pub built_in: bool,
    /// What it allows.
    pub permissions: Permissions,
    /// Rises with each change; 0 for built-in roles.
    pub version: i64,
}

/// The five built-in roles.
#[must_use]
pub fn built_in() -> Vec<Role> {
    let role = |id, name: &str, description: &str, allowed: &dyn Fn(Permission) -> bool| Role {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        built_in: true,
        permissions: Permission::ALL
            .iter()
            .copied()
            .filter(|permission| allowed(*permission))
            .collect(),
        version: 0,
    };
    let reads = |permission: Permission| permission.wire().split('.').nth(1) == Some("read");
    let operates =
        |p: Permission| matches!(p, Permission::TenantsManage | Permission::GuardsManage);
    let helps = |p: Permission| {
        use Permission::{
            GroupsRead, KeysManage, MappingsRead, PasskeysManage, RolesRead, RunsRead, UsersRead,
        };
        matches!(
            p,
            UsersRead
                | GroupsRead
                | RolesRead
                | MappingsRead
                | RunsRead
                | PasskeysManage
                | KeysManage
        )
    };
    vec![
        role(
            SUPER_ADMIN,
            "super_admin",
            "Everything, also guards and tenants.",
            &|_| true,
        ),
        role(
            ADMIN,
            "admin",
            "Everything except guards and tenants.",
            &|p| !operates(p),
        ),
        role(
            AUDITOR,
            "auditor",
            "Sees everything, changes nothing.",
            &reads,
        ),
        role(
            HELPDESK,
            "helpdesk",
            "Sees people and their roles; helps with passkeys and security keys.",
            &helps,
        ),
        role(USER, "user", "Signs in; administers nothing.", &|_| false),
    ]
}

/// Whether this is a role that administers: `super_admin` or `admin`.
#[must_use]
pub fn is_admin(id: RoleId) -> bool {
    id == SUPER_ADMIN || id == ADMIN
}

#[derive(FromQueryResult)]
struct Row {
    id: RoleId,
    name: String,
    description: String,
    permissions: String,
    version: i64,
}

impl From<Row> for Role {
    fn from(row: Row) -> Self {
        // A permission that a later version dropped allows nothing.
        let words: Vec<String> = serde_json::from_str(&row.permissions).unwrap_or_default();
        let permissions = words.iter().filter_map(|word| word.parse().ok()).collect();
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            built_in: false,
            permissions,
            version: row.version,
        }
    }
}

const COLUMNS: &str = "id, name, description, permissions, version";

/// All roles, the built-in ones first.
pub async fn list(work: &Work) -> Result<Vec<Role>> {
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE tenant_id = $1 ORDER BY name_key");
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant]).await?;
    Ok(built_in()
        .into_iter()
        .chain(rows.into_iter().map(Role::from))
        .collect())
}

/// One role by its id.
pub async fn find(work: &Work, id: RoleId) -> Result<Role> {
    if let Some(role) = built_in().into_iter().find(|role| role.id == id) {
        return Ok(role);
    }
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE tenant_id = $1 AND id = $2");
    work.row::<Row>(&sql, values![work.tenant, id])
        .await?
        .map(Role::from)
        .ok_or(Error::NotFound("role"))
}

/// One role by its id or its name.
pub async fn find_by(work: &Work, id_or_name: &str) -> Result<Role> {
    if let Ok(id) = id_or_name.parse::<RoleId>() {
        return find(work, id).await;
    }
    let key = id_or_name.to_lowercase();
    if let Some(role) = built_in().into_iter().find(|role| role.name == key) {
        return Ok(role);
    }
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE tenant_id = $1 AND name_key = $2");
    work.row::<Row>(&sql, values![work.tenant, key])
        .await?
        .map(Role::from)
        .ok_or(Error::NotFound("role"))
}

/// What a custom role is to be.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub permissions: Permissions,
}

/// Makes a custom role.
pub async fn create(work: &mut Work, draft: &Draft, reason: &str) -> Result<Role> {
    work.actor.need(Permission::RolesManage)?;
    let key = check(work, draft, None).await?;
    let id: RoleId = work.id();
    touch(work).await?;
    let sql = "INSERT INTO roles (tenant_id, id, name, name_key, description, permissions, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
    let (name, description) = (draft.name.trim(), draft.description.as_str());
    work.run(
        sql,
        values![
            work.tenant,
            id,
            name,
            key,
            description,
            words(&draft.permissions),
            work.now
        ],
    )
    .await?;
    let entry = audit::Entry::new("role.created", ("role", id.to_string()), reason);
    audit::record(
        work,
        entry.detail(json!({ "name": name, "permissions": draft.permissions })),
    )
    .await?;
    find(work, id).await
}

/// Changes a custom role; `version` guards against a change in between.
pub async fn update(
    work: &mut Work,
    id: RoleId,
    draft: &Draft,
    version: Option<i64>,
    reason: &str,
) -> Result<Role> {
    work.actor.need(Permission::RolesManage)?;
    let before = find(work, id).await?;
    refuse_built_in(&before)?;
    // What the role gave before cannot be taken out of sight by who does not hold it either.
    need_delegable(&work.actor, &before.permissions)?;
    let key = check(work, draft, Some(id)).await?;
    touch(work).await?;
    let sql = "UPDATE roles SET name = $3, name_key = $4, description = $5, permissions = $6, version = version + 1,
        updated_at = $7 WHERE tenant_id = $1 AND id = $2 AND version = $8";
    let (name, description) = (draft.name.trim(), draft.description.as_str());
    let seen = version.unwrap_or(before.version);
    let bound = values![
        work.tenant,
        id,
        name,
        key,
        description,
        words(&draft.permissions),
        work.now,
        seen
    ];
    work.run_versioned(sql, bound).await?;
    let detail =
        json!({ "name": name, "before": before.permissions, "permissions": draft.permissions });
    audit::record(
        work,
        audit::Entry::new("role.changed", ("role", id.to_string()), reason).detail(detail),
    )
    .await?;
    find(work, id).await
}

/// Deletes a custom role that no mapping uses, with the grants made of it by hand.
pub async fn delete(work: &mut Work, id: RoleId, reason: &str) -> Result<()> {
    work.actor.need(Permission::RolesManage)?;
    let role = find(work, id).await?;
    refuse_built_in(&role)?;
    need_delegable(&work.actor, &role.permissions)?;
    touch(work).await?;
    #[derive(FromQueryResult)]
    struct Used {
        used: i64,
    }
    let sql = "SELECT COUNT(*) AS used FROM mapping_roles WHERE tenant_id = $1 AND role_id = $2";
    let used = work
        .row::<Used>(sql, values![work.tenant, id])
        .await?
        .map_or(0, |row| row.used);
    if used > 0 {
        return Err(Error::RoleMapped(used));
    }
    work.run(
        "DELETE FROM grants WHERE tenant_id = $1 AND role_id = $2",
        values![work.tenant, id],
    )
    .await?;
    work.run(
        "DELETE FROM roles WHERE tenant_id = $1 AND id = $2",
        values![work.tenant, id],
    )
    .await?;
    let entry = audit::Entry::new("role.deleted", ("role", id.to_string()), reason);
    audit::record(
        work,
        entry.detail(json!({ "name": role.name, "permissions": role.permissions })),
    )
    .await?;
    Ok(())
}

/// Refuses to let `actor` give away what they do not hold (design.md, Roles and sync).
pub fn need_delegable(actor: &Actor, permissions: &Permissions) -> Result<()> {
    let lacks = actor.permissions.lack(permissions);
    if lacks.is_empty() {
        Ok(())
    } else {
        Err(Error::Delegation(lacks))
    }
}

/// The case-blind key of the name, if the draft will do.
async fn check(work: &Work, draft: &Draft, id: Option<RoleId>) -> Result<String> {
    need_delegable(&work.actor, &draft.permissions)?;
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "a role's name has 1 to 64 characters".to_owned(),
        ));
    }
    if name.parse::<Uuid>().is_ok() {
        return Err(Error::Invalid(
            "a role's name cannot look like an id".to_owned(),
        ));
    }
    match find_by(work, name).await {
        Ok(other) if Some(other.id) != id => Err(Error::Taken {
            kind: "role",
            name: name.to_owned(),
        }),
        Ok(_) | Err(Error::NotFound(_)) => Ok(name.to_lowercase()),
        Err(error) => Err(error),
    }
}

fn refuse_built_in(role: &Role) -> Result<()> {
    if role.built_in {
        Err(Error::BuiltIn(role.name.clone()))
    } else {
        Ok(())
    }
}

fn words(permissions: &Permissions) -> String {
    json!(permissions).to_string()
}
