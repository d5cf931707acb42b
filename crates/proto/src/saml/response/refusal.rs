//! Why an answer was refused, in words that help an admin to mend it. This is the redacted trace: no names of
//! people, no attributes, no XML.

use super::super::{binding::BindingError, xml::XmlError};

/// Why an answer of an identity provider was refused.
///
/// What stands in a variant as `found` came from the answer, which need not be genuine; it is cut to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The field is not a message.
    #[error("{0}")]
    Binding(#[from] BindingError),
    /// The message is not the XML we read.
    #[error("the answer was not read: {0}")]
    Xml(#[from] XmlError),
    /// Another message than a response, or of another version.
    #[error("this is not a SAML 2.0 Response (found `{found}`)")]
    NotAResponse {
        /// The name of the outermost element.
        found: String,
    },
    /// Nobody asked: the person began at the identity provider (its tile). Not an error; begin a sign-in from here.
    #[error(
        "the answer was not asked for (sign-in began at the identity provider); a new sign-in is begun from here"
    )]
    Unsolicited,
    /// It answers a question, but this browser has none open.
    #[error(
        "the answer belongs to a sign-in that this browser did not begin, or that is over; sign in again"
    )]
    NoQuestion,
    /// It answers another question.
    #[error(
        "the answer belongs to another sign-in than the one this browser began (InResponseTo); sign in again"
    )]
    OtherQuestion,
    /// The field `RelayState` is not what was sent.
    #[error("RelayState is not the one that was sent with the question; sign in again")]
    RelayState,
    /// The identity provider says no.
    #[error(
        "the identity provider refused the sign-in with status `{code}`; look into its log (Okta: System Log)"
    )]
    Status {
        /// The innermost status code, without its prefix: for example `RequestDenied`.
        code: String,
    },
    /// No assertion in it.
    #[error("the answer holds no assertion")]
    NoAssertion,
    /// More than one assertion, plain or encrypted.
    #[error("the answer holds more than one assertion")]
    SeveralAssertions,
    /// An assertion elsewhere than directly in the response: signature wrapping.
    #[error("an assertion stands where none belongs; this is how forged answers look")]
    MisplacedAssertion,
    /// A signature elsewhere than directly in the response or the assertion, or two in one: signature wrapping.
    #[error("a signature stands where none belongs; this is how forged answers look")]
    MisplacedSignature,
    /// A signature that is not about the element it stands in.
    #[error("a signature is not about the element it stands in; this is how forged answers look")]
    Reference,
    /// A signature built otherwise than SAML has it.
    #[error("a signature is not built as SAML wants it: {0}")]
    SignatureForm(&'static str),
    /// A signature method other than RSA with SHA-256 or SHA-512.
    #[error(
        "the signature algorithm `{0}` is not taken; choose RSA-SHA256 (Okta: Signature Algorithm)"
    )]
    SignatureAlgorithm(String),
    /// A digest method other than SHA-256 or SHA-512.
    #[error("the digest algorithm `{0}` is not taken; choose SHA256 (Okta: Digest Algorithm)")]
    DigestAlgorithm(String),
    /// A canonicalization or transform other than exclusive canonicalization and enveloped signature.
    #[error(
        "the transform `{0}` is not taken; only exclusive canonicalization and enveloped signature are"
    )]
    Transform(String),
    /// No signature at all.
    #[error(
        "neither the response nor the assertion is signed; let the identity provider sign at least one"
    )]
    Unsigned,
    /// The connection demands a signature over the response.
    #[error(
        "the response itself is not signed, which this connection demands (Okta: Response = Signed)"
    )]
    ResponseUnsigned,
    /// The connection demands a signature over the assertion.
    #[error(
        "the assertion itself is not signed, which this connection demands (Okta: Assertion Signature = Signed)"
    )]
    AssertionUnsigned,
    /// No pinned certificate made this signature, and the answer names one that is not pinned: the identity provider has
    /// a new one, or is another.
    #[error(
        "the answer was signed with a certificate that this connection does not know; if the identity provider has a new one, add it here"
    )]
    UnknownCertificate,
    /// No pinned certificate made this signature, or what it covers was changed.
    #[error(
        "a signature does not fit: the answer was changed on its way, or signed with a key this connection does not know"
    )]
    BadSignature,
    /// Encrypted by an algorithm that is not taken.
    #[error("the encryption `{0}` is not taken; choose AES256-GCM (or CBC) with RSA-OAEP")]
    EncryptionAlgorithm(String),
    /// An encrypted assertion in a response that is not signed: nobody vouches for the ciphertext.
    #[error(
        "the assertion is encrypted, but the response around it is not signed; let the identity provider sign the response"
    )]
    EncryptedUnsigned,
    /// Encrypted, and we have no key for it.
    #[error(
        "the assertion is encrypted, but this connection has no key for it; switch encryption off, or make a key and give its certificate"
    )]
    NoDecryptionKey,
    /// It cannot be decrypted with our key.
    #[error(
        "the assertion cannot be decrypted with this connection's key; give the identity provider its present certificate"
    )]
    Undecryptable,
    /// From another issuer.
    #[error("the answer comes from `{found}`, not from the identity provider of this connection")]
    Issuer {
        /// The issuer it names.
        found: String,
    },
    /// Sent to another address.
    #[error(
        "the answer was sent to `{found}`, not to this address (Okta: Single sign-on URL / Destination URL)"
    )]
    Destination {
        /// The destination it names; empty when it names none.
        found: String,
    },
    /// The assertion is for another recipient.
    #[error("the assertion is to be used at `{found}`, not at this address (Okta: Recipient URL)")]
    Recipient {
        /// The recipient it names; empty when it names none.
        found: String,
    },
    /// The assertion is for another audience.
    #[error("the assertion is meant for `{found}`, not for this service (Okta: Audience URI)")]
    Audience {
        /// The first audience it names; empty when it names none.
        found: String,
    },
    /// Not valid yet.
    #[error("the assertion is valid only from {from} on; check the clocks of both sides")]
    NotYet {
        /// From when.
        from: String,
    },
    /// Not valid any more.
    #[error(
        "the assertion was valid until {until}; sign in again, and if it happens often check the clocks of both sides"
    )]
    Expired {
        /// Until when.
        until: String,
    },
    /// A time that is missing or cannot be read.
    #[error("the time `{0}` of the assertion is missing or not a UTC time")]
    Time(&'static str),
    /// No confirmation of the kind that browsers use.
    #[error("the assertion has no bearer confirmation")]
    NoBearer,
    /// A condition that we do not know, and so cannot keep.
    #[error("the assertion has a condition that is not known here: `{0}`")]
    Condition(String),
    /// Nobody is named.
    #[error("the assertion names nobody (NameID)")]
    NoName,
    /// Says nothing of a sign-in.
    #[error("the assertion does not say that somebody signed in (AuthnStatement)")]
    NoSignIn,
    /// A part that SAML wants is missing, doubled or of another shape.
    #[error("the answer is not as SAML wants it: {0}")]
    Form(&'static str),
    /// Two readers saw different things in it. Never seen in honest answers.
    #[error("two readers of the answer disagree about what it says; it is not trusted")]
    Disagreement,
    /// The assertion was used before.
    #[error("the assertion was used before; sign in again")]
    Replayed,
    /// This connection's own values do not make sense to the library.
    #[error("this connection's own SAML values are not usable: {0}")]
    Misconfigured(String),
}

impl Refusal {
    /// The kind of refusal in one word, always the same: for lists and for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Binding(_) => "binding",
            Self::Xml(_) => "xml",
            Self::NotAResponse { .. } => "not_a_response",
            Self::Unsolicited => "unsolicited",
            Self::NoQuestion => "no_question",
            Self::OtherQuestion => "other_question",
            Self::RelayState => "relay_state",
            Self::Status { .. } => "status",
            Self::NoAssertion => "no_assertion",
            Self::SeveralAssertions => "several_assertions",
            Self::MisplacedAssertion => "misplaced_assertion",
            Self::MisplacedSignature => "misplaced_signature",
            Self::Reference => "reference",
            Self::SignatureForm(_) => "signature_form",
            Self::SignatureAlgorithm(_) => "signature_algorithm",
            Self::DigestAlgorithm(_) => "digest_algorithm",
            Self::Transform(_) => "transform",
            Self::Unsigned => "unsigned",
            Self::ResponseUnsigned => "response_unsigned",
            Self::AssertionUnsigned => "assertion_unsigned",
            Self::UnknownCertificate => "unknown_certificate",
            Self::BadSignature => "bad_signature",
            Self::EncryptionAlgorithm(_) => "encryption_algorithm",
            Self::EncryptedUnsigned => "encrypted_unsigned",
            Self::NoDecryptionKey => "no_decryption_key",
            Self::Undecryptable => "undecryptable",
            Self::Issuer { .. } => "issuer",
            Self::Destination { .. } => "destination",
            Self::Recipient { .. } => "recipient",
            Self::Audience { .. } => "audience",
            Self::NotYet { .. } => "not_yet",
            Self::Expired { .. } => "expired",
            Self::Time(_) => "time",
            Self::NoBearer => "no_bearer",
            Self::Condition(_) => "condition",
            Self::NoName => "no_name",
            Self::NoSignIn => "no_sign_in",
            Self::Form(_) => "form",
            Self::Disagreement => "disagreement",
            Self::Replayed => "replayed",
            Self::Misconfigured(_) => "misconfigured",
        }
    }
}

/// What came from outside, fit to be shown: short, without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
