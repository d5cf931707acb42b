//! Okta's provisioning side: pushes people and groups to an app's SCIM server as Okta does (FACTS section 14).
//!
//! ```text
//! the org changes -> plan: what should stand at the app, and what was said to it? -> queue of tasks
//!   -> job (all that a task needs, taken from the org at its turn) -> client: requests over the wire
//!   -> settle: id, what was said, or Okta's error text on the assignment
//! ```
//!
//! No task is lost and none is made twice: tasks follow from the difference between the org and what was said. A task that
//! failed waits for `retry`, or for a change that makes it another task; one that may have arrived is said again in full.
//!
//! Switched on by Okta's own paths (`/apps/{id}/connections/default` with a `baseUrl`, `/features`, group push mappings),
//! and by `POST /_sandbox/push` with [`PushOrder`]s for what Okta's API has no path for.

mod body;
mod client;
mod fault;
mod import;
mod job;
mod order;
mod plan;
mod run_group;
mod run_person;
mod settle;
mod show;
mod side;
mod work;

pub use fault::PushFaults;
pub use order::{PushError, PushOrder};
pub use side::Dialect;

pub(crate) use order::{answer, carry_out};
pub(crate) use plan::{implicit, unpush};
pub(crate) use show::{account_shown, connection, link_shown};
pub(crate) use side::{Provisioning, Side};
pub(crate) use work::{Pushing, run};
