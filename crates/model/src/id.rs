//! Ids, one type per kind of thing.
//!
//! Okta's ids are opaque texts, mostly 20 characters with a prefix by kind (`00u` user, `00g` group, `0oa` app or client).

ids! {
    /// A user (`00u…`).
    OktaUserId,
    /// A group (`00g…`).
    OktaGroupId,
    /// An app, which for OAuth apps is also the client id (`0oa…`).
    AppId,
    /// An org (`00o…`).
    OrgId,
    /// An API token's metadata (`00T…`), not the token.
    ApiTokenId,
    /// A scope granted to an app (`oag…`).
    GrantId,
    /// A role given to a user, group or client (`ra1…`, `gra…`, or base32 of the role's name).
    RoleAssignmentId,
    /// A user type (`oty…`).
    UserTypeId,
    /// A schema (`osc…`).
    SchemaId,
    /// A policy (`00p…`, `rst…`).
    PolicyId,
    /// A policy rule (`0pr…`, `rul…`).
    PolicyRuleId,
    /// A factor of a user.
    FactorId,
    /// An authenticator (`aut…`).
    AuthenticatorId,
    /// An event hook (`who…`).
    EventHookId,
    /// An identity provider (`0oa…`).
    IdpId,
    /// A key of an app or identity provider (its `kid`, or `pks…` for a key in a JWKS).
    KeyId,
    /// One event of the system log (`uuid`).
    LogEventId,
    /// A network zone (`nzo…`).
    ZoneId,
    /// A principal rate limit (`prl…`).
    PrincipalRateLimitId,
}
