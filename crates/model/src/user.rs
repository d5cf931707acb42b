//! People.

use serde_json::Value;

use crate::{Field, Hidden, Links, OktaTime, OktaUserId, UserTypeId};

words! {
    /// Where a user is in their life (spec: User, `status`).
    UserStatus {
        /// Made, not activated.
        Staged = "STAGED",
        /// Activated, has not set a password.
        Provisioned = "PROVISIONED",
        /// Can sign in.
        Active = "ACTIVE",
        /// Resetting the password.
        Recovery = "RECOVERY",
        /// Must set a new password.
        PasswordExpired = "PASSWORD_EXPIRED",
        /// Too many failed tries.
        LockedOut = "LOCKED_OUT",
        /// Barred by an admin; keeps memberships and roles.
        Suspended = "SUSPENDED",
        /// Deactivated.
        Deprovisioned = "DEPROVISIONED",
    }
}

resource! {
    /// A user.
    User {
        must {
            /// Id.
            id: OktaUserId = "id",
            /// Where they are in their life.
            status: UserStatus = "status",
            /// Profile.
            profile: UserProfile = "profile",
        }
        may {
            /// When made.
            created: OktaTime = "created",
            /// When first activated.
            activated: OktaTime = "activated",
            /// When `status` last changed.
            status_changed: OktaTime = "statusChanged",
            /// Last sign-in.
            last_login: OktaTime = "lastLogin",
            /// When user or profile last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When the password last changed.
            password_changed: OktaTime = "passwordChanged",
            /// Status on its way (`ACTIVE` or `DEPROVISIONED`) while work runs.
            transitioning_to_status: UserStatus = "transitioningToStatus",
            /// Realm.
            realm_id: String = "realmId",
            /// User type.
            user_type: UserTypeRef = "type",
            /// Credentials, without secrets in answers.
            credentials: Credentials = "credentials",
            /// Links. Elements of lists have only `self`.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// Which user type a user is of.
    UserTypeRef {
        must {
            /// Id.
            id: UserTypeId = "id",
        }
        may {}
    }
}

resource! {
    /// A user's profile: the base attributes we read by name, all others (custom ones too) in `other`.
    UserProfile {
        must {}
        may {
            /// Unique sign-in name.
            login: String = "login",
            /// Primary mail address.
            email: String = "email",
            /// Secondary mail address.
            second_email: String = "secondEmail",
            /// Given name.
            first_name: String = "firstName",
            /// Family name.
            last_name: String = "lastName",
            /// Name to show.
            display_name: String = "displayName",
            /// Mobile number.
            mobile_phone: String = "mobilePhone",
        }
    }
}

impl Default for UserProfile {
    fn default() -> Self {
        Self::new()
    }
}

impl UserProfile {
    /// An attribute by its Okta name, base or custom; `None` when absent or `null`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        let base = match name {
            "login" => &self.login,
            "email" => &self.email,
            "secondEmail" => &self.second_email,
            "firstName" => &self.first_name,
            "lastName" => &self.last_name,
            "displayName" => &self.display_name,
            "mobilePhone" => &self.mobile_phone,
            _ => {
                return self
                    .other
                    .get(name)
                    .filter(|value| !value.is_null())
                    .cloned();
            }
        };
        base.as_str().map(Value::from)
    }
}

resource! {
    /// A user's credentials. In answers `password` is `{}` when one is set.
    Credentials {
        must {}
        may {
            /// Password.
            password: PasswordCredential = "password",
            /// Recovery question; the answer only in requests.
            recovery_question: RecoveryQuestion = "recovery_question",
            /// Who checks the password.
            provider: CredentialProvider = "provider",
            /// Mail addresses with their state.
            emails: Vec<CredentialEmail> = "emails",
        }
    }
}

resource! {
    /// A password as it is set: in clear, by hash, or by a hook.
    PasswordCredential {
        must {}
        may {
            /// Clear text, only in requests.
            value: Hidden = "value",
            /// Hash to import, only in requests.
            hash: Value = "hash",
            /// Password import hook, only in requests.
            hook: Value = "hook",
        }
    }
}

