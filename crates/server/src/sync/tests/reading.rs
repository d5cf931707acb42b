use keywright_sandbox::Requests;

use super::*;
use crate::directory::{AUDITOR, USER};
use crate::testing::db_test;

/// 60 people in 12 groups, all mapped, synced.
async fn company(t: TestApp) -> Org {
    let org = Org::start(t).await;
    let groups: Vec<String> = (0..12).map(|n| format!("G{n:02}")).collect();
    let people: Vec<Vec<String>> = (0..12)
        .map(|n| (0..5).map(|m| format!("p{n:02}{m}")).collect())
        .collect();
    let people: Vec<Vec<&str>> = people
        .iter()
        .map(|group| group.iter().map(String::as_str).collect())
        .collect();
    let staff: Vec<(&str, &[&str])> = groups
        .iter()
        .zip(&people)
        .map(|(name, people)| (name.as_str(), people.as_slice()))
        .collect();
    org.staff(&staff);
    for group in &groups {
        org.map(group, &["user"]).await;
    }
    org.settle().await;
    org.pass(900);
    org.run().await;
    org.pass(900);
    org.calls();
    org
}

/// Does something to the org as soon as `seen` holds of the calls so far, while a run reads.
async fn meanwhile(org: &Org, seen: impl Fn(&Requests) -> bool, act: impl AsyncFnOnce()) -> Run {
    org.sandbox.clear_requests();
    let id = org.ask(RunKind::Run, true).await;
    let watch = async {
        while !seen(&org.sandbox.requests()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        act().await;
    };
    tokio::join!(org.work(), watch);
    org.find(id).await
}

fn delay(ms: u64) -> Fault {
    Fault::new("GET", MEMBERS, Effect::DelayMs(ms)).times(0)
}

db_test!(with crate::sync::tests::parts;
    async fn calls_stay_within_the_promise(t) {
        let org = company(t).await;
        let run = org.run().await;
        let calls = org.calls();
        assert!(calls <= 1 + 2, "nothing changed: {calls}");
        assert_eq!((run.calls, run.counts.groups_read), (i64::try_from(calls).unwrap(), 0));
        org.pass(900);
        let whole = org.run_as(RunKind::Run, true).await;
        let calls = org.calls();
        assert!(calls * 10 <= (1 + 2 + 12) * 11, "a whole read: {calls}");
        assert_eq!((whole.calls, whole.counts.groups_read), (i64::try_from(calls).unwrap(), 12));
    }

    async fn only_groups_that_moved_are_read(t) {
        let org = company(t).await;
        org.leave("G03", &["p030"]);
        org.join("G07", &["p030"]);
        let run = org.run().await;
        assert_eq!((run.whole, run.counts.groups_read, run.counts.granted, run.counts.removed), (false, 2, 1, 1), "{}", said(&run));
        assert_eq!(org.sandbox.requests().of("GET", MEMBERS), 2);
        // Their stamps lie far enough from this reading to be trusted by the next.
        org.calls();
        org.pass(900);
        assert_eq!(org.run().await.counts.groups_read, 0);
    }

    async fn a_stamp_within_five_minutes_of_the_reading_is_not_trusted(t) {
        let org = company(t).await;
        org.sandbox.edit(&[Edit::Leave { group: "G03".into(), users: vec![login("p030")] }]).unwrap();
        org.pass(60);
        assert_eq!(org.run().await.counts.groups_read, 1);
        org.pass(900);
        assert_eq!(org.run().await.counts.groups_read, 1, "read once more");
        org.pass(900);
        assert_eq!(org.run().await.counts.groups_read, 0);
    }

    async fn everything_is_read_at_least_daily(t) {
        let org = company(t).await;
        org.pass(86_400);
        let run = org.run().await;
        assert_eq!((run.whole, run.counts.groups_read), (true, 12));
    }

    async fn with_groups_alone_every_run_reads_everything(t) {
        let org = company(t).await;
        let client_id = org.sandbox.dpop().client_id.clone();
        org.sandbox.set_client_scopes(&client_id, &["okta.groups.read"]);
        org.sign_in_by_dpop(&["okta.groups.read"]);
        for _ in 0..2 {
            let run = org.run().await;
            assert_eq!((run.state.as_str(), run.whole, codes(&run)), ("done", true, vec!["people-unreadable"]), "{}", said(&run));
            org.pass(900);
        }
        org.status("p000", "SUSPENDED");
        org.run().await;
        assert!(org.user("p000").await.blocked);
    }

    async fn a_person_moved_from_a_group_read_late_to_one_read_early(t) {
        let org = company(t).await;
        let epoch = org.user("p110").await.access_epoch;
        org.sandbox.fault(delay(40));
        let run = meanwhile(&org, |calls| calls.of("GET", MEMBERS) >= 6, async || {
            org.sandbox.edit(&[
                Edit::Join { group: "G00".into(), users: vec![login("p110")] },
                Edit::Leave { group: "G11".into(), users: vec![login("p110")] },
            ]).unwrap();
        })
        .await;
        assert_eq!(run.state, "done", "{}", said(&run));
        assert_eq!((org.roles("p110").await.as_str(), org.user("p110").await.access_epoch), ("user", epoch));
        let groups = directory::groups_of(&org.t.read().await, org.user("p110").await.id).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["G00"], "as it is at last");
    }

    async fn a_group_changed_twice_in_one_second(t) {
        let org = company(t).await;
        org.to_the_start_of_a_second();
        org.sandbox.edit(&[Edit::Join { group: "G00".into(), users: vec![login("p110")] }]).unwrap();
        org.sandbox.fault(delay(5));
        // The second change comes as all other groups were read, most likely in the same second: its stamp stays the same.
        let run = meanwhile(&org, |calls| calls.of("GET", MEMBERS) >= 11, async || {
            org.sandbox.edit(&[Edit::Leave { group: "G00".into(), users: vec![login("p110"), login("p000")] }]).unwrap();
        })
        .await;
        assert_eq!((run.state.as_str(), org.roles("p000").await.as_str()), ("done", ""), "{}", said(&run));
        let groups = directory::groups_of(&org.t.read().await, org.user("p110").await.id).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["G11"]);
    }

    async fn groups_changed_within_the_second_of_their_reading_are_read_once(t) {
        let org = company(t).await;
        let out = |group: usize| Edit::Leave { group: format!("G{group:02}"), users: vec![login(&format!("p{group:02}0"))] };
        org.to_the_start_of_a_second();
        org.sandbox.edit(&(0..10).map(out).collect::<Vec<_>>()).unwrap();
        let run = org.run().await;
        let calls = org.sandbox.requests();
        assert_eq!((run.counts.groups_read, calls.of("GET", MEMBERS)), (10, 10), "{}", said(&run));
        assert!(calls.total * 10 <= (1 + 2 + 10) * 11, "10 groups changed: {}", calls.total);
        assert_eq!((run.state.as_str(), run.counts.removed), ("done", 10), "{}", said(&run));
    }

    async fn two_hundred_mapped_groups_of_ten_thousand(t) {
        let org = Org::start_with(t, 9_800).await;
        let names: Vec<String> = (0..200).map(|n| format!("M{n:03}")).collect();
        let made = org.edit(&names.iter().map(|name| Edit::AddGroup { name: name.clone(), description: None }).collect::<Vec<_>>());
        let person = |name: &String| Edit::AddUser { login: login(&name.to_lowercase()), first_name: "A".into(), last_name: "B".into(), groups: vec![name.clone()] };
        org.edit(&names.iter().map(person).collect::<Vec<_>>());
        let mut work = org.t.begin().await;
        for (id, name) in made.iter().zip(&names) {
            directory::create_mapping(&mut work, org.id, id, Some(name), &[USER], "test").await.unwrap();
        }
        work.commit().await.unwrap();
        org.calls();
        let first = org.settle().await;
        let calls = org.calls();
        assert!(calls * 10 <= (1 + 2 + 200) * 11, "the first run: {calls}");
        assert_eq!(org.having(USER).await, 200, "{}", said(&first));
        org.pass(900);
        org.run().await;
        org.pass(900);
        org.calls();
        org.run().await;
        let calls = org.calls();
        assert!(calls <= 1 + 2, "nothing changed: {calls}");
        // An org, or something before it, that refuses so long a filter: all groups are listed, nothing is lost.
        let refused = Effect::Answer { status: 400, body: None, headers: std::collections::HashMap::default() };
        org.sandbox.fault(Fault::new("GET", GROUPS, refused).query("filter=id").times(0));
        org.leave("M007", &["m007"]);
        let run = org.run().await;
        let listed = org.sandbox.requests().of("GET", GROUPS);
        assert_eq!((run.state.as_str(), run.counts.removed, org.having(USER).await), ("held", 0, 200), "the only member of the group: {}", said(&run));
        assert!(listed >= 2 * 51, "all pages, first and last: {listed}");
        let (_, progress) = crate::sync::settings::load(&org.t.read().await, org.id).await.unwrap();
        assert!(progress.org_groups.is_some_and(|groups| groups >= 10_000), "{progress:?}");
    }

    async fn mappings_edited_and_a_grant_given_while_a_run_reads(t) {
        let org = company(t).await;
        org.leave("G03", &["p030"]);
        org.sandbox.fault(delay(30));
        let run = meanwhile(&org, |calls| calls.of("GET", MEMBERS) >= 2, async || {
            let mut work = org.t.begin().await;
            let all = directory::list_mappings(&work, Some(org.id)).await.unwrap();
            let of = |name: &str| all.iter().find(|mapping| mapping.group_name == name).unwrap().id;
            let more = directory::MappingChange { roles: Some(vec![AUDITOR, USER]), paused: None };
            directory::update_mapping(&mut work, of("G00"), &more, None, "").await.unwrap();
            directory::delete_mapping(&mut work, of("G05"), "").await.unwrap();
            work.commit().await.unwrap();
            org.give("p030", AUDITOR).await;
            org.give("p050", USER).await;
        })
        .await;
        assert_eq!(run.state, "done", "{}", said(&run));
        assert_eq!(org.roles("p000").await, "auditor user", "the mapping as it is now");
        assert_eq!(org.roles("p030").await, "auditor", "given by hand meanwhile");
        assert_eq!(org.roles("p050").await, "user", "still by hand, though not by mapping");
        assert_eq!(org.roles("p051").await, "");
    }
);
