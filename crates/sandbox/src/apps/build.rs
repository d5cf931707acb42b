//! What an app is made of, by its sign-on mode.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::http::Fail;
use crate::org::Org;
use crate::store::{Docs, members, under};

use super::client::client;
use super::defaults::defaults;
use super::{App, Certificate};

/// How people sign in to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    OpenId,
    Saml2,
    Saml1,
    BrowserPlugin,
    PasswordStore,
    AutoLogin,
    BasicAuth,
    Bookmark,
    WsFederation,
    /// An app of the catalogue that has none.
    None,
}

impl Mode {
    /// The name on the wire.
    pub(crate) fn text(self) -> Option<&'static str> {
        match self {
            Self::OpenId => Some("OPENID_CONNECT"),
            Self::Saml2 => Some("SAML_2_0"),
            Self::Saml1 => Some("SAML_1_1"),
            Self::BrowserPlugin => Some("BROWSER_PLUGIN"),
            Self::PasswordStore => Some("SECURE_PASSWORD_STORE"),
            Self::AutoLogin => Some("AUTO_LOGIN"),
            Self::BasicAuth => Some("BASIC_AUTH"),
            Self::Bookmark => Some("BOOKMARK"),
            Self::WsFederation => Some("WS_FEDERATION"),
            Self::None => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::OpenId,
            Self::Saml2,
            Self::Saml1,
            Self::BrowserPlugin,
            Self::PasswordStore,
            Self::AutoLogin,
            Self::BasicAuth,
            Self::Bookmark,
            Self::WsFederation,
        ];
        all.into_iter().find(|mode| mode.text() == Some(text))
    }
}

/// Templates of the catalogue: name, mode, and the members of `settings.app` that they have.
pub(super) const TEMPLATES: [(&str, Mode, &[&str]); 9] = [
    ("oidc_client", Mode::OpenId, &[]),
    ("bookmark", Mode::Bookmark, &[]),
    (
        "template_swa",
        Mode::BrowserPlugin,
        &[
            "loginUrlRegex",
            "usernameField",
            "redirectUrl",
            "buttonField",
            "checkbox",
            "passwordField",
            "url",
        ],
    ),
    (
        "template_swa3field",
        Mode::BrowserPlugin,
        &["loginUrlRegex", "redirectUrl"],
    ),
    (
        "template_sps",
        Mode::PasswordStore,
        &[
            "optionalField1",
            "optionalField2Value",
            "optionalField3Value",
            "optionalField1Value",
            "optionalField2",
            "optionalField3",
        ],
    ),
    ("template_basic_auth", Mode::BasicAuth, &["loginUrlRegex"]),
    ("template_wsfed", Mode::WsFederation, &[]),
    (
        "office365",
        Mode::BrowserPlugin,
        &[
            "tenantType",
            "occSettings",
            "office365ProvisioningType",
            "office365FlexibleProvisioningMode",
        ],
    ),
    ("aws_console", Mode::BrowserPlugin, &[]),
];

/// `E0000001` with one cause.
pub(super) fn wrong(object: &str, cause: &str) -> Fail {
    Fail::validation(object, [cause])
}

/// Name and mode that a body asks for, and whether the app is in no catalogue; such an app has no name yet.
fn kind(body: &Map<String, Value>) -> Result<(String, Mode, bool), Fail> {
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if text("label").is_none() {
        return Err(wrong("label", "label: The field cannot be left blank"));
    }
    let asked = text("signOnMode").map(Mode::parse);
    if asked == Some(None) {
        return Err(Fail::malformed());
    }
    let asked = asked.flatten();
    let Some(name) = text("name").map(str::to_lowercase) else {
        let mode = asked
            .ok_or_else(|| wrong("signOnMode", "signOnMode: The field cannot be left blank"))?;
        if !matches!(mode, Mode::Saml2 | Mode::AutoLogin | Mode::OpenId) {
            return Err(wrong("name", "name: The field cannot be left blank"));
        }
        return Ok((String::new(), mode, true));
    };
    let template = TEMPLATES.iter().find(|(known, ..)| *known == name);
    let mode = match (template, asked) {
        (Some((_, mode, _)), None | Some(Mode::AutoLogin)) => *mode,
        (Some((_, mode, _)), Some(asked))
            if name.starts_with("template_") || name == "bookmark" || name == "oidc_client" =>
        {
            if asked != *mode {
                return Err(wrong(
                    "signOnMode",
                    "signOnMode: The sign-on mode is not supported by the app",
                ));
            }
            asked
        }
        // Okta fills in only the forms of apps that have one.
        (None, Some(Mode::AutoLogin) | None) => Mode::None,
        (_, Some(asked)) => asked,
    };
    Ok((name, mode, false))
}

