//! The console without a mouse: dialogs open and close by keys, and a mapping is made by keys alone. That everything that can
//! be pressed is reached by Tab and shows it, [`walk`] sees on each page of the tour.

use std::collections::BTreeSet;

use serde_json::Value;
use thirtyfour::prelude::*;

use super::chromium::Chromium;
use super::in_chromium;
use crate::org::Org;
use crate::server::Server;
use crate::setup::World;
use crate::site::Site;

in_chromium!(everything_is_done_by_keys);

/// Numbers all that can be focused by Tab and seen, in the question if one is open; of a group of radio buttons Tab reaches one.
const NUMBER: &str = "let n = 0; const groups = new Set();
    const shown = (one) => one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) && one.getClientRects().length > 0;
    const root = document.querySelector('dialog:modal') ?? document;
    for (const one of root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')) {
        if (one.disabled || one.type === 'hidden' || one.tabIndex < 0 || !shown(one)) continue;
        if (one.type === 'radio') { const group = (one.form ? [...document.forms].indexOf(one.form) : 0) + one.name;
            if (groups.has(group)) continue; groups.add(group);
            for (const other of document.getElementsByName(one.name)) if (other.form === one.form) other.dataset.key = String(n); n++; continue; }
        one.dataset.key = String(n++);
    }
    return n;";

/// What has the focus: its number, whether that can be seen, its name and its place.
const FOCUSED: &str = "const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one); const around = one.closest('label, .search, .switch');
    const outer = around ? getComputedStyle(around) : style;
    const ring = (style) => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    const label = one.labels && one.labels.length ? one.labels[0].textContent : '';
    return {key: one.dataset.key ?? null, seen: ring(style) || ring(outer),
        name: (one.getAttribute('aria-label') || label || one.textContent || '').replace(/\\s+/g, ' ').trim(),
        html: one.outerHTML.slice(0, 160), dialog: !!one.closest('dialog')};";

async fn tab(browser: &Chromium) -> Value {
    let keys = browser.page.action_chain().send_keys(Key::Tab);
    keys.perform().await.expect("a key");
    browser.run(FOCUSED).await
}

async fn key(browser: &Chromium, key: Key) {
    let keys = browser.page.action_chain().send_keys(key);
    keys.perform().await.expect("a key");
}

async fn write(browser: &Chromium, text: &str) {
    let keys = browser.page.action_chain().send_keys(text);
    keys.perform().await.expect("keys");
}

/// Tabs until what bears this name has the focus.
async fn tab_to(browser: &Chromium, name: &str) {
    let mut met = Vec::new();
    for _ in 0..150 {
        let at = tab(browser).await;
        let found = at["name"].as_str().unwrap_or_default();
        if found == name {
            return;
        }
        met.push(found.to_owned());
    }
    panic!(
        "Tab does not come to `{name}` at {}: {met:?}",
        browser.here().await
    );
}

/// Goes to a page and tabs through it; gives what is wrong with it.
pub(super) async fn walk(browser: &Chromium, path: &str) -> Vec<String> {
    browser.go(path).await;
    let number = browser.run(NUMBER).await.as_u64().expect("a number");
    let (mut wrong, mut reached) = (Vec::new(), BTreeSet::new());
    // A question has the focus on its first part from the start.
    let first = browser.run(FOCUSED).await;
    reached.extend(first["key"].as_str().map(str::to_owned));
    for _ in 0..number + 20 {
        let at = tab(browser).await;
        let Some(key) = at["key"].as_str() else {
            if at.is_null() {
                break;
            }
            continue;
        };
        if at["seen"] != true {
            wrong.push(format!(
                "{path}: the focus cannot be seen on {}",
                at["html"]
            ));
        }
        if !reached.insert(key.to_owned()) && first["key"].as_str() != Some(key) {
            break;
        }
    }
    let all = (0..number).map(|key| key.to_string());
    for key in all.filter(|key| !reached.contains(key)) {
        let script = format!(
            "return document.querySelector('[data-key=\"{key}\"]').outerHTML.slice(0, 160)"
        );
        wrong.push(format!(
            "{path}: Tab does not reach {}",
            browser.run(&script).await
        ));
    }
    wrong
}

async fn everything_is_done_by_keys(site: Site) {
    let org = Org::start(&["--people", "12", "--groups", "3", "--random-seed", "7"]);
    World::joined(&site, &org, 1).await;
    site.guard_off().await;
    site.done(&["sync", "run"]);
    let server = Server::start(&site);
    let browser = Chromium::open(&server.url, true).await;
    let said = site.done(&["admin", "link"]);
    let token = said.split_once("/welcome/").expect("a link").1;
    browser
        .go(&format!(
            "/welcome/{}",
            token.split_whitespace().next().expect("a token")
        ))
        .await;
    tab_to(&browser, "Login").await;
    write(&browser, "rescue").await;
    tab_to(&browser, "Your name").await;
    write(&browser, "Rita Rescue").await;
    tab_to(&browser, "Make the admin and sign in").await;
    key(&browser, Key::Enter).await;
    browser.see("Shown this once").await;
    tab_to(&browser, "I have kept them").await;
    key(&browser, Key::Enter).await;
    browser.see("Doors").await;

    a_mapping(&site, &org, &browser).await;
    a_dialog(&browser).await;

    browser.close().await;
}

/// From the skip link to a saved mapping.
async fn a_mapping(site: &Site, org: &Org, browser: &Chromium) {
    let group = org.groups().await[1].1.clone();
    browser.go("/mapping").await;
    let first = tab(browser).await;
    assert_eq!(first["name"], "Skip to content");
    key(browser, Key::Enter).await;
    let after = tab(browser).await;
    let inside = browser
        .run("return document.activeElement.closest('main') !== null")
        .await;
    assert_eq!(inside, true, "the skip link leads to {after}");
    tab_to(browser, "Start of a group’s name in Okta").await;
    write(browser, &group).await;
    tab_to(browser, "Find groups in Okta").await;
    key(browser, Key::Enter).await;
    browser.see("Add a row").await;
    tab_to(browser, "Add a row").await;
    key(browser, Key::Enter).await;
    browser.see("new row").await;
    tab_to(
        browser,
        &format!("Remove the row for {}", org.groups().await[0].1),
    )
    .await;
    tab_to(browser, "auditor").await;
    key(browser, Key::Space).await;
    tab_to(browser, "Simulate").await;
    key(browser, Key::Enter).await;
    browser.see("If you save, the next run would change").await;
    tab_to(browser, "Save the mapping").await;
    key(browser, Key::Enter).await;
    browser
        .see("Saved. The next run does it, within the guard")
        .await;
    let told = site.done(&["mapping", "list"]);
    assert!(told.contains(&group) && told.contains("auditor"), "{told}");
}

/// A question opens, holds the focus, and Escape takes it back.
async fn a_dialog(browser: &Chromium) {
    browser.go("/connections").await;
    tab_to(browser, "acme").await;
    key(browser, Key::Enter).await;
    browser.see("Connection test").await;
    let before = browser.here().await;
    tab_to(browser, "Remove").await;
    key(browser, Key::Enter).await;
    browser.see("Type acme to go on").await;
    for _ in 0..8 {
        let at = tab(browser).await;
        assert!(
            at.is_null() || at["dialog"] == true,
            "the focus left the question: {at}"
        );
    }
    key(browser, Key::Escape).await;
    browser.see("Connection test").await;
    assert_eq!(browser.here().await, before);
}
