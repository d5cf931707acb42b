//! Names that two resources of one connection want: refused with 409, listed, and decided by an admin.
//!
//! - **link**: the pushed one is the one that is there: the next push is answered with it, and it is that from then on.
//! - **rename**: the one that is there gets another name; the next push makes its own.
//! - **adopt**: the pushed one takes the place: the one that is there is removed (and kept as long as all that is
//!   removed), and its memberships pass on.

use keywright_proto::scim::matching::fold;
use keywright_proto::scim::schemas::{GROUP, ResourceType, USER};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::Error;
use super::store::{self, Row};
use super::tokens::Client;
use super::{groups, users};
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::directory;

/// A name that was wanted and is taken.
#[derive(Clone, Debug)]
pub(super) struct Clash {
    pub(super) of: &'static ResourceType,
    /// `userName`, `displayName` or `externalId`.
    pub(super) attribute: &'static str,
    pub(super) name: String,
    pub(super) holder: Box<Row>,
    /// The resource that wants it; none for one that is to be made.
    pub(super) wanted_by: Option<Uuid>,
    pub(super) wanted_external_id: Option<String>,
}

impl std::fmt::Display for Clash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, holder, .. } = self;
        let external = holder
            .resource
            .text("externalId")
            .map_or_else(String::new, |id| format!(", Okta id {id}"));
        let decide =
            "or decide in Keywright (`keywright scim collision`: link, rename, adopt) and retry";
        match self.attribute {
            "displayName" => write!(
                f,
                "the group name `{name}` is taken in Keywright by another group of this connection (id {}{external}): \
                 link the pushed group to it in Okta, rename one of the two, {decide}",
                holder.id
            ),
            "externalId" => write!(
                f,
                "the person with the Okta id `{name}` is in Keywright already as `{}` (id {}): \
                 give them that user name in Okta, {decide}",
                holder.name, holder.id
            ),
            _ => write!(
                f,
                "the userName `{}` is taken in Keywright by another person of this connection (id {}{external}): \
                 give one of the two another user name in Okta, {decide}",
                holder.name, holder.id
            ),
        }
    }
}

/// What an admin decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// They are the same.
    Link,
    /// The one that is there gets another name.
    Rename,
    /// The pushed one takes the place of the one that is there.
    Adopt,
}

/// A collision as it is listed.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Collision {
    /// Its id.
    pub(crate) id: Uuid,
    /// `User` or `Group`.
    pub(crate) kind: String,
    /// The attribute: `userName`, `displayName` or `externalId`.
    pub(crate) attribute: String,
    /// What is wanted by two.
    pub(crate) name: String,
    /// The SCIM id of the one that has it.
    pub(crate) holder_id: Uuid,
    /// The name of that one.
    pub(crate) holder_name: String,
    /// The Okta id of that one.
    pub(crate) holder_external_id: Option<String>,
    /// The SCIM id of the one that wants it; none for one that is to be made.
    pub(crate) wanted_by: Option<Uuid>,
    /// The Okta id of that one.
    pub(crate) wanted_external_id: Option<String>,
    /// How often it was refused.
    pub(crate) times: i64,
    /// When first.
    #[schema(value_type = String)]
    pub(crate) first_at: Timestamp,
    /// When last.
    #[schema(value_type = String)]
    pub(crate) last_at: Timestamp,
    /// What was decided; it happens with the next push.
    pub(crate) decision: Option<String>,
    /// Who decided.
    pub(crate) decided_by: Option<String>,
}

const LISTED: &str = "SELECT c.id, c.kind, c.attribute, c.name, c.holder_id, h.name AS holder_name, h.external_id AS holder_external_id,
    c.wanted_by, c.wanted_external_id, c.times, c.first_at, c.last_at, c.decision, c.decided_by
    FROM scim_collisions c JOIN scim_resources h ON h.tenant_id = c.tenant_id AND h.id = c.holder_id AND h.deleted_at IS NULL
        AND (c.name_key = h.name_key OR (c.attribute = 'externalId' AND c.name = h.external_id))
    WHERE c.tenant_id = $1 AND c.connection_id = $2";

/// The collisions that stand, newest first: those whose holder still has the name.
pub(crate) async fn list(work: &Work, connection: ConnectionId) -> db::Result<Vec<Collision>> {
    let sql = format!("{LISTED} ORDER BY c.last_at DESC, c.id LIMIT 1000");
    work.rows(&sql, values![work.tenant, connection]).await
}

async fn find(work: &Work, connection: ConnectionId, id: Uuid) -> Result<Collision, Error> {
    let sql = format!("{LISTED} AND c.id = $3");
    let found = work.row(&sql, values![work.tenant, connection, id]).await?;
    found.ok_or_else(|| Error::NoSuch("collision", id.to_string()))
}

