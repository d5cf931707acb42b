//! The org as a whole: all families, and what it says about itself.

mod settings;
mod wellknown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use settings::Settings;

use serde::{Deserialize, Serialize};

use crate::apps::Apps;
use crate::authn::Authn;
use crate::clock::Time;
use crate::factors::Messages;
use crate::groups::{Groups, Owner};
use crate::http::Routes;
use crate::idps::IdpKey;
use crate::log::Log;
use crate::oauth::{Keys, SignIns};
use crate::policies::Policies;
use crate::provisioning::Provisioning;
use crate::quotas::Quotas;
use crate::roles::Roles;
use crate::schemas::Schemas;
use crate::servers::Servers;
use crate::store::{Docs, Kind, Tail};
use crate::tokens::Tokens;
use crate::users::People;

/// Everything an org knows. A copy is cheap, as its tables share their pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Org {
    pub(crate) tail: Tail,
    /// The random seed of everything that is drawn.
    pub(crate) seed: u64,
    /// Whether the org has realms, which its users then name.
    pub(crate) realms: bool,
    pub(crate) name: String,
    subdomain: String,
    pub(crate) created: Time,
    pub(crate) people: People,
    pub(crate) groups: Groups,
    /// Group rules.
    pub(crate) rules: Docs,
    /// Who is in a group by which rule: rule, user, group.
    pub(crate) ruled: BTreeSet<(u32, u32, u32)>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) schemas: Schemas,
    pub(crate) apps: Apps,
    pub(crate) provisioning: Provisioning,
    pub(crate) policies: Policies,
    pub(crate) zones: Docs,
    pub(crate) origins: Docs,
    pub(crate) idps: Docs,
    pub(crate) idp_keys: Vec<IdpKey>,
    /// The keys that Okta has for an identity provider, newest last.
    pub(crate) idp_signing: BTreeMap<u32, Vec<crate::apps::Certificate>>,
    /// Who signs in by an identity provider.
    pub(crate) idp_users: Vec<crate::idps::IdpUser>,
    pub(crate) custom_roles: Docs,
    pub(crate) resource_sets: Docs,
    pub(crate) mappings: Docs,
    pub(crate) quotas: Quotas,
    pub(crate) features: Docs,
    pub(crate) hooks: Docs,
    pub(crate) authenticators: Docs,
    pub(crate) settings: Settings,
    pub(crate) factors: Docs,
    /// What was sent to people.
    pub(crate) messages: Messages,
    pub(crate) integrations: Docs,
    /// Users who were put into a realm by its id.
    pub(crate) realm_of: BTreeMap<u32, String>,
    /// Users whose risk an admin set.
    pub(crate) risks: BTreeMap<u32, String>,
    /// Users whose classification an admin set: whether they are `LITE`, and since when.
    pub(crate) classified: BTreeMap<u32, (bool, Time)>,
    /// Notices that users do not want.
    pub(crate) unsubscribed: BTreeSet<(u32, String)>,
    pub(crate) roles: Roles,
    pub(crate) tokens: Tokens,
    pub(crate) log: Log,
    /// Custom authorization servers, and what people signed in to.
    pub(crate) servers: Servers,
    pub(crate) sign_ins: SignIns,
    /// Sign-ins under way by `/api/v1/authn`.
    pub(crate) authn: Authn,
    #[serde(with = "crate::oauth::kept")]
    pub(crate) keys: Arc<Keys>,
}

impl Org {
    /// The first part of the org's host name.
    pub(crate) fn subdomain(&self) -> &str {
        &self.subdomain
    }

    /// Gives the org the first part of its host name.
    pub(crate) fn name_host(&mut self, name: &str) {
        name.clone_into(&mut self.subdomain);
    }

    /// An org as new as Okta's own: Everyone, the default user type, nobody yet.
    pub(crate) fn new(seed: u64, now: Time) -> Self {
        Self {
            tail: Tail::of(seed),
            seed,
            realms: false,
            name: "Keywright Sandbox".to_owned(),
            subdomain: "org".to_owned(),
            created: now.whole(),
            people: People::default(),
            groups: Groups::new(now),
            rules: Docs::default(),
            ruled: BTreeSet::new(),
            owners: Vec::new(),
            schemas: Schemas::new(now),
            apps: Apps::default(),
            provisioning: Provisioning::default(),
            policies: Policies::new(
                &Tail::of(seed).id(Kind::GROUP, crate::groups::EVERYONE),
                now,
            ),
            zones: Docs::default(),
            origins: Docs::default(),
            idps: Docs::default(),
            idp_keys: Vec::new(),
            idp_signing: BTreeMap::new(),
            idp_users: Vec::new(),
            custom_roles: Docs::default(),
            resource_sets: Docs::default(),
            mappings: crate::mappings::initial(Tail::of(seed), now),
            quotas: Quotas::default(),
            features: crate::features::initial(now),
            hooks: Docs::default(),
            authenticators: crate::authenticators::initial(now),
            settings: Settings::new("Keywright Sandbox", now),
            factors: Docs::default(),
            messages: Messages::default(),
            integrations: Docs::default(),
            realm_of: BTreeMap::new(),
            risks: BTreeMap::new(),
            classified: BTreeMap::new(),
            unsubscribed: BTreeSet::new(),
            roles: Roles::default(),
            tokens: Tokens::default(),
            log: Log::default(),
            servers: Servers::new(now),
            sign_ins: SignIns::default(),
            authn: Authn::default(),
            keys: Arc::default(),
        }
    }
}

/// The routes of what an org says about itself.
pub(crate) fn routes(routes: &mut Routes) {
    wellknown::routes(routes);
    settings::routes(routes);
}
