//! `connect`: joins an Okta org, in one line or by questions.

use std::path::PathBuf;

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::connection::{self, newest_client_key};
use super::consent;
use crate::api::Api;
use crate::exit::{Exit, bad_usage};
use crate::output::{Printer, at, is_interactive, print_json, say, text};

/// The ways a connection can prove itself.
pub(crate) const KINDS: [&str; 4] = ["oauth_dpop", "oauth", "api_token", "authorization_code"];
/// What a connection can be switched on for.
pub(crate) const JOBS: [&str; 5] = ["sync", "events", "keys", "passkeys", "actions"];
/// The variable that can hold the secret of a web app.
pub(crate) const SECRET: &str = "KEYWRIGHT_OKTA_CLIENT_SECRET";
/// The variable that can hold an API token.
pub(crate) const TOKEN: &str = "KEYWRIGHT_OKTA_API_TOKEN";

/// Join an Okta org.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  keywright connect                                   # asks for everything\n  keywright connect acme.okta.com                     # makes a key and shows it; --client-id later\n  keywright connect acme --client-id 0oa1bcde2FGHIJ3kl4m5 --key-file key.pem\n  keywright connect acme --auth api_token --token-file - < token.txt\n  keywright connect acme --auth authorization_code --client-id 0oa1 --secret-file secret.txt   # then an admin consents"
)]
pub(crate) struct Connect {
    /// The org, in any spelling: acme, acme.okta.com, the address bar of the admin console.
    #[arg(value_name = "ORG")]
    org: Option<String>,
    /// A name for the connection.
    #[arg(long)]
    name: Option<String>,
    /// How it proves itself.
    #[arg(long, value_name = "KIND", value_parser = KINDS)]
    auth: Option<String>,
    /// The service app's client id.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// A private key that exists already, as a PEM file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The public key that must belong to it (PEM or JWK).
    #[arg(long, value_name = "FILE", requires = "key_file")]
    public_key_file: Option<PathBuf>,
    /// The key's name in Okta, when it is not its thumbprint.
    #[arg(
        long,
        value_name = "KID",
        requires = "key_file",
        allow_hyphen_values = true
    )]
    kid: Option<String>,
    /// A private key for DPoP that exists already.
    #[arg(long, value_name = "FILE")]
    dpop_key_file: Option<PathBuf>,
    /// The public key that must belong to it.
    #[arg(long, value_name = "FILE", requires = "dpop_key_file")]
    dpop_public_key_file: Option<PathBuf>,
    /// The kind of key that is made here.
    #[arg(long, default_value = "RS256", value_parser = ["RS256", "ES256"])]
    algorithm: String,
    /// A file with the API token; `-` is standard input, else `KEYWRIGHT_OKTA_API_TOKEN`.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the web app's client secret, for `authorization_code`; `-` is standard input, else `KEYWRIGHT_OKTA_CLIENT_SECRET`.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The scopes to ask consent for, separated by commas; by default what the jobs need.
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    scopes: Option<Vec<String>>,
    /// What it is switched on for, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "sync", value_parser = JOBS)]
    jobs: Vec<String>,
    /// Its share of the org's rate limits, percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 50)]
    rate_share: u32,
    /// Do not test it afterwards.
    #[arg(long)]
    no_test: bool,
}

impl Connect {
    pub(crate) async fn run(mut self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let asks = self.org.is_none();
        if asks {
            self.ask()?;
        }
        let made = api.post("/connections", &self.body()?).await?;
        if at(&made, "authentication") == "authorization_code" {
            return consent::after_joining(api, printer, &made).await;
        }
        let has_client = at(&made, "authentication") != "api_token";
        if has_client && at(&made, "client_id").is_null() {
            return self.without_client(api, printer, made, asks).await;
        }
        self.finish(api, printer, &made).await
    }

    /// What was not said, asked for. Without a terminal the answers are lines of standard input, in the same order.
    fn ask(&mut self) -> anyhow::Result<()> {
        self.org = Some(
            answer("Your Okta org (as acme.okta.com)")
                .map_err(|_| bad_usage("which org? keywright connect ORG (see --help)"))?,
        );
        if self.auth.is_none() && !is_interactive() {
            let said = answer(
                "How to prove ourselves to it (oauth_dpop, oauth, api_token, authorization_code; empty: oauth_dpop)",
            )?;
            let kind = if said.is_empty() { KINDS[0] } else { &said };
            if !KINDS.contains(&kind) {
                return Err(bad_usage(format!(
                    "`{kind}` is none of {}",
                    KINDS.join(", ")
                )));
            }
            self.auth = Some(kind.to_owned());
        }
        if self.auth.as_deref() == Some("api_token")
            && self.token_file.is_none()
            && std::env::var_os(TOKEN).is_none()
            && !is_interactive()
        {
            self.token_file = Some(PathBuf::from("-"));
        }
        if self.auth.is_none() {
            let choices = [
                "service app with DPoP (recommended)",
                "service app without DPoP",
                "API token (acts as the admin who made it)",
                "web app, by an admin's consent",
            ];
            let chosen = dialoguer::Select::new()
                .with_prompt("How to prove ourselves to it")
                .items(choices)
                .default(0)
                .interact()?;
            self.auth = KINDS.get(chosen).map(|kind| (*kind).to_owned());
        }
        Ok(())
    }

