//! Which connection a page is about.

use crate::app::Work;
use crate::connections::{self, Connection};
use crate::console::Listing;
use crate::db::ConnectionId;
use crate::web::Problem;

/// A connection to choose.
pub(super) struct Org {
    pub(super) id: ConnectionId,
    pub(super) name: String,
    pub(super) chosen: bool,
}

/// The connection asked for (or the first one), and all to choose from; none when there is no connection.
pub(super) async fn chosen(
    work: &Work,
    asked: &str,
) -> Result<(Option<Connection>, Vec<Org>), Problem> {
    let all = connections::list(work).await?;
    let id = asked.parse::<ConnectionId>().ok();
    let at = match id {
        Some(id) => Some(connections::find(work, id).await?.id),
        None => all.first().map(|one| one.id),
    };
    let orgs = all
        .iter()
        .map(|one| Org {
            id: one.id,
            name: one.name.clone(),
            chosen: Some(one.id) == at,
        })
        .collect();
    Ok((all.into_iter().find(|one| Some(one.id) == at), orgs))
}

/// The same, asked for in an address.
pub(super) async fn listed(
    work: &Work,
    list: &Listing,
) -> Result<(Option<Connection>, Vec<Org>), Problem> {
    chosen(work, list.get("connection")).await
}