/// The new app that a body describes, or what an app becomes by it.
pub(crate) fn build(
    org: &mut Org,
    body: &Map<String, Value>,
    old: Option<&App>,
    now: Time,
    salt: &str,
) -> Result<App, Fail> {
    let (mut name, mode, custom) = match old {
        Some(app) => (app.name.clone(), app.mode, false),
        None => kind(body)?,
    };
    let label = body
        .get("label")
        .and_then(Value::as_str)
        .filter(|label| !label.is_empty());
    let label = label
        .ok_or_else(|| wrong("label", "label: The field cannot be left blank"))?
        .to_owned();
    let custom = custom || name.starts_with(&format!("{}_", org.subdomain()));
    check(&name, mode, body)?;
    if name.is_empty() {
        let subdomain = org.subdomain().to_owned();
        name = org.apps.own_name(&subdomain, &label);
    }
    let kid = old
        .and_then(|app| app.certificates.first().map(|one| one.kid.clone()))
        .unwrap_or_else(|| salt.to_owned());
    let defaults = defaults(&name, mode, custom, &kid);
    let mut whole = members(under(defaults, &Value::Object(body.clone())));
    for known in [
        "id",
        "orn",
        "name",
        "label",
        "status",
        "created",
        "lastUpdated",
        "signOnMode",
        "_links",
        "_embedded",
        "profile",
    ] {
        whole.shift_remove(known);
    }
    tidy(&mut whole, &name, mode, custom);
    only_own_tiles(&mut whole, &name, custom, old);
    let mut app = App {
        name,
        label,
        mode,
        active: old.is_none_or(|app| app.active),
        created: old.map_or(now.whole(), |app| app.created),
        last_updated: now.whole(),
        body: whole,
        client_id: None,
        secrets: old.map(|app| app.secrets.clone()).unwrap_or_default(),
        certificates: match old {
            Some(app) => app.certificates.clone(),
            None => vec![Certificate {
                kid,
                created: now.whole(),
                years: 10,
            }],
        },
        grants: old.map(|app| app.grants.clone()).unwrap_or_default(),
        groups: old.map(|app| app.groups.clone()).unwrap_or_default(),
        users: old.map(|app| app.users.clone()).unwrap_or_default(),
        schema: old.map_or_else(|| super::schema::of_mode(mode), |app| app.schema.clone()),
        schema_updated: old.map_or(now.whole(), |app| app.schema_updated),
        policy: old.map_or(org.policies.for_new_apps(), |app| app.policy),
        pushes: old.map_or_else(Docs::default, |app| app.pushes.clone()),
    };
    if mode == Mode::OpenId {
        client(org, &mut app, old, salt, now)?;
    }
    Ok(app)
}

/// The tiles of an app that has many.
const OFFICE_TILES: [&str; 19] = [
    "calendar",
    "crm",
    "delve",
    "excel",
    "forms",
    "login",
    "mail",
    "newsfeed",
    "onedrive",
    "people",
    "planner",
    "powerbi",
    "powerpoint",
    "sites",
    "sway",
    "tasks",
    "teams",
    "word",
    "yammer",
];

