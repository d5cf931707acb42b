use super::*;

/// Headers whose window ends `ahead` seconds from the answer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "an answer without headers is None"
)]
fn headers(limit: u32, remaining: u32, reset: i64, ahead: i64) -> Option<RateHeaders> {
    Some(RateHeaders {
        limit,
        remaining,
        reset,
        ahead,
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A budget's arithmetic with a time that the test moves.
struct Desk {
    kinds: Kinds,
    now: Instant,
}

impl Desk {
    fn new(share: u8) -> Self {
        Self {
            kinds: Kinds::new(share),
            now: Instant::now(),
        }
    }

    /// One call, answered with these headers.
    fn call(&mut self, kind: &str, headers: Option<RateHeaders>, refused: bool) {
        assert_eq!(self.kinds.admit(kind, self.now), Admission::Go);
        self.kinds.note(kind, headers, refused, self.now);
        self.kinds.leave(kind);
    }

    /// How many calls may start now, at most `most`.
    fn at_once(&mut self, kind: &str, most: usize) -> usize {
        (0..most)
            .take_while(|_| self.kinds.admit(kind, self.now) == Admission::Go)
            .count()
    }

    fn wait(&mut self, kind: &str) -> Duration {
        match self.kinds.admit(kind, self.now) {
            Admission::At(until) => until - self.now,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn never_more_than_the_share() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 99, 1000, 60), false);
    assert_eq!(
        desk.at_once("GET /a", 200),
        49,
        "with the first, half of 100"
    );
    assert_eq!(desk.wait("GET /a"), seconds(60));
    desk.now += seconds(60);
    assert_eq!(
        desk.at_once("GET /b", 200),
        4,
        "another kind: its limit is not known"
    );
}

#[test]
fn a_share_of_little_is_still_a_call() {
    let mut desk = Desk::new(10);
    desk.call("GET /a", headers(5, 4, 1000, 60), false);
    assert_eq!(desk.at_once("GET /a", 9), 0);
    desk.now += seconds(61);
    desk.call("GET /a", headers(5, 4, 1060, 60), false);
}

#[test]
fn kinds_of_one_bucket_are_counted_together() {
    for (reset, want, why) in [
        (1000, 8, "ten in all, two were made"),
        (1007, 9, "another end is another bucket"),
    ] {
        let mut desk = Desk::new(50);
        desk.call("GET /a", headers(20, 19, 1000, 60), false);
        desk.call("GET /b", headers(20, 18, reset, 60), false);
        assert_eq!(desk.at_once("GET /a", 100), want, "{why}");
    }
}

#[test]
fn what_others_use_counts_when_nothing_remains() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 3, 1000, 30), false);
    assert_eq!(desk.at_once("GET /a", 100), 3);
}

#[test]
fn a_reset_in_the_past_does_not_stop_anyone() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 0, 1000, -3), false);
    desk.call("GET /a", headers(100, 0, 1000, -3), false);
    desk.call("GET /a", headers(100, 0, 1000, -3), true);
    assert_eq!(
        desk.wait("GET /a"),
        seconds(1),
        "a refusal at the end of a window costs a moment"
    );
}

#[test]
fn a_reset_far_away_is_not_believed() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 0, 999_999, 86_400), false);
    assert_eq!(desk.wait("GET /a"), seconds(120));
}

#[test]
fn a_late_answer_does_not_bring_an_old_window_back() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 90, 1060, 60), false);
    desk.call("GET /a", headers(100, 0, 1000, 1), false);
    assert_eq!(desk.at_once("GET /a", 10), 10);
}

/// A server whose resets run backwards is still given a rest after each refusal.
#[test]
fn refusals_always_cost_a_wait() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 90, 1060, 60), false);
    desk.call("GET /a", headers(100, 0, 1000, 5), true);
    assert_eq!(desk.wait("GET /a"), seconds(1));
}

#[test]
fn a_refusal_stops_until_the_window_ends() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 7, 1000, 42), true);
    assert_eq!(desk.wait("GET /a"), seconds(42));
}

