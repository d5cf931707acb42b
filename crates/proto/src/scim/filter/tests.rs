use proptest::prelude::*;
use serde_json::json;

use super::super::schemas::{GROUP, USER};
use super::*;

fn barbara() -> serde_json::Value {
    json!({
        "id": "2819c223-7f76-453a-919d-413861904646",
        "externalId": "00uBarbara",
        "userName": "bjensen@Example.com",
        "name": { "familyName": "Jensen", "givenName": "Bärbel" },
        "active": true,
        "title": "",
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "meta": { "lastModified": "2026-05-13T04:42:34Z" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Sales", "manager": { "value": "26" } },
        "urn:acme:2.0:User": { "badge": 17, "site": "Berlin", "vip": true },
    })
}

#[test]
fn filters_hold_or_not() {
    for (filter, want) in [
        (r#"userName eq "BJENSEN@example.COM""#, true),
        (r#"userName eq "other""#, false),
        (r#"userName ne "other""#, true),
        (r#"externalId eq "00ubarbara""#, false),
        (r#"externalId eq "00uBarbara""#, true),
        (r#"name.givenName sw "BÄR""#, true),
        (r#"name.familyName co "ens" and active eq true"#, true),
        (r#"active eq "True""#, true),
        (r"active ne true", false),
        (r"not (active eq true)", false),
        (r#"emails eq "babs@jensen.org""#, true),
        (r#"emails.type eq "home" and emails.value ew ".com""#, true),
        (r#"emails[type eq "home" and value ew ".com"]"#, false),
        (r#"emails[not (type eq "work")]"#, true),
        ("title pr", false),
        ("title eq null", true),
        ("nickName pr or emails pr", true),
        (r#"meta.lastModified gt "2026-05-13T06:42:33+02:00""#, true),
        (r#"meta.lastModified ge "2026-05-13T06:42:35+02:00""#, false),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales""#,
            true,
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26""#,
            true,
        ),
        ("urn:acme:2.0:User:badge gt 16.5", true),
        (
            r#"urn:acme:2.0:User:site eq "berlin" and urn:acme:2.0:User:vip eq true"#,
            true,
        ),
        (
            r#"(userName sw "b" or userName sw "a") and not (title pr)"#,
            true,
        ),
        (r#"userName gt "bj" and userName lt "bk""#, true),
    ] {
        assert_eq!(
            parse(&USER, filter).unwrap().matches(&barbara()),
            want,
            "{filter}"
        );
    }
}

#[test]
fn what_is_no_filter_of_ours_is_refused() {
    for filter in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq bjensen",
        r#"nothing eq "x""#,
        r#"userName.x eq "x""#,
        r#"userName xx "x""#,
        r#"userName eq "x" and"#,
        r#"(userName eq "x""#,
        r#"userName eq "x")"#,
        r#"userName eq "x" or or userName pr"#,
        r"active gt true",
        r#"active eq "maybe""#,
        "active eq 1",
        "userName eq true",
        "userName gt null",
        r#"name eq "x""#,
        r#"meta.created gt "yesterday""#,
        r#"meta.created co "2026-05-13T04:42:34Z""#,
        r#"userName[value eq "x"]"#,
        r#"emails[name eq "x"]"#,
        r#"emails[value.x eq "x"]"#,
        r#"password eq "x""#,
        r"password pr",
        r#"members.value eq "x""#,
        r#"userName eq "x"; drop table users"#,
        r#"userName eq "\q""#,
        "userName eq 'x'",
        r#"emails[primary eq true].value eq "x""#,
    ] {
        assert!(
            matches!(parse(&USER, filter), Err(Error::Filter(_))),
            "{filter}"
        );
    }
}

#[test]
fn filters_are_bounded() {
    let deep = format!(
        "{}userName pr{}",
        "not (".repeat(MAX_DEPTH),
        ")".repeat(MAX_DEPTH)
    );
    assert!(matches!(parse(&USER, &deep), Err(Error::Filter(why)) if why.contains("deeper")));
    let monster = format!("{}userName pr{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(parse(&USER, &monster).is_err());
    let wide = vec!["active pr"; MAX_TERMS + 1].join(" or ");
    assert!(matches!(parse(&USER, &wide), Err(Error::Filter(why)) if why.contains("comparisons")));
    assert!(parse(&USER, &vec!["active pr"; MAX_TERMS].join(" or ")).is_ok());
    let long = format!("userName eq \"{}\"", "x".repeat(MAX_LENGTH));
    assert!(matches!(parse(&USER, &long), Err(Error::Filter(why)) if why.contains("longer")));
}

#[test]
fn groups_are_found_by_member_and_name() {
    let group = json!({ "displayName": "Sales", "members": [{ "value": "1" }, { "value": "2" }] });
    for (filter, want) in [
        (r#"displayName eq "SALES""#, true),
        (r#"members.value eq "2""#, true),
        (r#"members eq "3""#, false),
        (r#"members[value eq "1"]"#, true),
    ] {
        assert_eq!(
            parse(&GROUP, filter).unwrap().matches(&group),
            want,
            "{filter}"
        );
    }
}

fn text_path() -> impl Strategy<Value = Path> {
    proptest::sample::select(vec![
        "userName",
        "name.familyName",
        "externalId",
        "emails.value",
        "urn:acme:2.0:User:site",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    ])
    .prop_map(|path| Path::parse(&USER, path).unwrap())
}

fn term() -> impl Strategy<Value = Filter> {
    let operators = vec![
        Operator::Eq,
        Operator::Ne,
        Operator::Co,
        Operator::Sw,
        Operator::Ew,
        Operator::Gt,
        Operator::Ge,
        Operator::Lt,
        Operator::Le,
    ];
    let compare = (text_path(), proptest::sample::select(operators), ".{0,12}").prop_map(
        |(path, operator, text)| Filter::Compare {
            path,
            operator,
            value: Operand::Text(text),
        },
    );
    let inner = ".{0,8}".prop_map(|text| {
        let Ok(Filter::Values { path, filter }) = parse(&USER, r#"emails[type eq "x"]"#) else {
            panic!()
        };
        let Filter::Compare {
            path: sub,
            operator,
            ..
        } = *filter
        else {
            panic!()
        };
        let filter = Box::new(Filter::Compare {
            path: sub,
            operator,
            value: Operand::Text(text),
        });
        Filter::Values { path, filter }
    });
    prop_oneof![4 => compare, 1 => text_path().prop_map(Filter::Present), 1 => inner]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    term().prop_recursive(4, 24, 4, |inner| {
        // Lists directly in lists of the same word are flattened by the grammar, so none are made.
        let many = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner
                .clone()
                .prop_map(|filter| Filter::Not(Box::new(filter))),
            many()
                .prop_filter("flat", |all| !all
                    .iter()
                    .any(|f| matches!(f, Filter::And(_))))
                .prop_map(Filter::And),
            many()
                .prop_filter("flat", |all| !all
                    .iter()
                    .any(|f| matches!(f, Filter::Or(_))))
                .prop_map(Filter::Or),
        ]
    })
}

proptest! {
    #[test]
    fn printed_filters_read_back_the_same(filter in any_filter()) {
        prop_assert_eq!(parse(&USER, &filter.to_string()), Ok(filter));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Ok(filter) = parse(&USER, &text) {
            prop_assert_eq!(parse(&USER, &filter.to_string()), Ok(filter));
        }
    }

    #[test]
    fn not_is_the_opposite(filter in any_filter()) {
        let not = Filter::Not(Box::new(filter.clone()));
        prop_assert_ne!(filter.matches(&barbara()), not.matches(&barbara()));
    }
}
