//! What a test saw of an org, before anything is concluded from it. Plain values: the conclusions are pure.

/// All that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Observed {
    /// Whether the org answered at its address.
    pub(super) org: Option<Reach>,
    /// Our clock minus Okta's, seconds, by the `Date` of an answer.
    pub(super) skew_s: Option<i64>,
    /// The token with all wanted scopes, or the call that shows whether an API token is good.
    pub(super) entry: Option<Entry>,
    /// Each wanted scope and whether it is granted; none when scopes do not apply.
    pub(super) scopes: Vec<(String, bool)>,
    /// One group of the org. Every org has at least Everyone.
    pub(super) groups: Option<Answer>,
    /// One person of the org. Every org has at least its first administrator.
    pub(super) users: Option<Answer>,
    /// Whether people may enrol WebAuthn; none when it was not looked at.
    pub(super) webauthn: Option<Webauthn>,
}

/// How an org answers at its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is an Okta org, of this id and engine (`idx` or `v1`).
    Org { id: String, pipeline: String },
    /// Something answers that is no Okta org.
    NotOkta { status: u16 },
    /// Nothing answers: why.
    Silent(String),
    /// It answers with an error of its own: why.
    Broken(String),
}

/// How Okta took us in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// It knows us.
    Welcome {
        /// The token is bound by DPoP.
        bound: bool,
    },
    /// It does not.
    Refused(Refusal),
    /// The question did not get through: why.
    Failed(String),
}

/// Why Okta does not take us in, in terms of what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no app with this client id.
    UnknownClient,
    /// The signature of our assertion does not fit the app's keys.
    WrongKey,
    /// The app has no keys, or another way of client authentication.
    NoKeys,
    /// The app is no service app, or has no client credentials grant.
    NotService,
    /// The app wants DPoP and we sent none.
    DpopRequired,
    /// The times in our assertion or proof do not fit Okta's clock.
    Times,
    /// The org's network zones do not allow us.
    Zone,
    /// The API token is unknown, expired or revoked.
    BadToken,
    /// Anything else Okta said, and what usually mends it.
    Other { said: String, mend: String },
}

/// How a list that cannot be empty came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// With something in it.
    Full,
    /// Empty: Okta hides from who has scopes but no role.
    Empty,
    /// 403 with E0000006: no role.
    NoRole,
    /// 403 with `insufficient_scope`.
    NoScope,
    /// Anything else: why.
    Failed(String),
}

/// Whether people may enrol WebAuthn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Webauthn {
    /// A policy lets them.
    Allowed,
    /// The authenticator is not there or not active.
    NoAuthenticator,
    /// No active enrolment policy lets them.
    NotInPolicy,
    /// It could not be seen: why.
    Unknown(String),
}