/// The longest wait that an org asks for: a window is a minute.
#[test]
fn a_limit_that_lasts_a_full_minute_is_waited_out() {
    let mut desk = Desk::new(50);
    desk.call("GET /a", headers(100, 0, 1060, 60), true);
    for second in 0..60 {
        assert_eq!(desk.wait("GET /a"), seconds(60 - second));
        desk.now += seconds(1);
    }
    desk.call("GET /a", headers(100, 99, 1120, 60), false);
    assert_eq!(desk.at_once("GET /a", 200), 49, "and all goes on");
}

/// Limit and Remaining both 0: the limit on calls at once, and Reset is a hint only. So too without headers.
#[test]
fn too_many_at_once_waits_shortly_and_longer_each_time() {
    for headers in [headers(0, 0, 1000, 50), None] {
        let mut desk = Desk::new(50);
        for want in [1, 2, 4, 8, 16, 32, 60, 60, 60, 60] {
            desk.call("GET /a", headers, true);
            assert_eq!(desk.wait("GET /a"), seconds(want));
            desk.now += seconds(want);
        }
        desk.call("GET /a", headers, false);
        desk.call("GET /a", headers, true);
        assert_eq!(desk.wait("GET /a"), seconds(1));
    }
}

#[test]
fn an_unknown_limit_lets_few_start_at_once() {
    let mut desk = Desk::new(50);
    assert_eq!(desk.at_once("GET /a", 9), 4);
    assert_eq!(
        desk.kinds.admit("GET /a", desk.now),
        Admission::WhenAnswered
    );
    desk.kinds
        .note("GET /a", headers(100, 96, 1000, 60), false, desk.now);
    assert_eq!(
        desk.at_once("GET /a", 100),
        46,
        "the four under way are counted"
    );
}

#[test]
fn waiters_are_spread() {
    let random = Random::seeded(3);
    let ends = Instant::now();
    let mut wakes: Vec<_> = (0..20).map(|_| wake(ends, &random)).collect();
    wakes.sort();
    assert!(wakes[0] >= ends + MARGIN && wakes[19] <= ends + MARGIN + SPREAD);
    assert!(wakes[19] - wakes[0] > seconds(1));
}

#[tokio::test]
async fn whoever_waits_is_seen_and_woken_by_the_first_answer() {
    let budget = Arc::new(RateBudget::new(50));
    let random = Random::seeded(1);
    let mut passes = Vec::new();
    for _ in 0..4 {
        passes.push(
            budget
                .admit("GET /a", &mut Duration::default(), LONG, &random)
                .await
                .unwrap(),
        );
    }
    let mut watch = budget.watch();
    let fifth = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move {
            budget
                .admit("GET /a", &mut Duration::default(), LONG, &random)
                .await
                .map(drop)
        }
    });
    watch.wait_for(|waiting| waiting.calls == 1).await.unwrap();
    budget.take_in(&passes[0], headers(100, 96, 1000, 60), false);
    fifth.await.unwrap().unwrap();
    assert_eq!(
        budget.waiting(),
        Waiting {
            calls: 0,
            waits: 1,
            refused: 0
        }
    );
}

#[tokio::test]
async fn a_wait_that_would_be_too_long_is_refused_at_once() {
    let budget = Arc::new(RateBudget::new(50));
    let random = Random::seeded(1);
    let pass = budget
        .admit("GET /a", &mut Duration::default(), LONG, &random)
        .await
        .unwrap();
    budget.take_in(&pass, headers(10, 0, 1000, 60), false);
    let refused = budget
        .admit("GET /a", &mut Duration::default(), seconds(30), &random)
        .await;
    assert!(refused.unwrap_err().waited < seconds(1));
    assert_eq!(
        budget.waiting().calls,
        0,
        "whoever gives up does not stay among those who wait"
    );
}

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn kinds_hide_ids() {
    for (path, want) in [
        (
            "/api/v1/users/00u1abcdefghijklmnop/groups",
            "GET /api/v1/users/*/groups",
        ),
        ("/api/v1/users/jo@example.com", "GET /api/v1/users/*"),
        ("/api/v1/users/me", "GET /api/v1/users/me"),
        ("/api/v1/groups", "GET /api/v1/groups"),
        (
            "/api/v1/groups/00gabcdefghijklmnop1/users",
            "GET /api/v1/groups/*/users",
        ),
    ] {
        assert_eq!(kind_of("GET", path), want);
    }
}
