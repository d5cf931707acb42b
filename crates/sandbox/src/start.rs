//! Making the org that a sandbox starts with, and serving it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use rand::TryRngCore as _;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::apps::{Grant, build};
use crate::clock::{Clock, Time};
use crate::company;
use crate::credentials::{Credentials, ServiceApp};
use crate::http::all_scopes;
use crate::oauth::PrivateKey;
use crate::org::Org;
use crate::roles::{Assignment, Holder};
use crate::sandbox::{SandboxOptions, StartError};
use crate::store::{Kind, members};

/// An org with its credentials.
pub(crate) struct Ready {
    pub(crate) org: Org,
    pub(crate) credentials: Credentials,
}

/// Makes the org that the options ask for.
pub(crate) async fn org(options: &SandboxOptions) -> Result<Ready, StartError> {
    if options.seed.is_some() {
        return Err(StartError::Unsupported("a seed file"));
    }
    if options.state.is_some() {
        return Err(StartError::Unsupported("a state file"));
    }
    let options = options.clone();
    let (one, other) = (
        tokio::task::spawn_blocking(PrivateKey::generate),
        tokio::task::spawn_blocking(PrivateKey::generate),
    );
    let made = tokio::task::spawn_blocking(move || company(&options));
    let broken = |error: tokio::task::JoinError| StartError::Key(error.to_string());
    let mut org = made.await.map_err(broken)?;
    let no_key = || StartError::Key("no randomness".to_owned());
    let one = one.await.map_err(broken)?.ok_or_else(no_key)?;
    let other = other.await.map_err(broken)?.ok_or_else(no_key)?;
    let now = Clock::default().now();
    let oauth = service_app(&mut org, "Keywright OAuth", &one, false, now)?;
    let dpop = service_app(&mut org, "Keywright DPoP", &other, true, now)?;
    let api_token = secret().map_err(|error| StartError::Key(error.to_string()))?;
    org.tokens.add(&api_token, "Keywright Sandbox", 0, now);
    let token = org.tail.id(Kind::TOKEN, 0);
    org.quotas.add(&token, "SSWS_TOKEN", now);
    for app in [&oauth, &dpop] {
        org.quotas.add(&app.client_id, "OAUTH_CLIENT", now);
    }
    Ok(Ready {
        org,
        credentials: Credentials {
            api_token,
            oauth,
            dpop,
        },
    })
}

fn company(options: &SandboxOptions) -> Org {
    let now = Clock::default().now();
    let mut org = Org::new(options.random_seed, now);
    let admin = company::add_admin(&mut org, now);
    make_super(&mut org, Holder::User(admin), now);
    company::add_groups(&mut org, options.groups, now);
    company::add_people(&mut org, options.people, options.groups_per_person, now);
    org
}

/// An API token: `00` and 40 characters.
fn secret() -> Result<String, rand::rand_core::OsError> {
    let mut bytes = [0_u8; 30];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("00{}", crate::oauth::base64url(&bytes)))
}

fn make_super(org: &mut Org, holder: Holder, now: Time) {
    let serial = org.roles.next_serial();
    let id = org.tail.id(Kind::ROLE_ASSIGNMENT, serial);
    org.roles.of_mut(holder).push(Assignment {
        id,
        role: "SUPER_ADMIN".to_owned(),
        label: "Super Administrator".to_owned(),
        created: now.whole(),
        custom: None,
        groups: Vec::new(),
        apps: Vec::new(),
    });
}

fn service_app(
    org: &mut Org,
    label: &str,
    key: &PrivateKey,
    dpop: bool,
    now: Time,
) -> Result<ServiceApp, StartError> {
    let jwk = key.jwk();
    let body = json!({
        "name": "oidc_client", "label": label, "signOnMode": "OPENID_CONNECT",
        "credentials": { "oauthClient": { "token_endpoint_auth_method": "private_key_jwt" } },
        "settings": { "oauthClient": {
            "response_types": ["token"], "grant_types": ["client_credentials"], "application_type": "service",
            "jwks": { "keys": [{ "kty": "RSA", "kid": key.kid, "use": "sig", "e": jwk["e"], "n": jwk["n"] }] }, "dpop_bound_access_tokens": dpop,
        } },
    });
    let app = build(org, &members(body), None, now, &key.kid)
        .map_err(|_| StartError::Unsupported("the service app"))?;
    let serial = org.apps.add(app);
    grant(org, serial, &all_scopes(), now);
    make_super(org, Holder::Client(serial), now);
    Ok(ServiceApp {
        client_id: org.tail.id(Kind::APP, serial),
        kid: key.kid.clone(),
        private_key_pem: key.pem.clone(),
    })
}

