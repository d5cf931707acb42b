//! Okta's ids: 20 characters, the first three say what kind of thing it is (FACTS section 2).

/// What an id names, by its prefix.
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) &'static str);

impl Kind {
    pub(crate) const USER: Self = Self("00u");
    pub(crate) const GROUP: Self = Self("00g");
    pub(crate) const APP: Self = Self("0oa");
    pub(crate) const ORG: Self = Self("00o");
    pub(crate) const TOKEN: Self = Self("00T");
    pub(crate) const USER_TYPE: Self = Self("oty");
    pub(crate) const SCHEMA: Self = Self("osc");
    pub(crate) const REALM: Self = Self("guo");
    pub(crate) const GRANT: Self = Self("oag");
    pub(crate) const ROLE_ASSIGNMENT: Self = Self("ra1");
    pub(crate) const GROUP_ROLE_ASSIGNMENT: Self = Self("gra");
    pub(crate) const CLIENT_KEY: Self = Self("pks");
    pub(crate) const GROUP_RULE: Self = Self("0pr");
}

/// The last five characters of every id of one org; two orgs never give the same id.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Tail {
    text: [u8; 5],
    offset: u64,
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn digit(value: u64) -> char {
    usize::try_from(value % 62)
        .ok()
        .and_then(|at| DIGITS.get(at))
        .map_or('0', |byte| char::from(*byte))
}

/// Spreads a number over 64 bits (splitmix64), so that ids do not look counted.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Tail {
    /// The tail of the org with this random seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mixed = mix(seed);
        let letter = |shift: u32| u8::try_from(u32::from(digit(mixed >> shift))).unwrap_or(b'x');
        Self {
            text: [letter(0), letter(6), b'1', b'd', b'7'],
            offset: 62_u64.pow(7) * (46 + mixed % 10) + (mixed >> 20) % 62_u64.pow(6),
        }
    }

    /// The id of the row with this serial.
    pub(crate) fn id(&self, kind: Kind, serial: u32) -> String {
        let mut id = String::with_capacity(20);
        self.push(&mut id, kind, serial);
        id
    }

    /// Writes the id of the row with this serial at the end of a text.
    pub(crate) fn push(&self, into: &mut String, kind: Kind, serial: u32) {
        let number = self.offset + u64::from(serial);
        into.push_str(kind.0);
        for place in (0..8).rev() {
            into.push(digit(number / 62_u64.pow(place)));
        }
        let check = mix(number);
        for shift in [3_u32, 17, 29, 41] {
            into.push(digit(check >> shift));
        }
        into.extend(self.text.iter().map(|byte| char::from(*byte)));
    }

    /// The serial in an id of this kind, or nothing when this org never made such an id.
    pub(crate) fn serial(&self, kind: Kind, id: &str) -> Option<u32> {
        let body = id.strip_prefix(kind.0)?.get(..8)?;
        let mut number = 0_u64;
        for byte in body.bytes() {
            let value = DIGITS.iter().position(|digit| *digit == byte)?;
            number = number * 62 + u64::try_from(value).ok()?;
        }
        let serial = u32::try_from(number.checked_sub(self.offset)?).ok()?;
        (self.id(kind, serial) == id).then_some(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_twenty_characters_sort_by_age_and_read_back() {
        for seed in [0, 1, 7, u64::MAX] {
            let tail = Tail::of(seed);
            let mut last = String::new();
            for serial in [0, 1, 61, 62, 4_000, 1_000_000, u32::MAX] {
                let id = tail.id(Kind::USER, serial);
                assert_eq!(id.len(), 20, "{id}");
                assert!(id > last, "{id} after {last}");
                assert_eq!(tail.serial(Kind::USER, &id), Some(serial));
                assert_eq!(tail.serial(Kind::GROUP, &id), None);
                last = id;
            }
        }
    }

    #[test]
    fn strangers_ids_are_nobodys() {
        let tail = Tail::of(3);
        for id in [
            "",
            "00u",
            "00uukwu5imhTN4iqpM1d7",
            "00u\u{e9}wu5imhTN4iqpM1d7",
            "00uzzzzzzzzzzzzzzzzz",
        ] {
            assert_eq!(tail.serial(Kind::USER, id), None, "{id}");
        }
        assert_eq!(
            tail.serial(Kind::USER, &Tail::of(4).id(Kind::USER, 5)),
            None
        );
    }
}
