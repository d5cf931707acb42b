//! Groups of the org itself, to be mapped.

use keywright_model::Group;
use keywright_okta::GroupQuery;

use super::error::{Error, Result};
use super::job;
use crate::app::App;
use crate::db::{ConnectionId, TenantId};

/// Groups whose names begin with `q`, at most 200.
pub(super) async fn okta_groups(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
    q: &str,
) -> Result<Vec<Group>> {
    let client = job::client(app, tenant, connection).await?;
    let q = (!q.is_empty()).then(|| q.to_owned());
    let pages = client.groups(&GroupQuery {
        q,
        ..GroupQuery::default()
    });
    let page = match pages {
        Ok(mut pages) => pages.next().await,
        Err(error) => Err(error),
    };
    let page = page.map_err(|error| Error::Okta {
        words: error.to_string(),
        mend: error.mend(),
    })?;
    Ok(page.map(|page| page.items).unwrap_or_default())
}