fn grant(org: &mut Org, app: u32, scopes: &[&str], now: Time) {
    let grants = scopes
        .iter()
        .map(|scope| Grant {
            serial: org.apps.next_number(),
            scope: (*scope).to_owned(),
            created: now.whole(),
        })
        .collect();
    if let Some(app) = org.apps.get_mut(app) {
        app.grants = grants;
    }
}

/// Takes all roles of an app, or makes it super administrator.
pub(crate) fn set_client_admin(org: &mut Org, client_id: &str, admin: bool, now: Time) {
    let Some(serial) = org.apps.by_client_id(org, client_id) else {
        return;
    };
    org.roles.forget(Holder::Client(serial));
    if admin {
        make_super(org, Holder::Client(serial), now);
    }
}

/// Replaces the scopes of an app.
pub(crate) fn set_client_scopes(org: &mut Org, client_id: &str, scopes: &[&str], now: Time) {
    if let Some(serial) = org.apps.by_client_id(org, client_id) {
        grant(org, serial, scopes, now);
    }
}

/// Sets whether an app must use DPoP.
pub(crate) fn set_client_dpop(org: &mut Org, client_id: &str, required: bool) {
    let serial = org.apps.by_client_id(org, client_id);
    let app = serial.and_then(|serial| org.apps.get_mut(serial));
    if let Some(settings) = app.and_then(crate::apps::App::oauth_mut) {
        settings.insert("dpop_bound_access_tokens".to_owned(), required.into());
    }
}

/// Writes the credentials as JSON, readable by the owner alone.
pub(crate) fn write_credentials(
    path: &Path,
    url: &str,
    credentials: &Credentials,
) -> Result<(), StartError> {
    let failed = |source| StartError::File {
        path: path.to_owned(),
        source,
    };
    let mut body = json!({ "url": url });
    if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), json!(credentials)) {
        body.extend(rest);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, format!("{body:#}\n").as_bytes()).map_err(failed)
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // A closed channel means that the sandbox was dropped.
    while !*stopped.borrow() {
        if stopped.changed().await.is_err() {
            return;
        }
    }
}

/// Serves plain HTTP until told to stop.
pub(crate) fn serve(
    listener: TcpListener,
    app: Router,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            _ = axum::serve(listener, app) => {}
            () = until(stopped) => {}
        }
    })
}

/// A certificate made at start, and its key.
pub(crate) struct Secured {
    pub(crate) certificate: String,
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Secured {
    /// A certificate for the loopback addresses.
    pub(crate) fn new() -> Result<Self, StartError> {
        let failed = |error: rcgen::Error| StartError::Key(error.to_string());
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(failed)?;
        for address in [
            std::net::IpAddr::from([127, 0, 0, 1]),
            std::net::Ipv6Addr::LOCALHOST.into(),
        ] {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        let key = KeyPair::generate().map_err(failed)?;
        let made = params.self_signed(&key).map_err(failed)?;
        Ok(Self {
            certificate: made.pem(),
            der: made.der().clone(),
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        })
    }
}

/// Serves HTTPS until told to stop.
pub(crate) fn serve_tls(
    listener: TcpListener,
    app: Router,
    stopped: watch::Receiver<bool>,
    secured: &Secured,
) -> Result<JoinHandle<()>, StartError> {
    let failed = |error: rustls::Error| StartError::Key(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![secured.der.clone()], secured.key.clone_key())
        .map_err(failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(config));
    let listener = listener
        .into_std()
        .map_err(|error| StartError::Key(error.to_string()))?;
    let server = axum_server::from_tcp_rustls(listener, config)
        .map_err(|error| StartError::Key(error.to_string()))?;
    Ok(tokio::spawn(async move {
        tokio::select! {
            _ = server.serve(app.into_make_service()) => {}
            () = until(stopped) => {}
        }
    }))
}
