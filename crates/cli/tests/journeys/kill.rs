//! kill -9 at any moment of a run: nobody loses what they should keep, no run is applied by half, none twice.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{on_both, org::Org, setup::World, site::Site};

on_both!(a_killed_run_is_whole_or_nothing);

/// How often a run is killed: few in the daily run, `scripts/kill-test` asks for more.
fn kills() -> usize {
    std::env::var("KEYWRIGHT_TEST_KILLS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(3)
}

async fn a_killed_run_is_whole_or_nothing(site: Site) {
    let org = Org::start(&["--people", "300", "--groups", "8", "--random-seed", "11"]);
    let mut world = World::joined(&site, &org, 6).await;
    site.guard_off().await;
    site.done(&["sync", "run"]);
    assert_eq!(site.grants().await, world.expected(), "after the first run");

    let mut rng = StdRng::seed_from_u64(kills().try_into().expect("a number"));
    let mut span = Duration::from_millis(500);
    let (mut before_it, mut after_it) = (0, 0);
    for round in 0..kills() {
        let before = world.expected();
        let changed = change(&mut world, &org, &mut rng).await;
        let after = world.expected();
        let seen_runs = site.count("SELECT COUNT(*) AS n FROM sync_changes").await;

        let mut run = site.start(&["sync", "run"]);
        let moment = span.mul_f64(rng.random_range(0.0..1.0));
        std::thread::sleep(moment);
        run.kill().expect("killed");
        run.wait().expect("its end");

        let now = site.grants().await;
        assert!(
            now == before || now == after,
            "round {round}, killed after {moment:?}: half a run\n{:?}",
            difference(&now, &before, &after)
        );
        if now == after {
            after_it += 1;
        } else {
            before_it += 1;
        }

        site.leases_run_out().await;
        let began = Instant::now();
        let ended = site.run(&["sync", "run"]);
        // Kills fall evenly over the time that a run takes on this machine, start and end of the process included.
        span = began.elapsed();
        assert_eq!(ended.code, Some(0), "round {round}: {ended:?}");
        assert_eq!(
            site.grants().await,
            after,
            "round {round}, killed after {moment:?}: not what Okta says"
        );
        let told = site.count("SELECT COUNT(*) AS n FROM sync_changes").await - seen_runs;
        assert_eq!(
            told,
            i64::try_from(changed.len()).expect("a number"),
            "round {round}: someone was changed twice or silently"
        );
    }
    let twice = "SELECT COUNT(*) AS n FROM (SELECT user_id FROM live_grants GROUP BY user_id, role_id, mapping_id HAVING COUNT(*) > 1) AS t";
    assert_eq!(site.count(twice).await, 0, "a grant was given twice");
    println!(
        "{} kills: {before_it} before the run was applied, {after_it} after it",
        kills()
    );
}

/// Two people join a mapped group and one leaves one, in Okta; gives the logins whose roles change.
async fn change(world: &mut World, org: &Org, rng: &mut StdRng) -> BTreeSet<String> {
    let before = world.expected();
    for _ in 0..2 {
        let group = world.mapped.choose(rng).expect("a group").id.clone();
        let outside: Vec<_> = world
            .people
            .keys()
            .filter(|id| !world.members[&group].contains(*id))
            .cloned()
            .collect();
        let person = outside.choose(rng).expect("someone outside").clone();
        org.join(&group, &person).await;
        world
            .members
            .get_mut(&group)
            .expect("a group")
            .insert(person);
    }
    let group = world.mapped.choose(rng).expect("a group").id.clone();
    let inside: Vec<_> = world.members[&group].iter().cloned().collect();
    let person = inside.choose(rng).expect("someone inside").clone();
    org.leave(&group, &person).await;
    world
        .members
        .get_mut(&group)
        .expect("a group")
        .remove(&person);

    let after = world.expected();
    before
        .symmetric_difference(&after)
        .map(|(login, ..)| login.clone())
        .collect()
}

/// What differs from both allowed states.
fn difference<T: Ord + Clone + std::fmt::Debug>(
    now: &BTreeSet<T>,
    before: &BTreeSet<T>,
    after: &BTreeSet<T>,
) -> String {
    format!(
        "against before: {:?}\nagainst after: {:?}",
        now.symmetric_difference(before),
        now.symmetric_difference(after)
    )
}
