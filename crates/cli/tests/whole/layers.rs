//! Who may use whom: between the crates, and between the folders of the server.

use std::{collections::BTreeMap, fs, path::Path};

use super::source::{files, named, root};

/// Crate, and the crates of ours that it may depend on: in the program, and in its tests only.
const CRATES: &[(&str, &[&str], &[&str])] = &[
    ("model", &[], &[]),
    ("okta", &["model"], &[]),
    ("proto", &[], &[]),
    ("sandbox", &["model"], &[]),
    (
        "server",
        &["model", "okta", "proto"],
        &["sandbox", "testkit"],
    ),
    ("testkit", &[], &[]),
    (
        "cli",
        &["model", "okta", "sandbox", "server"],
        &["proto", "testkit"],
    ),
];

/// The ground floor of the server: everyone may use these.
const FLOOR: &[&str] = &[
    "actor",
    "app",
    "audit",
    "config",
    "console",
    "db",
    "jobs",
    "migrations",
    "notify",
    "outgoing",
    "sessions",
    "telemetry",
    "tenants",
    "vault",
    "web",
];

/// What stands over the ground floor, and what of it each may use beside the floor.
const SLICES: &[(&str, &[&str])] = &[
    ("directory", &[]),
    ("apikeys", &["directory"]),
    ("connections", &["directory"]),
    ("actions", &["directory", "connections"]),
    ("events", &["connections"]),
    ("scim", &["directory", "connections"]),
    ("sync", &["directory", "connections", "scim"]),
    ("saml", &["directory", "connections"]),
    (
        "doctor",
        &["directory", "apikeys", "connections", "saml", "sync"],
    ),
    ("backup", &["directory"]),
    ("activity", &["directory", "connections"]),
    ("signin", &["directory", "saml"]),
    ("settings", &["directory", "signin"]),
    (
        "orgs",
        &["directory", "connections", "saml", "scim", "sync"],
    ),
    ("people", &["directory", "connections", "scim", "sync"]),
    (
        "overview",
        &[
            "directory",
            "activity",
            "apikeys",
            "connections",
            "scim",
            "sync",
        ],
    ),
];

/// Puts the whole together, and is used by nobody but the outside.
const WIRING: &[&str] = &["lib", "router", "serve"];

/// The names of ours in one section of a `Cargo.toml`.
fn ours(manifest: &str, section: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == section;
        } else if let Some(rest) = line.strip_prefix("keywright-").filter(|_| inside) {
            found.push(
                rest.chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect(),
            );
        }
    }
    found.sort();
    found
}

#[test]
fn crates_depend_one_way() {
    for entry in fs::read_dir(root().join("crates")).expect("crates") {
        let folder = entry.expect("an entry").path();
        let name = folder.file_name().expect("a name").to_string_lossy();
        let row = CRATES.iter().find(|(known, ..)| *known == name);
        let (_, may, in_tests) = row.unwrap_or_else(|| panic!("{name} is missing from the table"));
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        for used in ours(&manifest, "[dependencies]") {
            assert!(may.contains(&used.as_str()), "{name} depends on {used}");
        }
        for used in ours(&manifest, "[dev-dependencies]") {
            let allowed = may.contains(&used.as_str()) || in_tests.contains(&used.as_str());
            assert!(allowed, "the tests of {name} depend on {used}");
        }
    }
}

/// The folder or file right below `src` that a source file belongs to.
fn module(source: &Path, file: &Path) -> String {
    let first = file
        .strip_prefix(source)
        .expect("below src")
        .iter()
        .next()
        .expect("a name");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn folders_of_the_server_keep_their_layer() {
    let source = root().join("crates/server/src");
    let slices: BTreeMap<&str, &[&str]> = SLICES.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in files(&source, ".rs") {
        let own = module(&source, &file);
        if WIRING.contains(&own.as_str()) {
            continue;
        }
        let in_tests = file.iter().any(|part| {
            part == "tests" || part == "tests.rs" || part == "testing.rs" || part == "testing"
        });
        let above = slices.get(own.as_str()).copied().unwrap_or_default();
        if !FLOOR.contains(&own.as_str()) && !slices.contains_key(own.as_str()) && own != "testing"
        {
            wrong.push(format!("{own} is missing from the table"));
        }
        for path in named(&fs::read_to_string(&file).expect("a source file"), "crate") {
            let used = path[0].as_str();
            let part = path.get(1).map_or("", String::as_str);
            let known =
                FLOOR.contains(&used) || slices.contains_key(used) || WIRING.contains(&used);
            let allowed =
                used == own || FLOOR.contains(&used) || above.contains(&used) || in_tests || !known;
            let private = part == "store" && used != own;
            if !allowed || private {
                wrong.push(format!(
                    "{} uses crate::{used}::{part}",
                    file.strip_prefix(&source).expect("below src").display()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the table of layers:\n{}",
        wrong.join("\n")
    );
}
