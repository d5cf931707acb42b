//! Planted secrets are found nowhere: not in the database, not in logs at trace level, not in errors, not in backups.

use std::{fs, path::Path, process::Command};

use crate::{
    on_both,
    org::{Org, text},
    site::Site,
};

on_both!(secrets_are_nowhere);

/// A secret and how it might be written.
struct Planted {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

/// A token as text.
fn token(what: &'static str, value: &str) -> Planted {
    Planted {
        what,
        forms: vec![value.as_bytes().to_vec()],
    }
}

/// A PEM key: pieces of its text (line breaks may be gone or escaped) and of its bytes.
fn key(what: &'static str, pem: &str) -> Planted {
    let body: Vec<&str> = pem
        .lines()
        .filter(|line| !line.starts_with("-----") && line.len() > 40)
        .collect();
    assert!(body.len() > 5, "not a PEM key");
    // The first lines hold what every key of the kind begins with and the public half; the last ones only secret numbers.
    let mut forms: Vec<Vec<u8>> = body
        .iter()
        .rev()
        .take(4)
        .map(|line| line.as_bytes().to_vec())
        .collect();
    forms.extend(
        forms
            .clone()
            .iter()
            .filter_map(|line| base64(line))
            .map(|bytes| bytes[..24].to_vec()),
    );
    Planted { what, forms }
}

/// The bytes of a line of base64.
fn base64(line: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let mut number = 0;
    let mut bytes = Vec::new();
    for c in line.iter().filter(|c| **c != b'=') {
        number = (number << 6) | u32::try_from(ALPHABET.iter().position(|a| a == c)?).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((number >> bits) & 0xff).ok()?);
        }
    }
    (bytes.len() >= 24).then_some(bytes)
}

/// Whether a file, or any file in a folder, holds one of these bytes.
fn holds(place: &Path, form: &[u8]) -> Option<String> {
    if place.is_dir() {
        return fs::read_dir(place)
            .expect("a folder")
            .find_map(|entry| holds(&entry.expect("an entry").path(), form));
    }
    let content = fs::read(place).expect("a file");
    content
        .windows(form.len())
        .any(|window| window == form)
        .then(|| place.display().to_string())
}

async fn secrets_are_nowhere(site: Site) {
    let first = Org::start(&["--people", "0"]);
    let org = Org::start(&["--people", "30", "--groups", "4"]);
    let said = site.place().join("said");
    fs::create_dir(&said).expect("a folder");
    let mut number = 0;
    // Every command at trace level; what it says is kept.
    let mut run = |args: &[&str], input: &str, code: Option<i32>| {
        let mut args = args.to_vec();
        args.extend(["--output", "json"]);
        let ended = site.run_traced(&args, input);
        number += 1;
        fs::write(
            said.join(format!("{number}.out")),
            format!("{args:?}\n{}\n{}", ended.out, ended.err),
        )
        .expect("kept");
        assert_eq!(ended.code, code, "{args:?}: {ended:?}");
    };

    let by_token = |name| {
        vec![
            "connect",
            "--name",
            name,
            "--auth",
            "api_token",
            "--token-file",
            "-",
        ]
    };
    run(
        &[by_token("bytoken"), vec![&first.url]].concat(),
        &first.token,
        Some(0),
    );
    // A token that Okta refuses must not come back in the error.
    let refused = format!("00{}", "w".repeat(40));
    run(
        &[by_token("refused"), vec![&org.url]].concat(),
        &refused,
        Some(1),
    );
    run(&["connection", "remove", "refused", "--yes"], "", Some(0));

    let app = org.app("dpop");
    let (pem, other) = (
        text(&app["private_key_pem"]),
        text(&org.app("oauth")["private_key_pem"]),
    );
    let (client, kid) = (text(&app["client_id"]), text(&app["kid"]));
    for (name, pem, code) in [("wrong", &other, 1), ("bykey", &pem, 0)] {
        let file = site.place().join(name);
        fs::write(&file, pem).expect("a key");
        let file = file.to_str().expect("a path");
        run(
            &[
                "connect",
                &org.url,
                "--name",
                name,
                "--client-id",
                &client,
                "--kid",
                &kid,
                "--key-file",
                file,
            ],
            "",
            Some(code),
        );
        if code != 0 {
            run(&["connection", "remove", name, "--yes"], "", Some(0));
        }
    }
    let (group, _) = org.groups().await.remove(0);
    run(
        &["mapping", "add", &group, "user", "--connection", "bykey"],
        "",
        Some(0),
    );
    run(&["sync", "plan", "--connection", "bykey"], "", Some(0));
    let backup = site.place().join("said/backup");
    run(&["backup", backup.to_str().expect("a path")], "", Some(0));
    fs::write(said.join("database.sql"), site.dump()).expect("a dump");

    let planted = [
        token("the API token", &first.token),
        token("the refused token", &refused),
        key("the key", &pem),
        key("the wrong key", &other),
    ];
    assert!(
        holds(&said, org.url.as_bytes()).is_some(),
        "nothing was kept: the search below would prove nothing"
    );
    for secret in &planted {
        for form in &secret.forms {
            for place in [&said, &site.data()] {
                assert_eq!(holds(place, form), None, "{} was found", secret.what);
            }
        }
    }
}

impl Site {
    /// Everything in the database as text (PostgreSQL); on SQLite the file itself is searched.
    fn dump(&self) -> Vec<u8> {
        let Some((url, schema)) = self.schema() else {
            return Vec::new();
        };
        let output = Command::new("pg_dump")
            .args(["--schema", schema, &url])
            .output()
            .expect("pg_dump");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}
