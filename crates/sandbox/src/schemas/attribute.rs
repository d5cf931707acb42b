//! One attribute of a profile schema, and checking values against it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Properties;

/// The attributes of a profile: Okta's own, and those an admin added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) base: Properties,
    pub(crate) custom: Properties,
}

/// One attribute, as its JSON Schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'a>(&'a Value);

/// Okta's own user attributes: name, title, format, longest text (Okta: User profile schema).
const BASE: [(&str, &str, Option<&str>, Option<u32>); 31] = [
    ("login", "Username", None, Some(100)),
    ("firstName", "First name", None, Some(50)),
    ("lastName", "Last name", None, Some(50)),
    ("middleName", "Middle name", None, None),
    ("honorificPrefix", "Honorific prefix", None, None),
    ("honorificSuffix", "Honorific suffix", None, None),
    ("email", "Primary email", Some("email"), None),
    ("title", "Title", None, None),
    ("displayName", "Display name", None, None),
    ("nickName", "Nickname", None, None),
    ("profileUrl", "Profile Url", Some("uri"), None),
    ("secondEmail", "Secondary email", Some("email"), None),
    ("mobilePhone", "Mobile phone", None, Some(100)),
    ("primaryPhone", "Primary phone", None, Some(100)),
    ("streetAddress", "Street address", None, None),
    ("city", "City", None, None),
    ("state", "State", None, None),
    ("zipCode", "Zip code", None, None),
    ("countryCode", "Country code", Some("country-code"), None),
    ("postalAddress", "Postal Address", None, None),
    (
        "preferredLanguage",
        "Preferred language",
        Some("language-code"),
        None,
    ),
    ("locale", "Locale", Some("locale"), None),
    ("timezone", "Time zone", Some("timezone"), None),
    ("userType", "User type", None, None),
    ("employeeNumber", "Employee number", None, None),
    ("costCenter", "Cost center", None, None),
    ("organization", "Organization", None, None),
    ("division", "Division", None, None),
    ("department", "Department", None, None),
    ("managerId", "ManagerId", None, None),
    ("manager", "Manager", None, None),
];

/// The permissions that an attribute has unless an admin says otherwise.
fn permission(action: &str) -> Value {
    json!([{ "principal": "SELF", "action": action }])
}

fn base(name: &str, title: &str, format: Option<&str>, longest: Option<u32>) -> Value {
    let mut attribute = json!({ "title": title, "type": "string" });
    if let Some(format) = format {
        attribute["format"] = format.into();
    }
    let required = ["login", "firstName", "lastName", "email"].contains(&name);
    if required {
        attribute["required"] = true.into();
    }
    attribute["mutability"] = "READ_WRITE".into();
    attribute["scope"] = "NONE".into();
    if name == "login" {
        attribute["minLength"] = 5.into();
    }
    if required && name.ends_with("Name") {
        attribute["minLength"] = 1.into();
    }
    if let Some(longest) = longest {
        attribute["maxLength"] = longest.into();
    }
    attribute["permissions"] = permission(action_of(name));
    attribute["master"] = json!({ "type": "PROFILE_MASTER" });
    attribute
}

/// What a user may do with an attribute of its own profile by default.
fn action_of(name: &str) -> &'static str {
    match name {
        "firstName" | "lastName" | "email" | "secondEmail" | "mobilePhone" => "READ_WRITE",
        "primaryPhone" | "streetAddress" | "city" | "state" | "zipCode" | "countryCode"
        | "postalAddress" => "HIDE",
        _ => "READ_ONLY",
    }
}

/// An attribute that an admin gave, as Okta keeps it.
fn normal(given: &Value) -> Value {
    let mut attribute = given.clone();
    if let Some(members) = attribute.as_object_mut() {
        if members.get("required") == Some(&Value::Bool(false)) {
            members.remove("required");
        }
        members.retain(|_, value| !value.is_null());
        // Attributes of app users have neither permissions nor a master.
        if members.shift_remove("_plain").is_some() {
            members.entry("scope").or_insert_with(|| json!("NONE"));
            return attribute;
        }
        for (name, value) in [
            ("mutability", json!("READ_WRITE")),
            ("scope", json!("NONE")),
            ("permissions", permission("READ_ONLY")),
            ("master", json!({ "type": "PROFILE_MASTER" })),
        ] {
            members.entry(name).or_insert(value);
        }
    }
    attribute
}

impl Attributes {
    /// Okta's own user attributes.
    pub(crate) fn of_users() -> Self {
        let base = BASE
            .iter()
            .map(|(name, title, format, longest)| {
                ((*name).to_owned(), base(name, title, *format, *longest))
            })
            .collect();
        Self {
            base,
            custom: Properties::new(),
        }
    }

