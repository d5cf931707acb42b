//! `RelayState`: a value of ours that comes back with the answer. Never an address.

use std::fmt;

/// Letters of a value: 128 bits in hexadecimal.
const LENGTH: usize = 32;

/// Names one sign-in that was begun here; what it leads to is kept by the server under this name. Whatever else comes
/// in the field `RelayState` (an address above all) is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelayState(String);

impl RelayState {
    /// A new value from 128 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        let pairs: Vec<String> = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(pairs.concat())
    }

    /// Reads what came with an answer; `None` for everything that is not shaped like a value of ours. The server
    /// still has to know it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let ours = text.len() == LENGTH
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Self(text.to_owned()))
    }

    /// The value as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::RelayState;

    #[test]
    fn x5_relay_state_is_never_an_address() {
        let ours = RelayState::from_random(*b"0123456789abcdef");
        assert_eq!(RelayState::parse(ours.as_str()), Some(ours));
        for text in [
            "",
            "https://evil.example/",
            "//evil.example/aaaaaaaaaaaaaaaaaa",
            "/console?next=aaaaaaaaaaaaaaaaaa",
            "0123456789ABCDEF0123456789ABCDEF",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "javascript:alert(1)//aaaaaaaaaaaa",
        ] {
            assert_eq!(RelayState::parse(text), None, "{text}");
        }
    }
}
