//! What the demo plays on: the org, the server, and the person who acts.

use std::path::PathBuf;

use anyhow::Context;
use keywright_sandbox::{Sandbox, SandboxOptions};
use keywright_server::actor::Actor;
use keywright_server::config::Config;
use keywright_server::{serve, tenants};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Demo;
use super::folder::Folder;
use super::teller::{Teller, Told};
use crate::api::{Api, ApiError};
use crate::args::Global;
use crate::local::{Local, log_quietly, sources};
use crate::output::{at, text};

/// The admin of the demo.
const ADMIN: &str = "rescue";

/// A running org and a running server, and the API as an admin of it.
pub(super) struct Stage {
    pub(super) org: Sandbox,
    pub(super) api: Api,
    pub(super) public_url: String,
    key_id: String,
    stop: CancellationToken,
    server: JoinHandle<Result<(), serve::Error>>,
}

impl Stage {
    /// Starts everything, telling each part as a step.
    pub(super) async fn set(
        demo: &Demo,
        global: &Global,
        teller: &mut Teller,
    ) -> anyhow::Result<Self> {
        let path = global
            .data
            .clone()
            .unwrap_or_else(|| PathBuf::from("keywright-data/demo"));
        let mut folder = Folder::open(&path)?;
        let known = folder.is_known();
        let org = teller
            .step(
                "An Okta org on this machine",
                Box::pin(start_org(demo, &mut folder)),
            )
            .await?;
        let (public_url, stop, server) = teller
            .step(
                "Keywright's server",
                start_server(demo, global, &path, known),
            )
            .await?;
        let (api, key_id) = teller
            .step(
                "An admin to get in with",
                Box::pin(admin(global, &path, &public_url)),
            )
            .await?;
        Ok(Self {
            org,
            api,
            public_url,
            key_id,
            stop,
            server,
        })
    }

    /// Goes on serving until Ctrl-C.
    pub(super) async fn stay(&self, teller: &Teller) -> anyhow::Result<()> {
        teller.say(format!(
            "\nserving on {}   API: {}/api/docs",
            self.public_url, self.public_url
        ));
        teller.say(format!(
            "the org is on {}   its requests: {}/_sandbox/requests",
            self.org.url(),
            self.org.url()
        ));
        let link = self
            .api
            .post("/sign-in-links", &json!({ "user": ADMIN }))
            .await?;
        teller.say(format!(
            "the console, signed in once as {ADMIN}: {}",
            text(at(&link, "url"))
        ));
        teller.say("Ctrl-C ends both");
        let stop = serve::stop_on_signals()?;
        stop.cancelled().await;
        Ok(())
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        // The key was for this demo; when the server is gone already it expires by itself within a day.
        let _gone = self.api.delete(&format!("/api-keys/{}", self.key_id)).await;
        self.stop.cancel();
        let _ended = self.server.await;
        self.org.stop().await;
    }
}

async fn start_org(demo: &Demo, folder: &mut Folder) -> anyhow::Result<Told<Sandbox>> {
    let mut options = SandboxOptions::default();
    (options.people, options.groups) = (demo.people, demo.groups);
    let org = folder.sandbox(options).await?;
    let line = format!(
        "{} with {} people in {} groups, offline, by Okta's rules",
        org.url(),
        demo.people,
        demo.groups
    );
    Ok(Told::new(org, [line]))
}

type Server = (
    String,
    CancellationToken,
    JoinHandle<Result<(), serve::Error>>,
);

async fn start_server(
    demo: &Demo,
    global: &Global,
    path: &std::path::Path,
    known: bool,
) -> anyhow::Result<Told<Server>> {
    let config = Config::load(
        &local_sources(global, path)
            .flag("listen", "--listen", demo.listen.to_string())
            .flag("metrics.listen", "the demo", "off"),
    )?;
    log_quietly(&config);
    let stop = CancellationToken::new();
    let (ready, told) = oneshot::channel();
    let server = tokio::spawn({
        let (config, stop) = (config.clone(), stop.clone());
        async move {
            serve::serve(config, stop, |up| {
                let _left = ready.send(up.public_url.clone());
            })
            .await
        }
    });
    let Ok(public_url) = told.await else {
        // It ended before it was ready: its own error says why.
        server.await.context("the server panicked")??;
        anyhow::bail!("the server ended before it was ready");
    };
    let engine = if global
        .database
        .as_deref()
        .is_some_and(|url| url.starts_with("postgres"))
    {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    let data = if known {
        "with the data of the demo before"
    } else {
        "on a new database"
    };
    let line = format!(
        "{public_url} on {engine}, {data}; secrets sealed under {}",
        config.master_key_file().0.display()
    );
    Ok(Told::new((public_url, stop, server), [line]))
}

/// A break-glass admin with a key for a day; from here on everything is done over HTTP, as this person.
async fn admin(
    global: &Global,
    path: &std::path::Path,
    public_url: &str,
) -> anyhow::Result<Told<(Api, String)>> {
    let app = serve::open(&Config::load(&local_sources(global, path))?).await?;
    let tenant = tenants::find(&app, tenants::DEFAULT)
        .await?
        .context("the first tenant is missing")?;
    let local = Api::within(Local::of(app, Actor::local(tenant.id), None));
    let user = match local.get(&format!("/users/{ADMIN}")).await {
        Ok(user) => user,
        Err(error) if is_missing(&error) => {
            let body = json!({"login": ADMIN, "kind": "break_glass", "display_name": "Rescue", "reason": "demo"});
            local.post("/users", &body).await?;
            local
                .post(
                    &format!("/users/{ADMIN}/roles"),
                    &json!({"role": "super_admin", "reason": "demo"}),
                )
                .await?;
            local.get(&format!("/users/{ADMIN}")).await?
        }
        Err(error) => return Err(error),
    };
    let body = json!({"name": "demo", "days": 1, "owner": user_id(&user)});
    let made = local.post("/api-keys", &body).await?;
    local.close().await;
    let token = at(&made, "token").as_str().context("no token was given")?;
    let api = Api::over_http(public_url, SecretString::from(token))?;
    let who = api.get("/whoami").await?;
    let permissions = at(&who, "permissions").as_array().map_or(0, Vec::len);
    let line = format!(
        "{ADMIN} is a break-glass admin (outside every sync) and acts over HTTP with {permissions} permissions"
    );
    let key_id = text(if made.get("id").is_some() {
        at(&made, "id")
    } else {
        at(&made, "key.id")
    });
    Ok(Told::new((api, key_id), [line]))
}

/// The user's id; the detail of a user holds the user itself inside or beside.
fn user_id(user: &Value) -> &Value {
    if user.get("id").is_some() {
        at(user, "id")
    } else {
        at(user, "user.id")
    }
}

/// True for a 404.
pub(super) fn is_missing(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<ApiError>()
        .is_some_and(|error| error.status == 404)
}

fn local_sources(global: &Global, path: &std::path::Path) -> keywright_server::config::Sources {
    sources(&Global {
        data: Some(path.to_owned()),
        ..global.clone()
    })
}
