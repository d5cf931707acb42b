use serde_json::json;

use super::*;
use crate::scim::schemas::{GROUP, USER};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[test]
fn bodies_are_read_in_the_schemas_spelling() {
    let body = json!({
        "schemas": [CORE], "USERNAME": "a@x", "id": "mine", "meta": {"x": 1}, "groups": [], "password": "never",
        "Active": "True", "name": {"givenname": "A", "nothing": 1, "familyName": null},
        "emails": [{"VALUE": "a@x", "primary": "true"}, {"value": "b@x", "primary": true}, null],
        "phoneNumbers": [], "nickName": null, "favouriteColour": "red",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user": {"Department": "D", "other": 1},
        "urn:acme:2.0:User": {"Badge": 7, "none": null},
    });
    let want = json!({
        "userName": "a@x", "active": true, "name": {"givenName": "A"},
        "emails": [{"value": "a@x", "primary": true}, {"value": "b@x", "primary": false}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"},
        "urn:acme:2.0:User": {"Badge": 7},
    });
    let resource = Resource::parse(&USER, &body).unwrap();
    assert_eq!(Value::Object(resource.members().clone()), want);
    let shown = resource.shown(&USER, "1", Map::new(), json!({}));
    let again = Resource::parse(&USER, &shown).unwrap();
    assert_eq!(again, resource, "what is shown reads back the same");
    assert_eq!(shown["schemas"].as_array().map(Vec::len), Some(3));
}

#[test]
fn wrong_types_and_missing_names_are_refused() {
    for (body, want) in [
        (json!([]), "invalidSyntax"),
        (
            json!({"schemas": ["urn:x"], "userName": "a"}),
            "invalidSyntax",
        ),
        (json!({"schemas": CORE, "userName": "a"}), "invalidSyntax"),
        (json!({"schemas": [CORE]}), "invalidValue"),
        (json!({"userName": " "}), "invalidValue"),
        (json!({"userName": 1}), "invalidValue"),
        (
            json!({"userName": "a", "active": "perhaps"}),
            "invalidValue",
        ),
        (json!({"userName": "a", "active": 1}), "invalidValue"),
        (json!({"userName": "a", "name": "A"}), "invalidValue"),
        (
            json!({"userName": "a", "emails": [{"value": {}, "type": 1}]}),
            "invalidValue",
        ),
        (
            json!({"userName": "a", "urn:acme:2.0:User": 1}),
            "invalidValue",
        ),
    ] {
        let error = Resource::parse(&USER, &body).unwrap_err();
        assert_eq!(
            error.scim_type().map(crate::scim::ScimType::wire),
            Some(want),
            "{body}"
        );
    }
    assert_eq!(
        Resource::parse(&GROUP, &json!({})),
        Err(Error::Missing("displayName".into()))
    );
}

#[test]
fn folding_leaves_exact_text_alone() {
    let body = json!({"userName": "ÄB", "externalId": "00uA", "photos": [{"value": "http://X/Y", "type": "PHOTO"}],
        "urn:acme:2.0:User": {"Site": "Berlin"}});
    let folded = Resource::parse(&USER, &body).unwrap().folded(&USER);
    let want = json!({"userName": "äb", "externalId": "00uA", "photos": [{"value": "http://X/Y", "type": "photo"}],
        "urn:acme:2.0:User": {"Site": "berlin"}});
    assert_eq!(folded, want);
}
