//! What comes back of a change: what Okta answered, or what was read back.

use serde_json::{Map, Value, json};

use super::action::{Back, Change, Input};
use super::look::Seen;

/// The output of a change; `said` is what Okta answered (none when there was no answer), `now` what was read back.
pub(super) fn output(
    change: &Change,
    input: &Input,
    said: Option<&Value>,
    now: Option<&Seen>,
    notes: &mut Vec<String>,
) -> Value {
    let seen = |key: &str| {
        now.and_then(|now| now.0.get(key))
            .filter(|value| !value.is_null())
            .cloned()
    };
    let pair = |name: &str, value: bool| {
        let mut made = input.only(&["userId", "groupId", "appId"]);
        made[name] = value.into();
        made
    };
    match change.back {
        Back::User(takes) => {
            let mut made = Map::new();
            made.extend(seen("user").map(|user| ("user".to_owned(), user)));
            for name in takes {
                match said.map(|said| &said[*name]) {
                    Some(Value::Null) => {}
                    Some(value) => {
                        made.insert((*name).to_owned(), value.clone());
                    }
                    None => notes.push(format!(
                        "{name} was in the answer that was lost; it is not given again"
                    )),
                }
            }
            made.into()
        }
        Back::AnsweredUser => one("user", said.cloned().or_else(|| seen("user"))),
        Back::Group => one("group", said.cloned().or_else(|| seen("group"))),
        Back::Rule => {
            let said = said.filter(|said| !said.is_null()).cloned();
            one("rule", said.or_else(|| seen("rule")))
        }
        Back::Deleted => deleted(input, now, seen("user")),
        Back::Member(is) => pair("member", is),
        Back::Assigned(is) => pair("assigned", is),
        Back::Done => json!({"done": true}),
    }
}

fn one(name: &str, value: Option<Value>) -> Value {
    let value = value.filter(|value| !value.is_null());
    value.map_or_else(|| json!({}), |value| json!({ name: value }))
}

/// Okta answers both steps with 204: what is read afterwards says which it was.
fn deleted(input: &Input, now: Option<&Seen>, user: Option<Value>) -> Value {
    let mut made = json!({"userId": input.text("userId")});
    match (now, user) {
        (Some(_), None) => made["step"] = "deleted".into(),
        (_, Some(user)) => {
            made["step"] = "deactivated".into();
            made["user"] = user;
        }
        (None, None) => made["step"] = "unread".into(),
    }
    made
}
