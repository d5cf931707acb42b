//! The functions of the language.

use serde_json::Value;

use super::Subject;

/// A value as text; null is empty.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Calls a function; one that is unknown gives null.
pub(super) fn call(name: &str, arguments: &[Value], subject: &dyn Subject) -> Value {
    let at = |place: usize| arguments.get(place).map(text).unwrap_or_default();
    let present = !arguments.first().is_none_or(Value::is_null);
    match name {
        "String.startsWith" => (present && at(0).starts_with(&at(1))).into(),
        "String.endsWith" => (present && at(0).ends_with(&at(1))).into(),
        "String.stringContains" => (present && at(0).contains(&at(1))).into(),
        "String.toLowerCase" => at(0).to_lowercase().into(),
        "String.toUpperCase" => at(0).to_uppercase().into(),
        "String.len" => at(0).chars().count().into(),
        "String.trim" => at(0).trim().into(),
        "String.removeSpaces" => at(0).replace(char::is_whitespace, "").into(),
        "String.append" => (at(0) + &at(1)).into(),
        "String.replace" => at(0).replace(&at(1), &at(2)).into(),
        "String.replaceFirst" => at(0).replacen(&at(1), &at(2), 1).into(),
        "String.substringBefore" => at(0)
            .split_once(&at(1))
            .map_or_else(|| at(0), |(head, _)| head.to_owned())
            .into(),
        "String.substringAfter" => at(0)
            .split_once(&at(1))
            .map_or_else(String::new, |(_, tail)| tail.to_owned())
            .into(),
        "String.substring" => {
            let place = |which: usize| {
                arguments
                    .get(which)
                    .and_then(Value::as_u64)
                    .and_then(|at| usize::try_from(at).ok())
            };
            let (from, to) = (place(1).unwrap_or(0), place(2).unwrap_or(usize::MAX));
            at(0)
                .chars()
                .skip(from)
                .take(to.saturating_sub(from))
                .collect::<String>()
                .into()
        }
        "String.stringSwitch" => switch(arguments),
        "Convert.toInt" => at(0).parse::<i64>().map_or(Value::Null, Into::into),
        "Convert.toNum" => at(0).parse::<f64>().map_or(Value::Null, Into::into),
        "Arrays.contains" => list(arguments)
            .contains(arguments.get(1).unwrap_or(&Value::Null))
            .into(),
        "Arrays.size" => list(arguments).len().into(),
        "Arrays.isEmpty" => list(arguments).is_empty().into(),
        "Arrays.toCsvString" => list(arguments)
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join(",")
            .into(),
        "user.getInternalProperty" => subject.value(&["user".to_owned(), at(0)]),
        "Groups.startsWith" | "Groups.endsWith" | "Groups.contains" => {
            groups(name, &at(1), arguments.get(2), subject)
        }
        _ => membership(name, arguments, subject),
    }
}

fn list(arguments: &[Value]) -> Vec<Value> {
    match arguments.first() {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    }
}

/// The names of the user's groups that fit, so many at most.
fn groups(name: &str, wanted: &str, most: Option<&Value>, subject: &dyn Subject) -> Value {
    let most = most.and_then(Value::as_u64).unwrap_or(100);
    let most = usize::try_from(most).unwrap_or(100);
    let mut names = subject.group_names();
    names.retain(|one| match name {
        "Groups.startsWith" => one.starts_with(wanted),
        "Groups.endsWith" => one.ends_with(wanted),
        _ => one.contains(wanted),
    });
    names.truncate(most);
    names.into()
}

fn switch(arguments: &[Value]) -> Value {
    let input = arguments.first().map(text).unwrap_or_default();
    let pairs = arguments.get(2..).unwrap_or_default().chunks(2);
    let hit = pairs.into_iter().find(|pair| {
        pair.first()
            .map(text)
            .is_some_and(|key| input.contains(&key))
    });
    hit.and_then(|pair| pair.get(1))
        .or_else(|| arguments.get(1))
        .cloned()
        .unwrap_or_default()
}

fn membership(name: &str, arguments: &[Value], subject: &dyn Subject) -> Value {
    let wanted = arguments.first().map(text).unwrap_or_default();
    let any = |fits: &dyn Fn(&str) -> bool| subject.group_names().iter().any(|name| fits(name));
    match name {
        "isMemberOfGroup" => subject.in_group(&wanted).into(),
        "isMemberOfAnyGroup" => arguments
            .iter()
            .any(|id| subject.in_group(&text(id)))
            .into(),
        "isMemberOfGroupName" => any(&|name| name == wanted).into(),
        "isMemberOfGroupNameStartsWith" => any(&|name| name.starts_with(&wanted)).into(),
        "isMemberOfGroupNameContains" => any(&|name| name.contains(&wanted)).into(),
        "isMemberOfGroupNameRegex" => any(&|name| name == wanted).into(),
        _ => Value::Null,
    }
}
