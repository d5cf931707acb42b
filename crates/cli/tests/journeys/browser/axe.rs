//! What axe-core (Deque; MPL 2.0) says of a page: WCAG 2.2 A and AA, and its best practices.

use serde_json::Value;

use super::chromium::Chromium;

const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']})
        .then((result) => done(result.violations.map((one) => one.id + ' (' + one.impact + '): ' + one.help + ': '
            + one.nodes.map((node) => node.target.join(' ') + ' — ' + node.failureSummary.replace(/\\s+/g, ' ')).slice(0, 3).join(' | '))))
        .catch((error) => done(['axe failed: ' + error]));";

/// The judge's own source, which is put into each page.
pub(super) fn source() -> String {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let file = format!("{top}/.cache/referees/browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{file}: {error}; scripts/prepare browser installs it"))
}

/// What it finds wrong with the page that is shown.
pub(super) async fn violations(browser: &Chromium, source: &str) -> Vec<String> {
    browser.run(source).await;
    let found = browser.page.execute_async(RUN, Vec::new()).await;
    let found = found.unwrap_or_else(|error| panic!("axe: {error}"));
    let found = found.json().as_array().cloned().unwrap_or_default();
    found
        .iter()
        .map(|one| Value::as_str(one).unwrap_or("?").to_owned())
        .collect()
}
