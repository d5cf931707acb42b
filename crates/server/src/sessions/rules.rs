//! A tenant's rules of sign-in: whether Okta may sign people in, from where, and how long a session lives.

use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actor::{Forbidden, Permission};
use crate::app::Work;
use crate::audit;
use crate::db::{self, values};
use crate::web::Browser;

/// A session ends after so many seconds in any case (12 h), unless the tenant chose otherwise ...
pub const ABSOLUTE_SECONDS: i64 = 12 * 3_600;
/// ... and after so many seconds without a request (1 h).
pub const IDLE_SECONDS: i64 = 3_600;
/// Most ranges of addresses.
const MOST_RANGES: usize = 100;

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rules {
    /// Whether people may sign in through Okta.
    pub sso: bool,
    /// Ranges that people may sign in from; empty for everywhere.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<IpNet>,
    /// Seconds without a request after which a session ends.
    pub idle_seconds: i64,
    /// Seconds after which a session ends in any case.
    pub absolute_seconds: i64,
    /// Rises with each change; 0 before the first.
    pub version: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            sso: true,
            addresses: Vec::new(),
            idle_seconds: IDLE_SECONDS,
            absolute_seconds: ABSOLUTE_SECONDS,
            version: 0,
        }
    }
}

impl Rules {
    /// Whether one may sign in from this address. Who has none (inside the process) may only where all may.
    #[must_use]
    pub fn let_in(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address
                .is_some_and(|address| self.addresses.iter().any(|net| net.contains(&address)))
    }
}

/// Rules as they should be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Whether people may sign in through Okta.
    pub sso: bool,
    /// Addresses or ranges (`192.0.2.0/24`, `2001:db8::/32`) that people may sign in from; empty for everywhere.
    pub addresses: Vec<String>,
    /// Minutes without a request after which a session ends: 5 to 1,440.
    pub idle_minutes: i64,
    /// Hours after which a session ends in any case: 1 to 168.
    pub absolute_hours: i64,
    /// The version that was read.
    pub version: i64,
}

/// Why rules were not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Lacks `settings.manage`.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A value will not do. Holds which and what is wanted.
    #[error("{0}")]
    Invalid(String),
    /// Who changes them could not sign in under them.
    #[error(
        "your own address {0} is in none of these ranges: you would lock yourself out. Add it, or change this from an address that is in them"
    )]
    LockOut(IpAddr),
    /// The database failed; `Stale` when somebody else changed them meanwhile.
    #[error(transparent)]
    Db(#[from] db::Error),
}

#[derive(FromQueryResult)]
struct Row {
    sso: bool,
    addresses: String,
    idle_seconds: i64,
    absolute_seconds: i64,
    version: i64,
}

/// The rules in force.
pub async fn rules(work: &Work) -> db::Result<Rules> {
    let sql = "SELECT sso, addresses, idle_seconds, absolute_seconds, version FROM sign_in_rules WHERE tenant_id = $1";
    let row: Option<Row> = work.row(sql, values![work.tenant]).await?;
    Ok(row.map_or_else(Rules::default, |row| Rules {
        sso: row.sso,
        addresses: row
            .addresses
            .split_whitespace()
            .filter_map(|net| net.parse().ok())
            .collect(),
        idle_seconds: row.idle_seconds,
        absolute_seconds: row.absolute_seconds,
        version: row.version,
    }))
}

/// Changes the rules. Who does it from a browser must be able to sign in from there afterwards.
pub async fn change(work: &mut Work, draft: &Draft, browser: &Browser) -> Result<Rules, Error> {
    work.actor.need(Permission::SettingsManage)?;
    let before = rules(work).await?;
    if before.version != draft.version {
        return Err(db::Error::Stale.into());
    }
    let after = checked(draft)?;
    if let Some(address) = browser.address.filter(|_| work.actor.is_personal())
        && !after.let_in(Some(address))
    {
        return Err(Error::LockOut(address));
    }
    save(work, &after, before.version).await?;
    let entry = audit::Entry::new(
        "sign-in-rules.changed",
        ("tenant", work.tenant.to_string()),
        "changed by hand",
    )
    .detail(json!({ "before": before, "after": after }));
    audit::record(work, entry).await?;
    Ok(after)
}

