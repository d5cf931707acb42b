//! Making the org that a sandbox starts with, and serving it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rand::TryRngCore as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::apps::{Grant, build};
use crate::clock::{Clock, Time};
use crate::company;
use crate::credentials::{Credentials, ServiceApp};
use crate::hooks;
use crate::http::all_scopes;
use crate::oauth::PrivateKey;
use crate::options::{SandboxOptions, StartError};
use crate::org::Org;
use crate::orgs::{MAIN, Orgs, name_fault};
use crate::provisioning;
use crate::roles::{Assignment, Holder};
use crate::shared::{ROUTER, Running, Shared};
use crate::state::{Kept, StateFile, first, keep};
use crate::store::{Kind, members, mix};
use crate::tls::Secured;

/// What runs.
pub(crate) struct Started {
    pub(crate) orgs: Arc<Orgs>,
    pub(crate) address: SocketAddr,
    pub(crate) tasks: JoinSet<()>,
}

fn broken(error: &JoinError) -> StartError {
    StartError::Key(error.to_string())
}

/// Starts all orgs that the options ask for, or that the state file holds.
pub(crate) async fn all(
    options: SandboxOptions,
    stop: &CancellationToken,
) -> Result<Started, StartError> {
    let (file, mut kept) = match options.state.clone() {
        None => (None, None),
        Some(path) => {
            let opened = tokio::task::spawn_blocking(move || StateFile::open(&path));
            let (file, kept) = opened.await.map_err(|error| broken(&error))??;
            (Some(file), kept)
        }
    };
    let is_new = kept.is_none();
    let mut names = options.orgs.clone();
    let known = kept.iter().flat_map(|kept| kept.keys());
    names.extend(known.filter(|name| *name != MAIN).cloned());
    names.dedup();
    let mut take = |name: &str| kept.as_mut().and_then(|kept| kept.remove(name));

    let secured = secured(&options, &names)?;
    let listener = bind(options.listen).await?;
    let address = listener.local_addr().map_err(|source| StartError::Listen {
        address: options.listen,
        source,
    })?;
    let changed = Arc::new(Notify::new());
    let main = shared(MAIN, &options, take(MAIN), &changed).await?;
    let orgs = Arc::new(Orgs::new(
        Arc::clone(&main),
        address,
        options.clone(),
        secured,
        stop.clone(),
        changed,
    ));
    let mut tasks = JoinSet::new();
    tasks.spawn(provisioning::run(Arc::clone(&main), stop.clone()));
    tasks.spawn(hooks::run(Arc::clone(&main), stop.clone()));
    tasks.spawn(orgs.serve(listener, main, stop.clone())?);
    for (number, name) in (1_u16..).zip(&names) {
        let port = match options.listen.port() {
            0 => 0,
            first => first.saturating_add(number),
        };
        let place = SocketAddr::new(address.ip(), port);
        more(&orgs, name, &options, place, take(name)).await?;
    }
    if let Some(file) = file {
        let file = Arc::new(file);
        if is_new {
            first(&file, &orgs).await;
        }
        tasks.spawn(keep(file, Arc::clone(&orgs), stop.clone()));
    }
    if let Some(path) = &options.credentials_out {
        write_credentials(path, &orgs)?;
    }
    Ok(Started {
        orgs,
        address,
        tasks,
    })
}

fn secured(options: &SandboxOptions, names: &[String]) -> Result<Option<Secured>, StartError> {
    let secured = options.tls.then(|| Secured::new(names)).transpose()?;
    if let (Some(path), Some(secured)) = (&options.tls_cert_out, &secured) {
        std::fs::write(path, &secured.certificate).map_err(|source| StartError::File {
            path: path.clone(),
            source,
        })?;
    }
    Ok(secured)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

/// Starts one more org at an address.
pub(crate) async fn more(
    orgs: &Arc<Orgs>,
    name: &str,
    options: &SandboxOptions,
    address: SocketAddr,
    kept: Option<Kept>,
) -> Result<(), StartError> {
    let fault = name_fault(name).or_else(|| orgs.has(name).then_some("there is one already"));
    if let Some(why) = fault {
        return Err(StartError::Name {
            name: name.to_owned(),
            why,
        });
    }
    let shared = shared(name, options, kept, &orgs.notify()).await?;
    let listener = bind(address).await?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address, source })?;
    let stop = orgs.add(name, Arc::clone(&shared), address);
    tokio::spawn(provisioning::run(Arc::clone(&shared), stop.clone()));
    tokio::spawn(hooks::run(Arc::clone(&shared), stop.clone()));
    tokio::spawn(orgs.serve(listener, shared, stop)?);
    Ok(())
}

