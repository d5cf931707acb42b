//! Codes that an app computes from the time: RFC 6238 with HMAC-SHA-1, 30 seconds and six digits, as authenticator apps do.

use aws_lc_rs::hmac;

use crate::clock::Time;

/// A code changes every so many seconds.
pub(super) const STEP: i64 = 30;
/// So many steps a phone's clock may be wrong.
const DRIFT: i64 = 1;
/// So many steps a code is known as one that came too early or too late.
const KNOWN: i64 = 10;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Right: the step to which it belongs.
    Right(i64),
    /// It was right a while ago, or will be.
    Late,
    Wrong,
}

/// The step of a time.
fn step(now: Time) -> i64 {
    now.seconds().div_euclid(STEP)
}

/// The code of a step (RFC 4226 section 5.3).
pub(super) fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
    let mut part = [0_u8; 4];
    if let Some(four) = hash.get(offset..offset + 4) {
        part.copy_from_slice(four);
    }
    let number = (u32::from_be_bytes(part) & 0x7fff_ffff) % 1_000_000;
    format!("{number:06}")
}

/// What a code is worth now.
pub(super) fn check(secret: &[u8], given: &str, now: Time) -> Worth {
    let here = step(now);
    let matching = |far: i64| (-far..=far).find(|by| code(secret, here + by) == given);
    match matching(DRIFT) {
        Some(by) => Worth::Right(here + by),
        None if matching(KNOWN).is_some() => Worth::Late,
        None => Worth::Wrong,
    }
}

/// The bytes that a text in base 32 stands for.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let (mut held, mut count) = (0_u32, 0_u32);
    let mut all = Vec::with_capacity(text.len() * 5 / 8);
    for letter in text.trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        held = held << 5 | u32::try_from(value).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            all.push(u8::try_from(held >> count & 0xff).ok()?);
        }
    }
    Some(all)
}

/// A secret of 16 letters in base 32, drawn from a text that looks random.
pub(super) fn secret(drawn: &str) -> String {
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied();
    let letters = drawn.bytes().filter_map(letter).map(char::from);
    letters.take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, want) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, seconds / STEP), want, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_right_for_a_while_then_late_then_wrong() {
        let secret = bytes("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(secret, b"12345678901234567890");
        let at = |seconds: i64| check(&secret, "287082", Time(seconds * 1000));
        assert_eq!(at(59), Worth::Right(1));
        assert_eq!(at(89), Worth::Right(1));
        assert_eq!(at(120), Worth::Late);
        assert_eq!(at(3000), Worth::Wrong);
    }
}
