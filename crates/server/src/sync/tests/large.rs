//! Large runs: prepared in chunks, true all at once; killed at any moment.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::actor::Actor;
use crate::app::App;
use crate::directory::staging::NewGrant;
use crate::directory::{AUDITOR, GrantId, USER};
use crate::jobs::{Job, Worker};
use crate::sync::decide::Decided;
use crate::sync::run::{End, RunState};
use crate::sync::write::{Ending, Parts, Writes, write};
use crate::testing::db_test;

/// Enough people that a run about all of them is prepared in chunks.
const MANY: usize = 1_500;

async fn crowd(t: TestApp) -> Org {
    let org = Org::start(t).await;
    org.crowd("Sales", MANY);
    org.map("Sales", &["user", "auditor"]).await;
    org
}

async fn users(org: &Org) -> usize {
    let mut users = 0;
    directory::present::people(&org.t.read().await, org.id, |_| users += 1)
        .await
        .unwrap();
    users
}

/// Lets a worker do what is due and kills what it does after so many milliseconds.
async fn killed_after(org: &Org, ms: u64) {
    let stop = CancellationToken::new();
    let worker = Worker::new(org.t.app.clone(), register(Registry::new()));
    let running = tokio::spawn(worker.run(1, stop.clone(), Duration::ZERO));
    tokio::time::sleep(Duration::from_millis(ms)).await;
    stop.cancel();
    running.await.unwrap();
}

/// Another worker finishes; one that met the dead one's open transaction tries again after a while.
async fn settle_down(org: &Org) {
    for _ in 0..4 {
        org.work().await;
        org.t.advance(Duration::from_secs(70));
    }
}

/// A large plan that gives `role` to `user`.
fn giving(run: RunId, user: UserId, role: RoleId) -> Parts<'static> {
    let grant = NewGrant {
        user,
        role,
        mapping: None,
        group: None,
        run: run.0,
        expires_at: None,
    };
    let chunk = Writes {
        grant: vec![grant],
        ..Writes::default()
    };
    Parts {
        rows: 10_000,
        chunks: Box::new(std::iter::once(chunk)),
        last: Writes::default(),
    }
}

/// All grants there are, true or prepared.
async fn stored(app: &App) -> Vec<(GrantId, RoleId)> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        id: GrantId,
        role_id: RoleId,
    }
    let tenant = crate::tenants::ensure_default(app).await.unwrap().id;
    let work = app.read(&Actor::local(tenant)).await.unwrap();
    let sql = "SELECT id, role_id FROM grants WHERE tenant_id = $1 ORDER BY id";
    let rows: Vec<Row> = work.rows(sql, crate::db::values![tenant]).await.unwrap();
    rows.into_iter().map(|row| (row.id, row.role_id)).collect()
}

/// Writes plans for a version that has passed, then for the one that stands.
async fn overtaken(app: &App, job: &Job, connection: ConnectionId, hand: UserId) {
    let run = RunId(job.id.0);
    let ending = Ending {
        connection,
        run,
        reason: "",
        end: End::nothing(RunState::Done, Vec::new()),
    };
    let finish = Decided {
        connection,
        id: run,
        by: String::new(),
        action: "sync.applied",
        counts: run::Counts::default(),
    };
    let look = app.read(&job.actor("sync")).await.unwrap();
    let now = directory::state(&look).await.unwrap().version;
    drop(look);
    let mut staged = None;
    let mut write = async |version, role| {
        let parts = giving(run, hand, role);
        write(app, job, version, parts, &ending, &finish, &mut staged).await
    };
    let stale = |outcome| matches!(outcome, Err(crate::db::Error::Stale));
    assert!(stale(write(now - 1, USER).await));
    let prepared = stored(app).await;
    assert_eq!(prepared.len(), 1);
    assert!(stale(write(now - 1, USER).await));
    assert_eq!(stored(app).await, prepared, "the same rows");
    // Another plan: what stands prepared is none of it.
    assert!(stale(write(now, AUDITOR).await));
    assert!(stale(write(now - 1, AUDITOR).await));
    let prepared = stored(app).await;
    assert_eq!(
        prepared.iter().map(|(_, role)| *role).collect::<Vec<_>>(),
        [AUDITOR]
    );
    write(now, AUDITOR).await.unwrap();
    assert_eq!(stored(app).await, prepared);
}

