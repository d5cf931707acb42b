use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use keywright_testkit::mail::MailServer;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::config::{Config, Sources};
use crate::db::{Timestamp, values};
use crate::directory::{self, Kind, RoleDraft, UserDraft};
use crate::notify::Mailer;
use crate::router::router;
use crate::testing::{TestApp, db_test};

use Permission::{ApiKeysManage, RunsApprove, RunsRead, SettingsRead, UsersRead};

/// A request with a token, as a program sends it.
async fn call(app: &App, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router(app).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

/// A local user with a role of just these permissions.
async fn person(t: &TestApp, login: &str, permissions: &[Permission]) -> UserId {
    let mut work = t.begin().await;
    let user = UserDraft {
        kind: Kind::Local,
        login: login.into(),
        email: format!("{login}@example.com"),
        display_name: String::new(),
    };
    let user = directory::create_user(&mut work, &user, "test")
        .await
        .unwrap()
        .id;
    let role = directory::create_role(&mut work, &role(login, permissions), "test")
        .await
        .unwrap();
    directory::give(&mut work, user, role.id, None, "test")
        .await
        .unwrap();
    work.commit().await.unwrap();
    user
}

fn role(login: &str, permissions: &[Permission]) -> RoleDraft {
    RoleDraft {
        name: format!("role of {login}"),
        description: String::new(),
        permissions: permissions.iter().copied().collect(),
    }
}

/// From now on a person's role allows just this.
async fn hold(t: &TestApp, login: &str, permissions: &[Permission]) {
    let mut work = t.begin().await;
    let draft = role(login, permissions);
    let id = directory::find_role_by(&work, &draft.name)
        .await
        .unwrap()
        .id;
    directory::update_role(&mut work, id, &draft, None, "test")
        .await
        .unwrap();
    work.commit().await.unwrap();
}

async fn block(t: &TestApp, user: UserId, blocked: bool) {
    let mut work = t.begin().await;
    directory::set_blocked(&mut work, user, blocked, "test")
        .await
        .unwrap();
    work.commit().await.unwrap();
}

async fn end_access(t: &TestApp, user: UserId) {
    let mut work = t.begin().await;
    directory::end_sessions(&mut work, user, "test")
        .await
        .unwrap();
    work.commit().await.unwrap();
}

fn draft(owner: Option<UserId>, permissions: Option<&[Permission]>) -> Draft {
    Draft {
        name: "ci".into(),
        permissions: permissions.map(<[_]>::to_vec),
        days: None,
        owner,
    }
}

/// A key made by the operator of the machine.
async fn key_of(t: &TestApp, owner: UserId, permissions: &[Permission]) -> (ApiKey, String) {
    let mut work = t.begin().await;
    let made = create(&mut work, &draft(Some(owner), Some(permissions)))
        .await
        .unwrap();
    work.commit().await.unwrap();
    (made.key, made.token.expose_secret().to_owned())
}

async fn valid(app: &App, token: &str) -> Option<Actor> {
    authenticate(app, &SecretString::from(token)).await.unwrap()
}

db_test!(
    async fn a_key_acts_as_its_owner_within_its_permissions(t) {
        let ann = person(&t, "ann", &[RunsRead, UsersRead, SettingsRead]).await;
        let (key, token) = key_of(&t, ann, &[RunsRead, SettingsRead]).await;
        let actor = valid(&t.app, &token).await.unwrap();
        assert_eq!(actor.kind, ActorKind::ApiKey { id: key.id.0, owner: ann });
        assert_eq!((actor.name.as_str(), actor.tenant, actor.is_personal()), ("ann", t.tenant, true));
        assert_eq!(actor.permissions, [RunsRead, SettingsRead].into_iter().collect());
        let (status, who) = call(&t.app, &token, Method::GET, "/whoami", Value::Null).await;
        assert_eq!((status, &who["permissions"]), (200, &json!(["runs.read", "settings.read"])));
        assert_eq!(call(&t.app, &token, Method::GET, "/notice-channels", Value::Null).await.0, 200);
        let (status, refused) = call(&t.app, &token, Method::POST, "/notice-channels", json!({})).await;
        assert_eq!((status, &refused["permission"]), (403, &json!("settings.manage")));
    }

    async fn a_key_never_outgrows_its_owner(t) {
        let ann = person(&t, "ann", &[RunsRead, UsersRead]).await;
        let (_, token) = key_of(&t, ann, &[RunsRead, UsersRead]).await;
        hold(&t, "ann", &[UsersRead, RunsApprove]).await;
        let actor = valid(&t.app, &token).await.unwrap();
        assert_eq!(actor.permissions, [UsersRead].into_iter().collect());
    }

    async fn a_key_dies_with_its_owners_access(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let (_, token) = key_of(&t, ann, &[RunsRead]).await;
        block(&t, ann, true).await;
        assert_eq!(valid(&t.app, &token).await, None, "blocked");
        block(&t, ann, false).await;
        assert_eq!(valid(&t.app, &token).await, None, "the epoch has moved on");
        let (_, token) = key_of(&t, ann, &[RunsRead]).await;
        assert!(valid(&t.app, &token).await.is_some());
        end_access(&t, ann).await;
        assert_eq!(valid(&t.app, &token).await, None, "sessions and keys ended");
    }

    async fn nobody_puts_into_a_key_what_they_do_not_hold(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let mut work = t.begin().await;
        let refused = create(&mut work, &draft(Some(ann), Some(&[RunsRead, RunsApprove]))).await;
        assert!(matches!(refused, Err(Error::Exceeds(lacking)) if lacking == [RunsApprove]), "the owner does not hold it");
        drop(work);
        let bob = person(&t, "bob", &[RunsRead, UsersRead, RunsApprove]).await;
        let (_, token) = key_of(&t, bob, &[RunsRead]).await;
        let wider = json!({ "name": "wider", "permissions": ["runs.read", "runs.approve"] });
        let (status, refused) = call(&t.app, &token, Method::POST, "/api-keys", wider).await;
        assert_eq!((status, &refused["permissions"]), (403, &json!(["runs.approve"])), "the key that makes it does not");
        let (status, made) = call(&t.app, &token, Method::POST, "/api-keys", json!({ "name": "same", "days": 366 })).await;
        assert_eq!((status, &made["permissions"]), (201, &json!(["runs.read"])));
        let (_, keys) = call(&t.app, &token, Method::GET, "/api-keys", Value::Null).await;
        let ends: Vec<_> = keys["items"].as_array().unwrap().iter().map(|key| key["expires_at"].clone()).collect();
        assert_eq!(ends[0], ends[1], "a key made by a key does not outlive it");
    }

    async fn keys_are_made_by_their_owner_or_the_operator(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let boss = person(&t, "boss", &[RunsRead, ApiKeysManage]).await;
        let (_, token) = key_of(&t, boss, &[RunsRead, ApiKeysManage]).await;
        let body = json!({ "name": "x", "owner": ann });
        assert_eq!(call(&t.app, &token, Method::POST, "/api-keys", body).await.0, 403);
        let mut work = t.begin().await;
        assert!(matches!(create(&mut work, &draft(None, None)).await, Err(Error::Invalid(_))));
        let nobody = Some(work.id());
        assert!(matches!(create(&mut work, &draft(nobody, None)).await, Err(Error::NoSuchOwner)));
        for (name, days) in [("", 1), ("a\nb", 1), ("x", 0), ("x", 367)] {
            let draft = Draft { name: name.into(), days: Some(days), ..draft(Some(ann), None) };
            assert!(matches!(create(&mut work, &draft).await, Err(Error::Invalid(_))), "{name} {days}");
        }
    }

    async fn revoked_and_expired_keys_are_dead_at_once(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let (key, token) = key_of(&t, ann, &[RunsRead]).await;
        let (_, other) = key_of(&t, ann, &[RunsRead]).await;
        assert_eq!(call(&t.app, &token, Method::DELETE, &format!("/api-keys/{}", key.id), Value::Null).await.0, 204);
        assert_eq!(call(&t.app, &token, Method::GET, "/whoami", Value::Null).await.0, 401);
        assert_eq!(call(&t.app, &other, Method::GET, "/whoami", Value::Null).await.0, 200, "several live at once");
        t.advance(Duration::from_hours(24 * 90 - 1));
        assert_eq!(call(&t.app, &other, Method::GET, "/whoami", Value::Null).await.0, 200);
        t.advance(Duration::from_hours(1));
        assert_eq!(call(&t.app, &other, Method::GET, "/whoami", Value::Null).await.0, 401);
        let states: Vec<_> = list(&t.read().await, Some(ann)).await.unwrap().iter().map(|key| key.state).collect();
        assert_eq!(states, [State::Expired, State::Revoked]);
    }

    async fn others_keys_are_seen_and_revoked_with_permission_only(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let boss = person(&t, "boss", &[RunsRead, ApiKeysManage]).await;
        let (key, token) = key_of(&t, ann, &[RunsRead]).await;
        let (boss_key, boss_token) = key_of(&t, boss, &[ApiKeysManage]).await;
        let (_, seen) = call(&t.app, &token, Method::GET, "/api-keys", Value::Null).await;
        assert_eq!(seen["items"].as_array().unwrap().len(), 1);
        for path in ["/api-keys?all=true".to_owned(), format!("/api-keys?owner={boss}")] {
            assert_eq!(call(&t.app, &token, Method::GET, &path, Value::Null).await.0, 403, "{path}");
        }
        assert_eq!(call(&t.app, &token, Method::DELETE, &format!("/api-keys/{}", boss_key.id), Value::Null).await.0, 404);
        let (_, all) = call(&t.app, &boss_token, Method::GET, "/api-keys?all=true", Value::Null).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
        assert_eq!(call(&t.app, &boss_token, Method::DELETE, &format!("/api-keys/{}", key.id), Value::Null).await.0, 204);
        assert_eq!(valid(&t.app, &token).await, None);
    }

    async fn tokens_are_nowhere_in_the_database_and_of_one_tenant(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let (key, token) = key_of(&t, ann, &[RunsRead]).await;
        let row: Option<Shown> = t.read().await.row("SELECT name, token_hash FROM api_keys WHERE tenant_id = $1", values![t.tenant]).await.unwrap();
        let row = row.unwrap();
        assert_eq!((row.name.as_str(), row.token_hash.len()), ("ci", 32));
        let trail = audit::list(&t.read().await, &audit::Filter::default(), 50).await.unwrap();
        assert!(trail.iter().any(|row| row.action == "api-key.created"));
        assert!(!format!("{trail:?}").contains(&token[3..]));
        let other = t.other_tenant().await;
        let mut work = t.app.begin(&other).await.unwrap();
        assert!(store::by_hash(&work, token::hash(&token.as_str().into())).await.unwrap().is_none());
        assert!(store::find(&work, key.id).await.unwrap().is_none());
        assert!(store::of_owner(&work, ann).await.unwrap().is_empty() && store::all(&work).await.unwrap().is_empty());
        assert!(store::expiring(&work, Timestamp(i64::MAX)).await.unwrap().is_empty());
        assert!(matches!(revoke(&mut work, key.id, "hostile").await, Err(Error::NotFound)));
        store::used(&work, key.id).await.unwrap();
        store::told(&work, key.id, 1).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(list(&t.read().await, Some(ann)).await.unwrap(), [key], "untouched from another tenant");
    }

    async fn the_last_use_is_noted_to_the_minute(t) {
        let ann = person(&t, "ann", &[RunsRead]).await;
        let (_, token) = key_of(&t, ann, &[RunsRead]).await;
        let used = async || list(&t.read().await, Some(ann)).await.unwrap()[0].last_used_at;
        assert_eq!(used().await, None);
        valid(&t.app, &token).await.unwrap();
        let first = t.app.now();
        assert_eq!(used().await, Some(first));
        t.advance(Duration::from_secs(30));
        valid(&t.app, &token).await.unwrap();
        assert_eq!(used().await, Some(first));
        t.advance(Duration::from_secs(30));
        valid(&t.app, &token).await.unwrap();
        assert_eq!(used().await, Some(t.app.now()));
    }

    async fn owners_are_told_thrice_before_a_key_expires(t) {
        let server = MailServer::start().await.unwrap();
        let sources = Sources::none().flag("mail.smtp_url", "test", server.url()).flag("mail.from", "test", "kw@example.com");
        let mailer = Mailer::new(&Config::load(&sources).unwrap().mail).unwrap().unwrap();
        let app = t.again(|builder| builder.with(mailer));
        let ann = person(&t, "ann", &[RunsRead]).await;
        key_of(&t, ann, &[RunsRead]).await;
        let mut work = app.begin(&t.local()).await.unwrap();
        schedule(&mut work).await.unwrap();
        work.commit().await.unwrap();
        let registry = crate::notify::handlers(handlers(crate::jobs::Registry::new()));
        for days in [59, 2, 22, 2, 4, 1] {
            t.advance(Duration::from_hours(24 * days));
            crate::jobs::run_until_idle(&app, &registry).await.unwrap();
        }
        let subjects: Vec<_> = server.mails().iter().map(|mail| {
            let subject = mail.data.lines().find(|line| line.starts_with("Subject")).unwrap();
            (mail.to[0].clone(), subject.rsplit("within ").next().unwrap().to_owned())
        }).collect();
        let want = ["30 days", "7 days", "one day"].map(|left| ("ann@example.com".to_owned(), left.to_owned()));
        assert_eq!(subjects, want);
    }
);

#[derive(sea_orm::FromQueryResult)]
struct Shown {
    name: String,
    token_hash: Vec<u8>,
}
