//! The sandbox's state file under kill -9: at any moment it holds a whole state.

use std::{fs, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::org::Org;

/// Groups that tell of the rounds and calls that made them.
async fn made(org: &Org) -> Vec<(usize, usize)> {
    let names = org.groups().await.into_iter().map(|(_, name)| name);
    let mut made: Vec<_> = names
        .filter_map(|name| {
            let (round, number) = name.strip_prefix("round ")?.split_once(" group ")?;
            Some((round.parse().ok()?, number.parse().ok()?))
        })
        .collect();
    made.sort_unstable();
    made
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_a_whole_state() {
    let place = TempDir::new().expect("a folder");
    let file = place.path().join("org.json");
    let path = file.to_str().expect("a path");
    let options = ["--people", "2000", "--groups", "20", "--state", path];
    let mut token = None;
    for round in 0..5_usize {
        let org = Org::start(&options);
        // The same credentials each time: the file was read.
        assert_eq!(token.get_or_insert(org.token.clone()), &org.token);
        let before = made(&org).await;
        for number in 0..before.len() {
            let of_round = before.iter().filter(|(r, _)| *r == before[number].0);
            assert_eq!(
                of_round.clone().count(),
                of_round.map(|(_, n)| n + 1).max().unwrap_or(0)
            );
        }
        // Changes go on until the process is gone, each round after another while.
        let calls = async {
            for number in 0.. {
                let name = format!("round {round} group {number}");
                org.done(
                    Method::POST,
                    "/api/v1/groups",
                    Some(json!({ "profile": { "name": name } })),
                )
                .await;
            }
        };
        let while_ms = 150 + 173 * u64::try_from(round).expect("small");
        let _ = tokio::time::timeout(Duration::from_millis(while_ms), calls).await;
        org.kill();
        let text = fs::read_to_string(&file).expect("a state");
        let state: Value = serde_json::from_str(&text).expect("a whole file");
        assert_eq!(
            state["orgs"]["org"]["org"]["people"]
                .as_array()
                .expect("people")
                .len(),
            2001
        );
    }
    let org = Org::start(&options);
    let last = json!({ "profile": { "name": "round 5 group 0" } });
    org.done(Method::POST, "/api/v1/groups", Some(last)).await;
    // The write under way may have begun before the change; the one after it has not.
    let writes = org.state_writes().await;
    while org.state_writes().await < writes + 2 {
        org.done(Method::POST, "/_sandbox/clock", Some(json!({})))
            .await;
    }
    org.kill();
    let org = Org::start(&options);
    assert!(made(&org).await.contains(&(5, 0)));
}
