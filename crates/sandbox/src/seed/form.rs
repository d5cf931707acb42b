//! What a seed file may hold. Members have Okta's own names where Okta has them.

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

/// A text with the line it stands on.
pub(super) type Text = Spanned<String>;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default, rename = "userTypes")]
    pub(super) user_types: Vec<Spanned<UserType>>,
    #[serde(default)]
    pub(super) groups: Vec<Spanned<Group>>,
    #[serde(default)]
    pub(super) people: Vec<Spanned<Person>>,
    #[serde(default)]
    pub(super) apps: Vec<Spanned<App>>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<Rule>>,
    #[serde(default)]
    pub(super) authenticators: Vec<Spanned<Authenticator>>,
    #[serde(default)]
    pub(super) tokens: Vec<Spanned<Token>>,
}

/// A user type beside the default one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UserType {
    pub(super) name: String,
    /// The name when missing.
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
}

/// A group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Administrator roles of all its members.
    #[serde(default)]
    pub(super) roles: Vec<Text>,
}

/// A person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) login: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    /// The login when missing.
    #[serde(default)]
    pub(super) email: Option<String>,
    /// Further members of the profile.
    #[serde(default)]
    pub(super) profile: Map<String, Value>,
    /// `ACTIVE` when missing.
    #[serde(default)]
    pub(super) status: Option<Text>,
    /// The name of a user type; the default one when missing.
    #[serde(default, rename = "type")]
    pub(super) user_type: Option<Text>,
    /// That of the generated company when missing.
    #[serde(default)]
    pub(super) password: Option<String>,
    /// Names of groups.
    #[serde(default)]
    pub(super) groups: Vec<Text>,
    /// Administrator roles, such as `SUPER_ADMIN`.
    #[serde(default)]
    pub(super) roles: Vec<Text>,
}

/// An app: the body that Okta's API takes, and who may use it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct App {
    pub(super) label: String,
    pub(super) sign_on_mode: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) status: Option<Text>,
    #[serde(default)]
    pub(super) settings: Option<Value>,
    #[serde(default)]
    pub(super) credentials: Option<Value>,
    #[serde(default)]
    pub(super) visibility: Option<Value>,
    #[serde(default)]
    pub(super) accessibility: Option<Value>,
    #[serde(default)]
    pub(super) profile: Option<Value>,
    /// Names of the groups to which it is assigned.
    #[serde(default)]
    pub(super) groups: Vec<Text>,
    /// Logins of the people to whom it is assigned.
    #[serde(default)]
    pub(super) people: Vec<Text>,
    /// Scopes of Okta's API, for service apps.
    #[serde(default)]
    pub(super) grants: Vec<Text>,
    /// Administrator roles, for service apps.
    #[serde(default)]
    pub(super) roles: Vec<Text>,
}

/// A group rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) name: String,
    /// In Okta's expression language.
    pub(super) expression: String,
    /// Names of the groups into which it puts people.
    pub(super) groups: Vec<Text>,
    /// `ACTIVE` when missing.
    #[serde(default)]
    pub(super) status: Option<Text>,
}

/// An authenticator: the body that Okta's API takes. One that every org has is changed, any other is added.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authenticator {
    pub(super) key: Text,
    #[serde(default)]
    pub(super) name: Option<String>,
    /// As it is when missing: a new one is switched on.
    #[serde(default)]
    pub(super) status: Option<Text>,
    /// The label of the app of a `custom_app`.
    #[serde(default)]
    pub(super) app: Option<Text>,
    #[serde(default)]
    pub(super) settings: Option<Map<String, Value>>,
    #[serde(default)]
    pub(super) provider: Option<Value>,
    /// Models of security keys, for `webauthn`.
    #[serde(default)]
    pub(super) aaguids: Vec<Spanned<Map<String, Value>>>,
}

/// An API token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: String,
    /// What clients send; drawn, and known to nobody, when missing.
    #[serde(default)]
    pub(super) value: Option<Text>,
    /// The login of whose roles it has; the first super administrator when missing.
    #[serde(default)]
    pub(super) user: Option<Text>,
}
