//! Types of policies: what each has by default.

use serde_json::{Value, json};

use crate::store::{Doc, Kind, members, under};

/// The policies of a new org: type, name, description, whether Okta keeps it.
pub(super) const INITIAL: &[(&str, &str, &str, bool)] = &[
    (
        "OKTA_SIGN_ON",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        true,
    ),
    (
        "PASSWORD",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        true,
    ),
    (
        "MFA_ENROLL",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        true,
    ),
    (
        "IDP_DISCOVERY",
        "Idp Discovery Policy",
        "The default IdP Discovery Policy",
        true,
    ),
    (
        "ACCESS_POLICY",
        "Okta Admin Console",
        "Okta Admin Console",
        false,
    ),
    ("ACCESS_POLICY", "Okta Dashboard", "Okta Dashboard", false),
    (
        "ACCESS_POLICY",
        "Okta Browser Plugin",
        "Okta Browser Plugin",
        false,
    ),
    (
        "ACCESS_POLICY",
        "Any two factors",
        "Require two factors to access.",
        true,
    ),
    (
        "PROFILE_ENROLLMENT",
        "Default Policy",
        "Default Profile Enrollment Policy",
        true,
    ),
    (
        "SESSION_VIOLATION_DETECTION",
        "Session Violation Detection Policy",
        "Enables session violation detection policy evaluation for the org.",
        true,
    ),
    (
        "POST_AUTH_SESSION",
        "Post Auth Session Policy",
        "Evaluates sessions after sign-in.",
        true,
    ),
    (
        "ENTITY_RISK",
        "Entity Risk Policy",
        "Acts when the risk of a user changes.",
        true,
    ),
];

/// The types whose policies stand in an order.
pub(super) fn is_ordered(kind: &str) -> bool {
    matches!(kind, "OKTA_SIGN_ON" | "PASSWORD" | "MFA_ENROLL")
}

/// The types of which admins can make policies.
pub(super) fn can_be_made(kind: &str) -> bool {
    is_ordered(kind)
        || matches!(
            kind,
            "ACCESS_POLICY" | "PROFILE_ENROLLMENT" | "DEVICE_SIGNAL_COLLECTION"
        )
}

/// The prefix of the ids of policies of a type.
pub(super) fn of_policies(kind: &str) -> Kind {
    if is_ordered(kind) || kind == "IDP_DISCOVERY" {
        Kind("00p")
    } else {
        Kind("rst")
    }
}

/// The prefix of the ids of the rules of a type of policy.
pub(super) fn of_rules(kind: &str) -> Kind {
    if is_ordered(kind) || kind == "IDP_DISCOVERY" {
        Kind("0pr")
    } else {
        Kind("rul")
    }
}

/// The type of the rules of a type of policy.
pub(super) fn rule_type(kind: &str) -> &str {
    if kind == "OKTA_SIGN_ON" {
        "SIGN_ON"
    } else {
        kind
    }
}

/// Fills in what a policy has by its type.
pub(super) fn complete(doc: &mut Doc, everyone: &str) {
    let kind = doc.text("type").to_owned();
    let people = json!({ "people": { "groups": { "include": [everyone] } } });
    let defaults = match kind.as_str() {
        "PASSWORD" => json!({
            "conditions": under(people, &json!({ "authProvider": { "provider": "OKTA" } })),
            "settings": password(),
        }),
        "OKTA_SIGN_ON" => json!({ "conditions": people }),
        "MFA_ENROLL" => json!({
            "conditions": people,
            "settings": { "type": "AUTHENTICATORS", "authenticators": [{ "key": "okta_password", "enroll": { "self": "REQUIRED" } }] },
        }),
        _ => json!({ "conditions": null }),
    };
    let given = Value::Object(doc.body.clone());
    doc.body = members(under(defaults, &given));
    if !is_ordered(&kind) {
        doc.body.insert("conditions".to_owned(), Value::Null);
    }
}

fn password() -> Value {
    json!({
        "password": {
            "complexity": {
                "minLength": 8, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1, "minSymbol": 0,
                "excludeUsername": true, "dictionary": { "common": { "exclude": false } }, "excludeAttributes": [],
            },
            "age": { "maxAgeDays": 0, "expireWarnDays": 0, "minAgeMinutes": 0, "historyCount": 4 },
            "lockout": {
                "maxAttempts": 10, "autoUnlockMinutes": 0, "userLockoutNotificationChannels": [],
                "showLockoutFailures": false,
            },
            "breachedProtection": { "expireAfterDays": null, "logoutEnabled": false, "delegatedWorkflowId": null },
        },
        "recovery": {
            "factors": {
                "recovery_question": { "status": "INACTIVE", "properties": { "complexity": { "minLength": 4 } } },
                "okta_email": { "status": "INACTIVE", "properties": { "recoveryToken": { "tokenLifetimeMinutes": 60 } } },
                "okta_sms": { "status": "INACTIVE" },
                "okta_call": { "status": "INACTIVE" },
            },
        },
        "delegation": { "options": { "skipUnlock": false } },
    })
}

/// The rule that a policy has from the beginning beside the last one.
pub(super) fn first_rule(kind: &str) -> Option<Value> {
    (kind == "SESSION_VIOLATION_DETECTION").then(|| {
        json!({
            "type": kind, "name": "Session Violation Policy Risk Rule",
            "conditions": { "network": { "connection": "ANYWHERE" }, "riskScore": { "minRiskLevel": "HIGH" } },
            "actions": { "sessionViolationDetection": { "policyEvaluation": { "enabled": false } } },
        })
    })
}

/// The rule that catches everything else, for types whose policies have one.
pub(super) fn last_rule(kind: &str) -> Option<Value> {
    let actions = match kind {
        "ACCESS_POLICY" => json!({ "appSignOn": {
            "access": "ALLOW",
            "verificationMethod": {
                "factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H",
                "constraints": [{ "possession": { "required": true, "deviceBound": "REQUIRED" } }],
            },
            "keepMeSignedIn": { "postAuth": "NOT_ALLOWED" },
        } }),
        "SESSION_VIOLATION_DETECTION" => {
            json!({ "sessionViolationDetection": { "policyEvaluation": { "enabled": false } } })
        }
        "PROFILE_ENROLLMENT" => json!({ "profileEnrollment": {
            "access": "ALLOW", "preRegistrationInlineHooks": null, "profileAttributes": [
                { "name": "email", "label": "Email", "required": true },
                { "name": "firstName", "label": "First name", "required": true },
                { "name": "lastName", "label": "Last name", "required": true },
            ],
            "targetGroupIds": null, "unknownUserAction": "DENY", "activationRequirements": { "emailVerification": true },
        } }),
        "POST_AUTH_SESSION" => json!({ "postAuthSession": { "failureActions": [] } }),
        "ENTITY_RISK" => json!({ "entityRisk": { "actions": [] } }),
        _ => return None,
    };
    let name = if kind == "ACCESS_POLICY" || kind == "SESSION_VIOLATION_DETECTION" {
        "Catch-all Rule"
    } else {
        "Catch-all rule"
    };
    Some(json!({ "type": kind, "name": name, "conditions": null, "actions": actions }))
}