/// Notes a collision, in work of its own: that of the refused request is gone.
pub(super) async fn note(app: &App, client: &Client, clash: &Clash) {
    let noted = async {
        let work = app.begin(&client.actor).await?;
        let sql = "INSERT INTO scim_collisions (tenant_id, id, connection_id, kind, attribute, name, name_key, holder_id, wanted_by,
                wanted_external_id, times, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11)
            ON CONFLICT (tenant_id, connection_id, kind, attribute, name_key) DO UPDATE SET holder_id = excluded.holder_id,
                wanted_by = excluded.wanted_by, wanted_external_id = excluded.wanted_external_id,
                times = scim_collisions.times + 1, last_at = excluded.last_at,
                decision = CASE WHEN scim_collisions.holder_id = excluded.holder_id THEN scim_collisions.decision ELSE NULL END";
        let mut bound = values![
            work.tenant,
            work.id::<Uuid>(),
            client.connection,
            clash.of.name,
            clash.attribute,
            clash.name.as_str(),
            fold(&clash.name)
        ];
        bound.extend(values![
            clash.holder.id,
            clash.wanted_by,
            clash.wanted_external_id.clone(),
            work.now
        ]);
        work.run(sql, bound).await?;
        work.commit().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(error = %crate::web::chain(&error), "a collision could not be noted");
    }
}

/// What to do about a name that is taken: what an admin decided, once; else it is refused.
pub(super) async fn settled(
    work: &mut Work,
    connection: ConnectionId,
    clash: Clash,
) -> Result<(Decision, Box<Row>), Error> {
    #[derive(FromQueryResult)]
    struct Settled {
        id: Uuid,
        decision: String,
        decided_by: Option<String>,
    }
    let sql = "SELECT id, decision, decided_by FROM scim_collisions WHERE tenant_id = $1 AND connection_id = $2 AND kind = $3
        AND attribute = $4 AND name_key = $5 AND holder_id = $6 AND decision IS NOT NULL";
    let bound = values![
        work.tenant,
        connection,
        clash.of.name,
        clash.attribute,
        fold(&clash.name),
        clash.holder.id
    ];
    let decided: Option<Settled> = work.row(sql, bound).await?;
    let Some(decided) = decided else {
        return Err(Error::Taken(clash));
    };
    let decision = match decided.decision.as_str() {
        "link" if clash.wanted_by.is_none() => Decision::Link,
        "adopt" => Decision::Adopt,
        _ => return Err(Error::Taken(clash)),
    };
    let sql = "DELETE FROM scim_collisions WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, decided.id]).await?;
    let entry = audit::Entry::new(
        "scim.collision.settled",
        ("scim_collision", decided.id.to_string()),
        format!("decided by {}", decided.decided_by.unwrap_or_default()),
    )
    .detail(json!({ "decision": decision, "name": clash.name, "holder": clash.holder.id }));
    audit::record(work, entry).await?;
    Ok((decision, clash.holder))
}

/// Decides a collision: a rename happens now, the others with the next push.
pub(crate) async fn decide(
    work: &mut Work,
    connection: ConnectionId,
    id: Uuid,
    decision: Decision,
    name: Option<&str>,
    reason: &str,
) -> Result<Collision, Error> {
    let collision = find(work, connection, id).await?;
    let of: &'static ResourceType = if collision.kind == GROUP.name {
        &GROUP
    } else {
        &USER
    };
    let holder = store::find(work, connection, of, collision.holder_id)
        .await?
        .ok_or_else(|| Error::NoSuch("collision", id.to_string()))?;
    match decision {
        Decision::Rename => rename(work, connection, holder, &collision, name).await?,
        Decision::Link if collision.wanted_by.is_some() => {
            return Err(Error::Undecidable(
                "both are there already: rename one, or adopt",
            ));
        }
        Decision::Link | Decision::Adopt => {
            reach(work, connection, &holder).await?;
            let sql = "UPDATE scim_collisions SET decision = $3, decided_by = $4, decided_at = $5 WHERE tenant_id = $1 AND id = $2";
            let kept = if decision == Decision::Link {
                "link"
            } else {
                "adopt"
            };
            let bound = values![work.tenant, id, kept, work.actor.name.clone(), work.now];
            work.run(sql, bound).await?;
        }
    }
    let entry = audit::Entry::new(
        "scim.collision.decided",
        ("scim_collision", id.to_string()),
        reason,
    )
    .detail(json!({ "decision": decision, "name": collision.name, "holder": collision.holder_id, "to": name }));
    audit::record(work, entry).await?;
    match find(work, connection, id).await {
        Err(Error::NoSuch(..)) => Ok(Collision {
            decision: Some("rename".to_owned()),
            ..collision
        }),
        found => found,
    }
}

async fn rename(
    work: &mut Work,
    connection: ConnectionId,
    holder: Row,
    collision: &Collision,
    name: Option<&str>,
) -> Result<(), Error> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return Err(Error::Undecidable("a rename needs the new name"));
    };
    let attribute = match collision.attribute.as_str() {
        "displayName" => "displayName",
        "userName" => "userName",
        _ => {
            return Err(Error::Undecidable(
                "two names of one Okta id: link or adopt",
            ));
        }
    };
    let mut resource = holder.resource.clone();
    resource.set(attribute, json!(name));
    if *holder.of == GROUP {
        groups::keep(work, connection, holder, resource).await?;
    } else {
        users::keep(work, connection, holder, resource).await?;
    }
    let sql = "DELETE FROM scim_collisions WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, collision.id]).await?;
    Ok(())
}

/// Nobody gives another Okta id the place of a person who may do more than they do themselves.
async fn reach(work: &Work, connection: ConnectionId, holder: &Row) -> Result<(), Error> {
    let Some(okta_id) = holder
        .resource
        .text("externalId")
        .filter(|_| *holder.of == USER)
    else {
        return Ok(());
    };
    match directory::user_by_okta_id(work, connection, okta_id).await {
        Ok(Some(user)) => Ok(directory::need_reach(work, user.id).await?),
        Ok(None) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
