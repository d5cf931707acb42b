//! Pieces of which the schemas of the table are made (JSON Schema 2020-12), with Okta's names and bounds.

use serde_json::{Value, json};

/// An object of these members and no others.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = open(required, properties);
    schema["additionalProperties"] = json!(false);
    schema
}

/// An object of Okta's: these members, and others.
pub(super) fn open(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({"type": "object"});
    schema["properties"] = properties;
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn id(title: &str, about: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 100, "title": title, "description": about})
}

/// A person, by id or login.
pub(super) fn user() -> Value {
    id("User", "Okta's id of the person, or the login.")
}

/// A person, by id.
pub(super) fn user_id() -> Value {
    id("User", "Okta's id of the person.")
}

/// A group, by id.
pub(super) fn group_id() -> Value {
    id("Group", "Okta's id of the group.")
}

/// An app, by id.
pub(super) fn app_id() -> Value {
    id("App", "Okta's id of the app.")
}

/// A group rule, by id.
pub(super) fn rule_id() -> Value {
    id("Rule", "Okta's id of the group rule.")
}

/// A yes or no with what it is when nothing is said.
pub(super) fn flag(default: bool, title: &str, about: &str) -> Value {
    json!({"type": "boolean", "default": default, "title": title, "description": about})
}

/// A text of bounded length.
pub(super) fn text(longest: u32, title: &str, about: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": longest, "title": title, "description": about})
}

/// One of these words.
pub(super) fn word(words: &[&str], title: &str, about: &str) -> Value {
    json!({"type": "string", "enum": words, "title": title, "description": about})
}

/// A point in time.
pub(super) fn time(title: &str, about: &str) -> Value {
    json!({"type": "string", "format": "date-time", "title": title, "description": about})
}

/// A profile, as long as the org's own schema is not known: the attributes every org has by their bounds, and others.
pub(super) fn profile(required: &[&str]) -> Value {
    let text = |longest: u32, title: &str| json!({"type": ["string", "null"], "maxLength": longest, "title": title});
    let mail = |title: &str| json!({"type": ["string", "null"], "maxLength": 100, "format": "email", "title": title});
    json!({
        "type": "object",
        "title": "Profile",
        "description": "Okta's attributes and the org's own. `null` clears an attribute; an empty text is a value.",
        "minProperties": 1,
        "required": required,
        "properties": {
            "login": {"type": "string", "minLength": 5, "maxLength": 100, "title": "Login"},
            "email": {"type": "string", "minLength": 5, "maxLength": 100, "format": "email", "title": "Mail"},
            "firstName": text(50, "First name"),
            "lastName": text(50, "Last name"),
            "displayName": text(100, "Display name"),
            "secondEmail": mail("Second mail"),
            "mobilePhone": text(100, "Mobile phone"),
            "title": text(100, "Title"),
            "department": text(100, "Department"),
            "employeeNumber": text(100, "Employee number"),
            "organization": text(100, "Organization"),
            "manager": text(100, "Manager"),
        },
    })
}

/// Credentials of all kinds: none, password, imported password, question, both, another provider.
pub(super) fn credentials() -> Value {
    let secret = |longest: u32, title: &str| json!({"type": "string", "minLength": 1, "maxLength": longest, "title": title, "format": "password", "writeOnly": true});
    let mut password = object(
        &[],
        json!({
            "value": secret(72, "Password"),
            "hash": {"type": "object", "title": "Hash of an imported password", "writeOnly": true, "required": ["algorithm"], "properties": {
                "algorithm": word(&["BCRYPT", "SHA-512", "SHA-256", "SHA-1", "MD5", "PBKDF2"], "Algorithm", ""),
            }},
            "hook": object(&["type"], json!({"type": word(&["default"], "Hook", "Okta asks a password import hook.")})),
        }),
    );
    password["minProperties"] = json!(1);
    password["maxProperties"] = json!(1);
    password["title"] = json!("Password");
    object(
        &[],
        json!({
            "password": password,
            "recovery_question": object(&["question", "answer"], json!({
                "question": text(100, "Question", ""),
                "answer": {"type": "string", "minLength": 4, "maxLength": 100, "title": "Answer", "format": "password", "writeOnly": true},
            })),
            "provider": object(&["type"], json!({
                "type": word(&["OKTA", "ACTIVE_DIRECTORY", "LDAP", "FEDERATION", "SOCIAL", "IMPORT"], "Provider", "Who checks the password."),
                "name": text(100, "Name of the provider", ""),
            })),
        }),
    )
}

/// A person, as Okta answers.
pub(super) fn user_out() -> Value {
    let stamp = json!({"type": ["string", "null"], "format": "date-time"});
    let mut schema = open(
        &["id", "status", "profile"],
        json!({
            "id": {"type": "string"},
            "status": {"type": "string"},
            "created": stamp, "activated": stamp, "statusChanged": stamp, "lastLogin": stamp, "lastUpdated": stamp, "passwordChanged": stamp,
            "profile": open(&[], json!({
                "login": {"type": "string"}, "email": {"type": ["string", "null"]},
                "firstName": {"type": ["string", "null"]}, "lastName": {"type": ["string", "null"]},
            })),
        }),
    );
    schema["title"] = json!("Okta user");
    schema
}

/// A group, as Okta answers.
pub(super) fn group_out() -> Value {
    let mut schema = open(
        &["id", "profile"],
        json!({
            "id": {"type": "string"},
            "type": {"type": "string"},
            "lastMembershipUpdated": {"type": ["string", "null"], "format": "date-time"},
            "profile": open(&[], json!({"name": {"type": "string"}, "description": {"type": ["string", "null"]}})),
        }),
    );
    schema["title"] = json!("Okta group");
    schema
}

/// A group rule, as Okta answers.
pub(super) fn rule_out() -> Value {
    open(
        &["id"],
        json!({"id": {"type": "string"}, "name": {"type": "string"}, "status": {"type": "string"},
            "conditions": {"type": "object"}, "actions": {"type": "object"}}),
    )
}

/// The person a change was about, as they are now; `more` stands beside it.
pub(super) fn changed_user(more: Value) -> Value {
    let mut properties = json!({"user": user_out()});
    if let (Value::Object(all), Value::Object(more)) = (&mut properties, more) {
        all.extend(more);
    }
    open(&[], properties)
}

/// A link or word that is shown once and is a credential.
pub(super) fn shown_once(title: &str) -> Value {
    json!({"type": "string", "title": title, "description": "A credential: hand it to that person and to nobody else."})
}
