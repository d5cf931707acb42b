//! Recovery codes: how people who are made here sign in. Each is good once.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store;
use crate::app::Work;
use crate::audit;
use crate::db::{self, UserId};

/// Codes given at once.
const CODES: usize = 8;
/// Letters that nobody takes for another, 5 bits each.
const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
/// Letters of a code: 32 of 5 bits are 160 bits.
const LETTERS: usize = 32;

/// Gives a person new codes in place of all they had. They are shown this once.
pub async fn renew(work: &mut Work, user: UserId) -> db::Result<Vec<SecretString>> {
    store::delete_codes(work, user).await?;
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let code = make(work.random());
        store::insert_code(work, user, hash(code.expose_secret())).await?;
        codes.push(code);
    }
    let entry = audit::Entry::new(
        "recovery-codes.made",
        ("user", user.to_string()),
        "new recovery codes; older ones ended",
    )
    .detail(json!({ "codes": CODES }));
    audit::record(work, entry).await?;
    Ok(codes)
}

/// How many codes a person has left.
pub async fn count(work: &Work, user: UserId) -> db::Result<i64> {
    store::count_codes(work, user).await
}

/// A code in groups of four letters.
fn make(random: [u8; LETTERS]) -> SecretString {
    let letters: String = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
        .collect();
    let groups: Vec<&str> = (0..LETTERS / 4)
        .map(|n| &letters[n * 4..n * 4 + 4])
        .collect();
    SecretString::from(groups.join("-"))
}

/// What is stored of a code, however it was typed: SHA-256, enough for 160 random bits.
pub(super) fn hash(code: &str) -> Vec<u8> {
    let letters: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .take(LETTERS * 2)
        .collect();
    Sha256::digest(letters.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_counts_however_it_is_typed() {
        let code = make([7; LETTERS]);
        let code = code.expose_secret();
        assert_eq!(code.len(), 39);
        for typed in [
            code.to_owned(),
            code.to_uppercase(),
            code.replace('-', " "),
            format!(" {code}\n"),
        ] {
            assert_eq!(hash(&typed), hash(code));
        }
        assert_ne!(hash(code), hash(&code[1..]));
    }
}
