use crate::db::Database;
use crate::testing::{TestApp, db_test};

use super::{Error, restore, write};

/// An empty database of the given engine beside the test's own.
async fn empty(folder: &tempfile::TempDir) -> Database {
    Database::open_sqlite(&folder.path().join("restored.db"))
        .await
        .unwrap()
}

async fn backup(t: &TestApp, zipped: bool) -> Vec<u8> {
    let mut file = Vec::new();
    write(t.app.db(), t.app.now(), zipped, &mut file)
        .await
        .unwrap();
    file
}

db_test!(
    async fn what_is_restored_is_what_was_there(t) {
        t.other_tenant().await;
        let first = backup(&t, false).await;
        let folder = tempfile::tempdir().unwrap();
        let restored = empty(&folder).await;
        let summary = restore(&restored, first.as_slice()).await.unwrap();
        assert!(summary.rows >= 4, "tenants and their audit entries: {}", summary.rows);
        let mut second = Vec::new();
        write(&restored, t.app.now(), false, &mut second).await.unwrap();
        let lines = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let mut rows: Vec<String> = text.lines().filter(|line| line.contains("\"t\":")).map(str::to_owned).collect();
            rows.sort();
            rows
        };
        assert_eq!(lines(&first), lines(&second));
    }

    async fn a_zipped_one_is_read_too(t) {
        let zipped = backup(&t, true).await;
        assert!(zipped.starts_with(&[0x1f, 0x8b]));
        let folder = tempfile::tempdir().unwrap();
        restore(&empty(&folder).await, zipped.as_slice()).await.unwrap();
    }

    async fn a_used_database_is_not_filled(t) {
        let file = backup(&t, false).await;
        assert!(matches!(restore(t.app.db(), file.as_slice()).await, Err(Error::NotEmpty(table)) if table == "tenants"));
    }

    async fn a_damaged_file_leaves_nothing_behind(t) {
        let whole = String::from_utf8(backup(&t, false).await).unwrap();
        let cut = whole.lines().take(2).collect::<Vec<_>>().join("\n");
        let changed = whole.replace("\"Default\"", "\"Defautl\"");
        let folder = tempfile::tempdir().unwrap();
        let target = empty(&folder).await;
        for bad in [cut.as_str(), changed.as_str()] {
            assert!(matches!(restore(&target, bad.as_bytes()).await, Err(Error::Damaged(_))));
        }
        assert!(matches!(restore(&target, "{}".as_bytes()).await, Err(Error::NotABackup)));
        // Nothing of the damaged ones stayed: the whole one still finds an empty database.
        restore(&target, whole.as_bytes()).await.unwrap();
    }
);
