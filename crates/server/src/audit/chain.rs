//! Sealing entries in batches and verifying the chain.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::store::{self, Row, SealRow};
use crate::app::Work;
use crate::db::{self, TenantId, Timestamp};

/// The job that seals what is not sealed yet.
pub const SEAL_JOB: &str = "audit.seal";

const PURPOSE: &str = "audit chain";
const BATCH: u32 = 1_000;

/// A point of the chain to keep elsewhere: later, the trail must still lead to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The tenant whose trail it is.
    pub tenant: TenantId,
    /// The last seal's number.
    pub seal: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The chain's value there, hexadecimal.
    pub chain: String,
}

/// What is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Break {
    /// Entries of this seal were changed, added or removed, or the seal itself was.
    Changed {
        /// The seal's number.
        seal: i64,
    },
    /// This seal is missing.
    Missing {
        /// The seal's number.
        seal: i64,
    },
    /// The key of this seal is not on the ring, so it cannot be checked.
    NoKey {
        /// The seal's number.
        seal: i64,
    },
    /// The clock stood earlier at this seal than at the one before.
    ClockWentBack {
        /// The seal's number.
        seal: i64,
    },
    /// The trail does not lead to the given anchor: its end was cut off or it is another trail.
    AnchorLost {
        /// The anchor's seal.
        seal: i64,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seal } => write!(
                f,
                "batch {seal} was changed: an entry in it is altered, added or gone"
            ),
            Self::Missing { seal } => write!(f, "batch {seal} is missing"),
            Self::NoKey { seal } => write!(
                f,
                "batch {seal} cannot be checked: its master key is not on the ring"
            ),
            Self::ClockWentBack { seal } => write!(
                f,
                "the clock stood earlier at batch {seal} than at the one before"
            ),
            Self::AnchorLost { seal } => write!(
                f,
                "the trail does not lead to the anchor at batch {seal}: its end was cut off, or it is another trail"
            ),
        }
    }
}

/// The outcome of [`verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Seals checked.
    pub seals: i64,
    /// Entries they cover.
    pub entries: i64,
    /// Entries that no seal covers yet.
    pub unsealed: i64,
    /// The chain's end, to be kept elsewhere.
    pub anchor: Option<Anchor>,
    /// What is wrong, in the order of the trail; empty when all is well.
    pub breaks: Vec<Break>,
}

/// Seals the oldest unsealed entries, at most one batch; gives how many there were.
pub async fn seal(work: &mut Work) -> db::Result<i64> {
    work.lock("audit").await?;
    let entries = store::unsealed(work, BATCH).await?;
    let Some(last) = entries.last().map(|e| e.id) else {
        return Ok(0);
    };
    let before = store::last_seal(work).await?;
    let vault = work.app().vault();
    let mut row = SealRow {
        number: before.as_ref().map_or(1, |b| b.number + 1),
        at: work.now,
        entries: i64::try_from(entries.len()).unwrap_or(i64::MAX),
        key_id: i64::from(vault.active_key()),
        chain: Vec::new(),
    };
    let message = message(work.tenant, &row, &entries, before.as_ref());
    row.chain = vault
        .mac(vault.active_key(), PURPOSE, &message)
        .map(Vec::from)
        .unwrap_or_default();
    store::insert_seal(work, &row, last).await?;
    Ok(row.entries)
}

/// Walks the whole chain of the work's tenant; with an anchor, also checks that the trail leads to it.
pub async fn verify(work: &Work, anchor: Option<&Anchor>) -> db::Result<Report> {
    let mut report = Report {
        seals: 0,
        entries: 0,
        unsealed: store::count_unsealed(work).await?,
        anchor: None,
        breaks: Vec::new(),
    };
    let mut before: Option<SealRow> = None;
    let mut anchored = anchor.is_none();
    loop {
        let seals = store::seals_after(work, before.as_ref().map_or(0, |b| b.number), 100).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            let entries = store::sealed_by(work, seal.number).await?;
            check(work, &seal, &entries, before.as_ref(), &mut report.breaks);
            anchored |= anchor.is_some_and(|a| {
                a.seal == seal.number && a.chain == hex(&seal.chain) && a.tenant == work.tenant
            });
            report.seals += 1;
            report.entries += seal.entries;
            before = Some(seal);
        }
    }
    if let (false, Some(anchor)) = (anchored, anchor) {
        report.breaks.push(Break::AnchorLost { seal: anchor.seal });
    }
    report.anchor = before.map(|s| Anchor {
        tenant: work.tenant,
        seal: s.number,
        at: s.at,
        chain: hex(&s.chain),
    });
    Ok(report)
}

fn check(
    work: &Work,
    seal: &SealRow,
    entries: &[Row],
    before: Option<&SealRow>,
    breaks: &mut Vec<Break>,
) {
    let expected = before.map_or(1, |b| b.number + 1);
    for missing in expected..seal.number {
        breaks.push(Break::Missing { seal: missing });
    }
    if before.is_some_and(|b| b.at > seal.at) {
        breaks.push(Break::ClockWentBack { seal: seal.number });
    }
    let message = message(work.tenant, seal, entries, before);
    let key = u32::try_from(seal.key_id).unwrap_or(0);
    match work.app().vault().mac(key, PURPOSE, &message) {
        None => breaks.push(Break::NoKey { seal: seal.number }),
        Some(mac) if mac.as_slice() != seal.chain => {
            breaks.push(Break::Changed { seal: seal.number });
        }
        Some(_) => {}
    }
}

