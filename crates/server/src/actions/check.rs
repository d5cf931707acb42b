//! Input against its schema: every fault with its field and its mend, never with the value (it may be a password).

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{Draft, ValidationError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::action::Input;

/// At most so many faults are told.
const MOST: usize = 20;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Wrong {
    /// Which field, such as `profile.login`; empty for the input as a whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

impl Wrong {
    pub(super) fn new(
        field: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            mend: mend.into(),
        }
    }
}

/// Checks an input; gives it with nothing added.
pub(super) fn check(schema: &Value, input: Value) -> Result<Input, Vec<Wrong>> {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema);
    let validator = validator.map_err(|_| {
        vec![Wrong::new(
            "",
            "the org's profile schema cannot be used",
            "look at the attributes of the default user profile in Okta",
        )]
    })?;
    let mut wrong: Vec<Wrong> = validator
        .iter_errors(&input)
        .take(MOST)
        .flat_map(|error| told(schema, &error))
        .collect();
    wrong.dedup();
    match input {
        Value::Object(members) if wrong.is_empty() => Ok(Input(members)),
        _ if wrong.is_empty() => Err(vec![Wrong::new(
            "",
            "the input must be an object",
            "send a JSON object",
        )]),
        _ => Err(wrong),
    }
}

fn told(schema: &Value, error: &ValidationError<'_>) -> Vec<Wrong> {
    let place = dotted(&error.instance_path.to_string());
    let one = |message: String, mend: &str| vec![Wrong::new(place.clone(), message, mend)];
    match &error.kind {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Wrong::new(
                join(&place, name),
                "is missing",
                "give it a value",
            )]
        }
        Kind::AdditionalProperties { unexpected } => {
            let known = members(schema, &error.schema_path.to_string());
            unexpected
                .iter()
                .map(|name| {
                    let mend = nearest(name, &known).map_or_else(
                        || format!("leave it out; known are {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    Wrong::new(join(&place, name), "is not known", mend)
                })
                .collect()
        }
        Kind::Type { kind } => one(
            format!("must be {}", types(kind)),
            "give it a value of that kind",
        ),
        Kind::Enum { options } => one(
            format!("must be one of {}", plain_list(options)),
            "choose one of them",
        ),
        Kind::Format { format } => one(
            format!("is no {}", format_name(format)),
            "correct the value",
        ),
        Kind::MaxLength { limit } => {
            one(format!("is longer than {limit} characters"), "shorten it")
        }
        Kind::MinLength { limit } => {
            one(format!("is shorter than {limit} characters"), "lengthen it")
        }
        Kind::MaxItems { limit } => {
            one(format!("has more than {limit} items"), "send fewer at once")
        }
        Kind::MinItems { limit } => one(format!("has fewer than {limit} items"), "add one"),
        Kind::MinProperties { .. } => one("is empty".to_owned(), "give it at least one member"),
        Kind::Not { schema } => one(
            format!("{} do not go together", plain_list(&schema["required"])),
            "give one of them",
        ),
        Kind::AnyOf { .. } => one(
            "does not fit".to_owned(),
            &any_of(schema, &error.schema_path.to_string()),
        ),
        _ => one(
            error.masked_with("the value").to_string(),
            "correct the value",
        ),
    }
}

/// The alternatives of an `anyOf` that are about members or formats.
fn any_of(schema: &Value, path: &str) -> String {
    let all = schema.pointer(path).and_then(Value::as_array);
    let words: Vec<String> = all
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let required = one.get("required").map(plain_list);
            required.or_else(|| {
                one.get("format")?
                    .as_str()
                    .map(format_name)
                    .map(str::to_owned)
            })
        })
        .collect();
    format!("it takes {}", words.join(" or "))
}

/// The names that are known where an `additionalProperties` stands.
fn members(schema: &Value, path: &str) -> Vec<String> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema
        .pointer(&format!("{parent}/properties"))
        .and_then(Value::as_object)
        .map(|all: &Map<String, Value>| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// The nearest of some names, if one is near.
pub(super) fn nearest<'n>(name: &str, known: &'n [String]) -> Option<&'n str> {
    known
        .iter()
        .map(|one| {
            (
                strsim::jaro_winkler(&one.to_lowercase(), &name.to_lowercase()),
                one,
            )
        })
        .filter(|(alike, _)| *alike > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, one)| one.as_str())
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several
            .iter()
            .map(|one| one.to_string())
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn format_name(format: &str) -> &str {
    match format {
        "email" => "mail address",
        "date-time" => "point in time such as 2026-01-31T12:00:00Z",
        "ipv4" => "IPv4 address",
        "ipv6" => "IPv6 address",
        other => other,
    }
}

