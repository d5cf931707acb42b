//! What happens as time goes by, and what follows in the directory.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::forget::forget;
use super::super::keeping::warn;
use super::client::{Client, id, patch};
use crate::testing::db_test;

const DAY: Duration = Duration::from_secs(86_400);

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    async fn a_token_is_warned_of_30_7_and_1_days_before_its_end(t) {
        let okta = Client::new(&t).await;
        let mut told = Vec::new();
        for day in 0..366 {
            let mut work = t.begin().await;
            warn(&mut work).await.unwrap();
            let tokens = super::super::tokens::ending(&work, work.now.plus_seconds(40 * 86_400)).await.unwrap();
            work.commit().await.unwrap();
            let now = tokens.first().and_then(|(_, told)| *told);
            if let Some(days) = now
                && now != told.last().map(|(_, days)| *days)
            {
                told.push((day, days));
            }
            t.advance(DAY);
        }
        assert_eq!(told, [(335, 30), (358, 7), (364, 1)]);
        okta.refused("GET", "/Users", Value::Null, 401, None).await;
    }

    async fn removed_people_are_kept_for_a_return(t) {
        let okta = Client::new(&t).await;
        let ada = id(&okta.ok("POST", "/Users", json!({"userName": "ada", "externalId": "00uada"})).await);
        okta.ok("DELETE", &format!("/Users/{ada}"), Value::Null).await;
        t.advance(DAY * 29);
        let mut work = t.begin().await;
        let end = work.now.plus_seconds(-30 * 86_400);
        assert_eq!(forget(&mut work, end, uuid::Uuid::nil()).await.unwrap().0, 0);
        work.commit().await.unwrap();
        t.advance(DAY * 2);
        let mut work = t.begin().await;
        let end = work.now.plus_seconds(-30 * 86_400);
        assert_eq!(forget(&mut work, end, uuid::Uuid::nil()).await.unwrap().0, 1);
        work.commit().await.unwrap();
        let back = okta.ok("POST", "/Users", json!({"userName": "ada", "externalId": "00uada"})).await;
        assert_ne!(id(&back), ada);
    }

    async fn deactivation_ends_the_sessions_of_a_person_known_by_the_sync(t) {
        let okta = Client::new(&t).await;
        let user = t.app.id::<crate::db::UserId>();
        let mut work = t.begin().await;
        crate::directory::state(&work).await.unwrap();
        let insert = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key, okta_status, \
            facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born) \
            VALUES ($1, $2, 'okta', 'ada', 'ada', '', '', '', '', '', 'ACTIVE', 'pull', $3, 0, $4, 7, 1, $3, $3, 0)";
        work.run(insert, crate::db::values![work.tenant, user, work.now, false]).await.unwrap();
        let link = "INSERT INTO user_links (tenant_id, connection_id, okta_id, user_id, seen_at) VALUES ($1, $2, '00uada', $3, $4)";
        work.run(link, crate::db::values![work.tenant, okta.connection, user, work.now]).await.unwrap();
        crate::directory::touch(&work).await.unwrap();
        let (_, session) = crate::sessions::begin(&mut work, user, 7, "link", &crate::web::Browser::default()).await.unwrap();
        work.commit().await.unwrap();
        let stands = async || {
            let work = t.read().await;
            let epoch = crate::directory::access(&work, user).await.unwrap().unwrap().epoch;
            crate::sessions::find(&work, &session).await.unwrap().unwrap().stands(epoch, &crate::sessions::Rules::default(), work.now)
        };
        let path = format!("/Users/{}", id(&okta.ok("POST", "/Users", json!({"userName": "ada", "externalId": "00uada"})).await));
        assert!(stands().await);
        okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"active": false}}]))).await;
        assert!(!stands().await);
    }
);
