//! The one table of configuration keys: names, kinds, defaults and what each does.
//! Reading, checking, printing and the generated reference all go by it.

/// What kind of value a key takes. Decides how text from the environment or a flag is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text: an address, a path, a name.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Number,
    /// A list of texts; commas part them in the environment.
    List,
}

/// How much of a value may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// All of it.
    Plain,
    /// An address that may hold a password, which is masked.
    Address,
}

/// One key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// Dotted name, as in the file: `database.url`.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The default as a TOML literal; `None` when it has none or it follows from other keys.
    pub default: Option<&'static str>,
    /// How much of it may be printed.
    pub secrecy: Secrecy,
    /// What it does, in one or two sentences.
    pub about: &'static str,
    /// An example as a TOML literal.
    pub example: &'static str,
}

impl Key {
    /// The name of the environment variable: `database.url` is `KEYWRIGHT_DATABASE_URL`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_uppercase().replace('.', "_"))
    }
}

/// What every environment variable of ours begins with.
pub const PREFIX: &str = "KEYWRIGHT_";

/// Variables of ours that are no configuration keys: commands read them.
pub const OTHER_VARIABLES: &[&str] = &[
    "KEYWRIGHT_CONFIG",
    "KEYWRIGHT_SERVER",
    "KEYWRIGHT_API_KEY",
    "KEYWRIGHT_TENANT",
    "KEYWRIGHT_DATA",
    "KEYWRIGHT_OUTPUT",
];

/// Beginnings of variables that others make: those of commands' secrets, of tests, and those that Kubernetes
/// gives to each container when a service is called `keywright`.
pub const FOREIGN_PREFIXES: &[&str] = &[
    "KEYWRIGHT_OKTA_",
    "KEYWRIGHT_TEST_",
    "KEYWRIGHT_SERVICE_",
    "KEYWRIGHT_PORT_",
];

const fn text(name: &'static str, about: &'static str, example: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Text,
        default: None,
        secrecy: Secrecy::Plain,
        about,
        example,
    }
}

const fn number(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Number,
        default: Some(default),
        secrecy: Secrecy::Plain,
        about,
        example: default,
    }
}

/// Every key there is, in the order of the reference.
pub const KEYS: &[Key] = &[
    text(
        "public_url",
        "The address people and Okta reach this deployment at. By default `http://localhost` with the port of `listen` (`https` when `tls` is set).",
        "\"https://keywright.example.com\"",
    ),
    Key {
        default: Some("\"127.0.0.1:8080\""),
        ..text(
            "listen",
            "Address and port the server listens on; port 0 picks a free one.",
            "\"0.0.0.0:8080\"",
        )
    },
    Key {
        default: Some("\"./keywright-data\""),
        ..text(
            "data_dir",
            "Folder for the SQLite database and the generated master key. Made at first start.",
            "\"/var/lib/keywright\"",
        )
    },
    Key {
        default: Some("\"all\""),
        ..text(
            "role",
            "What this process does: `web` answers requests, `worker` runs jobs, `all` does both.",
            "\"web\"",
        )
    },
    text(
        "master_key_file",
        "File with the master key that seals all secrets; by default `master.key` in `data_dir`, made at first start with mode 0600. Keep it apart from database backups.",
        "\"/etc/keywright/master.key\"",
    ),
    Key {
        secrecy: Secrecy::Address,
        ..text(
            "database.url",
            "PostgreSQL or SQLite to store everything in. By default `keywright.db` (SQLite) in `data_dir`.",
            "\"postgres://keywright@db.example.com/keywright?sslmode=verify-full\"",
        )
    },
    Key {
        secrecy: Secrecy::Address,
        ..text(
            "mail.smtp_url",
            "Mail server: `smtps://` (TLS) or `smtp://` with `?tls=required` (STARTTLS), or plain `smtp://` inside a trusted network. Without it no mail is sent.",
            "\"smtps://user:password@smtp.example.com\"",
        )
    },
    text(
        "mail.from",
        "Sender of our mail; needed with `mail.smtp_url`.",
        "\"Keywright <keywright@example.com>\"",
    ),
    Key {
        kind: Kind::Bool,
        default: Some("false"),
        ..text(
            "outgoing.allow_private",
            "Whether webhooks may go to loopback and private addresses. Link-local ones (cloud metadata) are refused always.",
            "true",
        )
    },
    Key {
        kind: Kind::List,
        default: Some("[]"),
        ..text(
            "outgoing.allowed_hosts",
            "Hosts webhooks may go to; `*.example.com` takes every name below it. Empty: every public host that an admin enters.",
            "[\"hooks.example.com\", \"*.corp.example.com\"]",
        )
    },
    Key {
        secrecy: Secrecy::Address,
        ..text(
            "outgoing.proxy",
            "HTTP proxy for everything that goes out, Okta included.",
            "\"http://proxy.example.com:3128\"",
        )
    },
    Key {
        default: Some("\"info\""),
        ..text(
            "log.level",
            "How much is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter by module. Secrets are masked at every level.",
            "\"info,keywright_server=debug\"",
        )
    },
    Key {
        default: Some("\"text\""),
        ..text(
            "log.format",
            "`text` for people or `json`, one object a line. Logs go to standard error.",
            "\"json\"",
        )
    },
    Key {
        default: Some("\"127.0.0.1:9464\""),
        ..text(
            "metrics.listen",
            "Address and port of `/metrics` (Prometheus), a listener of its own; `off` for none. When the default port is taken, it is left out with a warning.",
            "\"0.0.0.0:9464\"",
        )
    },
    Key {
        kind: Kind::List,
        default: Some("[]"),
        ..text(
            "trusted_proxies",
            "Ranges of the proxies in front of us, whose `X-Forwarded-For` is believed. Without it all people behind a proxy seem to come from its address, and share its limits of sign-in.",
            "[\"10.0.0.0/8\", \"2001:db8::/32\"]",
        )
    },
    text(
        "tls.cert",
        "PEM file with the certificate chain, to end TLS here. Needs `tls.key`.",
        "\"/etc/keywright/tls.pem\"",
    ),
    text(
        "tls.key",
        "PEM file with the private key of `tls.cert`.",
        "\"/etc/keywright/tls.key\"",
    ),
    number(
        "limits.body_bytes",
        "16777216",
        "Largest request body, in bytes.",
    ),
    number("limits.json_depth", "64", "Deepest nesting of a JSON body."),
    number(
        "limits.request_seconds",
        "60",
        "Longest time one request may take, in seconds.",
    ),
    number(
        "limits.stop_seconds",
        "20",
        "How long a stopping process waits for requests and jobs at work, in seconds.",
    ),
    number(
        "limits.jobs",
        "4",
        "How many jobs this process works on at once.",
    ),
];

/// The key of that dotted name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known name nearest to `name`, when one is near enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_unambiguous() {
        let mut names: Vec<String> = KEYS.iter().map(Key::variable).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for name in names {
            assert!(!OTHER_VARIABLES.contains(&name.as_str()), "{name}");
            assert!(
                !FOREIGN_PREFIXES.iter().any(|p| name.starts_with(p)),
                "{name}"
            );
        }
    }

    #[test]
    fn nearest_key_is_named() {
        let names = || KEYS.iter().map(|key| key.name);
        assert_eq!(nearest("databse.url", names()), Some("database.url"));
        assert_eq!(nearest("public_uri", names()), Some("public_url"));
        assert_eq!(nearest("zzz", names()), None);
    }
}
