use proptest::prelude::*;
use serde_json::json;

use super::super::members::{self, Change, Member};
use super::super::schemas::{GROUP, USER};
use super::*;
use crate::scim::Resource;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user() -> Resource {
    let body = json!({
        "userName": "u", "active": true, "name": {"givenName": "G", "familyName": "F"},
        "emails": [{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "type": "home"}],
        ENTERPRISE: {"department": "D"},
    });
    Resource::parse(&USER, &body).unwrap()
}

fn message(operations: &Value) -> Value {
    json!({"schemas": [MESSAGE], "Operations": operations})
}

fn patched(operations: &Value) -> Result<Value, Error> {
    let operations = parse(&USER, &message(operations))?;
    apply(&USER, &operations, &user()).map(|after| Value::Object(after.members().clone()))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn operations_do_what_the_rfc_says() {
    let emails = |all: Value| json!({"emails": all});
    for (operations, want) in [
        // Okta: catalogue app, without a path; as text; with a path
        (
            json!([{"op": "replace", "value": {"active": false}}]),
            json!({"active": false}),
        ),
        (
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            json!({"active": false}),
        ),
        (
            json!([{"op": "replace", "value": {"active": "false", "id": "x", "password": "p", "nothing": 1}}]),
            json!({"active": false}),
        ),
        (
            json!([{"op": "replace", "path": "password", "value": "secret"}]),
            json!({}),
        ),
        // single values
        (
            json!([{"op": "add", "path": "nickname", "value": "N"}]),
            json!({"nickName": "N"}),
        ),
        (
            json!([{"op": "replace", "path": "name.givenName", "value": "X"}]),
            json!({"name": {"givenName": "X", "familyName": "F"}}),
        ),
        (
            json!([{"op": "replace", "path": "name", "value": {"givenName": "X", "familyName": null}}]),
            json!({"name": {"givenName": "X"}}),
        ),
        (
            json!([{"op": "add", "value": {"name.familyName": "Y", "title": "T"}}]),
            json!({"name": {"givenName": "G", "familyName": "Y"}, "title": "T"}),
        ),
        (
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            json!({"name": null}),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": null}]),
            json!({}),
        ),
        // lists
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "n@x", "primary": true}]}]),
            emails(json!([
            {"value": "w@x", "type": "work", "primary": false}, {"value": "h@x", "type": "home"}, {"value": "n@x", "primary": true}])),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": {"value": "h@x", "type": "home"}}]),
            json!({}),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": [{"value": "o@x"}]}]),
            emails(json!([{"value": "o@x"}])),
        ),
        (
            json!([{"op": "remove", "path": "emails"}]),
            emails(json!(null)),
        ),
        (
            json!([{"op": "remove", "path": "emails", "value": [{"value": "h@x"}]}]),
            emails(json!([{"value": "w@x", "type": "work", "primary": true}])),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]),
            emails(json!([{"value": "h@x", "type": "home"}])),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"none\"]"}]),
            json!({}),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"home\"].value", "value": "n@x"}]),
            emails(json!([
            {"value": "w@x", "type": "work", "primary": true}, {"value": "n@x", "type": "home"}])),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": {"primary": true}}]),
            emails(json!([
            {"value": "w@x", "type": "work", "primary": false}, {"value": "h@x", "type": "home", "primary": true}])),
        ),
        (
            json!([{"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]),
            json!({"phoneNumbers": [{"type": "mobile", "value": "1"}]}),
        ),
        (
            json!([{"op": "replace", "path": "emails.type", "value": "other"}]),
            emails(json!([
            {"value": "w@x", "type": "other", "primary": true}, {"value": "h@x", "type": "other"}])),
        ),
        // extensions
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "E"}]),
            json!({ENTERPRISE: {"department": "E"}}),
        ),
        (
            json!([{"op": "add", "value": {ENTERPRISE: {"division": "V"}}}]),
            json!({ENTERPRISE: {"department": "D", "division": "V"}}),
        ),
        (
            json!([{"op": "add", "value": {"urn:acme:2.0:User": {"badge": 1}}}]),
            json!({"urn:acme:2.0:User": {"badge": 1}}),
        ),
        (
            json!([{"op": "add", "path": "urn:acme:2.0:User:badge", "value": 2}]),
            json!({"urn:acme:2.0:User": {"badge": 2}}),
        ),
        (
            json!([{"op": "remove", "path": ENTERPRISE}]),
            json!({ENTERPRISE: null}),
        ),
        (
            json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}]),
            json!({ENTERPRISE: null}),
        ),
    ] {
        let mut wanted = Value::Object(user().members().clone());
        for (name, value) in want.as_object().unwrap() {
            let wanted = wanted.as_object_mut().unwrap();
            wanted.shift_remove(name);
            if !value.is_null() {
                wanted.insert(name.clone(), value.clone());
            }
        }
        assert_eq!(patched(&operations), Ok(wanted), "{operations}");
    }
}