resource! {
    /// A recovery question.
    RecoveryQuestion {
        must {}
        may {
            /// Question.
            question: String = "question",
            /// Answer, only in requests.
            answer: Hidden = "answer",
        }
    }
}

resource! {
    /// Who checks a user's password: `OKTA`, `ACTIVE_DIRECTORY`, `LDAP`, `FEDERATION`, `SOCIAL`, `IMPORT`.
    CredentialProvider {
        must {}
        may {
            /// Kind.
            provider_type: String = "type",
            /// Name.
            name: String = "name",
        }
    }
}

resource! {
    /// A mail address among the credentials.
    CredentialEmail {
        must {}
        may {
            /// Address.
            value: String = "value",
            /// `VERIFIED` or not.
            status: String = "status",
            /// `PRIMARY` or `SECONDARY`.
            email_type: String = "type",
        }
    }
}

resource! {
    /// Answer of `lifecycle/activate` and `reactivate` with `sendEmail=false`; `{}` otherwise.
    ActivationAnswer {
        must {}
        may {
            /// Where the person goes on.
            activation_url: Hidden = "activationUrl",
            /// One-time token.
            activation_token: Hidden = "activationToken",
        }
    }
}

resource! {
    /// Answer of `lifecycle/reset_password` and `credentials/forgot_password`.
    ResetPasswordAnswer {
        must {}
        may {
            /// Where the person goes on.
            reset_password_url: Hidden = "resetPasswordUrl",
        }
    }
}

resource! {
    /// Answer of `lifecycle/expire_password_with_temp_password`.
    TempPasswordAnswer {
        must {}
        may {
            /// The temporary password.
            temp_password: Hidden = "tempPassword",
        }
    }
}

resource! {
    /// A user type.
    UserType {
        must {
            /// Id.
            id: UserTypeId = "id",
        }
        may {
            /// Name in the API, fixed once made.
            name: String = "name",
            /// Name to show.
            display_name: String = "displayName",
            /// Description.
            description: String = "description",
            /// Whether it is the org's default.
            default: bool = "default",
            /// When made.
            created: OktaTime = "created",
            /// By whom made.
            created_by: String = "createdBy",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// By whom last changed.
            last_updated_by: String = "lastUpdatedBy",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A tile on a user's dashboard (`GET /users/{id}/appLinks`).
    AppLink {
        must {
            /// Id of the link.
            id: String = "id",
        }
        may {
            /// Label.
            label: String = "label",
            /// Where it leads.
            link_url: String = "linkUrl",
            /// Name of the app definition.
            app_name: String = "appName",
            /// Instance of the app.
            app_instance_id: crate::AppId = "appInstanceId",
            /// Id of the assignment.
            app_assignment_id: String = "appAssignmentId",
            /// Whether hidden.
            hidden: bool = "hidden",
        }
    }
}

resource! {
    /// A user's risk level.
    UserRisk {
        must {}
        may {
            /// `HIGH`, `MEDIUM`, `LOW`, `NONE`.
            risk_level: String = "riskLevel",
            /// Why.
            reason: String = "reason",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A user's subscription to a kind of notice.
    Subscription {
        must {}
        may {
            /// Which kind.
            notification_type: String = "notificationType",
            /// By which channels.
            channels: Vec<String> = "channels",
            /// `subscribed` or `unsubscribed`.
            status: String = "status",
            /// Links.
            links: Links = "_links",
        }
    }
}

impl User {
    /// The sign-in name, if the answer showed one.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.profile.login.as_str()
    }

    /// The status a transition leads to, else the status.
    #[must_use]
    pub fn settled_status(&self) -> &UserStatus {
        match &self.transitioning_to_status {
            Field::Value(status) => status,
            Field::Absent | Field::Null => &self.status,
        }
    }
}
