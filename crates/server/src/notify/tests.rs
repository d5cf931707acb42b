//! Notices all the way: a real mail server, a real receiver of webhooks, the API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use keywright_testkit::mail::MailServer;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tower::ServiceExt;

use super::*;
use crate::actor::{Actor, ActorKind, Permissions};
use crate::app::{App, AppBuilder};
use crate::config::{Config, Sources};
use crate::db::{Timestamp, UserId};
use crate::jobs;
use crate::outgoing::Outgoing;
use crate::router;
use crate::testing::{TestApp, db_test};

fn config(set: impl FnOnce(Sources) -> Sources) -> Config {
    Config::load(&set(Sources::none())).unwrap()
}

/// The app of a test with what `serve` would have put in.
fn with(t: &TestApp, smtp_url: Option<&str>, private: bool) -> App {
    let mut config = config(|sources| {
        let sources = sources.flag("outgoing.allow_private", "test", private.to_string());
        match smtp_url {
            Some(url) => sources.flag("mail.smtp_url", "test", url).flag(
                "mail.from",
                "test",
                "Keywright <kw@example.com>",
            ),
            None => sources,
        }
    });
    config.listen.set_port(1234);
    let parts = |builder: AppBuilder| {
        let builder = builder
            .with(Outgoing::from(&config.outgoing))
            .with(crate::web::Options::from(&config));
        match Mailer::new(&config.mail).unwrap() {
            Some(mailer) => builder.with(mailer),
            None => builder,
        }
    };
    t.again(parts)
}

/// Takes webhooks; answers what it is told to, then 204.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    async fn start(&self) -> String {
        let this = self.clone();
        let take = async move |headers: HeaderMap, body: Bytes| {
            this.got.lock().unwrap().push((headers, body));
            StatusCode::from_u16(this.answers.lock().unwrap().pop().unwrap_or(204)).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, Router::new().route("/hook", post(take))).await
        });
        url
    }

    fn got(&self) -> Vec<(HeaderMap, Bytes)> {
        self.got.lock().unwrap().clone()
    }
}

async fn add_channel(
    app: &App,
    actor: &Actor,
    kind: ChannelKind,
    target: &str,
    topics: Vec<Topic>,
) -> Made {
    let draft = Draft {
        kind,
        name: "ops".into(),
        target: target.into(),
        topics,
    };
    let mut work = app.begin(actor).await.unwrap();
    let made = add(&mut work, &draft).await.unwrap();
    work.commit().await.unwrap();
    made
}

async fn tell(app: &App, actor: &Actor, notice: &Notice) -> Option<NoticeId> {
    let mut work = app.begin(actor).await.unwrap();
    let id = send(&mut work, notice).await.unwrap();
    work.commit().await.unwrap();
    id
}

async fn run_jobs(app: &App) -> usize {
    jobs::run_until_idle(app, &handlers(jobs::Registry::new()))
        .await
        .unwrap()
}

async fn all_deliveries(app: &App, actor: &Actor) -> Vec<Delivery> {
    store::list(&app.read(actor).await.unwrap(), None, 100)
        .await
        .unwrap()
}

fn held() -> Notice {
    Notice::new(
        Topic::RunHeld,
        "A run is held",
        "It would take admin from 3 people.\n.dot",
    )
    .path("/runs/7")
    .detail(json!({ "run": 7 }))
}