db_test!(with crate::sync::tests::parts;
    async fn readers_never_see_half_of_a_large_run(t) {
        let org = crowd(t).await;
        let run = org.run().await;
        assert_eq!((run.state.as_str(), users(&org).await, org.having(USER).await), ("held", MANY, 0), "{}", said(&run));
        let over = AtomicBool::new(false);
        let watch = async {
            let mut seen = Vec::new();
            while !over.load(Ordering::SeqCst) {
                seen.push(org.having(USER).await);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            seen
        };
        let approve = async {
            let applied = org.approve(run.id).await;
            over.store(true, Ordering::SeqCst);
            applied
        };
        let (applied, seen) = tokio::join!(approve, watch);
        assert_eq!((applied.state.as_str(), org.having(USER).await), ("done", MANY), "{}", said(&applied));
        assert!(seen.iter().all(|&people| people == 0 || people == MANY), "{seen:?}");
    }

    async fn all_leave_and_all_sessions_end(t) {
        let org = crowd(t).await;
        org.settle().await;
        let everybody: Vec<String> = (0..MANY - 1).map(|n| format!("p{n}")).collect();
        org.leave("Sales", &everybody.iter().map(String::as_str).collect::<Vec<_>>());
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.having(USER).await), ("held", MANY), "{}", said(&run));
        let applied = org.approve(run.id).await;
        assert_eq!((applied.state.as_str(), org.having(USER).await), ("done", 1), "{}", said(&applied));
        assert_eq!(applied.counts.sessions_ended, u64::try_from(MANY - 1).unwrap());
        assert_eq!((org.user("p7").await.access_epoch, org.user(&format!("p{}", MANY - 1)).await.access_epoch), (1, 0));
        let undo = {
            let mut work = org.t.begin().await;
            let id = crate::sync::undo(&mut work, org.id, applied.id, "").await.unwrap();
            work.commit().await.unwrap();
            org.work().await;
            org.find(id).await
        };
        assert_eq!((undo.state.as_str(), org.having(USER).await), ("done", MANY), "{}", said(&undo));
    }

    async fn a_worker_killed_at_any_moment_leaves_no_half_and_another_finishes(t) {
        let org = crowd(t).await;
        let id = org.ask(RunKind::Run, false).await;
        for ms in [20, 80, 200, 350, 600] {
            killed_after(&org, ms).await;
            let seen = users(&org).await;
            assert!(seen == 0 || seen == MANY, "{seen} after {ms}");
        }
        settle_down(&org).await;
        let run = org.find(id).await;
        assert_eq!((run.state.as_str(), users(&org).await), ("held", MANY), "{}", said(&run));
        let mut work = org.t.app.begin(&org.person(1)).await.unwrap();
        let approval = crate::sync::approve(&mut work, org.id, id, "").await.unwrap();
        work.commit().await.unwrap();
        let super::super::Approval::Applying(approval) = approval else { panic!("one is enough") };
        for ms in [10, 60, 150, 300, 500] {
            killed_after(&org, ms).await;
            let seen = org.having(USER).await;
            assert!(seen == 0 || seen == MANY, "{seen} after {ms}");
        }
        settle_down(&org).await;
        assert_eq!((org.find(approval).await.state.as_str(), org.having(USER).await), ("done", MANY));
        let state = directory::state(&org.t.read().await).await.unwrap();
        assert_eq!(state.staging, None);
        org.pass(900);
        assert_eq!(org.run().await.counts.granted, 0, "nothing is doubled");
    }

    async fn roles_given_by_hand_all_the_while_do_not_keep_a_large_run_from_ending(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 700);
        org.map("Sales", &["user"]).await;
        let mut work = org.t.begin().await;
        let draft = directory::UserDraft { kind: directory::Kind::Local, login: "hand".into(), email: String::new(), display_name: String::new() };
        let hand = directory::create_user(&mut work, &draft, "").await.unwrap().id;
        work.commit().await.unwrap();
        let id = org.ask(RunKind::Run, false).await;
        let over = AtomicBool::new(false);
        let others = async {
            let mut refused = 0;
            while !over.load(Ordering::SeqCst) {
                let mut work = org.t.begin().await;
                match directory::give(&mut work, hand, USER, None, "").await {
                    Ok(_) => work.commit().await.unwrap(),
                    Err(directory::Error::Db(crate::db::Error::Applying)) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            refused
        };
        let run = async {
            org.work().await;
            over.store(true, Ordering::SeqCst);
        };
        let ((), refused) = tokio::join!(run, others);
        let run = org.find(id).await;
        assert_eq!((run.state.as_str(), users(&org).await), ("held", 700), "{refused} refused; {}", said(&run));
        org.t.advance(Duration::from_secs(70));
        let mut work = org.t.begin().await;
        directory::give(&mut work, hand, USER, None, "").await.unwrap();
        work.commit().await.unwrap();
    }

    async fn rows_that_stand_prepared_are_not_written_again_when_others_overtake_the_plan(t) {
        let org = Org::start(t).await;
        let mut work = org.t.begin().await;
        let draft = directory::UserDraft { kind: directory::Kind::Local, login: "hand".into(), email: String::new(), display_name: String::new() };
        let hand = directory::create_user(&mut work, &draft, "").await.unwrap().id;
        let new = jobs::New { kind: "test.write", payload: serde_json::Value::Null, run_at: work.now, unique: None };
        jobs::enqueue(&mut work, new).await.unwrap();
        work.commit().await.unwrap();
        let (connection, done) = (org.id, Arc::new(AtomicBool::new(false)));
        let told = done.clone();
        let registry = Registry::new().on("test.write", move |app, job| {
            let told = told.clone();
            async move {
                overtaken(&app, &job, connection, hand).await;
                told.store(true, Ordering::SeqCst);
                Ok(())
            }
        });
        jobs::run_until_idle(&org.t.app, &registry).await.unwrap();
        assert!(done.load(Ordering::SeqCst));
    }

    async fn two_workers_on_one_database_do_a_run_once(t) {
        let org = crowd(t).await;
        let id = org.ask(RunKind::Run, false).await;
        tokio::join!(org.work(), org.work(), org.work());
        let runs = run::list(&org.t.read().await, org.id, None, 50).await.unwrap();
        assert_eq!((runs.len(), runs[0].id, users(&org).await), (1, id, MANY));
    }
);
