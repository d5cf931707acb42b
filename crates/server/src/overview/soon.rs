//! What ends soon: tokens and keys, and client keys that should be rotated.

use crate::actor::Permission;
use crate::app::Work;
use crate::connections::Connection;
use crate::console::{State as Stated, Visit};
use crate::db::Timestamp;
use crate::web::Problem;
use crate::{apikeys, scim};

/// What ends within so many days is told.
const DAYS: i64 = 30;

/// One thing that ends.
pub(super) struct Ending {
    pub(super) name: String,
    pub(super) more: String,
    pub(super) href: String,
    pub(super) state: Stated,
    pub(super) at: Timestamp,
}

/// Everything of the tenant that ends soon, the next first.
pub(super) async fn all(
    work: &Work,
    connections: &[Connection],
    visit: &Visit,
) -> Result<Vec<Ending>, Problem> {
    let until = work.now.plus_seconds(DAYS * 86_400);
    let mut endings = Vec::new();
    for token in scim::living_tokens(work, until).await? {
        let of = connections.iter().find(|one| one.id == token.connection_id);
        endings.push(Ending {
            name: format!("SCIM token “{}”", token.name),
            more: of.map_or_else(String::new, |one| {
                format!("{}: Okta stops pushing when it ends", one.name)
            }),
            href: format!("/connections/{}/scim", token.connection_id),
            state: state(token.expires_at, work.now),
            at: token.expires_at,
        });
    }
    if visit.may(Permission::ApiKeysManage) {
        for (key, _) in apikeys::expiring(work).await? {
            endings.push(Ending {
                name: format!("API key “{}”", key.name),
                more: "what uses it stops then".to_owned(),
                href: "/api-keys?all=true".to_owned(),
                state: state(key.expires_at, work.now),
                at: key.expires_at,
            });
        }
    }
    endings.sort_by_key(|ending| ending.at);
    Ok(endings)
}

fn state(at: Timestamp, now: Timestamp) -> Stated {
    let days = (at.seconds() - now.seconds()) / 86_400;
    let word = match days {
        ..0 => "ended".to_owned(),
        0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    if days < 7 {
        Stated::fail(word)
    } else {
        Stated::held(word)
    }
    .icon("timer")
}
