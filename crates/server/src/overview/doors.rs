//! How each door of a connection stands: Okta's API, SCIM, the sync of roles.

use crate::actor::Permission;
use crate::app::Work;
use crate::connections::{Connection, Status};
use crate::console::{State as Stated, Visit};
use crate::db::Timestamp;
use crate::web::Problem;
use crate::{scim, sync};

/// One door, as a tile.
pub(super) struct Door {
    /// Which, and of which connection.
    pub(super) name: String,
    pub(super) href: String,
    pub(super) state: Stated,
    /// What there is to say beside it.
    pub(super) words: String,
    /// What `at` is: `last good`.
    pub(super) when: &'static str,
    pub(super) at: Option<Timestamp>,
}

/// The doors of a connection that the person may know of.
pub(super) async fn of(
    work: &Work,
    connection: &Connection,
    visit: &Visit,
) -> Result<Vec<Door>, Problem> {
    let mut doors = vec![api(connection)];
    if visit.may(Permission::RunsRead) {
        doors.push(roles(work, connection).await?);
    }
    if let Some(heard) = scim::last_heard(work, connection.id).await? {
        doors.push(Door {
            name: format!("SCIM · {}", connection.name),
            href: format!("/connections/{}/scim", connection.id),
            state: Stated::ok("Heard"),
            words: "Okta pushes people and groups".to_owned(),
            when: "last call",
            at: Some(heard),
        });
    }
    Ok(doors)
}

fn api(connection: &Connection) -> Door {
    let state = match connection.status {
        Status::Active => Stated::ok("Healthy"),
        Status::Failing => Stated::fail("Failing"),
        Status::Inactive => Stated::wait("Not tested"),
        Status::Disabled => Stated::off("Switched off"),
    };
    let failing = connection.status == Status::Failing;
    let why = connection.status_why.clone().filter(|_| failing);
    Door {
        name: format!("Okta API · {}", connection.name),
        href: format!("/connections/{}", connection.id),
        state,
        words: why.unwrap_or_else(|| connection.domain.to_string()),
        when: "since",
        at: Some(connection.status_since),
    }
}

async fn roles(work: &Work, connection: &Connection) -> Result<Door, Problem> {
    let last = sync::list(work, connection.id, None, 1).await?.pop();
    let state = match last.as_ref().map(|run| run.state.as_str()) {
        None => Stated::off("Never ran"),
        Some("done" | "approved") => Stated::ok("Healthy"),
        Some("held") => Stated::held("Held"),
        Some("queued" | "running") => Stated::wait("Running"),
        Some("failed") => Stated::fail("Failed"),
        Some(_) => Stated::off("Not applied"),
    };
    let words = last.as_ref().map_or_else(
        || "no group is mapped yet".to_owned(),
        |run| {
            format!(
                "{} given, {} taken, {} calls",
                run.counts.granted, run.counts.removed, run.calls
            )
        },
    );
    Ok(Door {
        name: format!("Roles · {}", connection.name),
        href: format!("/runs?connection={}", connection.id),
        state,
        words,
        when: "last run",
        at: last.map(|run| run.finished_at.unwrap_or(run.created_at)),
    })
}
