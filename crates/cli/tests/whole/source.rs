//! Reads Rust files just well enough to see which modules they name.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace")
}

/// All files below a folder whose name ends in `ending`, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text without line comments, so that prose may name what code may not use.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path below `start::` that a text names, two segments deep: `crate::{a::b, c}` gives `[a, b]` and `[c]`.
pub(crate) fn named(text: &str, start: &str) -> BTreeSet<Vec<String>> {
    let text = code(text);
    let mark = format!("{start}::");
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(&mark) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        tree(&text[at + mark.len()..], &mut Vec::new(), &mut found);
    }
    found
}

/// Reads one use tree after `prefix` and returns what is left of the text behind it.
fn tree<'a>(text: &'a str, prefix: &mut Vec<String>, found: &mut BTreeSet<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, prefix, found).trim_start();
            if let Some(next) = rest.strip_prefix(',') {
                rest = next;
            } else {
                return rest.strip_prefix('}').unwrap_or(rest);
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return rest;
    }
    prefix.push(word.to_owned());
    let left = if prefix.len() < 2 && rest.starts_with("::") {
        tree(&rest[2..], prefix, found)
    } else {
        found.insert(prefix.clone());
        skip(rest)
    };
    prefix.pop();
    left
}

/// Skips the rest of a use tree that is deeper than we look: to the comma or brace that ends it.
fn skip(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' | ';' if depth == 0 => return &text[at..],
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

#[test]
fn reads_paths_in_groups_and_alone() {
    let text = "use crate::{app::{App, Work}, db, sync::store::Run};\n// crate::prose::only\nlet a = crate::vault::open(x);";
    let want: BTreeSet<Vec<String>> = [
        vec!["app", "App"],
        vec!["app", "Work"],
        vec!["db"],
        vec!["sync", "store"],
        vec!["vault", "open"],
    ]
    .into_iter()
    .map(|path| path.into_iter().map(str::to_owned).collect())
    .collect();
    assert_eq!(named(text, "crate"), want);
}
