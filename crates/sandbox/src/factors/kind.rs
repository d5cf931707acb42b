//! The factors that people can enrol here: type, provider, prefix of ids, and the authenticator that offers them.

use crate::org::Org;
use crate::store::Kind;

/// What a factor proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// An answer that the user chose.
    Answer,
    /// A code that is sent.
    Sent(Channel),
    /// A code that an app computes from the time (RFC 6238).
    Computed,
    /// Approval on a phone.
    Approval,
}

/// The way on which a code goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Sms,
    Call,
    Email,
}

/// A type of factor of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FactorKind {
    pub(crate) name: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) id: Kind,
    pub(crate) proof: Proof,
    /// The key of its authenticator.
    authenticator: &'static str,
}

/// All of them. Security keys follow.
pub(crate) const ALL: [FactorKind; 7] = [
    FactorKind {
        name: "question",
        provider: "OKTA",
        id: Kind("ufs"),
        proof: Proof::Answer,
        authenticator: "security_question",
    },
    FactorKind {
        name: "token:software:totp",
        provider: "OKTA",
        id: Kind("ost"),
        proof: Proof::Computed,
        authenticator: "okta_verify",
    },
    FactorKind {
        name: "token:software:totp",
        provider: "GOOGLE",
        id: Kind("uft"),
        proof: Proof::Computed,
        authenticator: "google_otp",
    },
    FactorKind {
        name: "sms",
        provider: "OKTA",
        id: Kind("sms"),
        proof: Proof::Sent(Channel::Sms),
        authenticator: "phone_number",
    },
    FactorKind {
        name: "call",
        provider: "OKTA",
        id: Kind("clf"),
        proof: Proof::Sent(Channel::Call),
        authenticator: "phone_number",
    },
    FactorKind {
        name: "email",
        provider: "OKTA",
        id: Kind("emf"),
        proof: Proof::Sent(Channel::Email),
        authenticator: "okta_email",
    },
    FactorKind {
        name: "push",
        provider: "OKTA",
        id: Kind("opf"),
        proof: Proof::Approval,
        authenticator: "okta_verify",
    },
];

impl FactorKind {
    /// The kind of a type and a provider.
    pub(crate) fn find(name: &str, provider: &str) -> Option<Self> {
        let mut all = ALL.into_iter();
        all.find(|kind| kind.name == name && kind.provider == provider)
    }

    /// Whether the org offers it: its authenticator is on.
    pub(crate) fn is_offered(self, org: &Org) -> bool {
        let mut all = org.authenticators.iter();
        all.any(|(_, one)| one.active && one.text("key") == self.authenticator)
    }

    /// The key of its authenticator.
    pub(crate) fn authenticator(self) -> &'static str {
        self.authenticator
    }
}

impl Channel {
    /// The name in links and messages.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Call => "call",
            Self::Email => "email",
        }
    }

    /// How many digits a code has.
    pub(crate) fn digits(self) -> u32 {
        match self {
            Self::Call => 5,
            Self::Sms | Self::Email => 6,
        }
    }

    /// So many seconds must pass between two messages.
    pub(crate) fn pause(self) -> i64 {
        match self {
            Self::Email => 5,
            Self::Sms | Self::Call => 30,
        }
    }
}
