//! An installation joined to an org, with groups mapped to roles, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    org::{Org, text},
    site::Site,
};

/// The roles that mapped groups give, in turn: none that the guard watches.
const ROLES: &[&str] = &["user", "helpdesk", "auditor"];

/// A group of the org and the role it gives.
pub(crate) struct Mapped {
    /// Okta's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The role.
    pub(crate) role: &'static str,
}

/// What the org holds, kept beside it: the truth that a sync must arrive at.
pub(crate) struct World {
    /// People by Okta's id: the login.
    pub(crate) people: BTreeMap<String, String>,
    /// The mapped groups.
    pub(crate) mapped: Vec<Mapped>,
    /// People by group.
    pub(crate) members: BTreeMap<String, BTreeSet<String>>,
}

/// A role that someone has by a group: login, role, the group's name.
pub(crate) type Grant = (String, String, String);

impl World {
    /// Joins the org and maps its first groups, each to one role.
    pub(crate) async fn joined(site: &Site, org: &Org, groups: usize) -> Self {
        connect(site, org, "dpop");
        let mut mapped = Vec::new();
        let mut members = BTreeMap::new();
        for (at, (id, name)) in org.groups().await.into_iter().take(groups).enumerate() {
            let role = ROLES[at % ROLES.len()];
            site.done(&["mapping", "add", &id, role]);
            members.insert(
                id.clone(),
                org.members(&id)
                    .await
                    .into_iter()
                    .map(|(id, _)| id)
                    .collect(),
            );
            mapped.push(Mapped { id, name, role });
        }
        assert_eq!(mapped.len(), groups, "the org has too few groups");
        let mut people = BTreeMap::new();
        for user in org.everyone().await {
            people.insert(
                text(&user["id"]),
                text(&user["profile"]["login"]).to_lowercase(),
            );
        }
        Self {
            people,
            mapped,
            members,
        }
    }

    /// Who must have which role by which group.
    pub(crate) fn expected(&self) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        for group in &self.mapped {
            for person in &self.members[&group.id] {
                if let Some(login) = self.people.get(person) {
                    grants.insert((login.clone(), group.role.to_owned(), group.name.clone()));
                }
            }
        }
        grants
    }
}

/// Joins the org with one of its two service apps: `oauth` or `dpop`.
pub(crate) fn connect(site: &Site, org: &Org, app: &str) {
    let said = org.app(app);
    let key = site.place().join("key.pem");
    std::fs::write(&key, text(&said["private_key_pem"])).expect("a key file");
    let auth = if app == "dpop" { "oauth_dpop" } else { "oauth" };
    let (client, kid) = (text(&said["client_id"]), text(&said["kid"]));
    let key = key.to_str().expect("a path");
    site.done(&[
        "connect",
        &org.url,
        "--name",
        "acme",
        "--auth",
        auth,
        "--client-id",
        &client,
        "--key-file",
        key,
        "--kid",
        &kid,
    ]);
}