async fn call(app: &App, actor: &Actor, method: Method, path: &str, body: Value) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    request.extensions_mut().unwrap().insert(actor.clone());
    let response = router::router(app)
        .oneshot(request.body(Body::from(body.to_string())).unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

db_test!(
    async fn mail_reaches_channels_and_those_concerned_once(t) {
        let server = MailServer::start().await.unwrap();
        let app = with(&t, Some(server.url()), false);
        add_channel(&app, &t.local(), ChannelKind::Mail, "Ops@example.com", vec![]).await;
        let notice = held().to(["ops@example.com".to_owned(), "ann@example.com".to_owned(), String::new()]);
        tell(&app, &t.local(), &notice).await.unwrap();
        assert_eq!(run_jobs(&app).await, 2);
        let mut mails = server.mails();
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        assert_eq!(mails.iter().map(|mail| mail.to[0].as_str()).collect::<Vec<_>>(), ["Ops@example.com", "ann@example.com"]);
        assert_eq!(mails[0].from, "kw@example.com");
        for part in ["Subject: A run is held\r\n", "Auto-Submitted: auto-generated\r\n", "from 3 people.\r\n.dot\r\n", "http://localhost:1234/runs/7"] {
            assert!(mails[0].data.contains(part), "{part} in {}", mails[0].data);
        }
        assert!(all_deliveries(&app, &t.local()).await.iter().all(|one| one.state == "sent" && one.attempts == 1));
    }

    async fn a_mailbox_that_is_busy_is_tried_again_and_one_that_is_not_there_is_not(t) {
        let server = MailServer::start().await.unwrap();
        let app = with(&t, Some(server.url()), false);
        tell(&app, &t.local(), &held().to(["later@example.com".to_owned(), "reject@example.com".to_owned()])).await.unwrap();
        run_jobs(&app).await;
        let find = |all: &[Delivery], start: &str| all.iter().find(|one| one.target.starts_with(start)).cloned().unwrap();
        let all = all_deliveries(&app, &t.local()).await;
        let (later, reject) = (find(&all, "later"), find(&all, "reject"));
        assert_eq!((later.state.as_str(), reject.state.as_str()), ("waiting", "failed"));
        assert!(later.last_error.unwrap().contains("451") && reject.last_error.unwrap().contains("550"));
        assert_eq!(run_jobs(&app).await, 0, "not due yet");
        server.recover();
        t.advance(Duration::from_secs(6));
        assert_eq!(run_jobs(&app).await, 1);
        let later = find(&all_deliveries(&app, &t.local()).await, "later");
        assert_eq!((later.state.as_str(), later.attempts, later.last_error), ("sent", 2, None));
        assert_eq!(server.mails().len(), 1);
    }

    async fn webhooks_are_signed_and_keep_their_id_when_tried_again(t) {
        // The verifier looks at the machine's clock.
        #[expect(clippy::disallowed_methods, reason = "the foreign verifier compares with the machine's clock")]
        t.set_clock(Timestamp::from_jiff(jiff::Timestamp::now()));
        let receiver = Receiver::default();
        let app = with(&t, None, true);
        let made = add_channel(&app, &t.local(), ChannelKind::Webhook, &receiver.start().await, vec![]).await;
        let secret = secrecy::ExposeSecret::expose_secret(&made.secret.unwrap()).to_owned();
        receiver.answers.lock().unwrap().push(503);
        let id = tell(&app, &t.local(), &held()).await.unwrap();
        run_jobs(&app).await;
        t.advance(Duration::from_secs(6));
        run_jobs(&app).await;
        let got = receiver.got();
        assert_eq!(got.len(), 2);
        let verifier = Webhook::new(&secret).unwrap();
        for (headers, body) in &got {
            verifier.verify(body, headers).unwrap();
            assert_eq!(headers["webhook-id"], id.to_string());
            let body: Value = serde_json::from_slice(body).unwrap();
            assert_eq!((&body["type"], &body["data"]["detail"]["run"]), (&json!("run.held"), &json!(7)));
            assert_eq!(body["data"]["link"], "http://localhost:1234/runs/7");
        }
        assert!(verifier.verify(b"{}", &got[0].0).is_err());
        assert_eq!(all_deliveries(&app, &t.local()).await[0].state, "sent");
    }

    async fn a_receiver_that_never_takes_it_is_given_up_after_days(t) {
        let receiver = Receiver::default();
        receiver.answers.lock().unwrap().extend([500; 20]);
        let app = with(&t, None, true);
        add_channel(&app, &t.local(), ChannelKind::Webhook, &receiver.start().await, vec![]).await;
        tell(&app, &t.local(), &held()).await.unwrap();
        for _ in 0..20 {
            run_jobs(&app).await;
            t.advance(Duration::from_hours(25));
        }
        let delivery = all_deliveries(&app, &t.local()).await.remove(0);
        assert_eq!((delivery.state.as_str(), delivery.attempts, receiver.got().len()), ("failed", 10, 10));
        assert!(delivery.last_error.unwrap().contains("500"));
    }

    async fn private_addresses_are_refused_even_by_name(t) {
        let receiver = Receiver::default();
        let open = with(&t, None, true);
        let url = receiver.start().await.replace("127.0.0.1", "localhost");
        add_channel(&open, &t.local(), ChannelKind::Webhook, &url, vec![]).await;
        // The setting was taken back meanwhile.
        let shut = with(&t, None, false);
        tell(&shut, &t.local(), &held()).await.unwrap();
        run_jobs(&shut).await;
        assert_eq!(all_deliveries(&shut, &t.local()).await[0].state, "failed");
        assert!(receiver.got().is_empty());
        let draft = Draft { kind: ChannelKind::Webhook, name: "x".into(), target: "https://[::1]/".into(), topics: vec![] };
        let mut work = shut.begin(&t.local()).await.unwrap();
        assert!(matches!(add(&mut work, &draft).await, Err(Error::Address(crate::outgoing::Error::Private { .. }))));
    }

    async fn the_same_is_told_once_a_day_until_it_is_over(t) {
        let notice = Notice::new(Topic::ConnectionFailing, "acme fails", "no answer").once("connection/1/failing");
        let app = with(&t, None, false);
        assert!(tell(&app, &t.local(), &notice).await.is_some());
        assert!(tell(&app, &t.local(), &notice).await.is_none());
        let other = t.other_tenant().await;
        assert!(tell(&app, &other, &notice).await.is_some(), "another tenant hears its own");
        let mut work = app.begin(&t.local()).await.unwrap();
        forget(&mut work, "connection/1/failing").await.unwrap();
        work.commit().await.unwrap();
        assert!(tell(&app, &t.local(), &notice).await.is_some());
        t.advance(Duration::from_hours(25));
        assert!(tell(&app, &t.local(), &notice).await.is_some());
    }

    async fn topics_choose_channels(t) {
        let app = with(&t, None, false);
        add_channel(&app, &t.local(), ChannelKind::Mail, "all@example.com", vec![]).await;
        add_channel(&app, &t.local(), ChannelKind::Mail, "grants@example.com", vec![Topic::GrantsChanged]).await;
        tell(&app, &t.local(), &held()).await.unwrap();
        tell(&app, &t.local(), &Notice::new(Topic::GrantsChanged, "roles changed", "")).await.unwrap();
        let mut sent: Vec<_> = all_deliveries(&app, &t.local()).await.into_iter().map(|one| (one.topic, one.target)).collect();
        sent.sort();
        let want = [("grants.changed", "grants@example.com"), ("run.held", "all@example.com")];
        assert_eq!(sent, want.map(|(topic, target)| (topic.to_owned(), target.to_owned())));
        run_jobs(&app).await;
        let failed = all_deliveries(&app, &t.local()).await.remove(0);
        assert!(failed.last_error.unwrap().contains("mail.smtp_url"));
    }

    async fn channels_are_managed_over_the_api(t) {
        let receiver = Receiver::default();
        let app = with(&t, None, true);
        let me = t.local();
        let url = receiver.start().await;
        let draft = json!({ "kind": "webhook", "name": "ops", "target": url });
        let (status, made) = call(&app, &me, Method::POST, "/api/v1/notice-channels", draft.clone()).await;
        assert_eq!(status, 201);
        let secret = made["secret"].as_str().unwrap();
        let key = base64::engine::general_purpose::STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(key.len(), 32);
        let (_, listed) = call(&app, &me, Method::GET, "/api/v1/notice-channels", Value::Null).await;
        assert_eq!((listed["items"].as_array().unwrap().len(), listed.to_string().contains("whsec_")), (1, false));
        let id = made["id"].as_str().unwrap();
        let path = format!("/api/v1/notice-channels/{id}");
        let (status, tested) = call(&app, &me, Method::POST, &format!("{path}/test"), Value::Null).await;
        assert_eq!((status, &tested["delivered"]), (200, &json!(true)));
        receiver.answers.lock().unwrap().push(404);
        let (_, tested) = call(&app, &me, Method::POST, &format!("{path}/test"), Value::Null).await;
        assert!(tested["error"].as_str().unwrap().contains("404"));
        let other = t.other_tenant().await;
        assert_eq!(call(&app, &other, Method::DELETE, &path, Value::Null).await.0, 404);
        assert_eq!(call(&app, &me, Method::DELETE, &path, Value::Null).await.0, 204);
        assert_eq!(call(&app, &me, Method::DELETE, &path, Value::Null).await.0, 404);
        for wrong in [
            json!({ "kind": "mail", "name": "x", "target": "no address" }),
            json!({ "kind": "webhook", "name": "x", "target": "https://169.254.169.254/" }),
            json!({ "kind": "webhook", "name": " ", "target": url }),
            json!({ "kind": "pigeon", "name": "x", "target": url }),
        ] {
            assert_eq!(call(&app, &me, Method::POST, "/api/v1/notice-channels", wrong.clone()).await.0, 422, "{wrong}");
        }
        let reader = Actor {
            kind: ActorKind::Person(app.id::<UserId>()),
            name: "reader".into(),
            tenant: t.tenant,
            permissions: [crate::actor::Permission::SettingsRead].into_iter().collect::<Permissions>(),
        };
        assert_eq!(call(&app, &reader, Method::POST, "/api/v1/notice-channels", draft).await.0, 403);
        assert_eq!(call(&app, &reader, Method::GET, "/api/v1/notice-deliveries?limit=1", Value::Null).await.0, 200);
        let trail = crate::audit::list(&app.read(&me).await.unwrap(), &crate::audit::Filter::default(), 10).await.unwrap();
        let actions: Vec<_> = trail.iter().map(|row| row.action.as_str()).collect();
        assert!(actions.contains(&"notice-channel.added") && actions.contains(&"notice-channel.removed"), "{actions:?}");
    }

    async fn deliveries_are_listed_page_by_page(t) {
        let app = with(&t, None, false);
        add_channel(&app, &t.local(), ChannelKind::Mail, "all@example.com", vec![]).await;
        for _ in 0..5 {
            tell(&app, &t.local(), &held()).await.unwrap();
            t.advance(Duration::from_secs(1));
        }
        let (mut path, mut seen) = ("/api/v1/notice-deliveries?limit=2".to_owned(), Vec::new());
        loop {
            let (status, page) = call(&app, &t.local(), Method::GET, &path, Value::Null).await;
            assert_eq!(status, 200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/notice-deliveries?limit=2&after={next}");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        sorted.reverse();
        assert_eq!((seen.len(), &seen), (5, &sorted));
    }
);
