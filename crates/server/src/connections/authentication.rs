//! How a connection proves itself to Okta, and what it is used for. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a connection proves itself; exactly one is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authentication {
    /// An API token (`Authorization: SSWS …`): acts as the administrator who made it.
    ApiToken,
    /// Client credentials with `private_key_jwt`, bearer tokens.
    Oauth,
    /// The same with tokens bound to a key of ours (DPoP, RFC 9449); recommended.
    #[default]
    OauthDpop,
    /// A web app with client id and secret, by the consent of a person: authorization code with PKCE, refresh tokens.
    AuthorizationCode,
}

impl Authentication {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::Oauth => "oauth",
            Self::OauthDpop => "oauth_dpop",
            Self::AuthorizationCode => "authorization_code",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [
            Self::ApiToken,
            Self::Oauth,
            Self::OauthDpop,
            Self::AuthorizationCode,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }

    /// True for those that need a client id.
    #[must_use]
    pub fn has_client(self) -> bool {
        !matches!(self, Self::ApiToken)
    }

    /// True for those that need keys: to sign assertions and proofs.
    #[must_use]
    pub fn has_keys(self) -> bool {
        matches!(self, Self::Oauth | Self::OauthDpop)
    }
}

/// What a connection is switched on for; each job needs scopes of its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Job {
    /// Roles from groups.
    Sync,
    /// Events by hook and log.
    Events,
    /// Security keys enrolled on behalf of people.
    Keys,
    /// Passkeys: the profile attribute and the identity provider.
    Passkeys,
    /// Connector actions.
    Actions,
}

impl Job {
    /// All jobs.
    pub const ALL: [Self; 5] = [
        Self::Sync,
        Self::Events,
        Self::Keys,
        Self::Passkeys,
        Self::Actions,
    ];

    /// The word on the wire and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Events => "events",
            Self::Keys => "keys",
            Self::Passkeys => "passkeys",
            Self::Actions => "actions",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.word() == word)
    }

    /// The scopes the job asks for (Okta: OAuth 2.0 scopes).
    #[must_use]
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Sync => SYNC,
            Self::Events => EVENTS,
            Self::Keys => KEYS,
            Self::Passkeys => PASSKEYS,
            Self::Actions => ACTIONS,
        }
    }
}

const SYNC: &[Scope] = &[
    Scope::needed("okta.groups.read", "read groups and their members"),
    Scope::helpful(
        "okta.users.read",
        "notice suspended and deactivated people without reading whole groups",
    ),
];
const EVENTS: &[Scope] = &[
    Scope::needed("okta.logs.read", "read the system log"),
    Scope::helpful(
        "okta.eventHooks.read",
        "see whether the event hook is verified",
    ),
];
const KEYS: &[Scope] = &[
    Scope::needed("okta.users.manage", "enrol and remove factors"),
    Scope::helpful(
        "okta.policies.read",
        "see whether the enrolment policy allows WebAuthn",
    ),
    Scope::helpful(
        "okta.authenticators.read",
        "see whether the passkey authenticator is active",
    ),
];
const PASSKEYS: &[Scope] = &[
    Scope::needed("okta.users.manage", "set the passkey attribute"),
    Scope::needed("okta.schemas.read", "see that the attribute exists"),
];
const ACTIONS: &[Scope] = &[
    Scope::needed("okta.users.manage", "change people"),
    Scope::needed("okta.groups.manage", "change members of groups"),
    Scope::helpful("okta.logs.read", "list sign-ins"),
    Scope::helpful("okta.schemas.read", "know the org's own profile attributes"),
    Scope::helpful("okta.apps.manage", "assign apps to people"),
];

/// A scope a job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name, as `okta.groups.read`.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether the job cannot be done without it.
    pub needed: bool,
}

impl Scope {
    const fn needed(name: &'static str, purpose: &'static str) -> Self {
        Self {
            name,
            purpose,
            needed: true,
        }
    }

    const fn helpful(name: &'static str, purpose: &'static str) -> Self {
        Self {
            name,
            purpose,
            needed: false,
        }
    }

    /// The same access with writing: it covers reading, too.
    fn covered_by(self, other: Self) -> bool {
        self.name == other.name
            || self
                .name
                .strip_suffix(".read")
                .is_some_and(|front| other.name.strip_suffix(".manage") == Some(front))
    }
}

/// The scopes that several jobs ask for together: each once, `.manage` in place of `.read`.
#[must_use]
pub fn scopes(jobs: &[Job]) -> Vec<Scope> {
    let all: Vec<Scope> = jobs.iter().flat_map(|job| job.scopes()).copied().collect();
    let mut kept: Vec<Scope> = Vec::new();
    for scope in all.iter().copied() {
        let covered = all
            .iter()
            .any(|other| other.name != scope.name && scope.covered_by(*other));
        match kept.iter_mut().find(|other| other.name == scope.name) {
            Some(other) => other.needed |= scope.needed,
            None if covered => {}
            None => kept.push(scope),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for job in Job::ALL {
            assert_eq!(Job::of(job.word()), Some(job));
        }
        for kind in [
            Authentication::ApiToken,
            Authentication::Oauth,
            Authentication::OauthDpop,
            Authentication::AuthorizationCode,
        ] {
            assert_eq!(Authentication::of(kind.word()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }

    #[test]
    fn each_scope_is_asked_for_once() {
        let names = |jobs: &[Job]| {
            scopes(jobs)
                .iter()
                .map(|scope| scope.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&[Job::Sync]), ["okta.groups.read", "okta.users.read"]);
        assert_eq!(
            names(&[Job::Sync, Job::Actions]),
            [
                "okta.users.manage",
                "okta.groups.manage",
                "okta.logs.read",
                "okta.schemas.read",
                "okta.apps.manage"
            ]
        );
        let logs = scopes(&[Job::Actions, Job::Events])
            .into_iter()
            .find(|scope| scope.name == "okta.logs.read");
        assert!(logs.unwrap().needed);
    }
}
