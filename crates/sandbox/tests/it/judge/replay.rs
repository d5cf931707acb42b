//! The recorded calls of real clients, replayed: each answer is judged.

use std::process::Command;

use super::fixtures;
use crate::client::org;

#[tokio::test]
#[ignore = "half a minute; scripts/test runs it"]
async fn answers_to_recorded_calls_are_as_the_specification_says() {
    let org = org(0, 0).await;
    let mut replay = Command::new("python3");
    replay
        .arg(fixtures("replay.py"))
        .args([&org.url(), org.api_token()])
        .arg(fixtures("recordings"))
        .args(["--reset", "/_sandbox/reset"])
        .env("no_proxy", "*");
    let done = tokio::task::spawn_blocking(move || replay.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let total = org.judged();
    assert!(total > 1500, "only {total} answers were judged");
}
