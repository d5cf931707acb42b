//! Random but legal sequences of calls by several clients at once, and the rules that none of them may break.
//!
//! | rule | what |
//! | --- | --- |
//! | statuses | a lifecycle call is answered, and moves the status, as Okta's table says |
//! | uniqueness | no two users have a login, no two groups a name, blind to case |
//! | memberships | who joined and did not leave is a member; group and user say the same of it |
//! | counts | `usersCount` is how many members are listed; pages of any size hold everybody once |
//! | visibility | the plain list leaves out who is deprovisioned, and nobody else |
//! | log | a change has its entry, exactly one of its kind; what was refused or only read has none |
//! | form | every answer is as the specification says (`judge`) |
//!
//! A run that breaks a rule is made as short as it can be, and told as curl lines. `scripts/soak-sandbox MINUTES` plays on.

mod client;
mod rules;
mod table;

use std::time::{Duration, Instant};

use keywright_sandbox::SandboxOptions;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::judge::watched::Watched;
use client::{Client, Line};

/// What a client does. Numbers pick from what it has then; logins and names come from pools that all clients share.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create {
        login: u8,
        password: bool,
        activate: bool,
    },
    Lifecycle {
        user: u8,
        verb: u8,
    },
    Login {
        user: u8,
        login: u8,
    },
    Title {
        user: u8,
        text: u8,
    },
    DeleteUser {
        user: u8,
    },
    Group {
        name: u8,
    },
    Rename {
        group: u8,
        name: u8,
    },
    DeleteGroup {
        group: u8,
    },
    Join {
        group: u8,
        user: u8,
    },
    Leave {
        group: u8,
        user: u8,
    },
    Look {
        user: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let byte = any::<u8>;
    prop_oneof![
        4 => (0..16_u8, any::<bool>(), any::<bool>()).prop_map(|(login, password, activate)| Step::Create { login, password, activate }),
        8 => (byte(), byte()).prop_map(|(user, verb)| Step::Lifecycle { user, verb }),
        1 => (byte(), 0..16_u8).prop_map(|(user, login)| Step::Login { user, login }),
        1 => (byte(), byte()).prop_map(|(user, text)| Step::Title { user, text }),
        2 => byte().prop_map(|user| Step::DeleteUser { user }),
        2 => (0..8_u8).prop_map(|name| Step::Group { name }),
        1 => (byte(), 0..8_u8).prop_map(|(group, name)| Step::Rename { group, name }),
        1 => byte().prop_map(|group| Step::DeleteGroup { group }),
        6 => (byte(), byte()).prop_map(|(group, user)| Step::Join { group, user }),
        3 => (byte(), byte()).prop_map(|(group, user)| Step::Leave { group, user }),
        1 => byte().prop_map(|user| Step::Look { user }),
    ]
}

/// What each client does, all of them at once.
fn scripts() -> impl Strategy<Value = Vec<Vec<Step>>> {
    vec(vec(step(), 1..24), 1..5)
}

async fn play(org: &Watched, scripts: &[Vec<Step>]) -> Result<(), String> {
    org.reset();
    let shared = client::shared_groups(org).await;
    let tasks: Vec<_> = scripts
        .iter()
        .enumerate()
        .map(|(number, steps)| {
            let mut client = Client::new(org, number, shared.clone());
            let steps = steps.clone();
            tokio::spawn(async move {
                let outcome = client.play(&steps).await;
                (client, outcome)
            })
        })
        .collect();
    let mut clients = Vec::new();
    let mut broken = Vec::new();
    for task in tasks {
        let (client, outcome) = task.await.map_err(|error| error.to_string())?;
        broken.extend(outcome.err());
        clients.push(client);
    }
    if broken.is_empty() {
        broken.extend(rules::check(org, &clients, &shared).await.err());
    }
    broken.extend(org.found().into_iter().map(|one| format!("form: {one}")));
    if broken.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<&Line> = clients.iter().flat_map(|client| &client.lines).collect();
    lines.sort_by_key(|line| line.at);
    let script: Vec<String> = lines.iter().map(|line| line.curl()).collect();
    Err(format!("{}\n{}", broken.join("\n"), script.join("\n")))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn org(runtime: &tokio::runtime::Runtime) -> Watched {
    let mut options = SandboxOptions::default();
    options.rate_limits = false;
    runtime.block_on(Watched::start(options))
}

fn runner(cases: u32, seed: u64) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn run(runtime: &tokio::runtime::Runtime, org: &Watched, cases: u32, seed: u64) {
    let outcome = runner(cases, seed).run(&scripts(), |scripts| {
        runtime
            .block_on(play(org, &scripts))
            .map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("seed {seed}: {error}");
    }
}

#[test]
fn legal_calls_break_no_rule() {
    let runtime = runtime();
    let org = org(&runtime);
    run(&runtime, &org, 12, 7);
}

/// Plays for `SOAK_MINUTES`; each round has another seed, which a broken rule is told with.
#[test]
#[ignore = "as long as it is told to; scripts/soak-sandbox runs it"]
fn soak() {
    let minutes: u64 = std::env::var("SOAK_MINUTES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let first: u64 = std::env::var("SOAK_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let runtime = runtime();
    let org = org(&runtime);
    let (began, mut round) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        run(&runtime, &org, 20, first + round);
        round += 1;
    }
    println!(
        "{} sequences, {} answers, no rule broken in {} minutes",
        round * 20,
        org.judged(),
        minutes
    );
}
