//! The pages of people and groups, through the router, on both databases.

mod roles;

use crate::app::Work;
use crate::db::{ConnectionId, UserId, values};
use crate::directory::{self, GroupId};
use crate::testing::{Statements, TestApp, db_test};

/// A company: `people` of Okta, every tenth suspended, in a group that gives `user`; gives the first person and the group.
async fn company(t: &TestApp, people: usize) -> (UserId, GroupId) {
    let mut work = t.begin().await;
    let connection = connection(&work).await;
    let mapping = directory::create_mapping(
        &mut work,
        connection,
        "00g1",
        Some("Everybody <b>"),
        &[directory::USER],
        "a test",
    )
    .await
    .unwrap();
    let sql = "UPDATE groups SET read_date = $2, members = $3 WHERE tenant_id = $1";
    let count = i64::try_from(people).unwrap();
    work.run(sql, values![work.tenant, work.now, count])
        .await
        .unwrap();
    let mut first = None;
    for n in 0..people {
        let id = person(&work, n, (connection, mapping.group_id, mapping.id)).await;
        first.get_or_insert(id);
    }
    work.commit().await.unwrap();
    (first.unwrap(), mapping.group_id)
}

async fn connection(work: &Work) -> ConnectionId {
    let id: ConnectionId = work.id();
    let sql = "INSERT INTO connections (tenant_id, id, name, name_key, domain, authentication, jobs, rate_share, status,
            status_since, version, created_at, updated_at)
        VALUES ($1, $2, 'acme', 'acme', 'acme.okta.com', 'oauth_dpop', '[\"sync\"]', 50, 'active', $3, 1, $3, $3)";
    work.run(sql, values![work.tenant, id, work.now])
        .await
        .unwrap();
    id
}

async fn person(
    work: &Work,
    n: usize,
    (connection, group, mapping): (ConnectionId, GroupId, directory::MappingId),
) -> UserId {
    let id: UserId = work.id();
    let login = format!("Person{n:03}@acme.example");
    let status = if n % 10 == 9 { "SUSPENDED" } else { "ACTIVE" };
    let sql = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key, okta_status,
            facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born)
        VALUES ($1, $2, 'okta', $3, $4, $3, 'Ada', $5, $6, LOWER($6), $7, 'pull', $8, 0, $9, 0, 1, $8, $8, 0)";
    let mut bound = values![work.tenant, id, login.as_str(), login.to_lowercase()];
    bound.extend(values![
        format!("No {n}"),
        format!("Ada No {n:03}"),
        status,
        work.now,
        status == "SUSPENDED"
    ]);
    work.run(sql, bound).await.unwrap();
    let sql = "INSERT INTO user_links (tenant_id, connection_id, okta_id, user_id, seen_at) VALUES ($1, $2, $3, $4, $5)";
    let okta_id = format!("00u{n}");
    work.run(sql, values![work.tenant, connection, okta_id, id, work.now])
        .await
        .unwrap();
    let sql = "INSERT INTO memberships (tenant_id, group_id, user_id, born) VALUES ($1, $2, $3, 0)";
    work.run(sql, values![work.tenant, group, id])
        .await
        .unwrap();
    let sql = "INSERT INTO grants (tenant_id, id, user_id, role_id, source, mapping_id, group_id, given_by, reason, given_at, born)
        VALUES ($1, $2, $3, $4, 'mapping', $5, $6, 'sync', '', $7, 0)";
    let mut bound = values![
        work.tenant,
        work.id::<directory::GrantId>(),
        id,
        directory::USER
    ];
    bound.extend(values![mapping, group, work.now]);
    work.run(sql, bound).await.unwrap();
    id
}

/// The address of the link with these words.
fn link(body: &str, words: &str) -> Option<String> {
    let before = &body[..body.find(words)?];
    let href = &before[before.rfind("href=\"")? + 6..];
    Some(href[..href.find('"')?].replace("&#38;", "&"))
}

/// The hrefs of people in a page.
fn people_in(body: &str) -> Vec<String> {
    body.split("<span class=\"who\">")
        .skip(1)
        .filter_map(|part| Some(part.split_once("href=\"")?.1.split_once('"')?.0.to_owned()))
        .collect()
}