    /// Okta's own group attributes.
    pub(crate) fn of_groups() -> Self {
        let one = |title: &str, longest: u32, required: bool| {
            let mut attribute = json!({
                "title": title, "description": title, "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
                "maxLength": longest, "permissions": permission("READ_WRITE"), "master": { "type": "PROFILE_MASTER" },
            });
            if required {
                attribute["required"] = true.into();
            }
            attribute
        };
        let mut base = Properties::new();
        base.insert("name".to_owned(), one("Name", 255, true));
        base.insert("description".to_owned(), one("Description", 1024, false));
        Self {
            base,
            custom: Properties::new(),
        }
    }

    /// The attribute with this name.
    pub(crate) fn get(&self, name: &str) -> Option<Attribute<'_>> {
        self.base
            .get(name)
            .or_else(|| self.custom.get(name))
            .map(Attribute)
    }

    /// Merges what an admin gave: named attributes change, null takes one away.
    pub(crate) fn merge(&mut self, given: &Value) {
        for (part, into) in [("custom", &mut self.custom), ("base", &mut self.base)] {
            let Some(Value::Object(changes)) =
                given.get(part).and_then(|part| part.get("properties"))
            else {
                continue;
            };
            for (name, change) in changes {
                match (part, change) {
                    ("custom", Value::Null) => {
                        into.shift_remove(name);
                    }
                    ("custom", _) => {
                        into.insert(name.clone(), normal(change));
                    }
                    (_, Value::Object(members)) => {
                        if let Some(Value::Object(known)) = into.get_mut(name) {
                            known.extend(members.clone());
                            if known.get("required") != Some(&Value::Bool(true)) {
                                known.remove("required");
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// The `definitions` of a schema document.
    pub(crate) fn definitions(&self) -> Value {
        let names = |of: &Properties| -> Vec<String> {
            of.iter()
                .filter(|(_, one)| one.get("required") == Some(&Value::Bool(true)))
                .map(|(name, _)| name.clone())
                .collect()
        };
        let mut custom = json!({ "id": "#custom", "type": "object", "properties": self.custom });
        if !self.custom.is_empty() {
            custom["required"] = json!(names(&self.custom));
        }
        json!({
            "custom": custom,
            "base": { "id": "#base", "type": "object", "properties": self.base, "required": names(&self.base) },
        })
    }

    /// The names of those that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        let all = self.base.iter().chain(&self.custom);
        all.filter(|(_, attribute)| attribute.get("required") == Some(&Value::Bool(true)))
            .map(|(name, _)| name.as_str())
    }
}

impl Attribute<'_> {
    /// What is wrong with a value, in Okta's words.
    pub(crate) fn fault(self, name: &str, value: &Value) -> Option<String> {
        let kind = self
            .0
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("string");
        if !is_a(value, kind) {
            return Some(format!("{name}: {}", expected(kind)));
        }
        if let Some(Value::Array(list)) = Some(value)
            && let Some(inner) = self
                .0
                .get("items")
                .and_then(|items| items.get("type"))
                .and_then(Value::as_str)
            && !list.iter().all(|one| is_a(one, inner))
        {
            return Some(format!("{name}: {}", expected(inner)));
        }
        self.length_fault(name, value)
            .or_else(|| self.enum_fault(name, value))
    }

    fn length_fault(self, name: &str, value: &Value) -> Option<String> {
        let length = u64::try_from(value.as_str()?.chars().count()).ok()?;
        let bound = |member: &str| self.0.get(member).and_then(Value::as_u64);
        if let Some(most) = bound("maxLength").filter(|most| length > *most) {
            return Some(format!(
                "{name}: String is too long (max {most} characters)"
            ));
        }
        let least =
            bound("minLength").filter(|least| length < *least && length > 0 && name != "login")?;
        Some(format!(
            "{name}: String is too short (min {least} characters)"
        ))
    }

    fn enum_fault(self, name: &str, value: &Value) -> Option<String> {
        let Some(Value::Array(allowed)) = self.0.get("enum") else {
            return None;
        };
        (!allowed.contains(value))
            .then(|| format!("{name}: The value must be one of the enumerated values"))
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_i64().is_some(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        _ => true,
    }
}

fn expected(kind: &str) -> &'static str {
    match kind {
        "boolean" => "Value must be a boolean",
        "integer" => "Value must be an integer",
        "number" => "Value must be a number",
        "array" => "Value must be an array",
        _ => "Value must be a string",
    }
}
