//! Filters in the database against filters in memory, and what is refused.

use keywright_proto::scim::filter::parse;
use keywright_proto::scim::schemas::USER;
use serde_json::{Value, json};

use super::client::{Client, id};
use crate::testing::db_test;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn people() -> Vec<Value> {
    vec![
        json!({"userName": "ada@x", "externalId": "00uA", "name": {"givenName": "Ada", "familyName": "Lovelace"}, "active": true,
            "emails": [{"value": "ada@x", "type": "work", "primary": true}, {"value": "home@y", "type": "home"}],
            ENTERPRISE: {"department": "Sales", "manager": {"value": "7"}}}),
        json!({"userName": "BÄR@x", "externalId": "00ua", "displayName": "Bär \"the\" 100% O'Neil_", "active": false, "title": "",
            "emails": [{"value": "work@y", "type": "work"}], "urn:acme:2.0:User": {"badge": 17, "site": "Berlin", "vip": true, "tags": ["a", "b"]}}),
        json!({"userName": "carl@y", "nickName": "C", "phoneNumbers": [{"value": "1", "primary": true}], ENTERPRISE: {"department": "sales EMEA"},
            "urn:acme:2.0:User": {"badge": "17", "site": 5, "vip": false, "tags": [1, true, {"deep": "x"}]}}),
        json!({"userName": "dora@x", "name": {"givenName": "ada"}, "roles": [{"value": "r"}]}),
    ]
}

