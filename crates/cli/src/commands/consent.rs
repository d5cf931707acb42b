//! `connection consent`: an admin signs in to Okta in a browser, and comes back to this machine.

use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::connection::{self, One};
use crate::api::Api;
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, complain_more, print_json, say, text};

/// The port that Okta sends the browser back to, unless another is chosen: it must stand in the app.
const PORT: u16 = 8765;
/// How long a person has to sign in.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Args)]
pub(crate) struct Consent {
    #[command(flatten)]
    one: One,
    /// The port of this machine to come back to: `http://127.0.0.1:PORT/callback` must be a sign-in redirect URI of the app.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Only show how the consent stands, and the redirect URIs to copy into the app.
    #[arg(long)]
    show: bool,
    /// Only list the scopes that can be asked for.
    #[arg(long, conflicts_with = "show")]
    scopes: bool,
}

const STANDING: &[Column] = &[
    ("consent", "state"),
    ("why", "why"),
    ("since", "consented_at"),
    ("asked for", "scopes"),
    ("granted", "granted"),
    ("redirect URI, console", "redirect_uri"),
    ("redirect URI, command", "loopback_redirect_uri"),
];
const SCOPES: &[Column] = &[
    ("SCOPE", "name"),
    ("FOR", "purpose"),
    ("JOBS", "jobs"),
    ("NEEDED", "needed"),
];

impl Consent {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        if self.scopes {
            printer.list(&api.get("/scopes").await?, SCOPES);
            return Ok(Exit::Done);
        }
        let found = connection::find(api, self.one.name.as_deref()).await?;
        if self.show {
            show(api, printer, &found, self.port).await?;
            return Ok(Exit::Done);
        }
        consent(api, printer, &found, self.port).await
    }
}

async fn show(api: &Api, printer: Printer, connection: &Value, port: u16) -> anyhow::Result<()> {
    let path = format!("/connections/{}/consent", connection::id(connection));
    let mut standing = api.get(&path).await?;
    standing["loopback_redirect_uri"] = callback(port).into();
    printer.item(&standing, STANDING);
    Ok(())
}

/// What to do in Okta after a connection by consent was made; a person who is there can consent at once.
pub(crate) async fn after_joining(
    api: &Api,
    printer: Printer,
    made: &Value,
) -> anyhow::Result<Exit> {
    if printer.is_json() {
        print_json(made);
        return Ok(Exit::Done);
    }
    let name = text(at(made, "name"));
    say(&format!("joined {} as {name}", text(at(made, "org_url"))));
    show(api, printer, made, PORT).await?;
    say(&format!(
        "\nIn {}:\n\
         1. Applications > Applications > Create App Integration > OIDC - OpenID Connect, Web Application.\n\
         2. Grant type: Authorization Code and Refresh Token. Sign-in redirect URIs: the two above.\n\
         3. Assignments: the administrators who may consent. Okta API Scopes: Grant what is asked for.\n\
         4. Copy Client ID and Client secret from the General tab:\n\
         \n   keywright connection set {name} --client-id CLIENT_ID --secret-file FILE\n   keywright connection consent {name}",
        text(at(made, "admin_url"))
    ));
    Ok(Exit::Done)
}

fn callback(port: u16) -> String {
    format!("http://127.0.0.1:{port}/callback")
}

/// What came back from Okta.
#[derive(Debug, Default, Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

async fn consent(
    api: &Api,
    printer: Printer,
    connection: &Value,
    port: u16,
) -> anyhow::Result<Exit> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            bad_usage(format!(
                "port {port} cannot be used: {error}; choose another by --port"
            ))
        })?;
    let path = format!("/connections/{}/consent", connection::id(connection));
    let asked = api
        .post(&path, &json!({"redirect_uri": callback(port)}))
        .await?;
    complain_more("Open this address in a browser, as an administrator of Okta:\n");
    say(&text(at(&asked, "authorize_url")));
    let back = wait(listener).await?;
    if !back.error.is_empty() {
        anyhow::bail!("Okta says {}: {}", back.error, back.error_description);
    }
    let done = json!({"state": back.state, "code": back.code});
    let standing = api.post(&format!("{path}/finish"), &done).await?;
    if !printer.is_json() {
        say(&format!("granted: {}", text(at(&standing, "granted"))));
    }
    connection::test(api, printer, connection).await
}

/// Listens until the browser comes back.
async fn wait(listener: tokio::net::TcpListener) -> anyhow::Result<Back> {
    let (tell, mut told) = mpsc::channel(1);
    let router = Router::new()
        .route("/callback", get(come_back))
        .with_state(tell);
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let back = tokio::time::timeout(PATIENCE, told.recv()).await;
    // The page is on its way to the browser: let it arrive.
    tokio::time::sleep(Duration::from_millis(200)).await;
    serving.abort();
    back.context("nobody came back from Okta in ten minutes")?
        .context("nobody can come back any more")
}

async fn come_back(
    State(tell): State<mpsc::Sender<Back>>,
    Query(back): Query<Back>,
) -> Html<&'static str> {
    let good = back.error.is_empty();
    let _first = tell.try_send(back);
    Html(if good {
        "<!doctype html><title>Keywright</title><h1>Done</h1><p>Go back to the terminal; this page can be closed.</p>"
    } else {
        "<!doctype html><title>Keywright</title><h1>Okta refused</h1><p>The terminal says why; this page can be closed.</p>"
    })
}
