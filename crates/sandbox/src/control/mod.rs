//! The controls under `/_sandbox/`: what no real Okta has, for tests and demos.
//!
//! | call | does |
//! | --- | --- |
//! | `POST /_sandbox/reset` | the state at start again, the clock right, no faults, an empty request log |
//! | `GET /_sandbox/requests` | calls with counts per method and path template; `DELETE` empties it |
//! | `GET`, `POST`, `DELETE /_sandbox/faults` | rules by which answers go wrong, see [`Fault`] |
//! | `GET`, `POST /_sandbox/clock` | `{"advance_ms"}`, `{"set"}`, `{"frozen"}` |
//! | `POST /_sandbox/people` | a list of [`Edit`]s, made at once |
//! | `GET`, `POST /_sandbox/push` | provisioning by SCIM: state; [`PushOrder`](crate::PushOrder)s |
//! | `POST /_sandbox/limits` | `{"on": bool}`, `{"bucket", "per_minute"}`, `{"clear": true}` |
//! | `GET /_sandbox/messages` | codes that were sent by text message, call and mail |
//! | `POST /_sandbox/phone` | what the phones of people do: `{"op": "enroll", "factor"}`, `{"op": "approve", "transaction"}`, `reject` |
//! | `POST /_sandbox/nonce` | renews the DPoP nonce and refuses the old ones |
//! | `GET /_sandbox/credentials` | the API token and the service apps |

mod edit;
mod fault;
mod requests;
mod routes;

pub(crate) use edit::apply;
pub use edit::{Edit, EditError};
pub(crate) use fault::{Asked, Faults};
pub use fault::{Effect, Fault};
pub use requests::Requests;
pub(crate) use requests::{Record, RequestLog};
pub(crate) use routes::answer;
