//! Several processes on one database.

use crate::{on_both, org::Org, server::Server, setup::World, site::Site};

on_both!(two_servers_start_at_once_on_a_new_database);
on_both!(runs_asked_for_at_once_are_one_after_the_other);

on_both!(a_run_ends_though_the_directory_changes_all_the_while);

async fn two_servers_start_at_once_on_a_new_database(site: Site) {
    std::fs::create_dir_all(site.data()).expect("a folder");
    let servers = std::thread::scope(|scope| {
        let started: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| Server::start(&site)))
            .collect();
        started
            .into_iter()
            .map(|server| server.join().expect("a server"))
            .collect::<Vec<_>>()
    });
    assert_ne!(servers[0].url, servers[1].url, "both say the same address");
    assert_eq!(site.count("SELECT COUNT(*) AS n FROM tenants").await, 1);
}

async fn runs_asked_for_at_once_are_one_after_the_other(site: Site) {
    let org = Org::start(&["--people", "120", "--groups", "6", "--random-seed", "5"]);
    let world = World::joined(&site, &org, 4).await;
    site.guard_off().await;
    let server = Server::start(&site);
    let mut runs: Vec<_> = (0..3).map(|_| site.start(&["sync", "run"])).collect();
    for run in &mut runs {
        assert!(run.wait().expect("its end").success(), "{}", site.output());
    }
    drop(server);
    assert_eq!(site.grants().await, world.expected());
    let people = site
        .count("SELECT COUNT(DISTINCT user_id) AS n FROM live_grants")
        .await;
    let told = site.count("SELECT COUNT(*) AS n FROM sync_changes").await;
    assert_eq!(
        told, people,
        "each person's change belongs to exactly one run"
    );
}

async fn a_run_ends_though_the_directory_changes_all_the_while(site: Site) {
    let org = Org::start(&["--people", "600", "--groups", "6", "--random-seed", "9"]);
    let world = World::joined(&site, &org, 4).await;
    site.guard_off().await;
    let mut run = site.start(&["sync", "run"]);
    let (mut changes, mut refused) = (0, 0);
    let ended = loop {
        if let Some(ended) = run.try_wait().expect("its state") {
            break ended;
        }
        let made = site.run(&["role", "create", &format!("role-{changes}")]);
        match made.code {
            Some(0) => changes += 1,
            // A run that was overtaken several times has the directory to itself for a moment.
            _ if made.err.contains("try again in a minute") => refused += 1,
            _ => panic!("{made:?}"),
        }
    };
    assert!(
        ended.success() && changes > 2,
        "{changes} changes, {refused} refused: {}",
        site.output()
    );
    site.done(&["role", "create", "afterwards"]);
    assert_eq!(site.grants().await, world.expected());
}