/// One org: the one that was kept, or a new one.
async fn shared(
    name: &str,
    options: &SandboxOptions,
    kept: Option<Kept>,
    changed: &Arc<Notify>,
) -> Result<Arc<Shared>, StartError> {
    let kept = if let Some(kept) = kept {
        kept
    } else {
        let (name, options) = (name.to_owned(), options.clone());
        let made = tokio::task::spawn_blocking(move || new(&name, &options));
        made.await.map_err(|error| broken(&error))??
    };
    let running = Running {
        tls: options.tls,
        verbose: options.verbose,
        limited: options.rate_limits,
        seed: kept.org.seed,
        changed: Arc::clone(changed),
    };
    let clock = Clock::of(kept.clock);
    Ok(Arc::new(Shared::new(
        kept.org,
        clock,
        kept.credentials,
        &running,
    )))
}

/// A new org with its credentials.
fn new(name: &str, options: &SandboxOptions) -> Result<Kept, StartError> {
    let (org, keys) = std::thread::scope(|scope| {
        let org = scope.spawn(|| company(name, options));
        let keys = two_keys();
        (org.join(), keys)
    });
    let mut org = org.map_err(|_| StartError::Key("the company could not be made".to_owned()))?;
    let now = Clock::default().now();
    if let Some(path) = &options.seed {
        crate::seed::read(&mut org, &ROUTER, path, now)?;
    }
    let (oauth_key, dpop_key) = keys.ok_or_else(no_randomness)?;
    let oauth = service_app(&mut org, "Keywright OAuth", false, &oauth_key, now)?;
    let dpop = service_app(&mut org, "Keywright DPoP", true, &dpop_key, now)?;
    let api_token = secret().map_err(|error| StartError::Key(error.to_string()))?;
    org.add_token(&api_token, "Keywright Sandbox", 0, now);
    for app in [&oauth, &dpop] {
        org.quotas.add(&app.client_id, "OAUTH_CLIENT", now);
    }
    Ok(Kept {
        credentials: Credentials {
            api_token,
            oauth,
            dpop,
        },
        clock: Clock::default().moved(),
        org,
    })
}

/// The random seed of an org: the first one has the one asked for, each other one its own.
fn seed_of(name: &str, options: &SandboxOptions) -> u64 {
    if name == MAIN {
        return options.random_seed;
    }
    let mixed = name.bytes().map(u64::from);
    mixed.fold(options.random_seed, |seed, byte| mix(seed ^ byte))
}

fn company(name: &str, options: &SandboxOptions) -> Org {
    let now = Clock::default().now();
    let mut org = Org::new(seed_of(name, options), now);
    org.name_host(name);
    let admin = company::add_admin(&mut org, now);
    make_super(&mut org, Holder::User(admin), now);
    company::add_groups(&mut org, options.groups, now);
    company::add_people(&mut org, options.people, options.groups_per_person, now);
    org
}

/// An API token: `00` and 40 characters.
pub(crate) fn secret() -> Result<String, rand::rand_core::OsError> {
    let mut bytes = [0_u8; 30];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("00{}", crate::oauth::base64url(&bytes)))
}

/// Makes somebody super administrator.
pub(crate) fn make_super(org: &mut Org, holder: Holder, now: Time) {
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

/// The keys of the two service apps, made side by side: making one is most of what a start takes.
fn two_keys() -> Option<(PrivateKey, PrivateKey)> {
    std::thread::scope(|scope| {
        let other = scope.spawn(PrivateKey::generate);
        let one = PrivateKey::generate()?;
        Some((one, other.join().ok()??))
    })
}

fn no_randomness() -> StartError {
    StartError::Key("no randomness".to_owned())
}

fn service_app(
    org: &mut Org,
    label: &str,
    dpop: bool,
    key: &PrivateKey,
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
        .map_err(|fail| StartError::Key(fail.words()))?;
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

/// Writes the credentials as JSON, readable by the owner alone: those of the first org, and under `orgs` those of all
/// others by name.
fn write_credentials(path: &Path, orgs: &Orgs) -> Result<(), StartError> {
    let failed = |source| StartError::File {
        path: path.to_owned(),
        source,
    };
    let all = orgs.list();
    let mut body = json!(all.first());
    if let Some((_, more)) = all.split_first().filter(|(_, more)| !more.is_empty()) {
        let more: serde_json::Map<String, Value> = more
            .iter()
            .map(|place| (place.name.clone(), json!(place)))
            .collect();
        body["orgs"] = more.into();
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, format!("{body:#}\n").as_bytes()).map_err(failed)
}