fn plain_list(values: &Value) -> String {
    let all = values.as_array().into_iter().flatten();
    all.map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `/profile/login` as `profile.login`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

/// Whether a field holds what nobody but Okta may see: `writeOnly` in the schema.
pub(super) fn masked(schema: &Value, value: &Value) -> Value {
    if schema["writeOnly"] == true {
        return "***".into();
    }
    match value {
        Value::Object(all) => all
            .iter()
            .map(|(name, value)| {
                let inside = &schema["properties"][name];
                (name.clone(), masked(inside, value))
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actions::schema;

    fn wrong(schema: &Value, input: Value) -> Vec<(String, String)> {
        let wrong = check(schema, input).unwrap_err();
        wrong
            .into_iter()
            .map(|one| (one.field, one.message))
            .collect()
    }

    #[test]
    fn each_fault_has_its_field() {
        let create = (crate::actions::find("create-user").unwrap().input)();
        for (input, field, message) in [
            (json!({}), "profile", "is missing"),
            (
                json!({"profile": {"email": "a@b.example"}}),
                "profile.login",
                "is missing",
            ),
            (
                json!({"profile": {"login": "a", "email": "a@b.example"}}),
                "profile.login",
                "is shorter than 5 characters",
            ),
            (
                json!({"profile": {"login": "a@b.example", "email": "a"}}),
                "profile.email",
                "is shorter than 5 characters",
            ),
            (
                json!({"profile": {"login": "a@b.example", "email": "a@b.example"}, "activat": true}),
                "activat",
                "is not known",
            ),
            (
                json!({"profile": {"login": "a@b.example", "email": "a@b.example"}, "activate": "yes"}),
                "activate",
                "must be boolean",
            ),
            (
                json!({"profile": {"login": "a@b.example", "email": "a@b.example"}, "nextLogin": "never"}),
                "nextLogin",
                "must be one of changePassword",
            ),
        ] {
            let found = wrong(&create, input.clone());
            assert!(
                found.contains(&(field.to_owned(), message.to_owned())),
                "{input}: {found:?}"
            );
        }
    }

    #[test]
    fn an_address_is_an_address() {
        let logons = (crate::actions::find("list-logons-by-ip").unwrap().input)();
        for address in ["192.0.2.7", "2001:db8::7"] {
            assert!(
                check(&logons, json!({"ipAddress": address})).is_ok(),
                "{address}"
            );
        }
        for address in ["192.0.2", "\" or eventType pr", "localhost"] {
            assert!(
                check(&logons, json!({"ipAddress": address})).is_err(),
                "{address}"
            );
        }
    }

    #[test]
    fn what_was_typed_is_never_repeated() {
        let schema = schema::object(&[], json!({"credentials": schema::credentials()}));
        let planted = "planted-secret-".repeat(10);
        for input in [
            json!({"credentials": {"password": {"value": planted}}}),
            json!({"credentials": {"password": {"value": [planted]}}}),
            json!({"credentials": {"password": planted}}),
            json!({"credentials": {"recovery_question": {"question": "q", "answer": 1, "more": planted}}}),
        ] {
            let found = format!("{:?}", check(&schema, input.clone()).unwrap_err());
            assert!(!found.contains("planted"), "{found}");
        }
        let shown = masked(
            &schema,
            &json!({"credentials": {"password": {"value": "planted"}, "provider": {"type": "OKTA"}}}),
        );
        assert_eq!(
            shown,
            json!({"credentials": {"password": {"value": "***"}, "provider": {"type": "OKTA"}}})
        );
    }

    #[test]
    fn a_near_name_is_proposed() {
        let known = ["firstName".to_owned(), "login".to_owned()];
        assert_eq!(nearest("firstname", &known), Some("firstName"));
        assert_eq!(nearest("zzz", &known), None);
    }
}
