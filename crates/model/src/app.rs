//! Apps: what people and programs sign in to, and what may call Okta's API.

use serde_json::{Map, Value};

use crate::{AppId, Field, Hidden, Links, OktaGroupId, OktaTime, OktaUserId, oauth::Jwks};

words! {
    /// How an app is signed in to.
    SignOnMode {
        /// `OpenID` Connect and OAuth clients, service apps too.
        OpenIdConnect = "OPENID_CONNECT",
        /// SAML 2.0.
        Saml20 = "SAML_2_0",
        /// SAML 1.1.
        Saml11 = "SAML_1_1",
        /// A link only.
        Bookmark = "BOOKMARK",
        /// Basic authentication.
        BasicAuth = "BASIC_AUTH",
        /// Password filled in by a browser plugin.
        BrowserPlugin = "BROWSER_PLUGIN",
        /// Password posted.
        AutoLogin = "AUTO_LOGIN",
        /// Password posted to a given form.
        SecurePasswordStore = "SECURE_PASSWORD_STORE",
        /// WS-Federation.
        WsFederation = "WS_FEDERATION",
    }
}

resource! {
    /// An app.
    App {
        must {
            /// Id.
            id: AppId = "id",
        }
        may {
            /// Resource name.
            orn: String = "orn",
            /// Name of the app definition.
            name: String = "name",
            /// Label.
            label: String = "label",
            /// `ACTIVE`, `INACTIVE`, `DELETED`.
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// How it is signed in to.
            sign_on_mode: SignOnMode = "signOnMode",
            /// Provisioning features switched on.
            features: Vec<String> = "features",
            /// Self service.
            accessibility: Value = "accessibility",
            /// Where it shows.
            visibility: Value = "visibility",
            /// Credentials.
            credentials: AppCredentials = "credentials",
            /// Settings.
            settings: AppSettings = "settings",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// An app's credentials.
    AppCredentials {
        must {}
        may {
            /// OAuth client.
            oauth_client: OauthClientCredentials = "oauthClient",
            /// Which key signs.
            signing: Value = "signing",
            /// How user names are made.
            user_name_template: Value = "userNameTemplate",
            /// Password scheme of password apps.
            scheme: String = "scheme",
        }
    }
}

resource! {
    /// An app as an OAuth client.
    OauthClientCredentials {
        must {}
        may {
            /// Client id, equal to the app's id.
            client_id: AppId = "client_id",
            /// Client secret, where shown.
            client_secret: Hidden = "client_secret",
            /// `private_key_jwt`, `client_secret_basic`, …
            token_endpoint_auth_method: String = "token_endpoint_auth_method",
            /// Whether Okta rotates the signing key.
            auto_key_rotation: bool = "autoKeyRotation",
            /// Whether PKCE is asked for.
            pkce_required: bool = "pkce_required",
        }
    }
}

resource! {
    /// An app's settings.
    AppSettings {
        must {}
        may {
            /// Settings of the app definition.
            app: Value = "app",
            /// OAuth client settings.
            oauth_client: OauthClientSettings = "oauthClient",
            /// Sign-on settings of SAML apps.
            sign_on: Value = "signOn",
        }
    }
}

resource! {
    /// An OAuth client's settings.
    OauthClientSettings {
        must {}
        may {
            /// `service`, `web`, `native`, `browser`.
            application_type: String = "application_type",
            /// Grant types allowed.
            grant_types: Vec<String> = "grant_types",
            /// Response types allowed.
            response_types: Vec<String> = "response_types",
            /// Redirect addresses.
            redirect_uris: Vec<String> = "redirect_uris",
            /// Sign-out addresses.
            post_logout_redirect_uris: Vec<String> = "post_logout_redirect_uris",
            /// Where sign-in starts.
            initiate_login_uri: String = "initiate_login_uri",
            /// Keys.
            jwks: Jwks = "jwks",
            /// Where keys are read.
            jwks_uri: String = "jwks_uri",
            /// `REQUIRED` or `TRUSTED`.
            consent_method: String = "consent_method",
            /// Issuer of its ID tokens.
            issuer_mode: String = "issuer_mode",
            /// Whether access tokens must be bound by `DPoP`.
            dpop_bound_access_tokens: bool = "dpop_bound_access_tokens",
            /// Rotation of refresh tokens.
            refresh_token: Value = "refresh_token",
        }
    }
}

resource! {
    /// A scope granted to an app.
    Grant {
        must {
            /// Id.
            id: crate::GrantId = "id",
        }
        may {
            /// Scope.
            scope_id: String = "scopeId",
            /// `ACTIVE` or `REVOKED`.
            status: String = "status",
            /// Authorization server, the org itself for `okta.*` scopes.
            issuer: String = "issuer",
            /// Client.
            client_id: AppId = "clientId",
            /// User, for a user's own grant.
            user_id: OktaUserId = "userId",
            /// `ADMIN` or `END_USER`.
            source: String = "source",
            /// When made.
            created: OktaTime = "created",
            /// By whom.
            created_by: Value = "createdBy",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A user's assignment to an app.
    AppUser {
        must {
            /// Id of the user.
            id: OktaUserId = "id",
        }
        may {
            /// Id in the app.
            external_id: String = "externalId",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// `USER` or `GROUP`.
            scope: String = "scope",
            /// Status.
            status: String = "status",
            /// When the status last changed.
            status_changed: OktaTime = "statusChanged",
            /// When the password last changed.
            password_changed: OktaTime = "passwordChanged",
            /// State of provisioning.
            sync_state: String = "syncState",
            /// User name (and password) in the app.
            credentials: Value = "credentials",
            /// Profile in the app.
            profile: Map<String, Value> = "profile",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A group's assignment to an app.
    AppGroup {
        must {
            /// Id of the group.
            id: OktaGroupId = "id",
        }
        may {
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Which group wins.
            priority: i64 = "priority",
            /// Profile given to members.
            profile: Map<String, Value> = "profile",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A refresh token given out for an app.
    AppToken {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// `ACTIVE` or `REVOKED`.
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When it ends.
            expires_at: OktaTime = "expiresAt",
            /// Authorization server.
            issuer: String = "issuer",
            /// Client.
            client_id: AppId = "clientId",
            /// User.
            user_id: OktaUserId = "userId",
            /// Scopes.
            scopes: Vec<String> = "scopes",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// An API service integration (a service app from Okta's catalogue).
    ApiService {
        must {
            /// Id.
            id: AppId = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// Kind.
            service_type: String = "type",
            /// Scopes given.
            granted_scopes: Vec<String> = "grantedScopes",
            /// Secret, on creation only.
            client_secret: Hidden = "clientSecret",
            /// Links.
            links: Links = "_links",
        }
    }
}

impl App {
    /// Whether this is an OAuth client that must bind its access tokens by `DPoP`; `None` if it does not say.
    #[must_use]
    pub fn dpop_bound(&self) -> Option<bool> {
        self.settings
            .get()?
            .oauth_client
            .get()?
            .dpop_bound_access_tokens
            .get()
            .copied()
    }

    /// Whether its status is `ACTIVE`.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(&self.status, Field::Value(status) if status == "ACTIVE")
    }
}

resource! {
    /// A connection that lets one app act in another (cross app access).
    CrossAppConnection {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// App that asks.
            requesting_app_instance_id: AppId = "requestingAppInstanceId",
            /// App that is asked.
            resource_app_instance_id: AppId = "resourceAppInstanceId",
            /// Status.
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
        }
    }
}

resource! {
    /// A claim an app gets from the identity provider.
    FederatedClaim {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Name of the claim.
            name: String = "name",
            /// Where its value comes from.
            expression: String = "expression",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
        }
    }
}