#[test]
fn wrong_operations_are_told_apart() {
    for (operations, want) in [
        (
            json!([{"op": "set", "path": "active", "value": true}]),
            "invalidSyntax",
        ),
        (json!([{"path": "active", "value": true}]), "invalidSyntax"),
        (json!([]), "invalidSyntax"),
        (json!([1]), "invalidSyntax"),
        (json!({}), "invalidSyntax"),
        (json!([{"op": "remove"}]), "noTarget"),
        (
            json!([{"op": "replace", "path": "emails[type eq \"none\"].value", "value": "x"}]),
            "noTarget",
        ),
        (
            json!([{"op": "replace", "path": "nothing", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "emails[", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": 1, "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "id", "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "meta.created", "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "add", "path": "groups", "value": [{"value": "1"}]}]),
            "mutability",
        ),
        (json!([{"op": "remove", "path": "userName"}]), "mutability"),
        (
            json!([{"op": "replace", "path": "userName", "value": ""}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "active", "value": "perhaps"}]),
            "invalidValue",
        ),
        (json!([{"op": "replace", "path": "active"}]), "invalidValue"),
        (json!([{"op": "replace", "value": "x"}]), "invalidValue"),
        (
            json!([{"op": "add", "path": "emails", "value": 7}]),
            "invalidValue",
        ),
    ] {
        let error = patched(&operations).unwrap_err();
        assert_eq!(
            error.scim_type().map(super::super::ScimType::wire),
            Some(want),
            "{operations}"
        );
    }
    let many = vec![json!({"op": "replace", "path": "active", "value": true}); MAX_OPERATIONS + 1];
    assert!(matches!(patched(&json!(many)), Err(Error::TooLong { .. })));
    assert!(matches!(
        parse(
            &USER,
            &json!({"Operations": [{"op": "remove", "path": "title"}]})
        ),
        Err(Error::Syntax(_))
    ));
}

#[test]
fn one_bad_operation_changes_nothing() {
    let operations = json!([{"op": "replace", "path": "active", "value": false}, {"op": "remove", "path": "userName"}]);
    let before = user();
    let read = parse(&USER, &message(&operations)).unwrap();
    assert!(apply(&USER, &read, &before).is_err());
    assert_eq!(before, user());
}

#[test]
fn members_come_apart_as_commands() {
    let member = |id: &str| Member {
        value: id.into(),
        display: None,
    };
    let shown = Member {
        value: "2".into(),
        display: Some("b@x".into()),
    };
    for (operations, rest, want) in [
        (
            json!([{"op": "remove", "path": "members[value eq \"1\"]"}, {"op": "add", "path": "members", "value": [{"value": "2", "display": "b@x"}]}]),
            0,
            vec![Change::Remove(vec!["1".into()]), Change::Add(vec![shown])],
        ),
        (
            json!([{"op": "replace", "path": "members", "value": []}]),
            0,
            vec![Change::Replace(vec![])],
        ),
        (
            json!([{"op": "replace", "value": {"members": [], "id": "7", "displayName": "N"}}]),
            1,
            vec![Change::Replace(vec![])],
        ),
        (
            json!([{"op": "replace", "value": {"id": "7", "displayName": "N"}}]),
            1,
            vec![],
        ),
        (
            json!([{"op": "remove", "path": "members"}]),
            0,
            vec![Change::Replace(vec![])],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"value": "1"}]}]),
            0,
            vec![Change::Remove(vec!["1".into()])],
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"1\" or value eq \"2\"]"}]),
            0,
            vec![Change::Remove(vec!["1".into(), "2".into()])],
        ),
        (
            json!([{"op": "add", "path": "members", "value": {"value": "3"}}]),
            0,
            vec![Change::Add(vec![member("3")])],
        ),
    ] {
        let read = parse(&GROUP, &message(&operations)).unwrap();
        let (others, changes) = members::split(read).unwrap();
        assert_eq!((others.len(), changes), (rest, want), "{operations}");
    }
    for operations in [
        json!([{"op": "remove", "path": "members[display eq \"x\"]"}]),
        json!([{"op": "replace", "path": "members[value eq \"1\"].display", "value": "x"}]),
        json!([{"op": "add", "path": "members", "value": [{"display": "x"}]}]),
        json!([{"op": "add", "path": "members", "value": [{"value": "1", "type": "Group"}]}]),
    ] {
        let read = parse(&GROUP, &message(&operations)).unwrap();
        assert!(members::split(read).is_err(), "{operations}");
    }
}

fn some_operation() -> impl Strategy<Value = Value> {
    let text = "[a-zA-Zäß@. ]{0,6}";
    prop_oneof![
        (
            proptest::sample::select(vec![
                "title",
                "name.givenName",
                "displayName",
                "emails[type eq \"work\"].value"
            ]),
            text
        )
            .prop_map(|(path, value)| json!({"op": "replace", "path": path, "value": value})),
        proptest::bool::ANY.prop_map(|value| json!({"op": "replace", "value": {"active": value}})),
        proptest::collection::vec((text, proptest::bool::ANY), 0..4).prop_map(|all| {
            let all: Vec<Value> = all
                .into_iter()
                .map(|(value, primary)| json!({"value": value, "primary": primary}))
                .collect();
            json!({"op": "replace", "path": "phoneNumbers", "value": all})
        }),
        text.prop_map(
            |value| json!({"op": "replace", "value": {ENTERPRISE: {"costCenter": value}}})
        ),
    ]
}

proptest! {
    #[test]
    fn replacing_twice_is_replacing_once(operations in proptest::collection::vec(some_operation(), 1..6)) {
        let read = parse(&USER, &message(&json!(operations))).unwrap();
        let once = apply(&USER, &read, &user()).unwrap();
        prop_assert_eq!(apply(&USER, &read, &once).unwrap(), once);
    }

    #[test]
    fn what_a_patch_leaves_reads_back_as_a_body(operations in proptest::collection::vec(some_operation(), 1..6)) {
        let read = parse(&USER, &message(&json!(operations))).unwrap();
        let after = apply(&USER, &read, &user()).unwrap();
        let body = Value::Object(after.members().clone());
        prop_assert_eq!(Resource::parse(&USER, &body), Ok(after));
    }
}
