//! Consents against the sandbox: begun, finished, refreshed; killed at every place between use and keep.

use std::time::Duration;

use keywright_okta::Error as OktaError;
use keywright_sandbox::{Effect, Fault, Sandbox, SandboxOptions};
use serde_json::{Value, json};

use crate::app::App;
use crate::connections::{self, Clients, Error, Status};
use crate::db::ConnectionId;
use crate::testing::{TestApp, db_test};

const ADA: &str = "ada.admin@acme.example";
const PASSWORD: &str = "Keywright-Sandbox-1";
const TOKEN: &str = "/oauth2/v1/token";
/// The leeway of the sandbox's app, and the hold of a refresh, in seconds.
const LEEWAY: u64 = 30;
const HOLD: u64 = 11;

struct World {
    t: TestApp,
    org: Sandbox,
    id: ConnectionId,
    client_id: String,
    secret: String,
    app: String,
}

async fn ask(org: &Sandbox, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http
        .request(method, format!("{}{path}", org.url()))
        .header("authorization", format!("SSWS {}", org.api_token()));
    request = match body {
        Some(body) => request.json(&body),
        None => request.header("content-length", "0"),
    };
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap_or_default()
}

/// A web app that everyone is assigned to: id, client id, secret.
pub(crate) async fn web_app(org: &Sandbox, back: &str) -> (String, String, String) {
    let body = json!({
        "name": "oidc_client", "label": "Keywright", "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {
            "application_type": "web", "redirect_uris": [back, "http://127.0.0.1:8765/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "refresh_token": {"rotation_type": "ROTATE", "leeway": LEEWAY},
        }},
    });
    let made = ask(org, reqwest::Method::POST, "/api/v1/apps", Some(body)).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let id = text(&made["id"]);
    for scope in [
        "okta.users.manage",
        "okta.groups.manage",
        "okta.groups.read",
        "okta.users.read",
        "okta.logs.read",
        "okta.schemas.read",
    ] {
        let grant = json!({"scopeId": scope, "issuer": org.url()});
        ask(
            org,
            reqwest::Method::POST,
            &format!("/api/v1/apps/{id}/grants"),
            Some(grant),
        )
        .await;
    }
    let groups = ask(org, reqwest::Method::GET, "/api/v1/groups?q=Everyone", None).await;
    let everyone = text(&groups[0]["id"]);
    ask(
        org,
        reqwest::Method::PUT,
        &format!("/api/v1/apps/{id}/groups/{everyone}"),
        Some(json!({})),
    )
    .await;
    let client = &made["credentials"]["oauthClient"];
    (
        id,
        text(&client["client_id"]),
        text(&client["client_secret"]),
    )
}

/// A person who opens an address at Okta, signs in, and is sent back: `code` and `state`.
pub(crate) async fn consent_at_okta(org: &str, url: &str) -> Result<(String, String), String> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let from = url.strip_prefix(org).unwrap();
    let form = [("username", ADA), ("password", PASSWORD), ("fromURI", from)];
    let signed_in = http
        .post(format!("{org}/login/login.htm"))
        .form(&form)
        .send()
        .await
        .unwrap();
    let cookie = signed_in.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let back = http.get(url).header("cookie", cookie).send().await.unwrap();
    let status = back.status();
    let Some(to) = back.headers().get("location") else {
        return Err(format!("{status}: {}", back.text().await.unwrap()));
    };
    let to = url::Url::parse(to.to_str().unwrap()).unwrap();
    let of = |name: &str| {
        to.query_pairs()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.into_owned())
    };
    match (of("code"), of("state")) {
        (Some(code), Some(state)) => Ok((code, state)),
        _ => Err(to.to_string()),
    }
}

