//! Several processes on one database.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use crate::{on_both, org::Org, setup::World, site::Site};

on_both!(two_servers_start_at_once_on_a_new_database);
on_both!(runs_asked_for_at_once_are_one_after_the_other);

on_both!(a_run_ends_though_the_directory_changes_all_the_while);

/// Starts a server on a free port; gives it with the line that says it is ready.
fn serve(site: &Site) -> (Child, String) {
    let mut server = site
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let output = server.stdout.take().expect("its output");
    let ready = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("http"));
    (server, ready.expect("a line with the address"))
}

fn end(mut server: Child) {
    server.kill().expect("killed");
    server.wait().expect("its end");
}

async fn two_servers_start_at_once_on_a_new_database(site: Site) {
    std::fs::create_dir_all(site.data()).expect("a folder");
    let servers = std::thread::scope(|scope| {
        let started: Vec<_> = (0..2).map(|_| scope.spawn(|| serve(&site))).collect();
        started
            .into_iter()
            .map(|server| server.join().expect("a server"))
            .collect::<Vec<_>>()
    });
    assert_ne!(servers[0].1, servers[1].1, "both say the same address");
    assert_eq!(site.count("SELECT COUNT(*) AS n FROM tenants").await, 1);
    for (server, _) in servers {
        end(server);
    }
}

async fn runs_asked_for_at_once_are_one_after_the_other(site: Site) {
    let org = Org::start(&["--people", "120", "--groups", "6", "--random-seed", "5"]);
    let world = World::joined(&site, &org, 4).await;
    site.guard_off().await;
    let (server, _) = serve(&site);
    let mut runs: Vec<_> = (0..3).map(|_| site.start(&["sync", "run"])).collect();
    for run in &mut runs {
        assert!(run.wait().expect("its end").success(), "{}", site.output());
    }
    end(server);
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
    let mut changes = 0;
    let ended = loop {
        if let Some(ended) = run.try_wait().expect("its state") {
            break ended;
        }
        site.done(&["role", "create", &format!("role-{changes}")]);
        changes += 1;
    };
    assert!(
        ended.success() && changes > 2,
        "{changes} changes: {}",
        site.output()
    );
    assert_eq!(site.grants().await, world.expected());
}
