//! `docs/reference/sandbox.md`: which calls of Okta's specification the sandbox answers, made from the specification and
//! its own list of routes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::client::{http, org};

/// Path with the names of its variables left out, as those differ between documents.
fn shape(path: &str) -> String {
    let parts = path.trim_end_matches('/').split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Each call of the specification by its tag: method, path, and whether it is deprecated.
fn specified() -> BTreeMap<String, Vec<(String, String)>> {
    let mut calls: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for file in ["okta-management.json", "okta-oauth.json"] {
        let text = std::fs::read(root().join("fixtures/okta/openapi").join(file)).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = item.get(method) {
                    let tag = operation["tags"][0].as_str().unwrap_or("Other").to_owned();
                    calls
                        .entry(tag)
                        .or_default()
                        .push((method.to_uppercase(), path.clone()));
                }
            }
        }
    }
    calls
}

async fn routes() -> Vec<(String, String)> {
    let org = org(0, 0).await;
    let answer = http()
        .get(format!("{}/_sandbox/routes", org.url()))
        .send()
        .await
        .unwrap();
    let list: Vec<String> = answer.json().await.unwrap();
    let pairs = list.iter().map(|line| line.split_once(' ').unwrap());
    pairs
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect()
}

fn page(routes: &[(String, String)]) -> String {
    let known: BTreeSet<_> = routes
        .iter()
        .map(|(method, path)| (method.clone(), shape(path)))
        .collect();
    let is_known = |call: &(String, String)| known.contains(&(call.0.clone(), shape(&call.1)));
    let specified = specified();
    let all: usize = specified.values().map(Vec::len).sum();
    let answered = specified
        .values()
        .flatten()
        .filter(|call| is_known(call))
        .count();
    let mut text = format!(
        "# What the sandbox answers\n\nMade from Okta's specification (`fixtures/okta/openapi`) and the sandbox's routes by the test `matrix`;\n\
         `UPDATE_REFERENCE=1 cargo nextest run -p keywright-sandbox matrix` writes it anew. A call that is answered is answered\n\
         by rules of its own; how faithfully is judged by recordings of real orgs (`scripts/test`). A call that is not gets\n\
         `E0000008`.\n\n\
         {answered} of {all} calls of the specification are answered, and {} beside it.\n\n| Family | Answered | Of | Not answered |\n| --- | --- | --- | --- |\n",
        beside(routes, &specified).len(),
    );
    for (tag, calls) in &specified {
        let held = calls.iter().filter(|call| is_known(call)).count();
        let missing: Vec<_> = calls
            .iter()
            .filter(|call| !is_known(call))
            .map(|(method, path)| format!("`{method} {path}`"))
            .collect();
        let missing = match missing.len() {
            0 => String::new(),
            _ if held == 0 => "all".to_owned(),
            1..=12 => missing.join(", "),
            more => format!(
                "{}, and {} more",
                missing
                    .iter()
                    .take(10)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
                more - 10
            ),
        };
        let _ = writeln!(text, "| {tag} | {held} | {} | {missing} |", calls.len());
    }
    text.push_str("\n## Beside the specification\n\nCalls that recordings, Okta's clients or older documents use:\n\n");
    for (method, path) in beside(routes, &specified) {
        let _ = writeln!(text, "- `{method} {path}`");
    }
    text
}

/// The routes that the specification does not have.
fn beside(
    routes: &[(String, String)],
    specified: &BTreeMap<String, Vec<(String, String)>>,
) -> Vec<(String, String)> {
    let known: BTreeSet<_> = specified
        .values()
        .flatten()
        .map(|(method, path)| (method.clone(), shape(path)))
        .collect();
    let unknown = routes
        .iter()
        .filter(|(method, path)| !known.contains(&(method.clone(), shape(path))));
    unknown.cloned().collect()
}

#[tokio::test]
async fn the_matrix_is_fresh() {
    let want = page(&routes().await);
    let path = root().join("docs/reference/sandbox.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == want,
        "docs/reference/sandbox.md is out of date; `UPDATE_REFERENCE=1 cargo nextest run -p keywright-sandbox matrix` writes it"
    );
}
