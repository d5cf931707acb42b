//! The scopes that a consent can ask for, each with what it is for.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Error, Job, authentication};

/// A scope to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KnownScope {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// The jobs that ask for it.
    pub jobs: Vec<Job>,
    /// Whether one of them cannot be done without it.
    pub needed: bool,
}

/// Those that are not `okta.*` of an area, with what they give (Okta: OpenID Connect scopes; OAuth 2.0 scopes).
const GENERAL: [(&str, &str); 13] = [
    ("openid", "an ID token that says who consented"),
    ("profile", "the name and other attributes of who consented"),
    ("email", "the mail address of who consented"),
    ("address", "the address of who consented"),
    ("phone", "the phone number of who consented"),
    ("groups", "the groups of who consented"),
    (
        "offline_access",
        "a refresh token: the connection goes on without that person; always asked for",
    ),
    (
        "device_sso",
        "a device secret, for single sign-on between apps of one device",
    ),
    ("okta.clients.manage", "manage OAuth clients"),
    ("okta.clients.read", "read OAuth clients"),
    ("okta.clients.register", "register OAuth clients"),
    (
        "okta.universalLogout.manage",
        "end a person's sessions everywhere (universal logout)",
    ),
    (
        "okta.workflows.invoke.manage",
        "start a flow of Okta Workflows that is protected by OAuth",
    ),
];

/// All scopes that are known by name; others beginning with `okta.` can be chosen, too.
#[must_use]
pub fn known() -> Vec<KnownScope> {
    let mut known: Vec<KnownScope> = GENERAL
        .iter()
        .map(|(name, purpose)| KnownScope {
            name: (*name).to_owned(),
            purpose: (*purpose).to_owned(),
            jobs: Vec::new(),
            needed: *name == "offline_access",
        })
        .collect();
    for job in Job::ALL {
        for scope in job.scopes() {
            match known.iter_mut().find(|one| one.name == scope.name) {
                Some(one) => {
                    one.jobs.push(job);
                    one.needed |= scope.needed;
                }
                None => known.push(KnownScope {
                    name: scope.name.to_owned(),
                    purpose: scope.purpose.to_owned(),
                    jobs: vec![job],
                    needed: scope.needed,
                }),
            }
        }
    }
    known
}

/// Checks what was chosen; nothing chosen is what the jobs ask for. `offline_access` is always among it.
pub(in super::super) fn check(
    chosen: Option<Vec<String>>,
    jobs: &[Job],
) -> Result<Vec<String>, Error> {
    let mut scopes = chosen.unwrap_or_else(|| {
        authentication::scopes(jobs)
            .iter()
            .map(|scope| scope.name.to_owned())
            .collect()
    });
    scopes.push("offline_access".to_owned());
    let general = |name: &str| GENERAL.iter().any(|(known, _)| *known == name);
    for name in &scopes {
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !(general(name) || name.starts_with("okta.") && name.len() <= 100 && plain) {
            return Err(Error::BadScope(name.clone()));
        }
    }
    let mut kept: Vec<String> = Vec::new();
    for name in scopes {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_choose_where_nobody_did() {
        let scopes = check(None, &[Job::Sync]).unwrap();
        assert_eq!(
            scopes,
            ["okta.groups.read", "okta.users.read", "offline_access"]
        );
        let own = vec![
            "openid".to_owned(),
            "okta.logs.read".to_owned(),
            "openid".to_owned(),
        ];
        assert_eq!(
            check(Some(own), &[]).unwrap(),
            ["openid", "okta.logs.read", "offline_access"]
        );
        for wrong in ["admin", "okta.x y", "okta.é"] {
            assert!(check(Some(vec![wrong.to_owned()]), &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_thirteen_of_the_guide_and_those_of_all_jobs_can_be_chosen() {
        let known = known();
        for job in Job::ALL {
            for scope in job.scopes() {
                assert!(
                    known
                        .iter()
                        .any(|one| one.name == scope.name && one.jobs.contains(&job))
                );
            }
        }
        assert!(known.len() > 13 && known.iter().all(|one| !one.purpose.is_empty()));
    }
}
