//! The profile that an app's users have.

use serde_json::{Value, json};

use super::{Mode, lookup};
use crate::http::{Answer, Call, Reply, Routes};
use crate::org::Org;
use crate::schemas::{Attributes, Properties, document, fault};
use crate::store::{Kind, mix};

/// The routes of app schemas.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/meta/schemas/apps/{appId}/default", read)
        .post("/api/v1/meta/schemas/apps/{appId}/default", change);
}

/// Attributes of OpenID Connect clients: name, title, description, name on the wire when it differs.
const CLAIMS: [(&str, &str, &str, Option<&str>); 20] = [
    (
        "name",
        "Name",
        "End-User's full name in displayable form.",
        None,
    ),
    (
        "nickname",
        "Nickname",
        "Casual name of the End-User (may or may not be the same as the given_name)",
        None,
    ),
    (
        "given_name",
        "Given Name",
        "Given name or first name of the End-User.",
        None,
    ),
    (
        "middle_name",
        "Middle Name",
        "Middle name of the End-User.",
        None,
    ),
    (
        "family_name",
        "Family Name",
        "Surname or last name of the End-User.",
        None,
    ),
    (
        "email",
        "Email",
        "End-User's preferred e-mail address.",
        None,
    ),
    (
        "profile",
        "Profile URL",
        "URL of the End-User's profile page.",
        None,
    ),
    (
        "picture",
        "Picture URL",
        "URL of the End-User's profile picture.",
        None,
    ),
    (
        "website",
        "Website",
        "URL of the End-User's Web page or blog.",
        None,
    ),
    ("gender", "Gender", "End-User's gender.", None),
    (
        "birthdate",
        "Birthdate",
        "End-User's birthday, represented as an ISO 8601:2004 YYYY-MM-DD format.",
        None,
    ),
    (
        "zoneinfo",
        "Time Zone",
        "String representing the End-User's time zone.",
        None,
    ),
    (
        "locale",
        "Locale Name",
        "ISO3166\u{2011}1 country code in uppercase, separated by a dash (e.g. 'en-US')",
        None,
    ),
    (
        "phone_number",
        "Phone Number",
        "End-User's preferred telephone number in E.164 format.",
        None,
    ),
    (
        "street_address",
        "Street Address",
        "Full street address component.",
        Some("address.street_address"),
    ),
    (
        "locality",
        "Locality",
        "City or locality component.",
        Some("address.locality"),
    ),
    (
        "region",
        "Region",
        "State, province, prefecture, or region component.",
        Some("address.region"),
    ),
    (
        "postal_code",
        "Postal Code",
        "Zip code or postal code component.",
        Some("address.postal_code"),
    ),
    (
        "country",
        "Country",
        "Country name component.",
        Some("address.country"),
    ),
    (
        "formatted",
        "Formatted",
        "Full mailing address, formatted for display.",
        Some("address.formatted"),
    ),
];

/// The schema of a new app.
pub(super) fn of_mode(mode: Mode) -> Attributes {
    let mut base = Properties::new();
    let open = mode == Mode::OpenId;
    let mut name = json!({ "title": "Username", "type": "string", "required": true, "scope": if open { "SELF" } else { "NONE" } });
    if open {
        name["externalName"] = "preferred_username".into();
    } else {
        name["maxLength"] = 100.into();
    }
    base.insert("userName".to_owned(), name);
    for (name, title, description, external) in CLAIMS.iter().filter(|_| open) {
        let mut attribute = json!({ "title": title, "description": description, "type": "string", "scope": "SELF" });
        if let Some(external) = external {
            attribute["externalName"] = (*external).into();
        }
        base.insert((*name).to_owned(), attribute);
    }
    Attributes {
        base,
        custom: Properties::new(),
    }
}

fn print(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = org.tail.id(Kind::APP, serial);
    let end = format!("{:x}", mix(u64::from(serial)));
    let name = format!("{}_{}", app.name, end.get(..7).unwrap_or_default());
    let here = call.url(&format!("/meta/schemas/apps/{id}/default"));
    let mut body = document(
        &here,
        &name,
        &format!("{} User", app.label),
        &app.schema.definitions(),
    );
    body["lastUpdated"] = json!(app.schema_updated);
    body["created"] = json!(app.created);
    Ok(Reply::json(&body))
}

fn read(org: &Org, call: &Call) -> Answer {
    print(org, call)
}

fn change(org: &mut Org, call: &Call) -> Answer {
    let (serial, _) = lookup(org, call)?;
    let body = call.object()?;
    let definitions = body.get("definitions").cloned().unwrap_or_default();
    if let Some(fail) = fault(&definitions) {
        return Err(fail);
    }
    if let Some(app) = org.apps.get_mut(serial) {
        app.schema.merge(&plain(&definitions));
        app.schema_updated = call.now.whole();
    }
    print(org, call)
}

/// What is given, without the members that apps do not keep.
fn plain(definitions: &Value) -> Value {
    let mut plain = definitions.clone();
    if let Some(Value::Object(properties)) = plain.pointer_mut("/custom/properties") {
        for attribute in properties.values_mut().filter_map(Value::as_object_mut) {
            attribute.shift_remove("permissions");
            attribute.shift_remove("master");
            if attribute.get("type").and_then(Value::as_str) != Some("array") {
                attribute.shift_remove("union");
            }
            attribute.insert("_plain".to_owned(), true.into());
        }
    }
    plain
}
