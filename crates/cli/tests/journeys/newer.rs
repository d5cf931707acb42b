//! A database that a newer program has changed is refused, in words, and left as it is.

use crate::{on_both, site::Site};

on_both!(a_newer_database_is_refused);

async fn a_newer_database_is_refused(site: Site) {
    site.done(&["role", "list"]);
    site.sql("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from a newer program')")
        .await;
    let tables = "SELECT COUNT(*) AS n FROM schema_migrations";
    let before = site.count(tables).await;
    for args in [
        &["role", "list"][..],
        &["sync", "history"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let ended = site.run(args);
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(
            ended.err.contains("newer"),
            "{args:?} does not say why: {ended:?}"
        );
    }
    assert_eq!(site.count(tables).await, before);
}