db_test!(
    with |builder| builder.with(crate::testing::Statements::default());

    async fn a_list_shows_everybody_once_page_by_page(t) {
        company(&t, 120).await;
        let mut browser = t.signed_in("helpdesk").await;
        for order in ["", "?sort=newest"] {
            let (mut seen, mut next) = (Vec::new(), Some(format!("/people{order}")));
            while let Some(address) = next {
                let page = browser.get(&address).await;
                assert_eq!(page.status, 200, "{address}");
                seen.extend(people_in(&page.body));
                next = link(&page.body, "Next page");
            }
            // 120 and the helpdesk.
            assert_eq!(seen.len(), 121, "{order}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 121, "{order}");
        }
    }

    async fn search_and_filters_narrow_the_list(t) {
        let (_, group) = company(&t, 30).await;
        let mut browser = t.signed_in("auditor").await;
        for (query, want) in [
            ("?q=person00", 10),
            ("?q=NO%20017", 1),
            ("?q=100%25", 0),
            ("?q=%5F", 0),
            ("?show=suspended", 3),
            ("?show=active", 27),
            ("?show=left", 0),
            ("?show=admins", 0),
            ("?show=local", 1),
            ("?role=auditor", 1),
            ("?role=user", 30),
            ("?role=user&show=suspended&q=ada", 3),
            ("?after=!!!", 31),
            ("?after=eA", 31),
        ] {
            let page = browser.get(&format!("/people{query}")).await;
            assert_eq!((page.status, people_in(&page.body).len()), (200, want), "{query}");
        }
        let page = browser.get(&format!("/people?group={group}")).await;
        assert_eq!(people_in(&page.body).len(), 30);
        assert!(page.body.contains("Everybody &#60;b&#62;"), "names are escaped");
        assert_eq!(browser.get("/people?group=0190f2aa-0000-7000-8000-000000000000").await.status, 404);
    }

    async fn a_page_takes_the_same_number_of_statements_for_three_as_for_fifty(t) {
        let (person, group) = company(&t, 60).await;
        let mut browser = t.signed_in("super_admin").await;
        let count = t.app.part::<Statements>().unwrap().clone();
        let mut taken = Vec::new();
        for few in ["/people?q=person00", "/people?q=person", "/groups?q=x", "/groups?q=e"] {
            count.take();
            assert_eq!(browser.get(few).await.status, 200);
            taken.push(count.take());
        }
        assert_eq!((taken[0], taken[2]), (taken[1], taken[3]), "{taken:?}");
        for page in [format!("/people/{person}"), format!("/groups/{group}"), "/people".to_owned(), "/groups".to_owned()] {
            count.take();
            assert_eq!(browser.get(&page).await.status, 200, "{page}");
            let taken = count.take();
            assert!(taken < 25, "{page} takes {taken}");
        }
    }

    async fn a_person_is_shown_with_sources_and_reasons(t) {
        let (person, group) = company(&t, 3).await;
        let mut browser = t.signed_in("super_admin").await;
        for (tab, parts) in [
            ("", vec!["Okta API", "00u0", "Person000@acme.example", "acme"]),
            ("/groups", vec!["Everybody &#60;b&#62;", "user", &format!("/groups/{group}")]),
            ("/roles", vec!["Why user", "Everybody &#60;b&#62;", "is mapped to user"]),
            ("/sessions", vec!["Never signed in here"]),
            ("/activity", vec!["Nothing yet"]),
        ] {
            let page = browser.get(&format!("/people/{person}{tab}")).await;
            assert_eq!(page.status, 200, "{tab}");
            for part in parts {
                assert!(page.body.contains(part), "{tab} lacks {part}");
            }
        }
        let page = browser.get(&format!("/groups/{group}")).await;
        assert!(page.body.contains("Person002"), "{}", page.body);
        assert!(page.body.contains("00g1"), "{}", page.body);
    }

    async fn roles_are_given_and_taken_by_hand(t) {
        let (person, _) = company(&t, 1).await;
        let mut browser = t.signed_in("super_admin").await;
        let at = format!("/people/{person}/roles");
        let wrong = browser.post(&at, &[("role", "helpdesk"), ("days", "soon"), ("reason", "for <Zoë>")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("for &#60;Zoë&#62;") && wrong.body.contains("must be a number of days"));
        let done = browser.post(&at, &[("role", "helpdesk"), ("days", "7"), ("reason", "holidays")]).await;
        assert_eq!((done.status, done.to.as_str()), (303, at.as_str()));
        let page = browser.get(&at).await.body;
        assert!(page.contains("Gave helpdesk") && page.contains("holidays") && page.contains("in 7 days"));
        let ask = browser.get(&format!("{at}/{}/take", directory::HELPDESK)).await;
        assert!(ask.status == 200 && ask.body.contains("Ada No 000") && ask.body.contains("keeps the other roles"));
        // A role of a mapping is not taken by hand: the page says so and keeps the reason.
        let kept = browser.post(&format!("{at}/{}/take", directory::USER), &[("reason", "because")]).await;
        assert_eq!(kept.status, 422);
        assert!(kept.body.contains("comes from a mapping") && kept.body.contains("because"));
        let done = browser.post(&format!("{at}/{}/take", directory::HELPDESK), &[("reason", "back")]).await;
        assert_eq!(done.status, 303);
        assert!(!browser.get(&at).await.body.contains("Why helpdesk"));
    }

    async fn nobody_gives_more_than_they_hold(t) {
        let (person, _) = company(&t, 1).await;
        let mut browser = t.signed_in("admin").await;
        let at = format!("/people/{person}/roles");
        assert!(!browser.get(&at).await.body.contains("<option value=\"super_admin\""));
        let refused = browser.post(&at, &[("role", "super_admin"), ("days", "0")]).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("nobody can give what they do not hold"));
    }

    async fn sessions_end_for_those_who_are_named(t) {
        let (person, _) = company(&t, 2).await;
        let mut other = t.signed_in("helpdesk").await;
        assert_eq!(other.get("/people").await.status, 200);
        let helpdesk = people_in(&other.get("/people?show=local").await.body).remove(0);
        let id = helpdesk.trim_start_matches("/people/").to_owned();
        let mut browser = t.signed_in("super_admin").await;
        let ask = browser.get(&format!("/people/end-sessions?user={id}&user={person}&user=x")).await;
        assert!(ask.body.contains("End all sessions of 2 people?") && ask.body.contains("Ada No 000"));
        assert!(browser.get(&format!("{helpdesk}/sessions")).await.body.contains("1 open"));
        let done = browser.post("/people/end-sessions", &[("user", &id), ("user", &person.to_string()), ("reason", "lost")]).await;
        assert_eq!(done.status, 303);
        assert_eq!(other.get("/people").await.status, 303, "signed out");
        assert!(browser.get(&format!("{helpdesk}/sessions")).await.body.contains("0 open"));
        assert_eq!(browser.get("/people/end-sessions").await.status, 303);
    }

    async fn local_people_are_made_kept_out_and_let_in(t) {
        let mut browser = t.signed_in("super_admin").await;
        let twice = [("login", "zoe"), ("name", "Zoë \"Z\""), ("kind", "local")];
        let made = browser.post("/people/new", &twice).await;
        assert_eq!(made.status, 303);
        let again = browser.post("/people/new", &twice).await;
        assert_eq!(again.status, 409);
        assert!(again.body.contains("a user named `zoe` already") && again.body.contains("Zoë &#34;Z&#34;"));
        let person = made.to.trim_end_matches("/roles").to_owned();
        assert_eq!(browser.post(&format!("{person}/block"), &[("reason", "left")]).await.status, 303);
        assert!(browser.get(&person).await.body.contains("Let in again"));
        assert_eq!(browser.post(&format!("{person}/unblock"), &[]).await.status, 303);
        assert!(browser.get(&person).await.body.contains("Keep out"));
    }

    async fn another_tenant_sees_nothing_of_it(t) {
        let (person, group) = company(&t, 3).await;
        let other = t.other_tenant().await;
        let mut browser = t.signed_in_as(&other, "super_admin").await;
        assert_eq!(people_in(&browser.get("/people").await.body).len(), 1, "themselves");
        assert!(!browser.get("/groups").await.body.contains("Everybody &#60;b"));
        for page in [format!("/people/{person}"), format!("/people/{person}/roles"), format!("/people/{person}/sessions"),
            format!("/people/{person}/groups"), format!("/people/{person}/activity"), format!("/groups/{group}")] {
            assert_eq!(browser.get(&page).await.status, 404, "{page}");
        }
        let roles = format!("/people/{person}/roles");
        assert_eq!(browser.post(&roles, &[("role", "user"), ("days", "0")]).await.status, 404);
        assert_eq!(browser.post("/people/end-sessions", &[("user", &person.to_string())]).await.status, 404);
    }
);
