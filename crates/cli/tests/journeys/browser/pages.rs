//! Every page of the console over the demo's company: found by its links, held against the list of the router, judged by
//! axe-core, tabbed through, measured, and pictured at two widths, light and dark, into `.cache/screens` for people to look at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use http::Method;
use keywright_server::router::console_pages;
use serde_json::json;

use super::chromium::Chromium;
use super::{axe, keys};
use crate::site::Site;

/// Most that a page may transfer with all it needs, in bytes (design.md).
const BUDGET: u64 = 100_000;
/// Of pages of one kind as many are looked at; of connections all three, as each is joined in another way.
const EACH: usize = 2;
const CONNECTIONS: usize = 3;
/// What is no page but a file or a part of one, works once, or is there only while a run lasts.
const NO_PAGES: &[&str] = &[
    "/activity/export",
    "/activity/tail",
    "/runs/{run}/stop",
    "/runs/{run}/json",
    "/welcome/{token}",
    "/connections/consent",
];

/// The demo, which goes on serving.
struct Demo {
    process: Child,
    url: String,
    /// The path that signs in once.
    welcome: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Demo {
    fn start(site: &Site) -> Self {
        let mut command = site.command(&["demo"]);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let line = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("/welcome/"));
        let line = line.expect("a link into the console");
        let address = line.split_whitespace().last().expect("a link");
        let (url, token) = address.split_once("/welcome/").expect("a link");
        // Whatever else it says is read, or it would wait.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            url: url.to_owned(),
            welcome: format!("/welcome/{token}"),
        }
    }
}

/// The patterns of the router's pages.
fn patterns() -> BTreeSet<&'static str> {
    let (_, declared) = console_pages().split();
    declared
        .iter()
        .filter(|(method, path, _)| **method == Method::GET && !NO_PAGES.contains(path))
        .map(|(_, path, _)| path)
        .collect()
}

/// The pattern that a path follows; one with words before one with a gap.
fn pattern<'p>(patterns: &BTreeSet<&'p str>, path: &str) -> Option<&'p str> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &&&str| {
        let wanted: Vec<&str> = pattern.split('/').collect();
        wanted.len() == parts.len()
            && wanted
                .iter()
                .zip(&parts)
                .all(|(want, part)| want == part || want.starts_with('{') && !part.is_empty())
    };
    patterns
        .iter()
        .filter(fits)
        .min_by_key(|pattern| pattern.matches('{').count())
        .copied()
}

/// What a link leads to, by kind: its pattern and the names of what it asks with.
fn kind(patterns: &BTreeSet<&str>, link: &str) -> Option<String> {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let pattern = pattern(patterns, path.split('#').next()?)?;
    let mut names: Vec<&str> = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .collect();
    names.sort_unstable();
    names.dedup();
    Some(
        format!("{pattern} {}", names.join(" "))
            .trim_end()
            .to_owned(),
    )
}

/// Things that the demo does not make and some page is about.
fn furnish(site: &Site) {
    let secret = site.place().join("secret");
    std::fs::write(&secret, "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd").expect("a file");
    let secret = secret.to_str().expect("a path");
    let by_token = [
        "https://second.okta.com",
        "--name",
        "second",
        "--auth",
        "api_token",
        "--token-file",
        secret,
    ];
    let by_consent = [
        "https://third.okta.com",
        "--name",
        "third",
        "--auth",
        "authorization_code",
        "--client-id",
        "0oa1",
        "--secret-file",
        secret,
    ];
    for way in [&by_token[..], &by_consent] {
        site.done(&[&["connect"], way, &["--no-test"]].concat());
    }
    let next = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/saml/next.cert.pem"
    );
    site.done(&["saml", "certificates", "add", "demo", "--file", next]);
    site.done(&["role", "create", "Desk", "--permission", "users.read"]);
}

/// How wide the page is, and what stands out of it.
const WIDE: &str = "const room = document.documentElement.clientWidth;
    const rolls = (one) => { for (let up = one; up && up !== document.body; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== 'visible') return true; return false; };
    const cut = [...document.querySelectorAll('dialog[open]')].filter((one) => one.scrollWidth > one.clientWidth + 1);
    const out = [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > room + 1 && !rolls(one));
    return {width: document.documentElement.scrollWidth, out: [...cut, ...out].slice(0, 4).map((one) => one.outerHTML.slice(0, 120))};";

struct Tour {
    browser: Chromium,
    judge: String,
    folder: PathBuf,
    wrong: Vec<String>,
    heaviest: u64,
}

