//! What Okta said, once it can be believed: who is in which mapped group, and how each person stands.

use super::rules::PersonIx;

/// How a person stands in Okta, as far as access goes (design.md, Deciding).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// `ACTIVE`, `PASSWORD_EXPIRED`, `LOCKED_OUT`, `RECOVERY`, `PROVISIONED`, `STAGED`, or a status yet unknown: keeps
    /// roles.
    #[default]
    Keeps,
    /// SUSPENDED: keeps roles, may not sign in.
    Suspended,
    /// DEPROVISIONED, or gone from the org: loses all.
    Left,
}

impl Standing {
    /// How a person with this Okta status stands; `None` is a person gone from the org.
    #[must_use]
    pub fn of(status: Option<&str>) -> Self {
        match status {
            Some("SUSPENDED") => Self::Suspended,
            Some("DEPROVISIONED" | "GONE") | None => Self::Left,
            Some(_) => Self::Keeps,
        }
    }

    /// Whether the person may not sign in.
    #[must_use]
    pub fn is_blocked(self) -> bool {
        self != Self::Keeps
    }
}

/// One consistent view of the org, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How each person stands.
    pub people: Vec<Standing>,
    /// The members of each mapped group, in any order, perhaps repeated.
    pub members: Vec<Vec<PersonIx>>,
    /// Those who become users though they are in no mapped group, in order.
    pub pushed: Vec<PersonIx>,
    /// Those whom SCIM alone bars, in order: a flood of them waits.
    pub barred_by_scim: Vec<PersonIx>,
    /// Whether all of it can be believed. When not, nothing may be removed by it.
    pub sound: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_things_matter_about_a_status() {
        for keeps in [
            "ACTIVE",
            "PASSWORD_EXPIRED",
            "LOCKED_OUT",
            "RECOVERY",
            "PROVISIONED",
            "STAGED",
            "SOMETHING_NEW",
        ] {
            assert_eq!(Standing::of(Some(keeps)), Standing::Keeps, "{keeps}");
        }
        assert_eq!(Standing::of(Some("SUSPENDED")), Standing::Suspended);
        assert_eq!(Standing::of(Some("DEPROVISIONED")), Standing::Left);
        assert_eq!(Standing::of(None), Standing::Left);
    }
}
