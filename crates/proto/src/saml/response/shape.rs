//! What an answer must look like before any signature is computed: one assertion, directly in the response; signatures
//! only in the response and in the assertion, each about just the element it stands in; known algorithms.
//!
//! All known signature wrappings need a second assertion, a moved signature, or a reference that leads elsewhere. They
//! end here, whatever the library behind would make of them. SAML 2.0 Core sections 5.4.1 to 5.4.6.

use super::{
    super::{
        names::{
            ASSERTION, CONTENT_CIPHERS, DSIG, ENVELOPED, EXCLUSIVE, KEY_CIPHERS, PROTOCOL,
            RSA_SHA256, RSA_SHA512, SHA256, SHA512, XENC,
        },
        xml::Element,
    },
    refusal::{Refusal, shown},
};

/// What an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// The response has a signature of its own.
    pub(super) response_signed: bool,
    /// The plain assertion has a signature of its own.
    pub(super) assertion_signed: bool,
    /// The assertion is encrypted.
    pub(super) encrypted: bool,
}

/// Judges the whole answer, which may hold an encrypted assertion.
pub(super) fn check(response: &Element) -> Result<Shape, Refusal> {
    let encrypted = response.all(ASSERTION, "EncryptedAssertion").count();
    let plain = response.all(ASSERTION, "Assertion").count();
    let everywhere = response
        .everything()
        .into_iter()
        .filter(|element| ["Assertion", "EncryptedAssertion"].contains(&element.name()))
        .count();
    match (plain + encrypted, everywhere) {
        (0, 0) => return Err(Refusal::NoAssertion),
        (1, 1) => {}
        (0, _) => return Err(Refusal::MisplacedAssertion),
        (direct, all) if direct == all => return Err(Refusal::SeveralAssertions),
        _ => return Err(Refusal::MisplacedAssertion),
    }
    let assertion = response.only(ASSERTION, "Assertion");
    let response_signed = signed(response)?;
    let assertion_signed = assertion.map(signed).transpose()?.unwrap_or_default();
    let allowed = usize::from(response_signed) + usize::from(assertion_signed);
    if signatures(response) != allowed {
        return Err(Refusal::MisplacedSignature);
    }
    if let Some(wrapped) = response.only(ASSERTION, "EncryptedAssertion") {
        ciphers(wrapped)?;
        if !response_signed {
            return Err(Refusal::EncryptedUnsigned);
        }
    } else if allowed == 0 {
        return Err(Refusal::Unsigned);
    }
    Ok(Shape {
        response_signed,
        assertion_signed,
        encrypted: encrypted > 0,
    })
}

/// Judges an answer after decryption, and returns its assertion and whether that has a signature of its own.
pub(super) fn decrypted(response: &Element) -> Result<(&Element, bool), Refusal> {
    let shape = check(response)?;
    let assertion = response
        .only(ASSERTION, "Assertion")
        .ok_or(Refusal::NoAssertion)?;
    Ok((assertion, shape.assertion_signed))
}

/// Everything below that anyone could take for a signature.
fn signatures(element: &Element) -> usize {
    element
        .everything()
        .into_iter()
        .filter(|element| element.name() == "Signature")
        .count()
}

/// Whether an element has a signature, which then must be about it, and well-built.
fn signed(element: &Element) -> Result<bool, Refusal> {
    let mut found = element.all(DSIG, "Signature");
    let Some(signature) = found.next() else {
        return Ok(false);
    };
    if found.next().is_some() {
        return Err(Refusal::MisplacedSignature);
    }
    // The schema has the issuer first and the signature right behind it.
    let place = element
        .children()
        .position(|child| child.is(DSIG, "Signature"));
    if place != Some(1)
        || !element
            .children()
            .next()
            .is_some_and(|first| first.is(ASSERTION, "Issuer"))
    {
        return Err(Refusal::MisplacedSignature);
    }
    let id = element.attribute("ID").unwrap_or_default();
    well_built(signature, id)?;
    Ok(true)
}