/// The catalogue says which tiles an app has; a request can only show and hide them.
fn only_own_tiles(whole: &mut Map<String, Value>, name: &str, custom: bool, old: Option<&App>) {
    let path = "/appLinks";
    let had = old.and_then(|app| app.body.get("visibility")?.pointer(path)?.as_object());
    let own = format!("{name}_link");
    let links = whole
        .get_mut("visibility")
        .and_then(|all| all.pointer_mut(path));
    if let Some(Value::Object(links)) = links {
        links.retain(|tile, _| match had {
            Some(had) => had.contains_key(tile),
            None if custom => *tile == own,
            None => name != "office365" || OFFICE_TILES.contains(&tile.as_str()),
        });
    }
}

fn check(name: &str, mode: Mode, body: &Map<String, Value>) -> Result<(), Fail> {
    let at = |path: &str| {
        body.get("settings")
            .and_then(|settings| settings.pointer(path))
    };
    if name == "office365" && mode != Mode::BrowserPlugin {
        let consent = at("/app/requireAdminConsent") == Some(&Value::Bool(true));
        if at("/app/wsFedConfigureType").and_then(Value::as_str) == Some("AUTO") && !consent {
            return Err(wrong(
                "settings",
                "In order to continue using WS-FED Auto for SSO, you must grant admin consent.",
            ));
        }
    }
    if mode == Mode::Bookmark
        && at("/app/url").is_none_or(|url| url.as_str().is_none_or(str::is_empty))
    {
        return Err(wrong("url", "url: The field cannot be left blank"));
    }
    let signed = |what: &str| at(&format!("/signOn/{what}")) == Some(&Value::Bool(true));
    let own = body.get("name").is_none() || at("/signOn/ssoAcsUrl").is_some();
    if mode == Mode::Saml2 && own && !signed("responseSigned") && !signed("assertionSigned") {
        return Err(wrong(
            "settings",
            "At least one of response or assertion must be signed.",
        ));
    }
    Ok(())
}

/// Brings what was given into Okta's form: blanks become null, what only the admin page keeps goes.
fn tidy(whole: &mut Map<String, Value>, name: &str, mode: Mode, custom: bool) {
    if let Some(Value::Object(app)) = whole
        .get_mut("settings")
        .and_then(|settings| settings.get_mut("app"))
    {
        for value in app.values_mut().filter(|value| value.as_str() == Some("")) {
            *value = Value::Null;
        }
    }
    let template = whole
        .get_mut("credentials")
        .and_then(|credentials| credentials.get_mut("userNameTemplate"));
    if let Some(Value::Object(template)) = template
        && template.get("type").and_then(Value::as_str) != Some("BUILT_IN")
    {
        template
            .entry("pushStatus")
            .or_insert_with(|| "DONT_PUSH".into());
    }
    if let Some(Value::Object(credentials)) = whole.get_mut("credentials") {
        let shared = credentials.get("scheme").and_then(Value::as_str)
            == Some("SHARED_USERNAME_AND_PASSWORD");
        if shared {
            credentials.insert("password".to_owned(), json!({}));
        } else {
            credentials.shift_remove("password");
            credentials.shift_remove("userName");
        }
        if mode == Mode::OpenId && name != "oidc_client" && !custom {
            credentials.shift_remove("oauthClient");
        }
    }
    if let Some(Value::Object(settings)) = whole.get_mut("settings") {
        if mode == Mode::OpenId && name != "oidc_client" && !custom {
            settings.shift_remove("oauthClient");
        }
        if let Some(Value::Object(sign_on)) = settings.get_mut("signOn") {
            sign_on
                .retain(|name, value| !(name.ends_with("Override") && value.as_str() == Some("")));
            if sign_on.get("defaultRelayState").and_then(Value::as_str) == Some("") {
                sign_on.insert("defaultRelayState".to_owned(), Value::Null);
            }
        }
    }
    whole.retain(|_, value| *value != json!({}) || value.is_null());
}

/// The refusal to delete an app that is in use.
pub(super) fn still_active() -> Fail {
    Fail::new(
        StatusCode::FORBIDDEN,
        "E0000056",
        "Delete application forbidden.",
    )
    .because("The application must be deactivated before deletion.")
}
