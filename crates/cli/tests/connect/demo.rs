//! The demo as a newcomer runs it: the real program, to the end, again on the same data, and on PostgreSQL.

use std::path::Path;
use std::process::{Command, Output};

fn demo(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keywright"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYWRIGHT_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .args(["demo", "--once", "--output", "json"])
        .args(more)
        .output()
        .unwrap()
}

/// The steps, all of them done.
fn steps(output: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && report["well"] == true,
        "{report:#} {error}"
    );
    let steps = report["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| {
            assert!(!step["did"].as_array().unwrap().is_empty(), "{step}");
            step["step"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn it_ends_well_on_sqlite_and_again_on_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let first = steps(&demo(folder.path(), &[]));
    assert!(first.iter().any(|step| step.contains("held")), "{first:?}");
    let again = steps(&demo(folder.path(), &[]));
    assert_eq!(first, again);
}

#[test]
fn it_ends_well_on_postgresql() {
    let folder = tempfile::tempdir().unwrap();
    let schema = keywright_testkit::postgres::Schema::new().unwrap();
    steps(&demo(
        folder.path(),
        &["--database", &schema.own_url().unwrap()],
    ));
}