impl Tour {
    /// Looks at a page from all sides; gives the links on it.
    async fn look_at(&mut self, link: &str, name: &str) -> Vec<String> {
        self.browser.look(1280, false).await;
        self.browser.go(link).await;
        let links = self.browser.links("a[href]").await;
        self.weigh(link).await;
        if !name.ends_with("-2") && !name.ends_with("-3") {
            self.wrong.extend(keys::walk(&self.browser, link).await);
        }
        for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
            self.browser.look(width, dark).await;
            if dark == (width == 390) {
                for found in axe::violations(&self.browser, &self.judge).await {
                    self.wrong.push(format!(
                        "{link} at {width}{}: {found}",
                        if dark { " dark" } else { "" }
                    ));
                }
            }
            let file = format!("{name}-{width}-{}.png", if dark { "dark" } else { "light" });
            self.browser.picture(&self.folder.join(file)).await;
        }
        self.browser.look(320, false).await;
        let wide = self.browser.run(WIDE).await;
        if wide["width"].as_u64().unwrap_or(9999) > 320 || wide["out"] != json!([]) {
            self.wrong.push(format!("{link} at 320 is {wide}"));
        }
        links
    }

    /// What it transferred, and whether a script holds it up.
    async fn weigh(&mut self, link: &str) {
        let script = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
            const blocking = [...document.scripts].filter((one) => !one.defer && !one.async && one.type !== 'module').length;
            return {bytes: all.reduce((sum, one) => sum + one.transferSize, 0), requests: all.length, blocking,
                ready: Math.round(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)};";
        let weight = self.browser.run(script).await;
        let bytes = weight["bytes"].as_u64().unwrap_or(u64::MAX);
        println!(
            "{link:<60} {:>7} of {BUDGET} bytes  {} requests  ready after {} ms",
            bytes, weight["requests"], weight["ready"]
        );
        self.heaviest = self.heaviest.max(bytes);
        if bytes > BUDGET {
            self.wrong.push(format!("{link} transfers {bytes} bytes"));
        }
        if weight["blocking"] != json!(0) {
            self.wrong.push(format!("{link} waits for a script"));
        }
    }
}

/// A name for files.
fn file_name(kind: &str, number: usize) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    let name: String = kind.chars().map(plain).collect();
    let name = name.trim_matches('-');
    format!(
        "{}{}",
        if name.is_empty() { "overview" } else { name },
        if number > 0 {
            format!("-{}", number + 1)
        } else {
            String::new()
        }
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes Chromium"]
async fn every_page_is_accessible_light_and_pictured() {
    let site = Site::sqlite();
    let demo = Demo::start(&site);
    furnish(&site);
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/screens"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let browser = Chromium::open(&demo.url, true).await;
    browser.tools("Network.enable", json!({})).await;
    browser
        .tools("Network.setCacheDisabled", json!({"cacheDisabled": true}))
        .await;
    let mut tour = Tour {
        browser,
        judge: axe::source(),
        folder,
        wrong: Vec::new(),
        heaviest: 0,
    };

    tour.look_at("/sign-in", "sign-in-stranger").await;
    tour.look_at("/no/such/page", "not-found-stranger").await;
    tour.browser.look(1280, false).await;
    tour.look_at(&demo.welcome, "welcome").await;
    tour.browser.press("Sign in").await;
    tour.browser.see("Shown this once").await;
    for found in axe::violations(&tour.browser, &tour.judge).await {
        tour.wrong.push(format!("the recovery codes: {found}"));
    }
    tour.browser
        .picture(&tour.folder.join("recovery-codes.png"))
        .await;

    let patterns = patterns();
    let mut waiting: VecDeque<String> = patterns
        .iter()
        .filter(|pattern| !pattern.contains('{'))
        .map(|pattern| (*pattern).to_owned())
        .collect();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some(link) = waiting.pop_front() {
        let Some(kind) = kind(&patterns, &link) else {
            continue;
        };
        let of_kind = seen.entry(kind.clone()).or_default();
        let most = if kind == "/connections/{connection}" {
            CONNECTIONS
        } else {
            EACH
        };
        if of_kind.len() >= most || !of_kind.insert(link.clone()) {
            continue;
        }
        let name = file_name(&kind, of_kind.len() - 1);
        for found in tour.look_at(&link, &name).await {
            // What a later page of a list links to is of the same kinds.
            if found.starts_with('/') {
                waiting.push_back(found);
            }
        }
    }
    let kinds: BTreeSet<&str> = seen
        .keys()
        .filter_map(|kind| kind.split(' ').next())
        .collect();
    let missed: Vec<&&str> = patterns
        .iter()
        .filter(|pattern| !kinds.contains(**pattern))
        .collect();
    let number: usize = seen.values().map(BTreeSet::len).sum();
    println!(
        "{number} pages of {} kinds; the heaviest transfers {} bytes of {BUDGET}",
        seen.len(),
        tour.heaviest
    );
    tour.browser.close().await;
    assert!(
        tour.wrong.is_empty(),
        "{} faults:\n{}",
        tour.wrong.len(),
        tour.wrong.join("\n")
    );
    assert!(missed.is_empty(), "no link leads to {missed:?}");
}
