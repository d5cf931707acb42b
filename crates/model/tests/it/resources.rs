//! Every recorded answer decodes into the type of its endpoint, and prints again as the same JSON.

use std::collections::BTreeMap;

use keywright_model::{
    App, ErrorBody, Group, OAuthError, TokenAnswer, User, app, authenticator, factor, group, hook,
    iam, idp, key, log, org, policy, provisioning, role, schema, session, token, user, zone,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::recordings;

type Reprint = fn(&Value) -> Result<Value, String>;

/// Decodes by text (as the client does), prints again. A list is a list of the resource.
fn as_resource<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let text = value.to_string();
    let printed = if value.is_array() {
        serde_json::from_str::<Vec<T>>(&text).map(|list| serde_json::to_value(list).unwrap())
    } else {
        serde_json::from_str::<T>(&text).map(|one| serde_json::to_value(one).unwrap())
    };
    printed.map_err(|error| error.to_string())
}

/// `{}`, what Okta answers where it has nothing to say.
fn as_empty(value: &Value) -> Result<Value, String> {
    if value.as_object().is_some_and(Map::is_empty) {
        Ok(json!({}))
    } else {
        Err("not {}".to_owned())
    }
}

/// Not JSON: the recorder put the text into `_text`.
fn as_text(value: &Value) -> Result<Value, String> {
    value["_text"]
        .as_str()
        .map(|text| json!({ "_text": text }))
        .ok_or_else(|| "not text".to_owned())
}

/// Which type an endpoint answers with. Parameters of the path are `*`.
fn resource_of(method: &str, path: &str) -> Option<Reprint> {
    Some(match (method, path) {
        ("POST", "/users/*/lifecycle/activate") => as_resource::<user::ActivationAnswer>,
        ("POST", "/users/*/lifecycle/reset_password") => as_resource::<user::ResetPasswordAnswer>,
        ("POST", "/users/*/lifecycle/expire_password_with_temp_password") => {
            as_resource::<user::TempPasswordAnswer>
        }
        (_, "/users" | "/users/*" | "/users/*/lifecycle/expire_password" | "/groups/*/users") => {
            as_resource::<User>
        }
        (_, path) if path.starts_with("/users/*/credentials/") => as_resource::<user::Credentials>,
        ("POST", path) if path.starts_with("/users/*/lifecycle/") => as_empty,
        (_, "/users/*/appLinks") => as_resource::<user::AppLink>,
        (_, "/users/*/risk") => as_resource::<user::UserRisk>,
        (_, "/users/*/subscriptions/*") => as_resource::<user::Subscription>,
        (_, "/users/*/factors" | "/users/*/factors/*") => as_resource::<factor::Factor>,
        (_, "/users/*/factors/questions") => as_resource::<factor::SecurityQuestion>,
        (_, "/users/*/grants" | "/apps/*/grants" | "/apps/*/grants/*") => as_resource::<app::Grant>,
        (_, path) if path.ends_with("/targets/catalog/apps") => as_resource::<role::CatalogApp>,
        (_, path) if path.ends_with("/targets/groups") => as_resource::<Group>,
        (_, path) if is_role_path(path) => as_resource::<role::RoleAssignment>,
        ("DELETE", "/groups/rules/*") => as_empty,
        (_, "/groups/rules" | "/groups/rules/*") => as_resource::<group::GroupRule>,
        (_, "/groups" | "/groups/*" | "/users/*/groups") => as_resource::<Group>,
        (_, "/groups/*/owners") => as_resource::<group::GroupOwner>,
        (_, path) if path.starts_with("/apps") || path == "/groups/*/apps" => {
            return resource_of_app(path);
        }
        (_, path) => return resource_of_org(path),
    })
}

