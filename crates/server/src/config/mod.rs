//! Configuration: one TOML file, environment variables and flags over built-in defaults.
//!
//! ```text
//! defaults -> keywright.toml -> KEYWRIGHT_... -> flags        the later wins
//!      \___________ keys::KEYS (one table) ________/ -> Config, Effective, docs/reference/configuration.md
//! ```
//!
//! Unknown keys are refused with the nearest known one. [`Config::effective`] tells each value in force and where
//! it came from, secrets masked.

mod effective;
mod error;
pub mod keys;
mod reference;
mod sources;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment2::Figment;
use figment2::providers::Serialized;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

pub use effective::Effective;
pub use error::Error;
pub use reference::reference;
pub use sources::{Source, Sources};

use sources::Setting;

/// The file read from the working folder when no other is named.
pub const FILE_NAME: &str = "keywright.toml";

/// What this process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers requests.
    Web,
    /// Runs jobs.
    Worker,
    /// Both.
    All,
}

impl Role {
    /// Whether this process answers requests.
    #[must_use]
    pub fn is_web(self) -> bool {
        matches!(self, Self::Web | Self::All)
    }

    /// Whether this process runs jobs.
    #[must_use]
    pub fn is_worker(self) -> bool {
        matches!(self, Self::Worker | Self::All)
    }
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A whole configuration, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    public_url: Option<Url>,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder for the SQLite database and the generated master key.
    pub data_dir: PathBuf,
    /// What this process does.
    pub role: Role,
    master_key_file: Option<PathBuf>,
    /// The database.
    #[serde(default)]
    pub database: Database,
    /// Mail.
    #[serde(default)]
    pub mail: Mail,
    /// What may go out.
    pub outgoing: Outgoing,
    /// Logging.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// Ranges of the proxies in front of us.
    pub trusted_proxies: Vec<IpNet>,
    /// TLS at our own listener.
    #[serde(default)]
    pub tls: Tls,
    /// Limits.
    pub limits: Limits,
    #[serde(skip)]
    effective: Vec<Effective>,
}

/// Where everything is stored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(default, deserialize_with = "secret")]
    url: Option<SecretString>,
}

/// How mail is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server with credentials; without it no mail is sent.
    #[serde(default, deserialize_with = "secret")]
    pub smtp_url: Option<SecretString>,
    /// The sender.
    pub from: Option<String>,
}

/// Where requests of ours may go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    /// Whether loopback and private addresses may be called.
    pub allow_private: bool,
    /// Hosts that may be called; empty for every public one.
    pub allowed_hosts: Vec<String>,
    /// Proxy for everything that goes out.
    #[serde(default, deserialize_with = "secret")]
    pub proxy: Option<SecretString>,
}

/// What is logged and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or a filter by module.
    pub level: String,
    /// The form of the lines.
    pub format: LogFormat,
}

/// The listener of `/metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    #[serde(deserialize_with = "address_or_off")]
    /// Address and port; `None` when it is off.
    pub listen: Option<SocketAddr>,
}

/// Certificate and key of our own listener.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the certificate chain.
    pub cert: Option<PathBuf>,
    /// PEM file with the private key.
    pub key: Option<PathBuf>,
}

/// Limits on what one request or process may take.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Deepest nesting of a JSON body.
    pub json_depth: usize,
    /// Longest time of one request, in seconds.
    pub request_seconds: u64,
    /// Longest wait for work in flight when stopping, in seconds.
    pub stop_seconds: u64,
    /// Jobs worked on at once by this process.
    pub jobs: usize,
}

impl Config {
    /// Reads and checks a configuration. Errors name the place and the mend.
    pub fn load(sources: &Sources) -> Result<Self, Error> {
        let settings = sources.settings()?;
        let figment = settings.iter().fold(Figment::new(), |figment, setting| {
            figment.merge(Serialized::default(setting.key.name, &setting.value))
        });
        let mut config: Self = figment
            .extract()
            .map_err(|error| refused(&error, &settings))?;
        config.check(&settings)?;
        config.effective = effective::effective(&settings);
        Ok(config)
    }

