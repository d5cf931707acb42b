//! The org itself, its features and its rate limits.

use serde_json::Value;

use crate::{Links, OktaTime, OktaUserId, OrgId, PrincipalRateLimitId};

resource! {
    /// `/.well-known/okta-organization`: public, the cheapest way to learn id and engine of an org.
    WellKnownOrg {
        must {
            /// Id.
            id: OrgId = "id",
        }
        may {
            /// Cell.
            cell: String = "cell",
            /// `idx` (Identity Engine) or `v1` (Classic).
            pipeline: String = "pipeline",
            /// Settings.
            settings: Value = "settings",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// The org’s settings.
    Org {
        must {
            /// Id.
            id: OrgId = "id",
        }
        may {
            /// Subdomain.
            subdomain: String = "subdomain",
            /// Company.
            company_name: String = "companyName",
            /// Status.
            status: String = "status",
            /// When it ends.
            expires_at: OktaTime = "expiresAt",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Web site.
            website: String = "website",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// Who is the org’s technical or billing contact.
    OrgContact {
        must {}
        may {
            /// User.
            user_id: OktaUserId = "userId",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// The org’s preferences.
    OrgPreferences {
        must {}
        may {
            /// Whether the footer shows.
            show_end_user_footer: bool = "showEndUserFooter",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A feature of the org.
    Feature {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// Description.
            description: String = "description",
            /// Kind.
            kind: String = "type",
            /// `ENABLED` or `DISABLED`.
            status: String = "status",
            /// `EA` or `BETA`.
            stage: Value = "stage",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// Which share of a bucket one token or client may use.
    PrincipalRateLimit {
        must {
            /// Id.
            id: PrincipalRateLimitId = "id",
        }
        may {
            /// Org.
            org_id: OrgId = "orgId",
            /// Token or client.
            principal_id: String = "principalId",
            /// `SSWS_TOKEN` or `OAUTH_CLIENT`.
            principal_type: String = "principalType",
            /// Share of a bucket, percent.
            default_percentage: i64 = "defaultPercentage",
            /// Share of concurrency, percent.
            default_concurrency_percentage: i64 = "defaultConcurrencyPercentage",
            /// When made.
            created_date: OktaTime = "createdDate",
            /// By whom made.
            created_by: String = "createdBy",
            /// When last changed.
            last_update: OktaTime = "lastUpdate",
            /// By whom last changed.
            last_updated_by: String = "lastUpdatedBy",
        }
    }
}

resource! {
    /// Whether admins are told of rate limit violations.
    RateLimitNotifications {
        must {
            /// Whether.
            notifications_enabled: bool = "notificationsEnabled",
        }
        may {}
    }
}

resource! {
    /// At which percentage a warning is logged.
    RateLimitWarning {
        must {
            /// Percent.
            warning_threshold: i64 = "warningThreshold",
        }
        may {}
    }
}

resource! {
    /// How clients are limited at sign-in.
    PerClientRateLimit {
        must {
            /// `ENFORCE`, `PREVIEW`, `DISABLE`.
            default_mode: String = "defaultMode",
        }
        may {
            /// Exceptions.
            use_case_mode_overrides: Value = "useCaseModeOverrides",
        }
    }
}

resource! {
    /// How lockout treats unknown devices.
    UserLockoutSettings {
        must {}
        may {
            /// Whether known devices are kept from it.
            prevent_brute_force_lockout_from_unknown_devices: bool = "preventBruteForceLockoutFromUnknownDevices",
        }
    }
}

resource! {
    /// Order of password and second factor.
    AuthenticatorSettings {
        must {}
        may {
            /// Whether the password comes second.
            verify_knowledge_second_when2fa_required: bool = "verifyKnowledgeSecondWhen2faRequired",
        }
    }
}
