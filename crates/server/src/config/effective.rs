//! The effective values as `config check` prints them: secrets masked, each with its source.

use std::fmt;

use toml::Value;
use url::Url;

use super::keys::{KEYS, Secrecy};
use super::sources::{Setting, Source};

/// One effective value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The dotted name of the key.
    pub key: &'static str,
    /// The value as TOML, secrets masked; `None` when it is not set.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value}  # {}", self.key, self.source),
            None => write!(f, "# {} is not set", self.key),
        }
    }
}

/// What is in force of all `settings`: the last of each key.
pub(super) fn effective(settings: &[Setting]) -> Vec<Effective> {
    KEYS.iter()
        .map(|key| {
            let last = settings
                .iter()
                .rfind(|setting| setting.key.name == key.name);
            Effective {
                key: key.name,
                value: last.map(|setting| shown(&setting.value, key.secrecy)),
                source: last.map_or(Source::Default, |setting| setting.source.clone()),
            }
        })
        .collect()
}

fn shown(value: &Value, secrecy: Secrecy) -> String {
    match (secrecy, value) {
        (Secrecy::Address, Value::String(text)) => Value::String(masked(text)).to_string(),
        _ => value.to_string(),
    }
}

/// An address without its password (`***`) and without query values; what cannot be read is masked whole.
pub(super) fn masked(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return "***".to_owned();
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    let query: Vec<(String, String)> = url
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    if query.iter().any(|(name, _)| is_secret(name)) {
        url.query_pairs_mut()
            .clear()
            .extend_pairs(query.iter().map(|(name, value)| {
                (
                    name.as_str(),
                    if is_secret(name) {
                        "***"
                    } else {
                        value.as_str()
                    },
                )
            }));
    }
    url.to_string()
}

fn is_secret(name: &str) -> bool {
    name.to_lowercase().contains("password")
}