fn well_built(signature: &Element, id: &str) -> Result<(), Refusal> {
    parts(signature, &["SignedInfo", "SignatureValue", "KeyInfo"])?;
    let info = one(signature, "SignedInfo")?;
    one(signature, "SignatureValue")?;
    parts(
        info,
        &["CanonicalizationMethod", "SignatureMethod", "Reference"],
    )?;
    let canonical = algorithm(one(info, "CanonicalizationMethod")?);
    if canonical != EXCLUSIVE {
        return Err(Refusal::Transform(shown(canonical)));
    }
    let method = one(info, "SignatureMethod")?;
    if ![RSA_SHA256, RSA_SHA512].contains(&algorithm(method)) {
        return Err(Refusal::SignatureAlgorithm(shown(algorithm(method))));
    }
    parts(method, &[])?;
    let reference = one(info, "Reference")?;
    if id.is_empty()
        || reference
            .attribute("URI")
            .and_then(|uri| uri.strip_prefix('#'))
            != Some(id)
    {
        return Err(Refusal::Reference);
    }
    parts(reference, &["Transforms", "DigestMethod", "DigestValue"])?;
    transforms(one(reference, "Transforms")?)?;
    let digest = algorithm(one(reference, "DigestMethod")?);
    if ![SHA256, SHA512].contains(&digest) {
        return Err(Refusal::DigestAlgorithm(shown(digest)));
    }
    one(reference, "DigestValue")?;
    Ok(())
}

/// Enveloped signature, then exclusive canonicalization: each once, and nothing else.
fn transforms(list: &Element) -> Result<(), Refusal> {
    parts(list, &["Transform"])?;
    let named: Vec<&str> = list.children().map(algorithm).collect();
    let unknown = named
        .iter()
        .find(|uri| ![ENVELOPED, EXCLUSIVE].contains(uri));
    match (unknown, named.as_slice()) {
        (Some(uri), _) => Err(Refusal::Transform(shown(uri))),
        (None, [ENVELOPED, EXCLUSIVE]) => Ok(()),
        (None, _) => Err(Refusal::SignatureForm(
            "its transforms must be enveloped signature, then exclusive canonicalization",
        )),
    }
}

/// Only elements of these names may stand in a part of a signature.
fn parts(of: &Element, known: &[&str]) -> Result<(), Refusal> {
    let strange = of
        .children()
        .any(|child| !known.iter().any(|name| child.is(DSIG, name)));
    if strange {
        return Err(Refusal::SignatureForm(
            "it has parts that are not used in SAML",
        ));
    }
    Ok(())
}

fn one<'a>(of: &'a Element, name: &str) -> Result<&'a Element, Refusal> {
    of.only(DSIG, name)
        .ok_or(Refusal::SignatureForm("a part is missing or doubled"))
}

fn algorithm(of: &Element) -> &str {
    of.attribute("Algorithm").unwrap_or_default()
}

/// Judges how an assertion is encrypted. XML Encryption 1.1 section 5.
fn ciphers(wrapped: &Element) -> Result<(), Refusal> {
    let data = wrapped
        .only(XENC, "EncryptedData")
        .ok_or(Refusal::Form("EncryptedData is missing or doubled"))?;
    let method = |of: &Element| {
        let named = of.only(XENC, "EncryptionMethod").map(algorithm);
        named.unwrap_or_default().to_owned()
    };
    let content = method(data);
    if !CONTENT_CIPHERS.contains(&content.as_str()) {
        return Err(Refusal::EncryptionAlgorithm(shown(&content)));
    }
    let keys: Vec<&Element> = wrapped
        .everything()
        .into_iter()
        .filter(|element| element.is(XENC, "EncryptedKey"))
        .collect();
    let [key] = keys.as_slice() else {
        return Err(Refusal::Form("there must be exactly one EncryptedKey"));
    };
    let carried = method(key);
    if !KEY_CIPHERS.contains(&carried.as_str()) {
        return Err(Refusal::EncryptionAlgorithm(shown(&carried)));
    }
    Ok(())
}

/// The outermost element must be a SAML 2.0 response.
pub(super) fn is_response(root: &Element) -> Result<(), Refusal> {
    if root.is(PROTOCOL, "Response") && root.attribute("Version") == Some("2.0") {
        return Ok(());
    }
    Err(Refusal::NotAResponse {
        found: shown(root.name()),
    })
}
