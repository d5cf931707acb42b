//! Lists: filter, order, pages. And resources as they are shown.

use keywright_proto::scim::filter::{Filter, Operator};
use keywright_proto::scim::list::Query;
use keywright_proto::scim::projection::Projection;
use keywright_proto::scim::schemas::{ResourceType, USER};
use keywright_proto::scim::{Path, etag};
use sea_orm::Value as Bound;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::condition::Condition;
use super::error::Error;
use super::requests::{Mark, State};
use super::store::{self, Row};
use super::ties::{self, Tie};
use crate::app::Work;
use crate::db::{ConnectionId, values};

/// A part of a list.
pub(super) struct Page {
    /// How many there are in all.
    pub(super) total: u64,
    /// Those of this part, shown.
    pub(super) shown: Vec<Value>,
}

/// The part of a list that a query asks for.
///
/// A reader that goes on where its last page ended goes on after the last resource of that page, whatever was removed
/// meanwhile, so that none is left out and none comes twice; new ones come at the end.
pub(super) async fn page(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    query: &Query,
    base: &str,
) -> Result<Page, Error> {
    let mut bound: Vec<Bound> = values![work.tenant, connection, of.name];
    let mut condition = Condition::new(work.engine(), of, &mut bound);
    let mut wanted = match &query.filter {
        Some(filter) => condition.filter(filter)?,
        None => "(1 = 1)".to_owned(),
    };
    let order = query
        .sort
        .as_ref()
        .map(|sort| condition.order(sort))
        .transpose()?;
    let state = work.app().part::<State>().filter(|_| order.is_none());
    let asked = || Mark::key(connection, of.name, query.filter.as_ref());
    let before = query.start - 1;
    let after: Option<Uuid> = match state {
        Some(state) if query.start > 1 => state.mark(&asked(), query.start, work.now),
        _ => None,
    };
    if let Some(after) = after {
        bound.push(Bound::from(after));
        wanted = format!("{wanted} AND r.id > ${}", bound.len());
    }
    let offset = if after.is_some() { 0 } else { before };
    let order = order.unwrap_or_else(|| "r.id".to_owned());
    let rest = format!(
        "{wanted} ORDER BY {order} LIMIT {} OFFSET {offset}",
        query.count
    );
    let rows = if query.count == 0 {
        Vec::new()
    } else {
        store::page(work, of, &rest, bound.clone()).await?
    };
    let read = u64::try_from(rows.len()).unwrap_or(0);
    // A page that is not full ends the list: nothing is left to count. What a search by name finds is one.
    let total = if offset == 0 && read < query.count {
        before * u64::from(after.is_some()) + read
    } else {
        let counted = store::count(work, &wanted, bound).await?;
        before * u64::from(after.is_some()) + counted
    };
    if let (Some(state), Some(last)) = (state, rows.last()) {
        state.set_mark(&asked(), query.start + read, last.id, work.now);
    }
    let shown = shown(work, connection, of, &rows, &query.projection, base).await?;
    Ok(Page { total, shown })
}

/// Whether a query is a search for one person by a name or id that only one has.
pub(super) fn names_one(query: &Query) -> bool {
    let by_name = |path: &Path| {
        path.extension.is_none()
            && path.sub.is_none()
            && matches!(path.name.as_str(), "id" | "userName" | "externalId")
    };
    query.start == 1
        && query.sort.is_none()
        && matches!(&query.filter, Some(Filter::Compare { path, operator: Operator::Eq, .. }) if by_name(path))
}

/// Resources as they are shown.
pub(super) async fn shown(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    rows: &[Row],
    projection: &Projection,
    base: &str,
) -> Result<Vec<Value>, Error> {
    let tied = if *of == USER { "groups" } else { "members" };
    let wanted = projection.wants(tied);
    let unread = rows.iter().filter(|row| wanted && row.ties.is_none());
    let ids: Vec<Uuid> = unread.map(|row| row.id).collect();
    let read = ties::ties(work, connection, of, &ids).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let mut more = Map::new();
            let known = row.ties.as_ref().or(read.get(&row.id));
            if let Some(known) = known.filter(|known| wanted && !known.is_empty()) {
                more.insert(
                    tied.to_owned(),
                    known.iter().map(|tie| tie_shown(of, tie, base)).collect(),
                );
            }
            projection.apply(one(row, more, base))
        })
        .collect())
}

/// The address of a resource.
pub(super) fn location(row: &Row, base: &str) -> String {
    format!("{base}{}/{}", row.of.endpoint, row.id)
}

fn one(row: &Row, more: Map<String, Value>, base: &str) -> Value {
    let meta = json!({
        "resourceType": row.of.name,
        "created": row.created_at,
        "lastModified": row.updated_at,
        "location": location(row, base),
        "version": etag::of(row.version),
    });
    row.resource.shown(row.of, &row.id.to_string(), more, meta)
}

fn tie_shown(of: &'static ResourceType, tie: &Tie, base: &str) -> Value {
    let (endpoint, kind) = if *of == USER {
        ("Groups", "direct")
    } else {
        ("Users", "User")
    };
    json!({
        "value": tie.id,
        "$ref": format!("{base}/{endpoint}/{}", tie.id),
        "display": tie.display,
        "type": kind,
    })
}
