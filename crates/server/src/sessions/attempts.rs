//! Failed tries to sign in, counted so that guessing ends soon and nobody can lock out another.
//!
//! A try counts against the address it comes from, and against the pair of account and address; never against the account
//! alone. So who knows somebody's login can use up their own tries only. A browser that signed in before as that person
//! holds a device cookie and has tries of its own, so that a stranger at the same address cannot use up theirs either.

use sea_orm::FromQueryResult;

use crate::app::Work;
use crate::db::{self, Timestamp, values};

/// What a try counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted: `address:192.0.2.7`.
    pub name: String,
    /// So many failures are borne within 15 minutes.
    pub most: i64,
}

/// Failures are forgotten after so many seconds (15 min).
const WINDOW_SECONDS: i64 = 900;

#[derive(FromQueryResult)]
struct Row {
    failures: i64,
    since: Timestamp,
}

/// Seconds until another try is taken, when one of `limits` is used up.
pub async fn refused_for(work: &Work, limits: &[Limit]) -> db::Result<Option<u64>> {
    let sql = "SELECT failures, since FROM sign_in_failures WHERE tenant_id = $1 AND name = $2";
    let mut longest = None;
    for limit in limits {
        let row: Option<Row> = work
            .row(sql, values![work.tenant, limit.name.as_str()])
            .await?;
        let Some(row) = row.filter(|row| row.failures >= limit.most) else {
            continue;
        };
        let until = row.since.plus_seconds(WINDOW_SECONDS);
        if until > work.now {
            let left = u64::try_from(until.seconds() - work.now.seconds())
                .unwrap_or(0)
                .max(1);
            longest = longest.max(Some(left));
        }
    }
    Ok(longest)
}

/// Counts a failed try.
pub async fn failed(work: &Work, limits: &[Limit]) -> db::Result<()> {
    let sql = "INSERT INTO sign_in_failures (tenant_id, name, failures, since) VALUES ($1, $2, 1, $3)
        ON CONFLICT (tenant_id, name) DO UPDATE SET
            failures = CASE WHEN sign_in_failures.since < $4 THEN 1 ELSE sign_in_failures.failures + 1 END,
            since = CASE WHEN sign_in_failures.since < $4 THEN $3 ELSE sign_in_failures.since END";
    let old = work.now.plus_seconds(-WINDOW_SECONDS);
    work.run(
        "DELETE FROM sign_in_failures WHERE tenant_id = $1 AND since < $2",
        values![work.tenant, old],
    )
    .await?;
    for limit in limits {
        let bound = values![work.tenant, limit.name.as_str(), work.now, old];
        work.run(sql, bound).await?;
    }
    Ok(())
}

/// Forgets the failures of `limits` after a try that succeeded.
pub async fn forget(work: &Work, limits: &[Limit]) -> db::Result<()> {
    for limit in limits {
        let sql = "DELETE FROM sign_in_failures WHERE tenant_id = $1 AND name = $2";
        work.run(sql, values![work.tenant, limit.name.as_str()])
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::db_test;

    db_test!(
        async fn failures_are_counted_within_their_window_and_apart(t) {
            let limit = |name: &str| [Limit { name: name.to_owned(), most: 2 }];
            let work = t.begin().await;
            for _ in 0..2 {
                assert_eq!(refused_for(&work, &limit("a")).await.unwrap(), None);
                failed(&work, &limit("a")).await.unwrap();
            }
            assert_eq!(refused_for(&work, &limit("a")).await.unwrap(), Some(900));
            assert_eq!(refused_for(&work, &limit("b")).await.unwrap(), None);
            work.commit().await.unwrap();
            t.advance(Duration::from_secs(901));
            let work = t.begin().await;
            assert_eq!(refused_for(&work, &limit("a")).await.unwrap(), None);
            failed(&work, &limit("a")).await.unwrap();
            assert_eq!(refused_for(&work, &limit("a")).await.unwrap(), None, "counted anew");
            failed(&work, &limit("a")).await.unwrap();
            forget(&work, &limit("a")).await.unwrap();
            assert_eq!(refused_for(&work, &limit("a")).await.unwrap(), None);
        }
    );
}