const FILTERS: &[&str] = &[
    r#"userName eq "ADA@X""#,
    r#"userName eq "bär@x""#,
    r#"userName sw "b""#,
    r#"userName ew "@y""#,
    r#"userName co """#,
    r#"userName ne "ada@x""#,
    r#"userName gt "bär""#,
    r#"userName le "carl@y""#,
    "userName pr",
    r#"externalId eq "00uA""#,
    r#"externalId sw "00u""#,
    "externalId pr",
    "not (externalId pr)",
    r#"externalId ne "00ua""#,
    "active eq true",
    "active eq false",
    r#"active eq "False""#,
    "active ne true",
    r#"name.givenName eq "ADA""#,
    r#"name.givenName ne "ada""#,
    "name pr",
    "name.familyName pr",
    "name.familyName eq null",
    "title pr",
    "title eq null",
    "nickName ne null",
    r#"displayName co "100%""#,
    r#"displayName co "o'neil_""#,
    r#"displayName co "\"the\"""#,
    r#"displayName ew "_""#,
    "emails pr",
    r#"emails eq "work@y""#,
    r#"emails.type eq "home""#,
    r#"emails co "@""#,
    r#"emails[type eq "work" and value ew "@y"]"#,
    r#"emails[type eq "home" and value co "home"]"#,
    "emails[primary eq true]",
    r#"emails[not (type eq "work")]"#,
    "emails[type pr]",
    r#"phoneNumbers.value eq "1""#,
    "roles pr",
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "SALES""#,
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr",
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "7""#,
    "urn:acme:2.0:User:badge eq 17",
    r#"urn:acme:2.0:User:badge eq "17""#,
    "urn:acme:2.0:User:badge ge 16.5",
    "urn:acme:2.0:User:badge ne 17",
    r#"urn:acme:2.0:User:site eq "BERLIN""#,
    "urn:acme:2.0:User:site lt 6",
    "urn:acme:2.0:User:vip eq true",
    "urn:acme:2.0:User:vip pr",
    r#"urn:acme:2.0:User:tags eq "b""#,
    "urn:acme:2.0:User:tags eq 1",
    "urn:acme:2.0:User:tags eq true",
    r#"urn:acme:2.0:User:tags.deep eq "X""#,
    r#"urn:acme:2.0:User:tags[deep eq "x"]"#,
    "urn:acme:2.0:User:tags pr",
    r#"urn:acme:2.0:User:nothing eq "x""#,
    r#"(userName sw "a" or userName sw "c") and not (active eq false)"#,
    r#"not (userName sw "a" or nickName pr)"#,
    r#"meta.created gt "2000-01-01T00:00:00Z""#,
    r#"meta.lastModified lt "2000-01-01T00:00:00Z""#,
    r#"meta.resourceType eq "User""#,
];

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    async fn filters_mean_the_same_in_the_database_and_in_memory(t) {
        let okta = Client::new(&t).await;
        let mut all = Vec::new();
        for person in people() {
            all.push(okta.ok("POST", "/Users", person).await);
        }
        for filter in FILTERS {
            let parsed = parse(&USER, filter).unwrap();
            let want: Vec<String> = all.iter().filter(|person| parsed.matches(person)).map(id).collect();
            let encoded = filter.replace('%', "%25").replace('+', "%2B").replace('Ä', "%C3%84").replace('ä', "%C3%A4");
            let got = okta.get(&format!("/Users?filter={encoded}")).await;
            let got: Vec<String> = got["Resources"].as_array().unwrap().iter().map(id).collect();
            assert_eq!(got, want, "{filter}");
        }
        let ada = id(&all[0]);
        for (filter, want) in [(format!("id eq \"{ada}\""), 1), (format!("id ne \"{ada}\""), 3), (format!("id eq \"{}\"", ada.to_uppercase()), 0)] {
            assert_eq!(okta.get(&format!("/Users?filter={filter}")).await["totalResults"], want, "{filter}");
        }
    }

    async fn filters_by_membership(t) {
        let okta = Client::new(&t).await;
        let ada = id(&okta.ok("POST", "/Users", json!({"userName": "ada"})).await);
        let bob = id(&okta.ok("POST", "/Users", json!({"userName": "bob"})).await);
        let sales = id(&okta.ok("POST", "/Groups", json!({"displayName": "Sales", "members": [{"value": ada}]})).await);
        okta.ok("POST", "/Groups", json!({"displayName": "Empty"})).await;
        for (path, want) in [
            (format!("/Groups?filter=members.value eq \"{ada}\""), 1), (format!("/Groups?filter=members eq \"{bob}\""), 0),
            (format!("/Groups?filter=members[value eq \"{ada}\"]"), 1), ("/Groups?filter=members pr".into(), 1),
            ("/Groups?filter=not (members pr)".into(), 1), (format!("/Users?filter=groups.value eq \"{sales}\""), 1),
            (format!("/Users?filter=not (groups[value eq \"{sales}\"])"), 1), ("/Groups?filter=displayName eq \"SALES\"".into(), 1),
        ] {
            assert_eq!(okta.get(&path).await["totalResults"], want, "{path}");
        }
    }

    // C4: what is no filter is refused, and never stands for all people.
    async fn c4_wrong_filters_are_refused(t) {
        let okta = Client::new(&t).await;
        okta.ok("POST", "/Users", json!({"userName": "ada"})).await;
        let deep = format!("{}userName pr{}", "(".repeat(500), ")".repeat(500));
        let long = format!("userName eq \"{}\"", "x".repeat(20_000));
        let wide = vec!["userName pr"; 300].join(" or ");
        for filter in [
            "", "nothing eq \"x\"", "userName", "userName eq ada", "userName eq \"ada\" or", "password pr", "members pr", "id co \"1\"",
            "groups.display eq \"x\"", "schemas eq \"x\"", "userName eq \"' OR 1=1 --", "active gt true", &deep, &long, &wide,
        ] {
            okta.refused("GET", &format!("/Users?filter={filter}"), Value::Null, 400, Some("invalidFilter")).await;
        }
        let quoted = okta.get("/Users?filter=userName eq \"' OR '1'='1\"").await;
        assert_eq!(quoted["totalResults"], 0);
        let nul = okta.call("GET", "/Users?filter=userName eq \"%00\"", None).await;
        assert_eq!(nul.status, 400);
    }

    async fn lists_are_sorted(t) {
        let okta = Client::new(&t).await;
        for (name, title, mail) in [("b", Some("B"), "2@x"), ("a", None, "3@x"), ("c", Some("a"), "1@x")] {
            okta.ok("POST", "/Users", json!({"userName": name, "title": title, "emails": [{"value": mail}]})).await;
        }
        for (query, want) in [
            ("sortBy=userName", ["a", "b", "c"]), ("sortBy=userName&sortOrder=descending", ["c", "b", "a"]),
            ("sortBy=title", ["c", "b", "a"]), ("sortBy=title&sortOrder=descending", ["a", "b", "c"]), ("sortBy=emails.value", ["c", "b", "a"]),
            ("sortBy=meta.created", ["b", "a", "c"]), ("", ["b", "a", "c"]),
        ] {
            let got = okta.get(&format!("/Users?{query}")).await;
            let got: Vec<&str> = got["Resources"].as_array().unwrap().iter().map(|u| u["userName"].as_str().unwrap()).collect();
            assert_eq!(got, want, "{query}");
        }
        okta.refused("GET", "/Users?sortBy=nothing", Value::Null, 400, Some("invalidPath")).await;
    }
);
