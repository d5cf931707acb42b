//! The answer of an identity provider, judged. SAML 2.0 Profiles section 4.1.4.

mod conditions;
mod identity;
mod library;
mod pinned;
mod refusal;
mod shape;

use jiff::{SignedDuration, Timestamp};

pub use identity::Identity;
pub use refusal::Refusal;

use self::library::Verified;
use super::{
    binding::MESSAGE_LIMIT,
    idp::IdentityProvider,
    key::SpKey,
    names::ASSERTION,
    xml::{self, Comments, Element},
};

/// The most by which clocks may differ.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What must be signed. An assertion is never taken without a verified signature over it, its own or the response's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Demand {
    /// The response or the assertion.
    #[default]
    Either,
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// Both.
    Both,
}

impl Demand {
    /// Whether the response must be signed.
    #[must_use]
    pub const fn response(self) -> bool {
        matches!(self, Self::Response | Self::Both)
    }

    /// Whether the assertion must be signed.
    #[must_use]
    pub const fn assertion(self) -> bool {
        matches!(self, Self::Assertion | Self::Both)
    }
}

/// What an answer is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// Our entity id: the audience.
    pub entity_id: &'a str,
    /// The address it came to: destination and recipient.
    pub acs: &'a str,
    /// Who may answer, with the certificates that are pinned.
    pub idp: &'a IdentityProvider,
    /// Id of the question that this browser asked; `None` when it has none open.
    pub request_id: Option<&'a str>,
    /// Our key, when assertions may come encrypted.
    pub decryption: Option<&'a SpKey>,
    /// What must be signed.
    pub demand: Demand,
    /// By how much clocks may differ; more than [`MAX_SKEW`] is taken for that.
    pub skew: SignedDuration,
}

impl Expectation<'_> {
    fn skew(&self) -> SignedDuration {
        self.skew.clamp(SignedDuration::ZERO, MAX_SKEW)
    }
}

/// Judges the XML of an answer at the instant `now`. Whoever is returned still has to be used once:
/// [`Identity::once`].
pub fn verify(
    response: &[u8],
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<Identity, Refusal> {
    let root = xml::parse(response, MESSAGE_LIMIT, Comments::Refuse)?;
    shape::is_response(&root)?;
    conditions::envelope(&root, expected)?;
    let shape = shape::check(&root)?;
    if shape.encrypted && expected.decryption.is_none() {
        return Err(Refusal::NoDecryptionKey);
    }
    if expected.demand.response() && !shape.response_signed {
        return Err(Refusal::ResponseUnsigned);
    }
    if expected.demand.assertion() && !shape.assertion_signed && !shape.encrypted {
        return Err(Refusal::AssertionUnsigned);
    }
    // It was UTF-8 a few lines above.
    let text = std::str::from_utf8(response).map_err(|_| xml::XmlError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match vouched(text, &root, shape, expected, now) {
        Ok(verified) => read(&verified, shape, expected, now),
        Err(refusal) => Err(precise(refusal, &root, expected, now)),
    }
}

/// What the library vouches for. The certificate that an answer names in `KeyInfo` does not matter: see [`pinned`].
fn vouched(
    text: &str,
    root: &Element,
    shape: shape::Shape,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<Verified, Refusal> {
    match library::verify(text, shape, expected, now, &[]) {
        Err(Refusal::UnknownCertificate) if pinned::signed_all(text, shape, expected.idp) => {
            library::verify(text, shape, expected, now, &pinned::named(root))
        }
        judged => judged,
    }
}

/// Reads who signed in from what the library vouches for.
fn read(
    verified: &Verified,
    before: shape::Shape,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<Identity, Refusal> {
    let root = xml::parse(verified.xml.as_bytes(), MESSAGE_LIMIT, Comments::Refuse)?;
    let (assertion, own_signature) = shape::decrypted(&root)?;
    // Each signature that is there must have been verified, not only as many as are needed.
    if before.response_signed != verified.response
        || before.assertion_signed && !verified.assertion
        || !(verified.response || verified.assertion)
    {
        return Err(Refusal::BadSignature);
    }
    if expected.demand.assertion() && !(own_signature && verified.assertion) {
        return Err(Refusal::AssertionUnsigned);
    }
    let remember_until = conditions::check(&root, assertion, expected, now)?;
    let identity = identity::read(assertion, remember_until)?;
    let (id, issuer, name) = &verified.reading;
    if (id, issuer, name) != (&identity.assertion_id, &identity.issuer, &identity.name_id) {
        return Err(Refusal::Disagreement);
    }
    Ok(identity)
}

/// Where the signature held and a condition failed, says which and with what value.
fn precise(
    refusal: Refusal,
    root: &Element,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Refusal {
    let of_conditions = matches!(
        refusal,
        Refusal::Issuer { .. }
            | Refusal::Destination { .. }
            | Refusal::OtherQuestion
            | Refusal::Audience { .. }
            | Refusal::Condition(_)
            | Refusal::Time(_)
            | Refusal::NoBearer
            | Refusal::Form(_)
    );
    match root.only(ASSERTION, "Assertion") {
        Some(assertion) if of_conditions => {
            let found = conditions::check(root, assertion, expected, now)
                .and_then(|until| identity::read(assertion, until));
            found.err().unwrap_or(refusal)
        }
        _ => refusal,
    }
}
