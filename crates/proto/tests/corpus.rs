//! The corpora of the fuzz targets, replayed as an ordinary test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../../../fuzz/checks.rs"]
mod checks;

use std::{fs, path::Path};

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 5, "the corpus of {target} is missing");
}

#[test]
fn filters_of_the_corpus() {
    replay("filter", checks::filter);
}

#[test]
fn paths_of_the_corpus() {
    replay("path", checks::path);
}

#[test]
fn patches_of_the_corpus() {
    replay("patch", checks::patch);
}

#[test]
fn saml_of_the_corpus() {
    replay("saml", checks::saml);
}
