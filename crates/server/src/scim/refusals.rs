//! Refused tokens in the audit trail, told apart there and alike to the caller: they are written after the answer, so
//! that its time tells nothing either.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::requests::State;
use super::tokens::actor;
use crate::app::App;
use crate::audit;
use crate::db::{self, ConnectionId, TenantId, values};

/// A request that was refused for its token.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The connection whose address it came to.
    pub(super) connection: ConnectionId,
    /// `unknown`, `foreign`, `revoked` or `expired`.
    pub(super) why: &'static str,
    /// The token's id and name, where it is one of this connection.
    pub(super) token: Option<(Uuid, String)>,
}

/// Notes a refusal, at most one a minute for each connection and reason: a flood must not fill the trail.
pub(super) async fn note(app: &App, refusal: Refusal) {
    match app.part::<State>() {
        Some(state) => {
            if state.first_refusal(refusal.connection, refusal.why, app.now()) {
                super::requests::keep_refusal(app, state, refusal);
            }
        }
        None => write(app, vec![refusal]).await,
    }
}

/// A trail that cannot be written does not let anyone in.
pub(super) async fn write(app: &App, refusals: Vec<Refusal>) {
    for refusal in refusals {
        if let Err(error) = one(app, refusal).await {
            tracing::warn!(error = %crate::web::chain(&error), "a refused SCIM token could not be noted");
        }
    }
}

async fn one(app: &App, refusal: Refusal) -> db::Result<()> {
    #[derive(FromQueryResult)]
    struct Owner {
        tenant_id: TenantId,
    }
    let look = app.read(&actor(TenantId(Uuid::nil()), "")).await?;
    // Whose connection it is, only the connection tells: the token may be of another tenant.
    let sql = "SELECT tenant_id FROM scim_tokens WHERE connection_id = $1 LIMIT 1";
    let owner: Option<Owner> = look.row(sql, values![refusal.connection]).await?;
    drop(look);
    let Some(owner) = owner else {
        return Ok(());
    };
    let mut work = app.begin(&actor(owner.tenant_id, "refused")).await?;
    let entry = audit::Entry::new(
        "scim.refused",
        ("connection", refusal.connection.to_string()),
        format!("{} token", refusal.why),
    );
    let (id, name) = refusal.token.unzip();
    let detail = serde_json::json!({ "why": refusal.why, "token": name, "token_id": id });
    audit::record(&mut work, entry.detail(detail)).await?;
    work.commit().await
}