impl World {
    async fn new(t: TestApp) -> Self {
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut options = SandboxOptions::default();
        (options.people, options.groups, options.rate_limits) = (5, 2, false);
        let org = Sandbox::start(options).await.unwrap();
        org.freeze_clock(true);
        t.set_clock(crate::db::Timestamp(org.clock_ms() * 1_000));
        let back = connections::consent_redirect_uri(&t.app);
        let (app, client_id, secret) = web_app(&org, &back).await;
        let new = json!({"domain": org.url(), "authentication": "authorization_code", "client_id": client_id,
            "client_secret": secret, "jobs": ["sync", "actions"]});
        let (status, made) = t.call("POST", "/api/v1/connections", Some(new)).await;
        assert_eq!(status, 201, "{made}");
        assert!(!made.to_string().contains(&secret));
        let id = made["id"].as_str().unwrap().parse().unwrap();
        Self {
            t,
            org,
            id,
            client_id,
            secret,
            app,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/connections/{}{rest}", self.id)
    }

    /// Begins a consent, goes to Okta, comes back and finishes.
    async fn consent(&self) {
        let (status, asked) = self
            .t
            .call("POST", &self.path("/consent"), Some(json!({})))
            .await;
        assert_eq!(status, 200, "{asked}");
        let (code, state) =
            consent_at_okta(&self.org.url(), asked["authorize_url"].as_str().unwrap())
                .await
                .unwrap();
        let (status, done) = self
            .t
            .call(
                "POST",
                &self.path("/consent/finish"),
                Some(json!({"state": state, "code": code})),
            )
            .await;
        assert_eq!((status, &done["state"]), (200, &json!("alive")), "{done}");
    }

    async fn connected(t: TestApp) -> Self {
        let world = Self::new(t).await;
        world.consent().await;
        let report = connections::test(&world.t.app, &world.t.local(), world.id)
            .await
            .unwrap();
        assert!(report.why().is_none(), "{report:?}");
        world
    }

    fn pass(&self, seconds: u64) {
        self.t.advance(Duration::from_secs(seconds));
        self.org
            .advance_clock_ms(i64::try_from(seconds * 1_000).unwrap());
    }

    /// Another process of the same installation, as after a kill.
    fn restart(&self) -> App {
        self.t.again(|builder| builder.with(Clients::default()))
    }

    /// One call of Okta's API, as a process does it.
    async fn call(&self, app: &App) -> Result<(), OktaError> {
        let client = connections::client(app, self.t.tenant, self.id)
            .await
            .unwrap();
        client.user(ADA).await.map(drop)
    }

    async fn standing(&self) -> (String, String) {
        let (_, standing) = self.t.call("GET", &self.path("/consent"), None).await;
        let text = |name: &str| standing[name].as_str().unwrap_or_default().to_owned();
        (text("state"), text("why"))
    }

    fn refreshes(&self) -> u64 {
        self.org.requests().of("POST", TOKEN)
    }

    async fn reused_by_okta_s_log(&self) -> bool {
        let events = ask(
            &self.org,
            reqwest::Method::GET,
            "/api/v1/logs?filter=eventType%20eq%20%22app.oauth2.token.detect_reuse%22",
            None,
        )
        .await;
        !events.as_array().unwrap().is_empty()
    }

    /// The refresh token that is kept, opened.
    async fn refresh_token(&self) -> String {
        use secrecy::ExposeSecret;
        let work = self.t.read().await;
        let row = super::store::find(&work, self.id).await.unwrap().unwrap();
        let opened = self
            .t
            .app
            .vault()
            .open(
                self.t.tenant,
                super::stored::REFRESH,
                row.id,
                &row.refresh_token.unwrap(),
            )
            .unwrap();
        String::from_utf8(opened.expose_secret().to_vec()).unwrap()
    }

    /// Somebody who has the client's secret and a refresh token uses it.
    async fn use_as_a_thief(&self, token: &str) -> u16 {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let request = http
            .post(format!("{}{TOKEN}", self.org.url()))
            .basic_auth(&self.client_id, Some(&self.secret))
            .form(&form);
        request.send().await.unwrap().status().as_u16()
    }
}

db_test!(
    async fn a_consent_is_begun_and_finished_and_serves(t) {
        let world = World::new(t).await;
        let report = connections::test(&world.t.app, &world.t.local(), world.id).await.unwrap();
        assert!(report.checks[0].mend.as_deref().unwrap().contains("connection consent"), "{report:?}");
        world.consent().await;
        let (_, standing) = world.t.call("GET", &world.path("/consent"), None).await;
        assert!(standing["granted"].as_array().unwrap().contains(&json!("okta.users.manage")), "{standing}");
        assert!(standing["redirect_uri"].as_str().unwrap().ends_with("/connections/consent"));
        let report = connections::test(&world.t.app, &world.t.local(), world.id).await.unwrap();
        assert!(report.why().is_none(), "{report:?}");
        world.call(&world.t.app).await.unwrap();
        let before = world.refreshes();
        world.call(&world.restart()).await.unwrap();
        assert_eq!(world.refreshes(), before, "processes share the access token");
    }

    async fn a_state_is_good_once_for_who_asked_and_for_ten_minutes(t) {
        let world = World::new(t).await;
        let begin = async || {
            let (_, asked) = world.t.call("POST", &world.path("/consent"), Some(json!({}))).await;
            let (code, state) = consent_at_okta(&world.org.url(), asked["authorize_url"].as_str().unwrap()).await.unwrap();
            json!({"state": state, "code": code})
        };
        let finish = world.path("/consent/finish");
        let (status, problem) = world.t.call("POST", &finish, Some(json!({"state": "made-up", "code": "x"}))).await;
        assert_eq!(status, 409, "{problem}");
        let back = begin().await;
        let other = crate::actor::Actor { name: "other".to_owned(), ..world.t.local() };
        assert_eq!(world.t.send(Some(other), "POST", &finish, Some(back.clone())).await.0, 409, "another's");
        assert_eq!(world.t.send(Some(world.t.other_tenant().await), "POST", &finish, Some(back)).await.0, 409, "another tenant's");
        let back = begin().await;
        world.t.advance(Duration::from_secs(601));
        assert_eq!(world.t.call("POST", &finish, Some(back)).await.0, 409, "too late");
        world.t.set_clock(crate::db::Timestamp(world.org.clock_ms() * 1_000));
        let back = begin().await;
        assert_eq!(world.t.call("POST", &finish, Some(back.clone())).await.0, 200);
        assert_eq!(world.t.call("POST", &finish, Some(back)).await.0, 409, "twice");
    }

    async fn only_an_address_of_this_machine_may_take_the_code(t) {
        let world = World::new(t).await;
        for (address, status) in [
            ("http://127.0.0.1:8765/callback", 200),
            ("http://evil.example/callback", 422),
            ("https://127.0.0.1.evil.example/", 422),
            ("http://user@127.0.0.1:1/", 422),
            ("file:///tmp/x", 422),
        ] {
            let (got, body) = world.t.call("POST", &world.path("/consent"), Some(json!({"redirect_uri": address}))).await;
            assert_eq!(got, status, "{address}: {body}");
        }
    }

    async fn an_access_token_is_renewed_and_the_refresh_token_rotates(t) {
        let world = World::connected(t).await;
        let (first, before) = (world.refresh_token().await, world.refreshes());
        world.pass(3_600);
        let (one, two) = (world.restart(), world.restart());
        let (one, two) = tokio::join!(world.call(&one), world.call(&two));
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        assert_eq!(world.refreshes(), before + 1, "one refresh for both");
        assert_ne!(world.refresh_token().await, first);
    }

    // Killed before the refresh token reached Okta: it was never used, and lives on whenever we come back.
    async fn killed_before_the_use_the_grant_lives(t) {
        let world = World::connected(t).await;
        world.pass(3_600);
        world.org.fault(Fault::new("POST", TOKEN, Effect::Answer { status: 503, body: None, headers: std::collections::HashMap::new() }).times(4));
        assert!(world.call(&world.restart()).await.is_err());
        world.org.clear_faults();
        world.pass(LEEWAY + HOLD);
        world.call(&world.restart()).await.unwrap();
        assert_eq!(world.standing().await.0, "alive");
    }

    // Killed after the use and before the keep: within the leeway the old token still works.
    async fn killed_between_use_and_keep_within_the_leeway_the_grant_lives(t) {
        let world = World::connected(t).await;
        world.pass(3_600);
        let first = world.refresh_token().await;
        world.die_between_use_and_keep(&first).await;
        world.pass(HOLD);
        world.call(&world.restart()).await.unwrap();
        assert_eq!(world.standing().await.0, "alive");
        assert_ne!(world.refresh_token().await, first);
        assert!(!world.reused_by_okta_s_log().await);
        world.pass(3_600);
        world.call(&world.restart()).await.unwrap();
    }

    // ... and after the leeway a person must come, told apart from theft and revocation, without a false alarm in Okta.
    async fn killed_between_use_and_keep_after_the_leeway_a_person_must_come(t) {
        let world = World::connected(t).await;
        world.pass(3_600);
        let first = world.refresh_token().await;
        world.die_between_use_and_keep(&first).await;
        world.pass(LEEWAY + HOLD);
        let error = world.call(&world.restart()).await.unwrap_err();
        assert_eq!(error, OktaError::ConsentEnded(keywright_okta::Ended::Interrupted));
        let (state, why) = world.standing().await;
        assert!(state == "ended" && why.contains("interrupted"), "{state} {why}");
        assert!(!world.reused_by_okta_s_log().await, "no false alarm");
        let work = world.t.read().await;
        let shown = connections::find(&work, world.id).await.unwrap();
        assert_eq!(shown.status, Status::Failing);
        assert!(shown.status_why.unwrap().contains("reconnect needed"));
        drop(work);
        world.consent().await;
        world.call(&world.restart()).await.unwrap();
    }

    async fn a_revoked_grant_is_told_apart(t) {
        let world = World::connected(t).await;
        let token = world.refresh_token().await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = [("token", token.as_str())];
        http.post(format!("{}/oauth2/v1/revoke", world.org.url())).basic_auth(&world.client_id, Some(&world.secret)).form(&form).send().await.unwrap();
        world.pass(3_400);
        let error = world.call(&world.restart()).await.unwrap_err();
        assert_eq!(error, OktaError::ConsentEnded(keywright_okta::Ended::Revoked));
        assert!(world.standing().await.1.contains("revoked"));
    }

    async fn reuse_by_a_stranger_is_told_apart_and_ends_what_the_stranger_has(t) {
        let world = World::connected(t).await;
        let stolen = world.refresh_token().await;
        assert_eq!(world.use_as_a_thief(&stolen).await, 200);
        world.pass(3_400);
        let error = world.call(&world.restart()).await.unwrap_err();
        assert_eq!(error, OktaError::ConsentEnded(keywright_okta::Ended::Reused));
        assert!(world.standing().await.1.contains("somebody else"));
        assert!(world.reused_by_okta_s_log().await);
        let again = world.call(&world.restart()).await.unwrap_err();
        assert_eq!(again, OktaError::ConsentEnded(keywright_okta::Ended::Reused), "it stays so, without asking Okta");
    }

    async fn secrets_are_sealed_and_go_with_the_connection(t) {
        let world = World::connected(t).await;
        let (refresh, secret) = (world.refresh_token().await, world.secret.clone());
        let work = world.t.read().await;
        let row = super::store::find(&work, world.id).await.unwrap().unwrap();
        let all = [row.client_secret.unwrap().0, row.refresh_token.unwrap().0, row.access_token.unwrap().0].concat();
        for planted in [&refresh, &secret] {
            assert!(!all.windows(12).any(|part| part == &planted.as_bytes()[..12]));
        }
        drop(work);
        assert_eq!(world.t.call("DELETE", &world.path(""), None).await.0, 204);
        assert!(super::store::find(&world.t.read().await, world.id).await.unwrap().is_none());
    }

    async fn another_tenant_reaches_no_consent(t) {
        let world = World::connected(t).await;
        let stranger = world.t.other_tenant().await;
        let work = world.t.app.begin(&stranger).await.unwrap();
        let nobody = uuid::Uuid::nil();
        assert!(super::store::find(&work, world.id).await.unwrap().is_none());
        assert!(super::store::hold(&work, world.id, nobody, work.now).await.is_err());
        assert!(super::store::end(&work, world.id, nobody, "x").await.is_err());
        super::store::release(&work, world.id, nobody).await.unwrap();
        super::store::delete(&work, world.id).await.unwrap();
        drop(work);
        assert!(matches!(connections::client(&world.t.app, stranger.tenant, world.id).await, Err(Error::NotFound(_))));
        assert_eq!(world.standing().await.0, "alive");
    }

    async fn scopes_are_chosen_and_each_kind_of_secret_goes_with_its_way(t) {
        let world = World::new(t).await;
        let (_, known) = world.t.call("GET", "/api/v1/scopes", None).await;
        assert!(known["items"].as_array().unwrap().iter().any(|one| one["name"] == "okta.logs.read" && one["jobs"].as_array().unwrap().contains(&json!("events"))));
        let (status, _) = world.t.call("PATCH", &world.path(""), Some(json!({"scopes": ["okta.logs.read"]}))).await;
        assert_eq!(status, 200);
        let (_, standing) = world.t.call("GET", &world.path("/consent"), None).await;
        assert_eq!(standing["scopes"], json!(["okta.logs.read", "offline_access"]));
        for (body, status) in [(json!({"scopes": ["nonsense"]}), 422), (json!({"client_secret": "short"}), 422), (json!({"authentication": "oauth", "scopes": ["okta.logs.read"]}), 422)] {
            assert_eq!(world.t.call("PATCH", &world.path(""), Some(body.clone())).await.0, status, "{body}");
        }
        let (status, shown) = world.t.call("PATCH", &world.path(""), Some(json!({"authentication": "oauth"}))).await;
        assert_eq!((status, shown["keys"].as_array().unwrap().len()), (200, 2), "{shown}");
        assert_eq!(world.standing().await.0, "none");
        assert!(!world.app.is_empty());
    }
);

impl World {
    /// A process takes the grant, uses the refresh token at Okta, and dies before it keeps the next.
    async fn die_between_use_and_keep(&self, token: &str) {
        let work = self.t.begin().await;
        let holder = work.id();
        super::store::hold(&work, self.id, holder, work.now.plus_seconds(10))
            .await
            .unwrap();
        work.commit().await.unwrap();
        assert_eq!(self.use_as_a_thief(token).await, 200);
    }
}
