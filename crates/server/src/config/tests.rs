use std::fs;

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keywright.toml");
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn source_of(config: &Config, key: &str) -> Source {
    config
        .effective()
        .iter()
        .find(|one| one.key == key)
        .unwrap()
        .source
        .clone()
}

#[test]
fn nothing_at_all_works() {
    let config = Config::load(&Sources::none()).unwrap();
    assert_eq!(config.public_url(), "http://localhost:8080");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, PathBuf::from("./keywright-data"));
    assert_eq!(
        config.database_url().expose_secret(),
        "sqlite://./keywright-data/keywright.db"
    );
    assert_eq!(
        config.master_key_file(),
        (PathBuf::from("./keywright-data/master.key"), true)
    );
    assert_eq!(config.role, Role::All);
    assert!(!config.outgoing.allow_private);
}

#[test]
fn later_sources_win_and_are_named() {
    let (_dir, path) = file(
        "listen = \"127.0.0.1:1\"\n\n[log]\nlevel = \"debug\"\nformat = \"json\"\n[limits]\njobs = 7\n",
    );
    let config = Config::load(
        &Sources::none()
            .file(&path)
            .variable("KEYWRIGHT_LOG__LEVEL", "trace")
            .variable("KEYWRIGHT_OUTGOING_ALLOWED_HOSTS", "a.example, b.example")
            .variable("KEYWRIGHT_METRICS_LISTEN", "off")
            .variable("KEYWRIGHT_ROLE", "")
            .flag("listen", "--listen", "127.0.0.1:0"),
    )
    .unwrap();
    assert_eq!(config.listen.port(), 0);
    assert_eq!(config.log.level, "trace");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.limits.jobs, 7);
    assert_eq!(config.outgoing.allowed_hosts, ["a.example", "b.example"]);
    assert_eq!(config.metrics.listen, None);
    assert_eq!(
        source_of(&config, "listen"),
        Source::Flag("--listen".into())
    );
    assert_eq!(
        source_of(&config, "log.level"),
        Source::Variable("KEYWRIGHT_LOG__LEVEL".into())
    );
    assert_eq!(
        source_of(&config, "log.format"),
        Source::File {
            path: path.clone(),
            line: 5
        }
    );
    assert_eq!(
        source_of(&config, "limits.jobs"),
        Source::File { path, line: 7 }
    );
    assert_eq!(source_of(&config, "role"), Source::Default);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases: &[(&str, &str)] = &[
        (
            "publc_url = \"x\"",
            "FILE:1: there is no key `publc_url`; did you mean `public_url`?",
        ),
        (
            "\n[databse]\nurl = \"x\"",
            "FILE:2: there is no key `databse`; did you mean `database.url`?",
        ),
        (
            "[database]\nulr = \"x\"",
            "FILE:2: there is no key `database.ulr`; did you mean `database.url`?",
        ),
        (
            "listen = 8080",
            "FILE:1: `listen`: text in quotes is wanted",
        ),
        (
            "listen = \"8080\"",
            "FILE:1: `listen`: invalid socket address syntax",
        ),
        (
            "role = \"boss\"",
            "FILE:1: `role`: unknown variant: found `boss`, expected `one of `web`, `worker`, `all``",
        ),
        (
            "[limits]\njobs = \"many\"",
            "FILE:2: `limits.jobs`: a whole number is wanted",
        ),
        (
            "[limits]\njobs = 0",
            "FILE:2: `limits.jobs`: at least 1 is wanted",
        ),
        (
            "[tls]\ncert = \"a.pem\"",
            "FILE:2: `tls.cert`: `tls.key` is needed with it",
        ),
        (
            "[mail]\nsmtp_url = \"smtp://a\"",
            "FILE:2: `mail.smtp_url`: `mail.from` is needed with it",
        ),
        (
            "public_url = \"ftp://a\"",
            "FILE:1: `public_url`: an http or https address without query, fragment or user is wanted",
        ),
        (
            "a = \nb = 1",
            "FILE:1: string values must be quoted, expected literal string",
        ),
    ];
    for (text, want) in cases {
        let (_dir, path) = file(text);
        let error = Config::load(&Sources::none().file(&path)).unwrap_err();
        assert_eq!(
            error.to_string().replace(&*path.to_string_lossy(), "FILE"),
            *want
        );
    }
}

#[test]
fn unknown_variables_are_refused_and_foreign_ones_left_alone() {
    let error = Config::load(&Sources::none().variable("KEYWRIGHT_DATABASE_ULR", "x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable KEYWRIGHT_DATABASE_ULR means nothing to Keywright; did you mean `KEYWRIGHT_DATABASE_URL`?"
    );
    let sources = Sources::none()
        .variable("KEYWRIGHT_API_KEY", "kw_x")
        .variable("KEYWRIGHT_SERVICE_HOST", "10.0.0.1")
        .variable("KEYWRIGHT_PORT", "tcp://10.0.0.1:80")
        .variable("KEYWRIGHT_PORT_80_TCP_ADDR", "10.0.0.1");
    assert!(Config::load(&sources).is_ok());
}

#[test]
fn secrets_are_masked_wherever_they_come_from() {
    let (_dir, path) = file("postgres://kw:hunter2@db/keywright?sslpassword=hunter2\n");
    let config = Config::load(
        &Sources::none()
            .variable("KEYWRIGHT_DATABASE_URL_FILE", path.to_string_lossy())
            .variable("KEYWRIGHT_MAIL_SMTP_URL", "smtps://me:hunter2@mail.example")
            .variable("KEYWRIGHT_MAIL_FROM", "kw@example.com")
            .variable("KEYWRIGHT_OUTGOING_PROXY", "http://me:hunter2@proxy:1"),
    )
    .unwrap();
    assert_eq!(
        config.database_url().expose_secret(),
        "postgres://kw:hunter2@db/keywright?sslpassword=hunter2"
    );
    let lines: Vec<String> = config.effective().iter().map(ToString::to_string).collect();
    let printed = lines.join("\n");
    assert!(
        printed.contains("postgres://kw:***@db/keywright"),
        "{printed}"
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(!format!("{config:?}").contains("hunter2"));
    let error =
        Config::load(&Sources::none().variable("KEYWRIGHT_DATABASE_URL", "mysql://a:hunter2@b"))
            .unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    for key in keys::KEYS {
        let text = key
            .example
            .trim_matches('"')
            .replace("[\"", "")
            .replace("\"]", "")
            .replace("\", \"", ",");
        let mut sources = Sources::none().variable(key.variable(), text);
        for (needs, other, value) in [
            ("mail.smtp_url", "KEYWRIGHT_MAIL_FROM", "a@example.com"),
            ("tls.cert", "KEYWRIGHT_TLS_KEY", "key.pem"),
            ("tls.key", "KEYWRIGHT_TLS_CERT", "cert.pem"),
        ] {
            if key.name == needs {
                sources = sources.variable(other, value);
            }
        }
        let config = Config::load(&sources).unwrap_or_else(|error| panic!("{}: {error}", key.name));
        assert_eq!(
            source_of(&config, key.name),
            Source::Variable(key.variable())
        );
    }
}
