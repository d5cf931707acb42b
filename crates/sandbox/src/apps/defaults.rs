//! What an app has by its sign-on mode before anything is said.

use serde_json::{Map, Value, json};

use super::build::{Mode, TEMPLATES};

/// Everything that an app of this name and mode has.
pub(super) fn defaults(name: &str, mode: Mode, custom: bool, kid: &str) -> Value {
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
