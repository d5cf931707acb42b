//! How answers go wrong when a rule says so: what a service provider must refuse.

use serde::{Deserialize, Serialize};

/// What is wrong with a SAML answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SamlFault {
    /// The signature's value is not that of the key.
    BadSignature,
    /// The name was changed after it was signed.
    Altered,
    /// Nothing is signed.
    Unsigned,
    /// Signed with RSA-SHA1 over SHA-1 digests.
    Sha1,
    /// Signed by a key that is not the app's; `KeyInfo` shows it.
    ForeignKey,
    /// One of the eight known ways to put a signed element where it is verified but not read. What is read is about the
    /// first administrator. 1 and 2 wrap a signed response, 3 to 8 a signed assertion.
    Wrapping(u8),
    /// It was for an hour ago.
    Stale,
    /// It is for in an hour.
    NotYet,
    /// For another service provider.
    WrongAudience,
    /// `Recipient` is another address.
    WrongRecipient,
    /// `Destination` is another address.
    WrongDestination,
    /// By another issuer.
    WrongIssuer,
    /// The answer to another question.
    WrongRequest,
    /// The answer to no question.
    Unsolicited,
    /// The answer that the app got before, letter for letter; the first one is right.
    Replay,
    /// A comment cuts the name in two; the signature holds.
    CommentInNameId,
    /// A document type with an entity stands before it.
    Doctype,
    /// Two assertions, the second about the first administrator and not signed.
    TwoAssertions,
}
