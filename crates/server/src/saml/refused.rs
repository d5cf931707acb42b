//! Why somebody was not signed in: one word for lists, a sentence for the admin, and what the person should do.

use keywright_proto::saml::Refusal;

use crate::{connections, db, directory};

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The tenant lets nobody in through Okta.
    #[error("signing in through Okta is switched off (Settings, Sign-in rules)")]
    SsoOff,
    /// The connection, or SAML of it, is switched off, or its identity provider is not set.
    #[error(
        "signing in through this connection is not set up or switched off: keywright saml show"
    )]
    NotReady,
    /// The browser's address is in none of the ranges that people may sign in from.
    #[error("nobody may sign in from this address (Settings, Sign-in rules)")]
    Address,
    /// Too many refused answers from one address.
    #[error("too many refused answers came from this address")]
    TooMany(u64),
    /// The answer itself was refused.
    #[error(transparent)]
    Answer(#[from] Refusal),
    /// The identity provider answered without saying which question it answers.
    #[error(
        "the identity provider answered our question, but does not say so (InResponseTo): let it answer what it was asked"
    )]
    Unaddressed,
    /// Nobody of this connection has this Okta id.
    #[error(
        "`{login}` ({okta_id}) is no user of this connection: map a group they are in and run sync, or switch just-in-time on"
    )]
    Unknown {
        /// The name that the answer gives.
        login: String,
        /// Okta's id.
        okta_id: String,
    },
    /// Id and login lead to different people.
    #[error(
        "the answer says `{login}`, which is somebody else's login here than that of {okta_id}: logins changed in Okta; after the next sync run both are right"
    )]
    Conflict {
        /// The name that the answer gives.
        login: String,
        /// Okta's id.
        okta_id: String,
    },
    /// No id was sent, and Okta could not be asked who has the login.
    #[error(
        "the answer does not carry Okta's user id, and Okta could not be asked whose login `{login}` is now ({why}): send it as attribute `{attribute}` (Okta: Attribute Statements, `user.id`)"
    )]
    Unsure {
        /// The name that the answer gives.
        login: String,
        /// The attribute that should carry the id.
        attribute: String,
        /// Why Okta could not be asked.
        why: String,
    },
    /// Okta knows no such login.
    #[error(
        "Okta knows nobody with the login `{login}`: send Okta's user id as attribute, or make NameID the login"
    )]
    NoSuchLogin {
        /// The name that the answer gives.
        login: String,
    },
    /// A user that Okta does not sign in: made here.
    #[error("`{login}` was made here and does not sign in through Okta")]
    NotOfOkta {
        /// Their login.
        login: String,
    },
    /// Suspended or deactivated in Okta.
    #[error("`{login}` is suspended or deactivated in Okta")]
    Blocked {
        /// Their login.
        login: String,
    },
    /// They have no role.
    #[error("`{login}` has no role here: map a group they are in, or give one by hand")]
    NoRole {
        /// Their login.
        login: String,
    },
    /// A fault of ours.
    #[error("something went wrong on our side")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refused {
    /// The kind of refusal in one word, always the same.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SsoOff => "sso_off",
            Self::NotReady => "not_ready",
            Self::Address => "address",
            Self::TooMany(_) => "too_many",
            Self::Answer(refusal) => refusal.code(),
            Self::Unaddressed => "unaddressed",
            Self::Unknown { .. } => "unknown",
            Self::Conflict { .. } => "conflict",
            Self::Unsure { .. } => "unsure",
            Self::NoSuchLogin { .. } => "no_such_login",
            Self::NotOfOkta { .. } => "not_of_okta",
            Self::Blocked { .. } => "blocked",
            Self::NoRole { .. } => "no_role",
            Self::Fault(_) => "fault",
        }
    }

    /// What the person should do. Says nothing of who is known here, and nothing that helps a forger.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::SsoOff | Self::NotReady => {
                "Signing in through Okta is not available at the moment. Ask your administrator."
            }
            Self::Address => {
                "You cannot sign in from where you are. Use your company's network, or ask your administrator."
            }
            Self::TooMany(_) => {
                "There were too many tries from where you are. Wait a few minutes, then try again."
            }
            Self::Answer(
                Refusal::NoQuestion
                | Refusal::OtherQuestion
                | Refusal::RelayState
                | Refusal::Replayed,
            ) => {
                "This sign-in was begun in another browser or window, or took too long. Begin again."
            }
            Self::Answer(Refusal::NotYet { .. } | Refusal::Expired { .. }) => {
                "This sign-in took too long. Begin again; if it happens again, tell your administrator."
            }
            Self::Answer(Refusal::Status { .. }) => {
                "Okta did not sign you in. Begin again; if it happens again, ask your administrator whether the app is assigned to you."
            }
            Self::Answer(_)
            | Self::Unaddressed
            | Self::Unsure { .. }
            | Self::NoSuchLogin { .. } => {
                "Okta's answer could not be accepted. This is nothing you can mend: tell your administrator, who finds the reason in Keywright."
            }
            Self::Conflict { .. } => "Your login changed a moment ago. Try again in a few minutes.",
            Self::Unknown { .. } | Self::NotOfOkta { .. } | Self::NoRole { .. } => {
                "You are signed in to Okta, but have no access here yet. Ask your administrator for it."
            }
            Self::Blocked { .. } => "Your access is switched off. Ask your administrator.",
            Self::Fault(_) => "Something went wrong on our side. Try again in a moment.",
        }
    }

    /// Who it was about, by the word of a verified answer.
    pub(super) fn login(&self) -> Option<&str> {
        match self {
            Self::Unknown { login, .. }
            | Self::Conflict { login, .. }
            | Self::Unsure { login, .. }
            | Self::NoSuchLogin { login }
            | Self::NotOfOkta { login }
            | Self::Blocked { login }
            | Self::NoRole { login } => Some(login),
            _ => None,
        }
    }

    /// A fault of ours, of which the log tells.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Fault(_))
    }

    /// An answer that does not say what it answers, although this browser asked.
    pub(super) fn when_asked(self) -> Self {
        match self {
            Self::Answer(Refusal::Unsolicited) => Self::Unaddressed,
            other => other,
        }
    }

    /// Whether what was done until then stands: the answer counts as used although nobody was signed in.
    pub(super) fn is_about_a_person(&self) -> bool {
        self.login().is_some()
    }
}

impl From<db::Error> for Refused {
    fn from(error: db::Error) -> Self {
        Self::Fault(Box::new(error))
    }
}

impl From<directory::Error> for Refused {
    fn from(error: directory::Error) -> Self {
        Self::Fault(Box::new(error))
    }
}

impl From<connections::Error> for Refused {
    fn from(error: connections::Error) -> Self {
        Self::Fault(Box::new(error))
    }
}

impl From<super::Error> for Refused {
    fn from(error: super::Error) -> Self {
        Self::Fault(Box::new(error))
    }
}
