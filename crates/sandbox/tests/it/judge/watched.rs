//! A sandbox whose every answer is judged: a test that got one which the specification forbids fails at its end.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use keywright_sandbox::{Exchange, Sandbox, SandboxOptions};
use serde_json::Value;

use super::{Answer, Difference, fixtures, spec};

/// The differences that recordings prove right, and those that other published text does.
static PROVEN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let files = ["openapi/differences.tsv", "openapi/documented.tsv"];
    let text = files
        .map(|file| std::fs::read_to_string(fixtures(file)).unwrap())
        .concat();
    text.lines()
        .filter_map(|line| Some(general(line.split_once('\t')?.0)))
        .collect()
});

/// A difference without the operation: what a recording proves of a resource holds wherever its family shows it.
fn general(difference: &str) -> String {
    let (operation, rest) = difference.split_once(": ").unwrap_or((difference, ""));
    if !rest.starts_with('/') {
        return difference.to_owned();
    }
    let path = operation.split(' ').nth(1).unwrap_or_default();
    let family: Vec<&str> = path
        .split('/')
        .filter(|part| !part.starts_with('{') && *part != "lifecycle")
        .collect();
    let place = rest.strip_prefix("/*").unwrap_or(rest);
    let family = family.iter().take(4).copied().collect::<Vec<_>>().join("/");
    format!("{family}: {place}")
}

/// The differences of an answer that nothing proves right.
pub(crate) fn wrong(exchange: &Exchange) -> BTreeSet<Difference> {
    let text = || Value::from(String::from_utf8_lossy(&exchange.body).into_owned());
    let body = if exchange.content_type.starts_with("application/json") {
        Some(serde_json::from_slice(&exchange.body).unwrap_or_else(|_| text()))
    } else {
        None
    };
    let answer = Answer {
        method: &exchange.method,
        path: &exchange.path,
        status: exchange.status,
        body: body.as_ref(),
    };
    let other = !exchange.content_type.is_empty() && body.is_none();
    let mut found = if other {
        BTreeSet::new()
    } else {
        spec().judge(&answer)
    };
    found.retain(|difference| !PROVEN.contains(&general(difference)));
    found
}

/// A sandbox with its judge.
pub(crate) struct Watched {
    sandbox: Option<Sandbox>,
    found: Arc<Mutex<BTreeSet<Difference>>>,
    judged: Arc<AtomicUsize>,
}

impl Watched {
    pub(crate) async fn start(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let found: Arc<Mutex<BTreeSet<Difference>>> = Arc::default();
        let kept = Arc::clone(&found);
        let judged: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&judged);
        sandbox.observe(move |exchange| {
            count.fetch_add(1, Ordering::Relaxed);
            kept.lock().unwrap().extend(wrong(exchange));
        });
        Self {
            sandbox: Some(sandbox),
            found,
            judged,
        }
    }

    /// How many answers were judged.
    pub(crate) fn judged(&self) -> usize {
        self.judged.load(Ordering::Relaxed)
    }

    /// What was wrong so far.
    pub(crate) fn found(&self) -> BTreeSet<Difference> {
        self.found.lock().unwrap().clone()
    }
}

impl Deref for Watched {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let found = self.found();
        if !std::thread::panicking() {
            assert!(
                found.is_empty(),
                "answers that the specification forbids:\n{}",
                Vec::from_iter(found).join("\n")
            );
        }
    }
}
