//! Actions against the real sandbox, on both databases, in each way to prove oneself. What goes over the wire is judged
//! by Okta's specification.

mod lists;
mod nineteen;
mod once;
mod refusals;
mod spec;
mod wire;

use keywright_sandbox::{Sandbox, SandboxOptions, ServiceApp};
use serde_json::{Value, json};

use super::{Answer, Asked, Error, run};
use crate::actor::Actor;
use crate::connections;
use crate::db::ConnectionId;
use crate::testing::TestApp;
use wire::Wire;

/// Our side joined to a sandbox org, with a wire between that shows what was sent.
struct World {
    t: TestApp,
    org: Sandbox,
    wire: Wire,
    id: ConnectionId,
}

/// The ways to prove oneself that need no person.
const KINDS: [&str; 3] = ["api_token", "oauth", "oauth_dpop"];

impl World {
    async fn new(t: TestApp, kind: &str) -> Self {
        Self::with(t, kind, |_| {}).await
    }

    /// The same; the org can be changed before it is joined.
    async fn with(t: TestApp, kind: &str, before: impl FnOnce(&Sandbox)) -> Self {
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut options = SandboxOptions::default();
        (options.people, options.groups, options.rate_limits) = (12, 3, false);
        let org = Sandbox::start(options).await.unwrap();
        t.set_clock(crate::db::Timestamp(org.clock_ms() * 1_000));
        before(&org);
        let wire = Wire::to(&org.url()).await;
        let mut new =
            json!({"domain": wire.url(), "authentication": kind, "jobs": ["sync", "actions"]});
        match kind {
            "api_token" => new["api_token"] = org.api_token().into(),
            "oauth" => take(&mut new, org.oauth()),
            "authorization_code" => {
                let back = connections::consent_redirect_uri(&t.app);
                let (_, client_id, secret) = connections::web_app(&org, &back).await;
                new["client_id"] = client_id.into();
                new["client_secret"] = secret.into();
            }
            _ => take(&mut new, org.dpop()),
        }
        let mut work = t.begin().await;
        let made = connections::create(&mut work, serde_json::from_value(new).unwrap())
            .await
            .unwrap();
        work.commit().await.unwrap();
        if kind == "authorization_code" {
            consent(&t, wire.url(), made.id).await;
        }
        connections::test(&t.app, &t.local(), made.id)
            .await
            .unwrap();
        let world = Self {
            t,
            org,
            wire,
            id: made.id,
        };
        world.wire.forget();
        world.org.clear_requests();
        world
    }

    async fn ask(&self, name: &str, asked: Asked) -> Result<Answer, Error> {
        run(&self.t.app, &self.t.local(), self.id, name, asked).await
    }

    async fn asks(&self, name: &str, input: Value) -> Result<Value, Error> {
        self.ask(name, asked(input))
            .await
            .map(|answer| match answer {
                Answer::Output { output, .. } => output,
                Answer::Page { items, .. } => items.into(),
                Answer::Plan(plan) => serde_json::to_value(plan).unwrap(),
            })
    }

    async fn does(&self, name: &str, input: Value) -> Value {
        let told = format!("{name} {input}");
        self.asks(name, input)
            .await
            .unwrap_or_else(|error| panic!("{told}: {error}"))
    }

    /// By REST: status and body.
    async fn rest(&self, name: &str, query: &str, input: Value) -> (u16, Value) {
        let path = format!("/api/v1/connections/{}/actions/{name}{query}", self.id);
        self.t.call("POST", &path, Some(input)).await
    }

    async fn user(&self, login: &str) -> String {
        let profile =
            json!({"login": login, "email": login, "firstName": "Bo", "lastName": "Berg"});
        let made = self
            .does("create-user", json!({"profile": profile, "credentials": {"password": {"value": "Sunny-Day-4711"}}}))
            .await;
        made["user"]["id"].as_str().unwrap().to_owned()
    }

    async fn group(&self) -> String {
        let groups = self
            .does("search-groups", json!({"filter": "type eq \"OKTA_GROUP\""}))
            .await;
        groups[0]["id"].as_str().unwrap().to_owned()
    }

    /// How many times a call was sent.
    fn sent(&self, method: &str, template: &str) -> u64 {
        self.org.requests().of(method, template)
    }

    fn other(&self) -> Actor {
        Actor {
            name: "somebody".to_owned(),
            ..self.t.local()
        }
    }

    /// Names of audit entries, in order.
    async fn audited(&self) -> Vec<(String, String)> {
        #[derive(sea_orm::FromQueryResult)]
        struct Row {
            action: String,
            target_kind: String,
        }
        let work = self.t.read().await;
        let sql = "SELECT action, target_kind FROM audit_entries WHERE tenant_id = $1 AND action LIKE 'action.%' ORDER BY id";
        let rows: Vec<Row> = work
            .rows(sql, crate::db::values![work.tenant])
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| (row.action, row.target_kind))
            .collect()
    }
}

/// The org's administrator consents.
async fn consent(t: &TestApp, org: &str, id: ConnectionId) {
    let path = format!("/api/v1/connections/{id}/consent");
    let (_, asked) = t.call("POST", &path, Some(json!({}))).await;
    let url = asked["authorize_url"].as_str().unwrap();
    let (code, state) = connections::consent_at_okta(org, url).await.unwrap();
    let back = json!({"state": state, "code": code});
    let (status, done) = t.call("POST", &format!("{path}/finish"), Some(back)).await;
    assert_eq!(status, 200, "{done}");
}

fn take(new: &mut Value, app: &ServiceApp) {
    new["client_id"] = app.client_id.as_str().into();
    new["client_key"] = json!({"private_pem": app.private_key_pem, "kid": app.kid});
    new["key_algorithm"] = "ES256".into();
}

fn asked(input: Value) -> Asked {
    Asked {
        input,
        ..Asked::default()
    }
}

fn keyed(input: Value, key: &str) -> Asked {
    Asked {
        input,
        key: Some(key.to_owned()),
        ..Asked::default()
    }
}