fn is_role_path(path: &str) -> bool {
    [
        "/users/*/roles",
        "/groups/*/roles",
        "/oauth2/v1/clients/*/roles",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

fn resource_of_app(path: &str) -> Option<Reprint> {
    Some(match path {
        "/apps" | "/apps/*" | "/groups/*/apps" => as_resource::<App>,
        "/apps/*/lifecycle/activate" | "/apps/*/lifecycle/deactivate" => as_empty,
        "/apps/*/users" | "/apps/*/users/*" => as_resource::<app::AppUser>,
        "/apps/*/groups" | "/apps/*/groups/*" => as_resource::<app::AppGroup>,
        "/apps/*/credentials/secrets" => as_resource::<key::ClientSecret>,
        "/apps/*/credentials/csrs" | "/apps/*/credentials/csrs/*" => as_resource::<key::Csr>,
        path if path.starts_with("/apps/*/credentials/keys") => {
            as_resource::<key::SigningKeyCredential>
        }
        "/apps/*/tokens" | "/apps/*/tokens/*" => as_resource::<app::AppToken>,
        "/apps/*/connections/default" => as_resource::<provisioning::ProvisioningConnection>,
        "/apps/*/features/*" => as_resource::<provisioning::AppFeature>,
        path if path.starts_with("/apps/*/group-push/mappings") => {
            as_resource::<provisioning::GroupPushMapping>
        }
        path if path.starts_with("/apps/*/cwo/connections") => {
            as_resource::<app::CrossAppConnection>
        }
        path if path.starts_with("/apps/*/federated-claims") => as_resource::<app::FederatedClaim>,
        "/apps/*/sso/saml/metadata" => as_text,
        _ => return None,
    })
}

fn resource_of_org(path: &str) -> Option<Reprint> {
    Some(match path {
        "/.well-known/okta-organization" => as_resource::<org::WellKnownOrg>,
        "/api-tokens" | "/api-tokens/*" => as_resource::<token::ApiToken>,
        "/oauth2/v1/token" => as_resource::<TokenAnswer>,
        "/org" => as_resource::<org::Org>,
        "/org/contacts/*" => as_resource::<org::OrgContact>,
        path if path.starts_with("/org/preferences") => as_resource::<org::OrgPreferences>,
        path if path.starts_with("/features") => as_resource::<org::Feature>,
        path if path.starts_with("/principal-rate-limits") => {
            as_resource::<org::PrincipalRateLimit>
        }
        "/rate-limit-settings/admin-notifications" => as_resource::<org::RateLimitNotifications>,
        "/rate-limit-settings/per-client" => as_resource::<org::PerClientRateLimit>,
        "/rate-limit-settings/warning-threshold" => as_resource::<org::RateLimitWarning>,
        "/attack-protection/authenticator-settings" => as_resource::<org::AuthenticatorSettings>,
        "/attack-protection/user-lockout-settings" => as_resource::<org::UserLockoutSettings>,
        path if path.starts_with("/authenticators/*/aaguids") => {
            as_resource::<authenticator::CustomAaguid>
        }
        path if path.starts_with("/authenticators/*/methods") => {
            as_resource::<authenticator::AuthenticatorMethod>
        }
        path if path.starts_with("/authenticators") => as_resource::<authenticator::Authenticator>,
        path if path.starts_with("/eventHooks") => as_resource::<hook::EventHook>,
        "/iam/roles" | "/iam/roles/*" => as_resource::<iam::CustomRole>,
        "/iam/roles/*/permissions" => as_resource::<iam::RolePermissions>,
        "/iam/roles/*/permissions/*" => as_resource::<iam::RolePermission>,
        "/iam/resource-sets" => as_resource::<iam::ResourceSet>,
        "/iam/resource-sets/*/bindings" => as_resource::<iam::ResourceSetBindings>,
        "/iam/resource-sets/*/resources" => as_resource::<iam::ResourceSetResources>,
        path if path.starts_with("/idps") && path.contains("/keys") => {
            as_resource::<key::SigningKeyCredential>
        }
        path if path.starts_with("/idps") && path.contains("/csrs") => as_resource::<key::Csr>,
        path if path.starts_with("/idps") => as_resource::<idp::IdentityProvider>,
        path if path.starts_with("/mappings") => as_resource::<provisioning::ProfileMapping>,
        path if path.starts_with("/meta/schemas/user/linkedObjects") => {
            as_resource::<schema::LinkedObject>
        }
        path if path.starts_with("/meta/schemas") => as_resource::<schema::ResourceSchema>,
        path if path.starts_with("/meta/types/user") => as_resource::<user::UserType>,
        path if path.starts_with("/policies/*/rules") => as_resource::<policy::PolicyRule>,
        "/policies/*/app" => as_resource::<App>,
        path if path.starts_with("/policies") => as_resource::<policy::Policy>,
        "/authn" => as_resource::<session::AuthnAnswer>,
        path if path.starts_with("/sessions") => as_resource::<session::OktaSession>,
        path if path.starts_with("/trustedOrigins") => as_resource::<zone::TrustedOrigin>,
        path if path.starts_with("/zones") => as_resource::<zone::NetworkZone>,
        path if path.contains("/credentials/secrets") => as_resource::<key::ClientSecret>,
        path if path.starts_with("/integrations/api-services") => as_resource::<app::ApiService>,
        _ => return None,
    })
}

/// The template with every parameter as `*` and without `/api/v1`. Where a path lies outside the specification, ids
/// are told by their look. The specification's `/meta/schemas/user/{schemaId}` was also given to linked objects.
fn normalised(endpoint: &str) -> String {
    let segment = |text: &str| {
        let parameter =
            text.starts_with('{') || (text.len() >= 18 && text.chars().any(|c| c.is_ascii_digit()));
        if parameter {
            "*".to_owned()
        } else {
            text.to_owned()
        }
    };
    endpoint
        .replace("/api/v1", "")
        .split('/')
        .map(segment)
        .collect::<Vec<_>>()
        .join("/")
}

fn is_linked_object(answer: &Value) -> bool {
    let one = answer.get(0).unwrap_or(answer);
    one.get("primary").is_some() && one.get("associated").is_some()
}

#[test]
fn every_recorded_answer_prints_again_as_it_came() {
    let mut failures = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for recorded in recordings::all() {
        let Some(answer) = recorded.answer.filter(|_| recorded.status < 400) else {
            continue;
        };
        let mut path = normalised(&recorded.endpoint);
        if path.starts_with("/meta/schemas/user") && is_linked_object(&answer) {
            "/meta/schemas/user/linkedObjects".clone_into(&mut path);
        }
        *counts.entry(path.clone()).or_default() += 1;
        let printed = resource_of(&recorded.method, &path)
            .ok_or_else(|| "no type".to_owned())
            .and_then(|of| of(&answer));
        match printed {
            Ok(printed) if printed == answer => {}
            Ok(printed) => failures.push(format!(
                "{}: printed {printed}\n   recorded {answer}",
                recorded.place
            )),
            Err(error) => failures.push(format!(
                "{} {} {path}: {error}",
                recorded.place, recorded.method
            )),
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
    let total: usize = counts.values().sum();
    assert!(
        total > 2900 && counts.len() > 100,
        "{total} answers of {} endpoints",
        counts.len()
    );
}

#[test]
fn every_recorded_error_prints_again_as_it_came() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for recorded in recordings::all() {
        let Some(answer) = recorded.answer.filter(|_| recorded.status >= 400) else {
            continue;
        };
        let (kind, reprint): (_, Reprint) = match () {
            () if answer.get("errorCode").is_some() => ("okta", as_resource::<ErrorBody>),
            () if answer.get("error").is_some() => ("oauth", as_resource::<OAuthError>),
            // One recording shows an error page of the web server before Okta.
            () => ("neither", |value| Ok(value.clone())),
        };
        assert_eq!(reprint(&answer), Ok(answer), "{}", recorded.place);
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(
        kinds,
        BTreeMap::from([("neither", 1), ("oauth", 12), ("okta", 135)])
    );
}

#[test]
fn members_and_words_we_do_not_know_are_kept() {
    let user = json!({
        "id": "00u1", "status": "HIBERNATING", "profile": {"login": "a@b.c", "badge": [1, null, 2.5], "email": null},
        "activated": null, "newMember": {"deep": [true]},
    });
    assert_eq!(as_resource::<User>(&user), Ok(user.clone()));
    let typed: User = serde_json::from_value(user).unwrap();
    assert_eq!(typed.status, user::UserStatus::Other("HIBERNATING".into()));
    assert_eq!(
        typed.profile.attribute("badge"),
        Some(json!([1, null, 2.5]))
    );
    assert_eq!(typed.profile.attribute("email"), None);
}

/// No log was recorded; this is the example of the specification, cut.
#[test]
fn log_events_decode() {
    let event = json!({
        "actor": {"id": "00u1", "type": "User", "alternateId": "a@b.c", "displayName": "A", "detailEntry": null},
        "client": {"userAgent": {"os": "Linux"}, "zone": "null", "device": "Computer", "id": null, "ipAddress": "192.0.2.1"},
        "displayMessage": "User login to Okta", "eventType": "user.session.start",
        "outcome": {"result": "SUCCESS", "reason": null}, "published": "2026-08-13T15:58:20.353Z", "severity": "INFO",
        "debugContext": {"debugData": {"requestUri": "/login"}}, "uuid": "dc9fd3c0-598c-11ef-8478-2b7584bf8d5a",
        "version": "0", "target": [{"id": "0oa1", "type": "AppInstance", "detailEntry": {"signOnModeType": "SAML_2_0"}}],
        "request": {"ipChain": []}, "transaction": {"type": "WEB", "id": "x", "detail": {}},
    });
    assert_eq!(as_resource::<log::LogEvent>(&event), Ok(event));
}
