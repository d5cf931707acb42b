//! Lists are read whole.

use std::collections::BTreeSet;

use keywright_okta::model::UserStatus;
use keywright_okta::{GroupQuery, LogQuery, UserQuery};

use crate::org::{client, dpop, sandbox, token};

#[tokio::test]
async fn a_company_is_read_whole() {
    let sandbox = sandbox(450, 12).await;
    let client = client(&sandbox, dpop(sandbox.dpop())).build().unwrap();
    let mut pages = client.users(&UserQuery::default()).unwrap();
    let (mut people, mut sizes) = (BTreeSet::new(), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        assert!(page.date.is_some() && page.repeated == 0);
        sizes.push(page.items.len());
        people.extend(page.items.into_iter().map(|user| user.id));
    }
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    assert!(sizes[..2].iter().all(|size| *size == 200) && people.len() >= 400);

    let groups = client
        .groups(&GroupQuery {
            limit: Some(5),
            ..GroupQuery::default()
        })
        .unwrap()
        .all()
        .await
        .unwrap();
    let (mut members, mut places) = (BTreeSet::new(), 0);
    for group in &groups {
        for user in client
            .group_members(&group.id)
            .unwrap()
            .all()
            .await
            .unwrap()
        {
            places += usize::from(group.name() != "Everyone");
            members.insert(user.id);
        }
    }
    assert!(
        groups.len() >= 13 && members.len() >= people.len() && places > 450,
        "{} {places}",
        members.len()
    );
}

#[tokio::test]
async fn filters_and_single_things() {
    let sandbox = sandbox(30, 3).await;
    let client = client(&sandbox, token(&sandbox)).build().unwrap();
    let me = client.me().await.unwrap();
    assert_eq!(client.user(me.login().unwrap()).await.unwrap().id, me.id);
    assert_eq!(me.status, UserStatus::Active);
    let since = me.last_updated.get().unwrap().as_str();
    let filter = format!(r#"lastUpdated ge "{since}" and status eq "ACTIVE""#);
    let changed = client
        .users(&UserQuery {
            filter: Some(filter),
            ..UserQuery::default()
        })
        .unwrap()
        .all()
        .await
        .unwrap();
    assert!(
        changed.iter().any(|user| user.id == me.id)
            && changed.iter().all(|user| user.status == UserStatus::Active)
    );

    let group = client
        .groups(&GroupQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap()
        .remove(0);
    assert_eq!(client.group(&group.id).await.unwrap().name(), group.name());
    let of_me = client.user_groups(&me.id).unwrap().all().await.unwrap();
    assert!(of_me.iter().any(|group| group.name() == "Everyone"));
    assert!(
        client
            .group(&"00gnothere0000000000".into())
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert!(
        client
            .well_known_org()
            .await
            .unwrap()
            .id
            .as_str()
            .starts_with("00o")
    );
    assert!(!client.api_tokens().unwrap().all().await.unwrap().is_empty());
    let app = sandbox.dpop().client_id.as_str().into();
    assert_eq!(client.app(&app).await.unwrap().dpop_bound(), Some(true));
    assert!(
        !client
            .app_grants(&app)
            .unwrap()
            .all()
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !client
            .client_roles(&app)
            .unwrap()
            .all()
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_log_goes_on_where_it_was_left() {
    let sandbox = sandbox(2, 1).await;
    let client = client(&sandbox, token(&sandbox)).build().unwrap();
    let mut polling = client.logs(&LogQuery::default()).unwrap();
    while polling.next().await.unwrap().is_some() {}
    let cursor = polling.cursor().unwrap().clone();
    let made: keywright_okta::model::Group = client
        .post(
            "/api/v1/groups",
            &[],
            &serde_json::json!({"profile": {"name": "Made now"}}),
        )
        .await
        .unwrap();
    let mut later =
        keywright_okta::Pages::<keywright_okta::model::log::LogEvent>::resume(&client, &cursor)
            .unwrap();
    let events = later.next().await.unwrap().unwrap().items;
    assert_eq!(events[0].event_type, "group.lifecycle.create");
    assert!(
        events[0]
            .target
            .get()
            .unwrap()
            .iter()
            .any(|target| target.id.as_str() == Some(made.id.as_str()))
    );
}
