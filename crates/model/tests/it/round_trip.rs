//! Whatever JSON a resource holds beside its known members comes out again.

use keywright_model::{App, Group, User, log::LogEvent};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Up to 15 digits, which is what JSON numbers can be relied on for (RFC 8259 section 6).
        (-1_000_000_000..1_000_000_000_i32)
            .prop_map(|thousandths| Value::from(f64::from(thousandths) / 1000.0)),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner).prop_map(Value::Object),
        ]
    })
}

/// Members whose names are none of ours.
fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("x_[a-zA-Z$.#]{1,8}", value), 0..5)
        .prop_map(|members| members.into_iter().collect())
}

fn reprinted<T: DeserializeOwned + Serialize>(
    known: &Value,
    more: &Map<String, Value>,
) -> (Value, Value) {
    let mut value = known.clone();
    value.as_object_mut().unwrap().extend(more.clone());
    let typed: T = serde_json::from_str(&value.to_string()).unwrap();
    (serde_json::to_value(typed).unwrap(), value)
}

proptest! {
    #[test]
    fn more_members_are_kept(more in members(any_json()), inner in members(any_json())) {
        let user = json!({"id": "00u1", "status": "ACTIVE", "profile": inner, "lastLogin": null});
        let (printed, given) = reprinted::<User>(&user, &more);
        prop_assert_eq!(printed, given);
        let (printed, given) = reprinted::<Group>(&json!({"id": "00g1", "profile": inner, "type": "NEW_KIND"}), &more);
        prop_assert_eq!(printed, given);
        let (printed, given) = reprinted::<App>(&json!({"id": "0oa1", "settings": inner, "_links": inner}), &more);
        prop_assert_eq!(printed, given);
        let event = json!({"uuid": "u", "eventType": "e", "published": "2026-01-01T00:00:00.001Z", "actor": inner});
        let (printed, given) = reprinted::<LogEvent>(&event, &more);
        prop_assert_eq!(printed, given);
    }
}
