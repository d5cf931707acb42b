//! Tenants: organisations that use this deployment. The first, `default`, is made at first start.

mod routes;

use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::actor::{Actor, ActorKind, Permissions};
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, TenantId, Timestamp, values};

pub use routes::routes;

/// The slug of the tenant that is always there.
pub const DEFAULT: &str = "default";

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, utoipa::ToSchema)]
pub struct Tenant {
    /// Its id, which leads every key.
    #[schema(value_type = uuid::Uuid)]
    pub id: TenantId,
    /// Its short name in addresses and commands: small letters, digits, hyphens.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The slug is not 1 to 63 small letters, digits and hyphens.
    #[error(
        "`{0}` cannot name a tenant: use 1 to 63 small letters, digits and hyphens, a letter first"
    )]
    BadSlug(String),
    /// Another tenant has the slug.
    #[error("there is a tenant `{0}` already")]
    Taken(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The tenant `default`, made when missing. Safe when several processes start at once.
pub async fn ensure_default(app: &App) -> Result<Tenant, Error> {
    if let Some(tenant) = find(app, DEFAULT).await? {
        return Ok(tenant);
    }
    match create(app, DEFAULT, "Default").await {
        Err(Error::Taken(_)) => find(app, DEFAULT).await?.ok_or(Error::Db(db::Error::Stale)),
        made => made,
    }
}

/// Makes a tenant.
pub async fn create(app: &App, slug: &str, name: &str) -> Result<Tenant, Error> {
    if !is_slug(slug) {
        return Err(Error::BadSlug(slug.to_owned()));
    }
    let id: TenantId = app.id();
    let mut work = app.begin(&nobody(id)).await?;
    let tenant = Tenant {
        id,
        slug: slug.to_owned(),
        name: name.to_owned(),
        created_at: work.now,
    };
    let sql = "INSERT INTO tenants (id, slug, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING";
    if work
        .run(sql, values![id, slug, name, tenant.created_at])
        .await?
        == 0
    {
        return Err(Error::Taken(slug.to_owned()));
    }
    let entry = audit::Entry::new(
        "tenant.created",
        ("tenant", id.to_string()),
        "a tenant was added",
    );
    audit::record(&mut work, entry).await?;
    work.commit().await?;
    Ok(tenant)
}

/// The tenant with this slug.
pub async fn find(app: &App, slug: &str) -> db::Result<Option<Tenant>> {
    let work = app.read(&nobody(TenantId(uuid::Uuid::nil()))).await?;
    work.row(
        "SELECT id, slug, name, created_at FROM tenants WHERE slug = $1",
        values![slug],
    )
    .await
}

/// The name of the work's own tenant.
pub async fn name(work: &Work) -> db::Result<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let row: Option<Row> = work
        .row(
            "SELECT name FROM tenants WHERE id = $1",
            values![work.tenant],
        )
        .await?;
    Ok(row.map(|row| row.name).unwrap_or_default())
}

/// All tenants by slug.
pub async fn list(app: &App) -> db::Result<Vec<Tenant>> {
    let work: Work = app.read(&nobody(TenantId(uuid::Uuid::nil()))).await?;
    work.rows(
        "SELECT id, slug, name, created_at FROM tenants ORDER BY slug",
        values![],
    )
    .await
}

/// Whether the actor, if they hold the permission, may operate the deployment and so all tenants: the machine's operator and
/// people of the first tenant. Who administers another tenant has nothing to do with its neighbours.
pub async fn operates(app: &App, actor: &Actor) -> db::Result<bool> {
    if matches!(actor.kind, ActorKind::Local) {
        return Ok(true);
    }
    let first = find(app, DEFAULT).await?;
    Ok(first.is_some_and(|first| first.id == actor.tenant))
}

/// Tenants are what work is bound to, so this work acts before there is an actor.
fn nobody(tenant: TenantId) -> Actor {
    Actor {
        kind: ActorKind::System("tenants"),
        name: "tenants".to_owned(),
        tenant,
        permissions: Permissions::default(),
    }
}

fn is_slug(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::db_test;

    db_test!(
        async fn default_is_made_once(t) {
            let again = ensure_default(&t.app).await.unwrap();
            assert_eq!(again.id, t.tenant);
            assert_eq!(list(&t.app).await.unwrap().len(), 1);
        }

        async fn slugs_are_checked_and_unique(t) {
            assert!(matches!(create(&t.app, "No_Good", "x").await, Err(Error::BadSlug(_))));
            create(&t.app, "acme-2", "Acme").await.unwrap();
            assert!(matches!(create(&t.app, "acme-2", "Acme").await, Err(Error::Taken(_))));
        }
    );
}
