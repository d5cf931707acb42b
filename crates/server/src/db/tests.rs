use std::time::Duration;

use super::*;
use crate::testing::{TestApp, db_test};

async fn add(t: &TestApp, n: i64) {
    let work = t.begin().await;
    let sql = "INSERT INTO schedules (tenant_id, kind, name, payload, every_ms, next_run) VALUES ($1, 'k', $2, $3, 1, $4)";
    work.run(
        sql,
        values![work.tenant, n.to_string(), serde_json::json!({}), n],
    )
    .await
    .unwrap();
    work.commit().await.unwrap();
}

db_test!(
    async fn what_was_not_committed_is_not_there(t) {
        let work = t.begin().await;
        work.run("UPDATE tenants SET name = 'x'", values![]).await.unwrap();
        drop(work);
        assert_eq!(crate::tenants::list(&t.app).await.unwrap()[0].name, "Default");
    }

    async fn a_newer_database_is_refused_untouched(t) {
        let work = t.begin().await;
        work.run("INSERT INTO schema_migrations (version, name) VALUES (9999, 'later')", values![]).await.unwrap();
        work.commit().await.unwrap();
        let refused = t.app.db().migrate().await;
        assert!(matches!(refused, Err(Error::NewerSchema { found: 9999, .. })), "{refused:?}");
    }

    async fn several_may_migrate_at_once(t) {
        let work = t.begin().await;
        for table in ["schedules", "jobs", "sessions", "audit_seals", "audit_entries", "tenants"] {
            work.run(&format!("DROP TABLE {table}"), values![]).await.unwrap();
        }
        work.run("DELETE FROM schema_migrations WHERE version = 1", values![]).await.unwrap();
        drop(work); // only that it would have been possible: the real thing is below
        futures_util::future::try_join_all((0..4).map(|_| t.app.db().migrate())).await.unwrap();
        assert!(t.app.db().schema_version().await.unwrap().is_some());
    }

    async fn a_taken_key_is_a_clash(t) {
        add(&t, 1).await;
        let work = t.begin().await;
        let sql = "INSERT INTO tenants (id, slug, name, created_at) VALUES ($1, 'default', 'again', 0)";
        let clash = work.run(sql, values![uuid::Uuid::nil()]).await;
        assert!(matches!(clash, Err(Error::Clash(_))), "{clash:?}");
    }

    async fn writers_that_come_together_share_syncs(t) {
        let before = t.app.db().syncs();
        futures_util::future::join_all((0..200).map(|n| add(&t, n))).await;
        let syncs = t.app.db().syncs() - before;
        match t.app.db().engine() {
            Engine::Sqlite => assert!((1..=200).contains(&syncs), "{syncs}"),
            Engine::Postgres => assert_eq!(syncs, 0),
        }
    }

    async fn times_and_ids_come_back_as_they_went(t) {
        t.advance(Duration::from_micros(7));
        let tenant = crate::tenants::create(&t.app, "times", "Times").await.unwrap();
        let found = crate::tenants::find(&t.app, "times").await.unwrap().unwrap();
        assert_eq!(found, tenant);
        assert_eq!(found.created_at, t.app.now());
        assert_eq!(found.id.to_string().parse::<TenantId>().unwrap(), found.id);
    }

    async fn a_query_not_bounded_by_its_tenant_is_caught(t) {
        #[derive(sea_orm::FromQueryResult)]
        struct Action {
            action: String,
        }
        let work = t.read().await; // the audit entry of the tenant's making is there
        let sql = "SELECT action FROM audit_entries WHERE tenant_id = $1 AND action > ''";
        let bounded: Vec<Action> = work.rows(sql, values![work.tenant]).await.unwrap();
        assert_eq!(bounded[0].action, "tenant.created");
        let unbounded = work.rows::<Action>("SELECT action FROM audit_entries WHERE action > ''", values![]).await;
        match t.app.db().engine() {
            Engine::Sqlite => assert_eq!(unbounded.unwrap().len(), 1),
            Engine::Postgres => assert!(unbounded.is_err()),
        }
    }
);

/// The power fails: what was not synced is gone. Everything acknowledged until then must be there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_loss_of_all_unsynced_pages() {
    let t = TestApp::sqlite(|builder| builder).await;
    let disk = tempfile::tempdir().unwrap();
    let (file, log) = (disk.path().join("disk.db"), disk.path().join("disk.db-wal"));
    std::fs::copy(t.app.db().path().unwrap(), &file).unwrap();
    t.app.db().keep_synced_log(&log);
    let acknowledged = std::sync::Mutex::new(Vec::new());
    let crash = async {
        while acknowledged.lock().unwrap().len() < 50 {
            tokio::task::yield_now().await;
        }
        let crashed = tempfile::tempdir().unwrap();
        let known = acknowledged.lock().unwrap().clone(); // before the disk is looked at
        std::fs::copy(&file, crashed.path().join("disk.db")).unwrap();
        std::fs::copy(&log, crashed.path().join("disk.db-wal")).unwrap();
        (crashed, known)
    };
    let writers = futures_util::future::join_all((0..100).map(|n| {
        let (t, acknowledged) = (&t, &acknowledged);
        async move {
            add(t, n).await;
            acknowledged.lock().unwrap().push(n);
        }
    }));
    let ((crashed, known), _) = tokio::join!(crash, writers);
    let db = Database::open_sqlite(&crashed.path().join("disk.db"))
        .await
        .unwrap();
    let app = crate::app::App::builder(db, t.app.vault().clone()).build();
    #[derive(sea_orm::FromQueryResult)]
    struct Name {
        name: String,
    }
    let work = app.read(&t.local()).await.unwrap();
    let kept = work
        .rows::<Name>(
            "SELECT name FROM schedules WHERE tenant_id = $1",
            values![t.tenant],
        )
        .await
        .unwrap();
    for n in known {
        assert!(
            kept.iter().any(|row| row.name == n.to_string()),
            "{n} was acknowledged and is gone"
        );
    }
}