async fn save(work: &Work, after: &Rules, seen: i64) -> db::Result<()> {
    let sql = "INSERT INTO sign_in_rules (tenant_id, sso, addresses, idle_seconds, absolute_seconds, version, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id) DO UPDATE SET sso = excluded.sso, addresses = excluded.addresses,
            idle_seconds = excluded.idle_seconds, absolute_seconds = excluded.absolute_seconds,
            version = excluded.version, updated_at = excluded.updated_at
        WHERE sign_in_rules.version = $8";
    let addresses: Vec<String> = after.addresses.iter().map(ToString::to_string).collect();
    let bound = values![
        work.tenant,
        after.sso,
        addresses.join(" "),
        after.idle_seconds,
        after.absolute_seconds,
        after.version,
        work.now,
        seen
    ];
    work.run_versioned(sql, bound).await
}

fn checked(draft: &Draft) -> Result<Rules, Error> {
    if !(5..=1_440).contains(&draft.idle_minutes) {
        return Err(Error::Invalid(
            "a session may idle for 5 to 1,440 minutes".to_owned(),
        ));
    }
    if !(1..=168).contains(&draft.absolute_hours) {
        return Err(Error::Invalid(
            "a session may last for 1 to 168 hours".to_owned(),
        ));
    }
    if draft.addresses.len() > MOST_RANGES {
        return Err(Error::Invalid(format!(
            "at most {MOST_RANGES} ranges are taken"
        )));
    }
    let addresses = draft
        .addresses
        .iter()
        .map(|text| range(text))
        .collect::<Result<_, _>>()?;
    Ok(Rules {
        sso: draft.sso,
        addresses,
        idle_seconds: draft.idle_minutes * 60,
        absolute_seconds: draft.absolute_hours * 3_600,
        version: draft.version + 1,
    })
}

/// An address alone is a range of one.
fn range(text: &str) -> Result<IpNet, Error> {
    let text = text.trim();
    let net = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| {
        Error::Invalid(format!(
            "`{text}` is no address or range: write `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::db_test;

    fn draft(addresses: &[&str], version: i64) -> Draft {
        Draft {
            sso: true,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            idle_minutes: 30,
            absolute_hours: 8,
            version,
        }
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        let good = draft(&["192.0.2.7", "2001:db8::/32"], 0);
        assert!(
            checked(&good)
                .unwrap()
                .let_in(Some("192.0.2.7".parse().unwrap()))
        );
        assert!(
            !checked(&good)
                .unwrap()
                .let_in(Some("192.0.2.8".parse().unwrap()))
        );
        assert!(!checked(&good).unwrap().let_in(None));
        for wrong in [
            draft(&["192.0.2.0/33"], 0),
            Draft {
                idle_minutes: 4,
                ..good.clone()
            },
            Draft {
                absolute_hours: 169,
                ..good.clone()
            },
        ] {
            assert!(
                matches!(checked(&wrong), Err(Error::Invalid(_))),
                "{wrong:?}"
            );
        }
    }

    db_test!(
        async fn rules_are_changed_by_who_read_them_last_and_lock_nobody_out_who_changes_them(t) {
            let mut work = t.begin().await;
            assert_eq!(rules(&work).await.unwrap(), Rules::default());
            let after = change(&mut work, &draft(&["192.0.2.0/24"], 0), &Browser::default()).await.unwrap();
            assert_eq!((rules(&work).await.unwrap(), after.version), (after.clone(), 1));
            let stale = change(&mut work, &draft(&[], 0), &Browser::default()).await;
            assert!(matches!(stale, Err(Error::Db(db::Error::Stale))));
            work.actor.kind = crate::actor::ActorKind::Person(work.id());
            let outside = Browser { address: Some("203.0.113.9".parse().unwrap()), ..Browser::default() };
            assert!(matches!(change(&mut work, &draft(&["192.0.2.0/24"], 1), &outside).await, Err(Error::LockOut(_))));
            work.commit().await.unwrap();
            let other = t.other_tenant().await;
            assert_eq!(rules(&t.app.read(&other).await.unwrap()).await.unwrap(), Rules::default());
        }
    );
}
