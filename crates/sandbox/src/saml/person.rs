//! What an answer says of a person: name and attributes, by the app's templates and expressions.

use serde_json::Value;

use super::settings::Settings;
use super::xml::Element;
use crate::apps::App;
use crate::expression;
use crate::org::Org;
use crate::servers::{Seen, group_fits};

/// The name by which the app knows somebody.
pub(super) fn name(org: &Org, serial: u32, app: &App, user: u32) -> String {
    let template = Settings::of(app)
        .text("subjectNameIdTemplate")
        .unwrap_or("${user.userName}");
    expression::fill(template, &Seen::new(org, serial, Some(user)))
}

/// The attribute statement, where there is something to state.
pub(super) fn attributes(org: &Org, serial: u32, app: &App, user: u32) -> Option<Element> {
    let seen = Seen::new(org, serial, Some(user));
    let mut all = Element::new("saml2:AttributeStatement");
    for statement in Settings::of(app).statements() {
        let text = |name: &str| {
            statement
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let values = match text("type") {
            "GROUP" => groups(&seen, text("filterType"), text("filterValue")),
            _ => expressed(&seen, statement),
        };
        if values.is_empty() {
            continue;
        }
        let format = match text("namespace") {
            "" => "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
            format => format,
        };
        let mut one = Element::new("saml2:Attribute")
            .with("Name", text("name"))
            .with("NameFormat", format);
        for value in values {
            let value = Element::new("saml2:AttributeValue")
                .with("xsi:type", "xs:string")
                .text(value);
            one = one.child(value);
        }
        all = all.child(one);
    }
    (!all.children.is_empty()).then_some(all)
}

fn groups(seen: &Seen<'_>, kind: &str, wanted: &str) -> Vec<String> {
    let mut names = expression::Subject::group_names(seen);
    names.retain(|name| group_fits(kind, wanted, name));
    names
}

/// The values of an expression statement; what is no expression stands for itself.
fn expressed(seen: &Seen<'_>, statement: &Value) -> Vec<String> {
    let given = statement.get("values").and_then(Value::as_array);
    let given = given.into_iter().flatten().filter_map(Value::as_str);
    let mut values = Vec::new();
    for text in given {
        match expression::parse(text).map(|parsed| parsed.of(seen)) {
            None => values.push(text.to_owned()),
            Some(Value::Null) if text.chars().all(char::is_alphanumeric) => {
                values.push(text.to_owned());
            }
            Some(Value::Null) => {}
            Some(Value::Array(many)) => values.extend(many.iter().map(expression::text)),
            Some(one) => values.push(expression::text(&one)),
        }
    }
    values.retain(|value| !value.is_empty());
    values
}
