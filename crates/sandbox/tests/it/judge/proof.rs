//! The list of differences that recordings of real orgs prove right, and that it is what the recordings say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::{Answer, fixtures, spec};

/// Differences from the specification in recorded answers, with the first recording that has each.
fn recorded() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(fixtures("recordings"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
    {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let one: Value = serde_json::from_str(line).unwrap();
            let text = |member: &str| one[member].as_str().unwrap_or_default();
            let body = one.get("res").filter(|body| body.get("_text").is_none());
            let status = u16::try_from(one["status"].as_u64().unwrap()).unwrap();
            let answer = Answer {
                method: text("method"),
                path: text("path"),
                status,
                body,
            };
            for difference in spec().judge(&answer) {
                found
                    .entry(difference)
                    .or_insert_with(|| format!("{name} {}", one["n"]));
            }
        }
    }
    found
}

/// `UPDATE_DIFFERENCES=1` writes the list anew.
#[test]
fn the_list_of_differences_is_what_the_recordings_prove() {
    let mut text = String::from(
        "# Where answers of real orgs differ from the specification: difference, then the recording and its exchange.\n\
         # Made from the recordings by the sandbox's tests (judge/proof.rs); the sandbox may differ here and nowhere else.\n",
    );
    for (difference, proof) in recorded() {
        writeln!(text, "{difference}\t{proof}").unwrap();
    }
    let path = fixtures("openapi/differences.tsv");
    if std::env::var_os("UPDATE_DIFFERENCES").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    let (kept, text): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), text.lines().collect());
    assert_eq!(kept, text);
}
