//! Secrets in request bodies: read straight into a type that shows and prints nothing.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// Reads a secret.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// Reads a secret that may be missing.
pub(super) fn optional<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SecretString>, D::Error> {
    Option::<String>::deserialize(from).map(|text| text.map(SecretString::from))
}