fn message(tenant: TenantId, seal: &SealRow, entries: &[Row], before: Option<&SealRow>) -> Vec<u8> {
    let mut message = Vec::with_capacity(64 + entries.len() * 32);
    message.extend_from_slice(tenant.0.as_bytes());
    message.extend_from_slice(&seal.number.to_be_bytes());
    message.extend_from_slice(&seal.at.0.to_be_bytes());
    message.extend_from_slice(&seal.entries.to_be_bytes());
    for entry in entries {
        message.extend_from_slice(&digest(entry));
    }
    message.extend_from_slice(before.map_or(&[], |b| &b.chain));
    message
}

/// Each member with its length before it, so that no two entries have the same bytes.
fn digest(entry: &Row) -> [u8; 32] {
    let mut hash = Sha256::new();
    let at = entry.at.0.to_be_bytes();
    let members: [&[u8]; 10] = [
        entry.id.as_bytes(),
        &at,
        entry.actor_kind.as_bytes(),
        entry.actor_id.as_deref().unwrap_or("\0").as_bytes(),
        entry.actor_name.as_bytes(),
        entry.action.as_bytes(),
        entry.target_kind.as_bytes(),
        entry.target_id.as_bytes(),
        entry.reason.as_bytes(),
        entry.detail.as_bytes(),
    ];
    for member in members {
        hash.update(
            u64::try_from(member.len())
                .unwrap_or(u64::MAX)
                .to_be_bytes(),
        );
        hash.update(member);
    }
    hash.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::{Entry, record};
    use crate::db::values;
    use crate::testing::{TestApp, db_test};

    async fn trail(t: &TestApp, entries: usize) {
        for n in 0..entries {
            let mut work = t.begin().await;
            let entry = Entry::new("role.granted", ("user", n.to_string()), "a test")
                .detail(json!({"n": n}));
            record(&mut work, entry).await.unwrap();
            work.commit().await.unwrap();
        }
        seal_all(t).await;
    }

    async fn seal_all(t: &TestApp) {
        loop {
            let mut work = t.begin().await;
            let sealed = seal(&mut work).await.unwrap();
            work.commit().await.unwrap();
            if sealed == 0 {
                break;
            }
        }
    }

    async fn breaks(t: &TestApp, anchor: Option<&Anchor>) -> Vec<Break> {
        verify(&t.read().await, anchor).await.unwrap().breaks
    }

    async fn tamper(t: &TestApp, sql: &str) {
        let work = t.begin().await;
        assert!(work.run(sql, values![work.tenant]).await.unwrap() > 0);
        work.commit().await.unwrap();
    }

    db_test!(
        async fn an_honest_trail_verifies_and_gives_an_anchor(t) {
            trail(&t, 3).await;
            trail(&t, 2).await;
            let report = verify(&t.read().await, None).await.unwrap();
            assert_eq!((report.seals, report.entries, report.unsealed), (2, 6, 0)); // one entry: the tenant itself
            assert_eq!(report.breaks, vec![]);
            let anchor = report.anchor.unwrap();
            trail(&t, 1).await;
            assert_eq!(breaks(&t, Some(&anchor)).await, vec![]);
        }

        async fn one_changed_letter_is_found(t) {
            trail(&t, 3).await;
            trail(&t, 3).await;
            tamper(&t, "UPDATE audit_entries SET reason = 'A test' WHERE tenant_id = $1 AND target_id = '1' AND seal = 2").await;
            assert_eq!(breaks(&t, None).await, vec![Break::Changed { seal: 2 }]);
        }

        async fn a_removed_entry_a_removed_seal_and_a_cut_end_are_found(t) {
            trail(&t, 3).await;
            trail(&t, 3).await;
            trail(&t, 3).await;
            let anchor = verify(&t.read().await, None).await.unwrap().anchor.unwrap();
            tamper(&t, "DELETE FROM audit_entries WHERE tenant_id = $1 AND target_id = '2' AND seal = 1").await;
            assert_eq!(breaks(&t, None).await, vec![Break::Changed { seal: 1 }]);
            tamper(&t, "DELETE FROM audit_seals WHERE tenant_id = $1 AND number = 2").await;
            assert!(breaks(&t, None).await.contains(&Break::Missing { seal: 2 }));
            tamper(&t, "DELETE FROM audit_seals WHERE tenant_id = $1 AND number = 3").await;
            assert!(breaks(&t, Some(&anchor)).await.contains(&Break::AnchorLost { seal: 3 }));
        }

        async fn a_clock_set_back_is_noticed(t) {
            trail(&t, 1).await;
            t.set_clock(t.app.now().plus_seconds(-3600));
            trail(&t, 1).await;
            assert_eq!(breaks(&t, None).await, vec![Break::ClockWentBack { seal: 2 }]);
        }
    );
}
