//! Each way a list can go wrong: told by its right name, or survived without a loss.

use std::sync::Arc;
use std::time::Duration;

use keywright_okta::{Client, Error, Limits, RateBudget, UserQuery};
use keywright_sandbox::{Effect, Fault, Sandbox};

use crate::org::{client, dpop, sandbox, token};

const PEOPLE: u32 = 60;

async fn org() -> (Sandbox, Client) {
    let sandbox = sandbox(PEOPLE, 2).await;
    let client = client(&sandbox, dpop(sandbox.dpop())).build().unwrap();
    (sandbox, client)
}

/// Reads all users in pages of ten: how many, or why not.
async fn read(client: &Client) -> Result<usize, Error> {
    let query = UserQuery {
        limit: Some(10),
        ..UserQuery::default()
    };
    client.users(&query)?.all().await.map(|users| users.len())
}

fn page(nth: u32, effect: Effect) -> Fault {
    Fault::new("GET", "/api/v1/users", effect).nth(nth)
}

#[tokio::test]
async fn told_by_name() {
    let (sandbox, client) = org().await;
    let whole = read(&client).await.unwrap();
    assert!(whole >= 50);
    let always = |effect: Effect| page(1, effect).times(0);
    let answer = |status: u16| Effect::Answer {
        status,
        body: None,
        headers: std::collections::HashMap::default(),
    };
    for (fault, want) in [
        (always(Effect::Cut(0.5)), "Truncated"),
        (page(3, Effect::MalformedJson), "Truncated"),
        (always(Effect::Hangup), "Truncated"),
        (page(3, Effect::RepeatPage), "PagingLoop"),
        (page(3, Effect::LoopNext), "PagingLoop"),
        (
            page(3, Effect::NextOrigin("https://other.example".into())),
            "ForeignHost",
        ),
        (always(answer(503)), "ServerFault"),
        (page(2, answer(302)), "Redirected"),
        (page(3, answer(404)), "NotFound"),
        (always(Effect::NoScope), "ScopeMissing"),
        (always(Effect::TokenExpired), "TokenExpired"),
    ] {
        sandbox.clear_faults();
        sandbox.fault(fault.clone());
        let error = read(&client).await.unwrap_err();
        let name = format!("{error:?}");
        assert_eq!(
            name.split(|c: char| !c.is_alphanumeric()).next(),
            Some(want),
            "{fault:?}: {error:?}"
        );
        assert!(!error.mend().is_empty());
    }
    sandbox.clear_faults();
    assert_eq!(
        read(&client).await.unwrap(),
        whole,
        "and afterwards all is well"
    );
}

#[tokio::test]
async fn survived() {
    let (sandbox, client) = org().await;
    let whole = read(&client).await.unwrap();
    let status = |status: u16| Effect::Answer {
        status,
        body: None,
        headers: std::collections::HashMap::default(),
    };
    for effect in [
        Effect::Cut(0.5),
        Effect::Hangup,
        Effect::WrongNonce,
        Effect::TokenExpired,
        Effect::RateLimit { seconds: 1 },
        status(500),
        status(504),
    ] {
        sandbox.clear_faults();
        sandbox.fault(page(3, effect.clone()));
        assert_eq!(read(&client).await.unwrap(), whole, "{effect:?}");
    }
}

/// The sandbox counts by Okta's buckets, which the client cannot see: together its calls stay within the share.
#[tokio::test]
async fn never_more_than_the_share() {
    let sandbox = sandbox(PEOPLE, 2).await;
    sandbox.rate_limits(true);
    assert!(
        sandbox.set_rate_limit("users", 40),
        "a caller gets 20, we use half of that"
    );
    let limits = Limits {
        rate_wait: Duration::from_millis(100),
        ..Limits::default()
    };
    let budget = Arc::new(RateBudget::new(50));
    let client = client(&sandbox, token(&sandbox))
        .limits(limits)
        .budget(Arc::clone(&budget))
        .build()
        .unwrap();
    let mut made = 0;
    for _ in 0..5 {
        let all = read(&client).await;
        made += usize::from(all.is_ok());
        if let Err(error) = all {
            assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
        }
    }
    let counts = sandbox.requests().counts;
    let asked = counts.get("GET /api/v1/users").copied().unwrap_or_default();
    assert!(
        asked == 10 && made == 1 && budget.waiting().refused == 0,
        "{asked} {made} {counts:?}"
    );
}
