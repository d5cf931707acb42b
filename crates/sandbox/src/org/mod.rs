//! The org as a whole: all families, and what it says about itself.

mod wellknown;

use std::sync::Arc;

pub(crate) use wellknown::routes;

use crate::apps::Apps;
use crate::clock::Time;
use crate::groups::Groups;
use crate::log::Log;
use crate::oauth::Keys;
use crate::roles::Roles;
use crate::schemas::Schemas;
use crate::store::Tail;
use crate::tokens::Tokens;
use crate::users::People;

/// Everything an org knows. A copy is cheap, as its tables share their pages.
#[derive(Clone, Debug)]
pub(crate) struct Org {
    pub(crate) tail: Tail,
    /// The random seed of everything that is drawn.
    pub(crate) seed: u64,
    pub(crate) name: String,
    pub(crate) created: Time,
    pub(crate) people: People,
    pub(crate) groups: Groups,
    pub(crate) schemas: Schemas,
    pub(crate) apps: Apps,
    pub(crate) roles: Roles,
    pub(crate) tokens: Tokens,
    pub(crate) log: Log,
    pub(crate) keys: Arc<Keys>,
}

impl Org {
    /// An org as new as Okta's own: Everyone, the default user type, nobody yet.
    pub(crate) fn new(seed: u64, now: Time) -> Self {
        Self {
            tail: Tail::of(seed),
            seed,
            name: "Keywright Sandbox".to_owned(),
            created: now.whole(),
            people: People::default(),
            groups: Groups::new(now),
            schemas: Schemas::new(now),
            apps: Apps::default(),
            roles: Roles::default(),
            tokens: Tokens::default(),
            log: Log::default(),
            keys: Arc::default(),
        }
    }
}
