use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::db::values;
use crate::testing::{TestApp, db_test};

fn job(t: &TestApp, unique: Option<&str>) -> New {
    New {
        kind: "test",
        payload: json!({"n": 1}),
        run_at: t.app.now(),
        unique: unique.map(str::to_owned),
    }
}

async fn add(t: &TestApp, unique: Option<&str>) -> Option<JobId> {
    let mut work = t.begin().await;
    let id = enqueue(&mut work, job(t, unique)).await.unwrap();
    work.commit().await.unwrap();
    id
}

fn counting(count: &Arc<AtomicUsize>) -> Registry {
    let count = count.clone();
    Registry::new().on("test", move |_, _| {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    })
}

async fn claim(t: &TestApp, owner: &str) -> Option<Job> {
    let work = t.begin().await;
    let job = store::claim(&work, &["test"], owner).await.unwrap();
    work.commit().await.unwrap();
    job
}

db_test!(
    async fn a_job_exists_exactly_when_its_cause_does(t) {
        let mut work = t.begin().await;
        enqueue(&mut work, job(&t, None)).await.unwrap();
        drop(work);
        assert!(claim(&t, "a").await.is_none());
        add(&t, None).await.unwrap();
        assert_eq!(claim(&t, "a").await.unwrap().payload, json!({"n": 1}));
    }

    async fn eight_workers_do_two_hundred_jobs_once_each(t) {
        for _ in 0..200 {
            add(&t, None).await;
        }
        let count = Arc::new(AtomicUsize::new(0));
        let registry = counting(&count);
        let workers = (0..8).map(|_| run_until_idle(&t.app, &registry));
        let done: usize = futures_util::future::try_join_all(workers).await.unwrap().into_iter().sum();
        assert_eq!((done, count.load(Ordering::SeqCst)), (200, 200));
    }

    async fn of_one_key_one_waits_and_one_runs(t) {
        let first = add(&t, Some("k")).await.unwrap();
        assert!(add(&t, Some("k")).await.is_none());
        let running = claim(&t, "a").await.unwrap();
        assert_eq!(running.id, first);
        assert!(add(&t, Some("k")).await.is_some(), "the next may wait while one runs");
        assert!(claim(&t, "b").await.is_none(), "but not run beside it");
        let work = t.begin().await;
        assert!(store::finish(&work, &running, "done", None).await.unwrap());
        work.commit().await.unwrap();
        assert!(claim(&t, "b").await.is_some());
    }

    async fn a_dead_workers_job_is_taken_over_and_the_dead_are_fenced(t) {
        add(&t, Some("k")).await.unwrap();
        let dead = claim(&t, "a").await.unwrap();
        assert!(claim(&t, "b").await.is_none());
        t.advance(Duration::from_secs(31));
        let taken = claim(&t, "b").await.unwrap();
        assert_eq!((taken.id, taken.attempt), (dead.id, 2));
        let work = t.begin().await;
        assert!(matches!(dead.check_lease(&work).await, Err(db::Error::LeaseLost)));
        assert!(!store::finish(&work, &dead, "done", None).await.unwrap());
        taken.check_lease(&work).await.unwrap();
    }

    async fn a_failing_job_waits_longer_each_time_and_then_stays_failed(t) {
        let id = add(&t, None).await.unwrap();
        let registry = Registry::new().on("test", |_, _| async { Err(Error::Retry("no luck".to_owned())) });
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(run_until_idle(&t.app, &registry).await.unwrap(), 1, "attempt {attempt}");
            assert_eq!(run_until_idle(&t.app, &registry).await.unwrap(), 0);
            t.advance(Duration::from_secs(600));
        }
        let status = status(&t.read().await, id).await.unwrap().unwrap();
        assert_eq!((status.state.as_str(), status.attempts, status.last_error.as_deref()), ("failed", MAX_ATTEMPTS, Some("no luck")));
    }

    async fn a_schedule_makes_one_job_each_time_whoever_ticks(t) {
        let mut work = t.begin().await;
        let schedule = Schedule { kind: "test", name: "s".to_owned(), payload: json!({}), every_ms: 60_000 };
        set_schedule(&mut work, &schedule, false).await.unwrap();
        work.commit().await.unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let registry = counting(&count);
        assert_eq!(run_until_idle(&t.app, &registry).await.unwrap(), 0);
        t.advance(Duration::from_secs(60));
        futures_util::future::try_join_all((0..4).map(|_| tick(&t.app, &["test"]))).await.unwrap();
        assert_eq!(run_until_idle(&t.app, &registry).await.unwrap(), 1);
        t.advance(Duration::from_secs(60 * 10));
        assert_eq!(run_until_idle(&t.app, &registry).await.unwrap(), 1, "missed times count once");
        let work = t.read().await;
        #[derive(sea_orm::FromQueryResult)]
        struct Next {
            next_run: Timestamp,
        }
        let next: Next = work.row("SELECT next_run FROM schedules WHERE tenant_id = $1", values![work.tenant]).await.unwrap().unwrap();
        assert!(next.next_run > t.app.now());
    }
);
