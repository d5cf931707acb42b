//! Lists of groups.

use sea_orm::FromQueryResult;

use super::Bound;
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::directory::groups::{self, Group, GroupId, like};

/// Which groups a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShowGroups {
    /// All that we know.
    #[default]
    All,
    /// Those that give roles.
    Mapped,
    /// Those whose last answer was not believed.
    Suspect,
    /// Those that SCIM pushed.
    Pushed,
}

impl ShowGroups {
    /// All, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::All, Self::Mapped, Self::Suspect, Self::Pushed];

    /// Its word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Mapped => "mapped",
            Self::Suspect => "suspect",
            Self::Pushed => "pushed",
        }
    }

    /// Reads the word; an unknown one shows all.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == word)
            .unwrap_or_default()
    }

    fn condition(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Mapped => "AND id IN (SELECT group_id FROM mappings WHERE tenant_id = $1)",
            Self::Suspect => "AND suspect IS NOT NULL",
            Self::Pushed => "AND scim_id IS NOT NULL",
        }
    }
}

/// What a list of groups is asked for.
#[derive(Clone, Debug, Default)]
pub struct GroupsWanted<'a> {
    /// A part of the name.
    pub q: &'a str,
    /// Which ones.
    pub show: ShowGroups,
    /// Only of this connection.
    pub connection: Option<ConnectionId>,
    /// The name (in small letters) and id of the last one seen.
    pub after: Option<(String, GroupId)>,
    /// At most so many.
    pub limit: i64,
}

/// Groups that match, by name.
pub async fn groups(work: &Work, wanted: &GroupsWanted<'_>) -> db::Result<Vec<Group>> {
    let mut bound = Bound(values![work.tenant, wanted.limit]);
    let mut more = vec![wanted.show.condition().to_owned()];
    if !wanted.q.is_empty() {
        more.push(format!(
            "AND name_key LIKE {} ESCAPE '!'",
            bound.mark(like(wanted.q))
        ));
    }
    if let Some(connection) = wanted.connection {
        more.push(format!("AND connection_id = {}", bound.mark(connection)));
    }
    if let Some((name, id)) = &wanted.after {
        let (name, id) = (bound.mark(name.as_str()), bound.mark(*id));
        more.push(format!("AND (name_key, id) > ({name}, {id})"));
    }
    let sql = format!(
        "SELECT {} FROM groups WHERE tenant_id = $1 {} ORDER BY name_key, id LIMIT $2",
        groups::COLUMNS,
        more.join(" ")
    );
    work.rows(&sql, bound.0).await
}

/// The groups of a connection with these Okta ids, those that we know.
pub async fn groups_by_okta_id(
    work: &Work,
    connection: ConnectionId,
    okta_ids: &[String],
) -> db::Result<Vec<Group>> {
    let mut found = Vec::new();
    for some in okta_ids.chunks(500) {
        let mut bound = Bound(values![work.tenant, connection]);
        let marks: Vec<String> = some.iter().map(|id| bound.mark(id.as_str())).collect();
        let sql = format!(
            "SELECT {} FROM groups WHERE tenant_id = $1 AND connection_id = $2 AND okta_id IN ({})",
            groups::COLUMNS,
            marks.join(", ")
        );
        found.extend(work.rows::<Group>(&sql, bound.0).await?);
    }
    Ok(found)
}

/// How many people a group has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct GroupTally {
    /// Members who are users now.
    pub members: i64,
    /// Of them, those who may not sign in.
    pub blocked: i64,
    /// When one of them last became a user.
    pub newest: Option<Timestamp>,
}

/// Counts the members of a group.
pub async fn group_tally(work: &Work, group: GroupId) -> db::Result<GroupTally> {
    let sql = "SELECT COUNT(*) AS members, COUNT(CASE WHEN u.blocked THEN 1 END) AS blocked, MAX(u.created_at) AS newest
        FROM live_memberships m JOIN live_users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
        WHERE m.tenant_id = $1 AND m.group_id = $2";
    let row = work.row(sql, values![work.tenant, group]).await?;
    Ok(row.unwrap_or_default())
}
