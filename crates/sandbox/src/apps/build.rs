//! What an app is made of, by its sign-on mode.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::http::Fail;
use crate::org::Org;
use crate::store::{Docs, members, under};

use super::{App, Certificate, Secret};

/// How people sign in to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
const TEMPLATES: [(&str, Mode, &[&str]); 9] = [
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

fn wrong(object: &str, cause: &str) -> Fail {
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

fn defaults(name: &str, mode: Mode, custom: bool, kid: &str) -> Value {
    let link = match name {
        "template_swa"
        | "template_swa3field"
        | "template_sps"
        | "template_basic_auth"
        | "bookmark"
        | "office365" => "login".to_owned(),
        "aws_console" => "aws_console_login".to_owned(),
        _ => format!("{name}_link"),
    };
    let hidden = mode == Mode::OpenId;
    let mut app = Map::new();
    if let Some((_, _, fields)) = TEMPLATES.iter().find(|(known, ..)| *known == name) {
        app.extend(
            fields
                .iter()
                .map(|field| ((*field).to_owned(), Value::Null)),
        );
    }
    let mut whole = json!({
        "accessibility": { "selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null },
        "visibility": {
            "autoLaunch": false, "autoSubmitToolbar": false, "hide": { "iOS": hidden, "web": hidden },
            "appLinks": { link: true },
        },
        "features": [],
        "credentials": { "userNameTemplate": { "template": "${source.login}", "type": "BUILT_IN" }, "signing": {} },
        "settings": {
            "app": app,
            "notifications": { "vpn": { "network": { "connection": "DISABLED" }, "message": null, "helpUrl": null } },
            "manualProvisioning": false, "implicitAssignment": false,
            "notes": { "admin": null, "enduser": null },
        },
    });
    by_mode(&mut whole, name, mode, custom, kid);
    whole
}

fn by_mode(whole: &mut Value, name: &str, mode: Mode, custom: bool, kid: &str) {
    match mode {
        Mode::OpenId => {
            whole["credentials"]["signing"] = json!({ "kid": kid });
            if name == "oidc_client" || custom {
                whole["credentials"]["oauthClient"] = json!({ "autoKeyRotation": true, "token_endpoint_auth_method": "client_secret_basic", "pkce_required": false });
                whole["settings"]["oauthClient"] = json!({
                    "client_uri": null, "logo_uri": null, "redirect_uris": [], "response_types": ["code"],
                    "grant_types": ["authorization_code"], "application_type": "web", "consent_method": "TRUSTED",
                    "issuer_mode": "DYNAMIC", "idp_initiated_login": { "mode": "DISABLED", "default_scope": [] },
                    "wildcard_redirect": "DISABLED", "dpop_bound_access_tokens": false, "participate_slo": false,
                });
            }
        }
        Mode::Saml2 => {
            whole["credentials"]["signing"] = json!({ "kid": kid });
            whole["settings"]["signOn"] = json!({
                "defaultRelayState": null, "idpIssuer": "http://www.okta.com/${org.externalKey}", "spIssuer": null,
                "requestCompressed": false, "attributeStatements": [], "inlineHooks": [],
                "assertionEncryption": { "enabled": false }, "acsEndpoints": [], "allowMultipleAcsEndpoints": false,
                "samlSignedRequestEnabled": false, "slo": { "enabled": false },
            });
        }
        Mode::AutoLogin => {
            whole["settings"]["signOn"] = json!({ "redirectUrl": null, "loginUrl": null });
            by_password(whole);
        }
        Mode::BrowserPlugin | Mode::PasswordStore => by_password(whole),
        Mode::BasicAuth => {
            whole["universalLogout"] = Value::Null;
            by_password(whole);
        }
        Mode::None => {
            whole["universalLogout"] = json!({ "status": "UNSUPPORTED" });
            whole["settings"]["emOptInStatus"] = "NONE".into();
        }
        _ => {}
    }
    if name == "office365" {
        whole["licensing"] = json!({ "seatCount": 0 });
        whole["settings"]["emOptInStatus"] = "NONE".into();
        whole["universalLogout"] = json!({ "status": "DISABLED", "supportType": "PARTIAL", "identityStack": "SHARED", "protocol": "PROPRIETARY" });
    }
}

fn by_password(whole: &mut Value) {
    whole["credentials"]["scheme"] = "EDIT_USERNAME_AND_PASSWORD".into();
    whole["credentials"]["revealPassword"] = false.into();
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

/// Checks and completes the OAuth client of an app.
fn client(
    org: &mut Org,
    app: &mut App,
    old: Option<&App>,
    salt: &str,
    now: Time,
) -> Result<(), Fail> {
    let mut given = app
        .body
        .get("credentials")
        .and_then(|one| one.get("oauthClient"))
        .cloned()
        .unwrap_or_default();
    let text = |name: &str| {
        given
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (client_id, secret, method) = (
        text("client_id"),
        text("client_secret"),
        text("token_endpoint_auth_method"),
    );
    let kept = old.and_then(|app| app.client_id.clone());
    app.client_id = kept.or_else(|| (!client_id.is_empty() && old.is_none()).then_some(client_id));
    if let Some(wanted) = &app.client_id
        && old.is_none()
        && org.apps.by_client_id(org, wanted).is_some()
    {
        return Err(wrong(
            "client_id",
            "client_id: An object with this field already exists in the current organization",
        ));
    }
    if method.starts_with("client_secret") && app.secrets.is_empty() {
        let text = if secret.is_empty() {
            format!("{salt}{salt}").chars().take(64).collect()
        } else {
            secret
        };
        app.secrets.push(Secret {
            serial: org.apps.next_number(),
            text,
            active: true,
            created: now.whole(),
        });
    }
    if let Some(Value::Object(credentials)) = app.body.get_mut("credentials")
        && let Value::Object(members) = &mut given
    {
        members.shift_remove("client_id");
        members.shift_remove("client_secret");
        credentials.insert("oauthClient".to_owned(), given);
    }
    oauth_settings(app)
}

fn oauth_settings(app: &mut App) -> Result<(), Fail> {
    let keys = super::keys::completed(app);
    let Some(settings) = app.oauth_mut() else {
        return Ok(());
    };
    let list = |name: &str| {
        settings
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let grants = list("grant_types");
    let service = settings.get("application_type").and_then(Value::as_str) == Some("service");
    if grants.contains(&"authorization_code".into()) && list("redirect_uris").is_empty() {
        return Err(wrong(
            "redirect_uris",
            "redirect_uris: 'redirect_uris' is required when 'grant_types' contains 'authorization_code'.",
        ));
    }
    let for_services = |grant: &Value| {
        let grant = grant.as_str().unwrap_or_default();
        grant == "client_credentials" || grant.starts_with("urn:")
    };
    if service && !grants.iter().any(for_services) {
        let why = "grant_types: 'client_credentials' or token exchange is required for 'service' applications.";
        return Err(wrong("grant_types", why));
    }
    if grants.contains(&"refresh_token".into()) {
        settings
            .entry("refresh_token")
            .or_insert_with(|| json!({ "rotation_type": "STATIC" }));
    }
    if let Some(keys) = keys {
        settings.insert("jwks".to_owned(), json!({ "keys": keys }));
    }
    settings.retain(|name, value| {
        !value.is_null() || ["client_uri", "logo_uri"].contains(&name.as_str())
    });
    Ok(())
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
