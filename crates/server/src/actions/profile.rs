//! The org's own profile attributes as a JSON Schema: base and custom, as the default user type has them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keywright_okta::model::schema::ResourceSchema;
use keywright_okta::{Client, Error as OktaError};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::db::{ConnectionId, TenantId, Timestamp};

/// How long what was read is believed.
const KEPT_SECONDS: i64 = 300;

/// The profile schemas this process has read; a part of every [`App`].
#[derive(Clone, Default)]
pub struct Profiles(Arc<Mutex<Read>>);

/// What was read when, by connection.
type Read = HashMap<(TenantId, ConnectionId), (Timestamp, Value)>;

/// The schema of the default user type's profile. Scope `okta.schemas.read`.
pub(super) async fn read(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
    client: &Client,
) -> Result<Value, OktaError> {
    let kept = app.part::<Profiles>().cloned().unwrap_or_default();
    let known = kept.lock().get(&(tenant, connection)).cloned();
    if let Some((at, schema)) = known
        && app.now().0 - at.0 < KEPT_SECONDS * 1_000_000
    {
        return Ok(schema);
    }
    let read: ResourceSchema = client.get("/api/v1/meta/schemas/user/default", &[]).await?;
    let schema = profile(read.definitions.get().unwrap_or(&Value::Null));
    kept.lock()
        .insert((tenant, connection), (app.now(), schema.clone()));
    Ok(schema)
}

impl Profiles {
    fn lock(&self) -> std::sync::MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A profile's schema from Okta's definitions (Okta: Schemas, User profile base and custom subschema).
fn profile(definitions: &Value) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in ["base", "custom"] {
        let part = &definitions[part];
        for (name, about) in part["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), attribute(about));
        }
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
    }
    json!({
        "type": "object",
        "title": "Profile",
        "description": "The attributes of the org's default user type. `null` clears one; an empty text is a value.",
        "additionalProperties": false,
        "minProperties": 1,
        "required": required,
        "properties": properties,
    })
}

/// One attribute. Those that can be cleared take `null`, too.
fn attribute(about: &Value) -> Value {
    let mut made = Map::new();
    for name in [
        "title",
        "description",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "items",
        "default",
    ] {
        if let Some(value) = about.get(name).filter(|value| !value.is_null()) {
            made.insert(name.to_owned(), value.clone());
        }
    }
    let kind = about["type"].as_str().unwrap_or("string");
    let clears = about["required"] != true;
    let kind = if clears {
        json!([kind, "null"])
    } else {
        json!(kind)
    };
    made.insert("type".to_owned(), kind);
    if let Some(words) = about["enum"].as_array() {
        let mut words = words.clone();
        if clears {
            words.push(Value::Null);
        }
        made.insert("enum".to_owned(), words.into());
    }
    if about["format"] == "email" {
        made.insert("format".to_owned(), "email".into());
    }
    made.into()
}

/// An action's input schema with the org's profile in the place of the general one. An update must not name all that a
/// new person needs.
pub(super) fn within(mut schema: Value, profile: &Value, update: bool) -> Value {
    if schema["properties"]["profile"].is_object() {
        let mut profile = profile.clone();
        if update {
            profile["required"] = json!([]);
        }
        schema["properties"]["profile"] = profile;
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::check::check;

    #[test]
    fn custom_attributes_are_checked_as_the_org_wants() {
        let definitions = json!({
            "base": {"required": ["login", "email"], "properties": {
                "login": {"title": "Username", "type": "string", "required": true, "minLength": 5, "maxLength": 100},
                "email": {"title": "Mail", "type": "string", "required": true, "format": "email"},
            }},
            "custom": {"required": [], "properties": {
                "badge": {"title": "Badge", "type": "integer", "minimum": 1},
                "size": {"title": "Size", "type": "string", "enum": ["S", "M"]},
                "tags": {"title": "Tags", "type": "array", "items": {"type": "string"}},
            }},
        });
        let create = (crate::actions::find("create-user").unwrap().input)();
        let schema = within(create, &profile(&definitions), false);
        let with = |more: Value| {
            let mut profile = json!({"login": "a@b.example", "email": "a@b.example"});
            profile
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            check(&schema, json!({ "profile": profile }))
        };
        assert!(with(json!({"badge": 7, "size": "M", "tags": ["x"]})).is_ok());
        assert!(with(json!({"badge": null, "size": null})).is_ok());
        for (more, field) in [
            (json!({"badge": "7"}), "profile.badge"),
            (json!({"badge": 0}), "profile.badge"),
            (json!({"size": "L"}), "profile.size"),
            (json!({"tags": "x"}), "profile.tags"),
            (json!({"shoe": 1}), "profile.shoe"),
            (json!({"login": null}), "profile.login"),
        ] {
            let wrong = with(more.clone()).unwrap_err();
            assert_eq!(wrong[0].field, field, "{more}");
        }
    }
}
