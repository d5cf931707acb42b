//! Okta's times.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant as Okta writes it. Most resources send `.SSSZ`, some (group push mappings, principal rate limits) whole
/// seconds; the form is kept, while order and equality are those of the instant.
#[derive(Clone)]
pub struct OktaTime {
    at: Timestamp,
    text: Box<str>,
}

/// The text is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OktaTimeError(pub String);

impl fmt::Display for OktaTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a time such as 2026-01-31T12:00:00.000Z",
            self.0
        )
    }
}

impl std::error::Error for OktaTimeError {}

impl OktaTime {
    /// Reads a time and keeps its form.
    pub fn parse(text: &str) -> Result<Self, OktaTimeError> {
        let at = text.parse().map_err(|_| OktaTimeError(text.to_owned()))?;
        Ok(Self {
            at,
            text: text.into(),
        })
    }

    /// The instant with three digits of milliseconds: `2026-01-31T12:00:00.000Z`.
    #[must_use]
    pub fn millis(at: Timestamp) -> Self {
        Self {
            at,
            text: at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into(),
        }
    }

    /// The instant in whole seconds: `2026-01-31T12:00:00Z`.
    #[must_use]
    pub fn seconds(at: Timestamp) -> Self {
        Self {
            at,
            text: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
        }
    }

    /// The instant.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The text as Okta wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for OktaTime {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for OktaTime {}

impl PartialOrd for OktaTime {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OktaTime {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl fmt::Debug for OktaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for OktaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for OktaTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for OktaTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_form_it_came_in() {
        for text in [
            "2026-03-25T06:00:40Z",
            "2026-03-25T06:00:40.000Z",
            "2026-03-25T06:00:40.120Z",
        ] {
            let time: OktaTime = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(&time).unwrap(), text);
        }
        assert_eq!(
            OktaTime::parse("yesterday").unwrap_err(),
            OktaTimeError("yesterday".into())
        );
    }

    #[test]
    fn prints_both_forms() {
        let at: Timestamp = "2026-03-25T06:00:40.5Z".parse().unwrap();
        assert_eq!(OktaTime::millis(at).as_str(), "2026-03-25T06:00:40.500Z");
        assert_eq!(OktaTime::seconds(at).as_str(), "2026-03-25T06:00:40Z");
    }
}