    fn body(&self) -> anyhow::Result<Value> {
        let auth = self.auth.as_deref().unwrap_or("oauth_dpop");
        let mut body = json!({
            "domain": self.org,
            "authentication": auth,
            "jobs": self.jobs,
            "rate_share": self.rate_share,
            "key_algorithm": self.algorithm,
        });
        if let Some(name) = &self.name {
            body["name"] = json!(name);
        }
        if let Some(client_id) = &self.client_id {
            body["client_id"] = json!(client_id);
        }
        if let Some(file) = &self.key_file {
            body["client_key"] = given_key(file, self.public_key_file.as_ref())?;
            if let Some(kid) = &self.kid {
                body["client_key"]["kid"] = json!(kid);
            }
        }
        if let Some(file) = &self.dpop_key_file {
            body["dpop_key"] = given_key(file, self.dpop_public_key_file.as_ref())?;
        }
        if let Some(scopes) = &self.scopes {
            body["scopes"] = json!(scopes);
        }
        if auth == "authorization_code" && (self.secret_file.is_some() || self.client_id.is_some())
        {
            let secret = crate::secret::find(
                "client secret",
                "--secret-file",
                self.secret_file.as_ref(),
                SECRET,
            )?;
            body["client_secret"] = json!(secret.expose_secret());
        }
        if auth == "api_token" {
            let token =
                crate::secret::find("API token", "--token-file", self.token_file.as_ref(), TOKEN)?;
            body["api_token"] = json!(token.expose_secret());
        }
        Ok(body)
    }

    /// The key exists, the app does not yet: shows what to do in Okta, and goes on when the client id is known.
    async fn without_client(
        &self,
        api: &Api,
        printer: Printer,
        made: Value,
        asks: bool,
    ) -> anyhow::Result<Exit> {
        if printer.is_json() {
            print_json(&made);
            return Ok(Exit::Done);
        }
        show_steps(&made);
        if !(asks || is_interactive()) {
            let name = text(at(&made, "name"));
            say(&format!(
                "\nThen: keywright connection set {name} --client-id CLIENT_ID && keywright connection test {name}"
            ));
            return Ok(Exit::Done);
        }
        let name = text(at(&made, "name"));
        let client_id = answer("Client ID").map_err(|_| {
            bad_usage(format!(
                "no client id yet; the connection waits for it: keywright connection set {name} --client-id CLIENT_ID"
            ))
        })?;
        let path = format!("/connections/{}", connection::id(&made));
        let changed = api.patch(&path, &json!({ "client_id": client_id })).await?;
        self.finish(api, printer, &changed).await
    }

    async fn finish(&self, api: &Api, printer: Printer, made: &Value) -> anyhow::Result<Exit> {
        if !printer.is_json() {
            say(&format!(
                "joined {} as {}",
                text(at(made, "org_url")),
                text(at(made, "name"))
            ));
        }
        if self.no_test {
            printer.done(made, "not tested yet: keywright connection test");
            return Ok(Exit::Done);
        }
        connection::test(api, printer, made).await
    }
}

/// An answer to a question: typed at a terminal, else the next line of standard input.
fn answer(question: &str) -> anyhow::Result<String> {
    if is_interactive() {
        return Ok(dialoguer::Input::new()
            .with_prompt(question)
            .interact_text()?);
    }
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line)? == 0 {
        return Err(bad_usage(format!("{question}: nothing was answered")));
    }
    Ok(line.trim().to_owned())
}

/// A key from files, as the API takes it.
pub(crate) fn given_key(
    private: &std::path::Path,
    public: Option<&PathBuf>,
) -> anyhow::Result<Value> {
    let mut key = json!({ "private_pem": crate::secret::from_file(private)?.expose_secret() });
    if let Some(public) = public {
        key["public"] = json!(crate::secret::from_file(public)?.expose_secret());
    }
    Ok(key)
}

/// The steps in Okta's admin console for a service app with our key.
fn show_steps(made: &Value) {
    let scopes: Vec<String> = at(made, "scopes")
        .as_array()
        .into_iter()
        .flatten()
        .map(|scope| text(at(scope, "name")))
        .collect();
    say(&format!(
        "In {}:\n\
         1. Applications > Applications > Create App Integration > API Services; name it Keywright, Save.\n\
         2. General > Client Credentials > Edit: Public key / Private key; Add key, and paste:\n",
        text(at(made, "admin_url"))
    ));
    if let Some(key) = newest_client_key(made) {
        print_json(at(key, "jwk"));
    }
    say(&format!(
        "\n   Save. (Where Okta can reach this server, `Use a URL` {} does as well.)\n\
         3. General: leave `Require Demonstrating Proof of Possession (DPoP)` on.\n\
         4. Okta API Scopes: Grant {}.\n\
         5. Admin roles > Edit assignments: add Read-Only Administrator.\n\
         6. Copy the Client ID from the General tab.",
        text(at(made, "jwks_url")),
        scopes.join(" and ")
    ));
}
