//! A list takes as many statements for many rows as for few.

use serde_json::json;

use crate::sync::tests::Org;
use crate::testing::{Statements, TestBrowser, db_test};

const LISTS: &[&str] = &[
    "/people",
    "/people?show=active",
    "/people?role=helpdesk",
    "/groups",
    "/roles",
    "/mapping",
    "/runs?show=all",
    "/connections",
    "/activity",
    "/api-keys",
    "/settings/notices",
];

/// What each list takes once everything that is kept is warm.
async fn taken(org: &Org, browser: &mut TestBrowser<'_>) -> Vec<(&'static str, u64)> {
    let count = org.t.app.part::<Statements>().unwrap().clone();
    let mut taken = Vec::new();
    for page in LISTS {
        browser.get(page).await;
        count.take();
        assert_eq!(browser.get(page).await.status, 200, "{page}");
        taken.push((*page, count.take()));
    }
    taken
}

/// So many of everything, from a number on.
async fn fill(org: &Org, numbers: std::ops::Range<usize>) {
    let names: Vec<String> = numbers.clone().map(|n| format!("g{n}")).collect();
    let people: Vec<Vec<String>> = numbers
        .clone()
        .map(|n| vec![format!("a{n}"), format!("b{n}")])
        .collect();
    let people: Vec<Vec<&str>> = people
        .iter()
        .map(|two| two.iter().map(String::as_str).collect())
        .collect();
    let groups: Vec<(&str, &[&str])> = names
        .iter()
        .zip(&people)
        .map(|(name, people)| (name.as_str(), people.as_slice()))
        .collect();
    org.staff(&groups);
    for n in numbers {
        org.map(&format!("g{n}"), &["helpdesk"]).await;
        let t = &org.t;
        for (path, draft) in [
            (
                "roles",
                json!({"name": format!("role {n}"), "permissions": ["users.read"]}),
            ),
            (
                "notice-channels",
                json!({"kind": "mail", "name": format!("n{n}"), "target": format!("n{n}@acme.test")}),
            ),
            (
                "connections",
                json!({"name": format!("c{n}"), "domain": format!("c{n}.okta.com"), "authentication": "oauth", "key_algorithm": "ES256"}),
            ),
        ] {
            let (status, made) = t
                .call("POST", &format!("/api/v1/{path}"), Some(draft))
                .await;
            assert_eq!(status, 201, "{path}: {made}");
        }
        org.run().await;
    }
}

db_test!(
    with |builder| crate::sync::tests::parts(builder).with(crate::testing::Statements::default());

    async fn a_list_of_many_takes_as_many_statements_as_one_of_few(t) {
        let org = Org::start(t).await;
        fill(&org, 0..2).await;
        let mut browser = org.t.signed_in("super_admin").await;
        let few = taken(&org, &mut browser).await;
        fill(&org, 2..12).await;
        let many = taken(&org, &mut browser).await;
        // What a page of the trail names decides what is looked up: of fewer kinds there may be less.
        assert!(few.iter().zip(&many).all(|((_, few), (_, many))| many <= few), "{few:?} {many:?}");
    }
);
