//! A local installation in a folder of its own, beside a sandbox org.

use keywright_sandbox::{Sandbox, SandboxOptions, ServiceApp};
use keywright_server::actor::Actor;
use keywright_server::app::App;
use keywright_server::config::Config;
use keywright_server::connections::{self, Authentication, Check, GivenKey, New, Outcome, Report};
use keywright_server::db::ConnectionId;
use keywright_server::{serve, tenants};

pub(crate) struct Installation {
    pub(crate) app: App,
    pub(crate) actor: Actor,
    pub(crate) org: Sandbox,
    _folder: tempfile::TempDir,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let app = serve::open(&Config::in_dir(folder.path()).unwrap())
            .await
            .unwrap();
        let tenant = tenants::find(&app, tenants::DEFAULT)
            .await
            .unwrap()
            .unwrap();
        let mut options = SandboxOptions::default();
        (options.people, options.groups, options.rate_limits) = (20, 3, false);
        let org = Sandbox::start(options).await.unwrap();
        Self {
            app,
            actor: Actor::local(tenant.id),
            org,
            _folder: folder,
        }
    }

    /// Joins the org as one of its service apps.
    pub(crate) async fn join(
        &self,
        app: &ServiceApp,
        authentication: Authentication,
    ) -> ConnectionId {
        let key = GivenKey {
            private_pem: app.private_key_pem.clone().into(),
            public: None,
            kid: Some(app.kid.clone()),
        };
        self.connect(New {
            authentication,
            client_id: Some(app.client_id.clone()),
            client_key: Some(key),
            ..self.plain()
        })
        .await
    }

    /// A connection to the org with all defaults.
    pub(crate) fn plain(&self) -> New {
        serde_json::from_value(
            serde_json::json!({"domain": self.org.url(), "key_algorithm": "ES256"}),
        )
        .unwrap()
    }

    pub(crate) async fn connect(&self, new: New) -> ConnectionId {
        let mut work = self.app.begin(&self.actor).await.unwrap();
        let made = connections::create(&mut work, new).await.unwrap();
        work.commit().await.unwrap();
        made.id
    }

    pub(crate) async fn test(&self, id: ConnectionId) -> Report {
        connections::test(&self.app, &self.actor, id).await.unwrap()
    }

    pub(crate) async fn status(&self, id: ConnectionId) -> connections::Status {
        let work = self.app.read(&self.actor).await.unwrap();
        connections::find(&work, id).await.unwrap().status
    }
}

/// The first check that failed.
pub(crate) fn first_failed(report: &Report) -> &Check {
    report
        .checks
        .iter()
        .find(|check| check.outcome == Outcome::Failed)
        .unwrap()
}