    /// The defaults with everything kept under `data_dir`: for tests and for commands on a local database.
    pub fn in_dir(data_dir: &Path) -> Result<Self, Error> {
        Self::load(&Sources::none().flag("data_dir", "--data", data_dir.to_string_lossy()))
    }

    /// Every key's value in force, secrets masked, and where it came from; in the order of the reference.
    #[must_use]
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// The address people and Okta reach us at, without a slash at the end; when it is not configured, `localhost`
    /// with the port we listen on.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!(
                "{}://localhost:{}",
                if self.tls.cert.is_some() {
                    "https"
                } else {
                    "http"
                },
                self.listen.port()
            ),
        }
    }

    /// The database's address: as configured, else the SQLite file in `data_dir`.
    #[must_use]
    pub fn database_url(&self) -> SecretString {
        self.database.url.clone().unwrap_or_else(|| {
            SecretString::from(format!(
                "sqlite://{}",
                self.data_dir.join("keywright.db").display()
            ))
        })
    }

    /// The file of the master key, and whether it may be made when it is missing (only the default one may).
    #[must_use]
    pub fn master_key_file(&self) -> (PathBuf, bool) {
        match &self.master_key_file {
            Some(path) => (path.clone(), false),
            None => (self.data_dir.join("master.key"), true),
        }
    }

    /// What no single value shows.
    fn check(&self, settings: &[Setting]) -> Result<(), Error> {
        let refuse = |key: &str, why: &str| Err(value_error(key, why.to_owned(), settings));
        if let Some(url) = &self.public_url
            && (!matches!(url.scheme(), "http" | "https")
                || url.query().is_some()
                || url.fragment().is_some()
                || !url.username().is_empty())
        {
            return refuse(
                "public_url",
                "an http or https address without query, fragment or user is wanted",
            );
        }
        if let Some(url) = &self.database.url
            && !["postgres://", "postgresql://", "sqlite:"]
                .iter()
                .any(|scheme| url.expose_secret().starts_with(scheme))
        {
            return refuse(
                "database.url",
                "it must begin with `postgres://` or `sqlite:`",
            );
        }
        if let Some(url) = &self.mail.smtp_url {
            if !["smtp://", "smtps://"]
                .iter()
                .any(|scheme| url.expose_secret().starts_with(scheme))
            {
                return refuse(
                    "mail.smtp_url",
                    "it must begin with `smtp://` or `smtps://`",
                );
            }
            if self.mail.from.is_none() {
                return refuse("mail.smtp_url", "`mail.from` is needed with it");
            }
        }
        match (&self.tls.cert, &self.tls.key) {
            (Some(_), None) => return refuse("tls.cert", "`tls.key` is needed with it"),
            (None, Some(_)) => return refuse("tls.key", "`tls.cert` is needed with it"),
            _ => {}
        }
        if let Some(proxy) = &self.outgoing.proxy
            && Url::parse(proxy.expose_secret()).is_err()
        {
            return refuse(
                "outgoing.proxy",
                "an address such as `http://proxy:3128` is wanted",
            );
        }
        if self.limits.jobs == 0 {
            return refuse("limits.jobs", "at least 1 is wanted");
        }
        Ok(())
    }
}

fn refused(error: &figment2::Error, settings: &[Setting]) -> Error {
    let key = error.path.join(".");
    let secret = keys::find(&key).is_some_and(|key| key.secrecy != keys::Secrecy::Plain);
    let why = if secret {
        "the value cannot be read".to_owned()
    } else {
        error.kind.to_string()
    };
    value_error(&key, why, settings)
}

fn value_error(key: &str, why: String, settings: &[Setting]) -> Error {
    let place = settings
        .iter()
        .rfind(|setting| setting.key.name == key)
        .map_or(Source::Default, |setting| setting.source.clone());
    Error::Value {
        key: key.to_owned(),
        place,
        why,
    }
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}

fn address_or_off<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(
            "an address with port such as `127.0.0.1:9464`, or `off`, is wanted",
        )
    })
}
