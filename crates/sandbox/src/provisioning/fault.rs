//! What goes wrong on the way to the app.

use serde::{Deserialize, Serialize};

use crate::store::mix;

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    /// It never arrives.
    LostRequest,
    /// It arrives and is done; the answer is lost.
    LostAnswer,
    /// Something in between answers 503; the app never sees it.
    Refused,
    /// The app does it; something in between answers 500.
    BrokenAnswer,
    /// It is sent twice; the second answer counts.
    Twice,
}

const ALL: [Strike; 5] = [
    Strike::LostRequest,
    Strike::LostAnswer,
    Strike::Refused,
    Strike::BrokenAnswer,
    Strike::Twice,
];

/// A share of the requests goes wrong: lost on the way, lost on the way back, refused with 503, done but answered with
/// 500, sent twice; each kind as often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushFaults {
    /// How many of 1,000 requests.
    pub per_mille: u64,
    /// The same seed spoils the same requests of the same tasks.
    #[serde(default)]
    pub seed: u64,
}

impl PushFaults {
    /// What becomes of the request with this number.
    pub(super) fn draw(self, number: u64) -> Option<Strike> {
        let drawn = mix(mix(number) ^ mix(self.seed));
        if drawn % 1000 >= self.per_mille {
            return None;
        }
        let which = usize::try_from((drawn >> 32) % 5).unwrap_or(0);
        ALL.get(which).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_as_asked_and_each_kind_comes() {
        let faults = PushFaults {
            per_mille: 50,
            seed: 4,
        };
        let struck: Vec<Strike> = (0..20_000)
            .filter_map(|number| faults.draw(number))
            .collect();
        assert!((800..1200).contains(&struck.len()), "{}", struck.len());
        for kind in ALL {
            assert!(struck.iter().filter(|one| **one == kind).count() > 100);
        }
    }
}
