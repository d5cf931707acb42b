//! XML signatures: making them over answers, and checking those of questions (XML Signature 1.1).

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::FromDer as _;

use super::xml::{Element, Node};
use crate::oauth::{Certified, RsaHash};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// The prefixes that values name, which therefore count as used: Okta's own list.
pub(super) const INCLUSIVE: [&str; 1] = ["xs"];

/// By what an element is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithms {
    pub(super) signature: RsaHash,
    pub(super) digest: RsaHash,
}

fn signature_uri(hash: RsaHash) -> &'static str {
    match hash {
        RsaHash::Sha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        RsaHash::Sha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        RsaHash::Sha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    }
}

fn digest_uri(hash: RsaHash) -> &'static str {
    match hash {
        RsaHash::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        RsaHash::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        RsaHash::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
    }
}

fn digested(hash: RsaHash, text: &str) -> String {
    let algorithm = match hash {
        RsaHash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        RsaHash::Sha256 => &digest::SHA256,
        RsaHash::Sha512 => &digest::SHA512,
    };
    STANDARD.encode(digest::digest(algorithm, text.as_bytes()))
}

/// Signs an element: its signature stands behind its issuer, the first in it.
pub(super) fn sign(element: &mut Element, by: &Certified, algorithms: Algorithms) {
    let id = element.attribute("ID").unwrap_or_default().to_owned();
    let value = digested(algorithms.digest, &element.canonical(&INCLUSIVE));
    let inclusive = Element::new("ec:InclusiveNamespaces").with("PrefixList", INCLUSIVE.join(" "));
    let transforms = Element::new("ds:Transforms")
        .child(Element::new("ds:Transform").with("Algorithm", ENVELOPED))
        .child(
            Element::new("ds:Transform")
                .with("Algorithm", EXCLUSIVE)
                .child(inclusive),
        );
    let method = |name: &str, uri: &str| Element::new(name).with("Algorithm", uri);
    let reference = Element::new("ds:Reference")
        .with("URI", format!("#{id}"))
        .child(transforms)
        .child(method("ds:DigestMethod", digest_uri(algorithms.digest)))
        .child(Element::new("ds:DigestValue").text(value));
    let info = Element::new("ds:SignedInfo")
        .child(method("ds:CanonicalizationMethod", EXCLUSIVE))
        .child(method(
            "ds:SignatureMethod",
            signature_uri(algorithms.signature),
        ))
        .child(reference);
    let signed = by
        .key
        .sign_bytes(algorithms.signature, info.canonical(&[]).as_bytes());
    let certificate = Element::new("ds:X509Certificate").text(by.shown.x5c.clone());
    let key_info = Element::new("ds:KeyInfo").child(Element::new("ds:X509Data").child(certificate));
    let signature = Element::new("ds:Signature")
        .child(info)
        .child(Element::new("ds:SignatureValue").text(STANDARD.encode(signed)))
        .child(key_info);
    let behind = element.children.len().min(1);
    element.children.insert(behind, Node::Element(signature));
}

/// The public key of a certificate in base64 or PEM, as `SubjectPublicKeyInfo`.
pub(super) fn key_of(certificate: &str) -> Option<Vec<u8>> {
    let body: String = certificate
        .lines()
        .filter(|line| !line.starts_with('-'))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    let der = STANDARD.decode(body).ok()?;
    let (_, read) = x509_parser::certificate::X509Certificate::from_der(&der).ok()?;
    Some(read.public_key().raw.to_vec())
}

fn check(algorithm: &str, key: &[u8], signed: &[u8], signature: &str) -> Result<(), &'static str> {
    let parameters: &RsaParameters = if algorithm == signature_uri(RsaHash::Sha256) {
        &RSA_PKCS1_2048_8192_SHA256
    } else if algorithm == signature_uri(RsaHash::Sha512) {
        &RSA_PKCS1_2048_8192_SHA512
    } else {
        return Err("its algorithm is neither RSA-SHA256 nor RSA-SHA512.");
    };
    let compact: String = signature.chars().filter(|c| !c.is_whitespace()).collect();
    let signature = STANDARD
        .decode(compact)
        .map_err(|_| "it is not in base64.")?;
    UnparsedPublicKey::new(parameters, key)
        .verify(signed, &signature)
        .map_err(|_| "it is not by the app's certificate.")
}

/// Checks the signature of a query (Bindings section 3.4.4.1): it is over the parameters as they were written.
pub(super) fn verify_query(query: &str, key: &[u8]) -> Result<(), &'static str> {
    let raw = |name: &str| {
        let mut all = query.split('&').filter_map(|pair| pair.split_once('='));
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let plain = |text: &str| {
        url::form_urlencoded::parse(format!("x={text}").as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (Some(algorithm), Some(signature)) = (raw("SigAlg"), raw("Signature")) else {
        return Err("there is none.");
    };
    let mut signed = Vec::new();
    for name in ["SAMLRequest", "RelayState", "SigAlg"] {
        if let Some(value) = raw(name) {
            signed.push(format!("{name}={value}"));
        }
    }
    check(
        &plain(algorithm),
        key,
        signed.join("&").as_bytes(),
        &plain(signature),
    )
}

/// Checks the signature in a message: it must be over the whole of it.
pub(super) fn verify(root: &Element, key: &[u8]) -> Result<(), &'static str> {
    let form = "it is not built as SAML wants it.";
    let signature = root.only("ds:Signature").ok_or("there is none.")?;
    let info = signature.only("ds:SignedInfo").ok_or(form)?;
    let algorithm = |of: &Element, name: &str| {
        let found = of.only(name)?.attribute("Algorithm")?;
        Some(found.to_owned())
    };
    if algorithm(info, "ds:CanonicalizationMethod").as_deref() != Some(EXCLUSIVE) {
        return Err("it is not in exclusive canonical form.");
    }
    let reference = info.only("ds:Reference").ok_or(form)?;
    let id = root.attribute("ID").unwrap_or_default();
    let target = reference.attribute("URI").unwrap_or_default();
    if id.is_empty() || target.strip_prefix('#') != Some(id) {
        return Err("it is about something else.");
    }
    let transforms: Vec<_> = reference
        .only("ds:Transforms")
        .ok_or(form)?
        .elements()
        .collect();
    let [enveloped, exclusive] = transforms.as_slice() else {
        return Err(form);
    };
    if enveloped.attribute("Algorithm") != Some(ENVELOPED)
        || exclusive.attribute("Algorithm") != Some(EXCLUSIVE)
    {
        return Err("it has other transforms than SAML's.");
    }
    let list = exclusive
        .only("ec:InclusiveNamespaces")
        .and_then(|list| list.attribute("PrefixList"))
        .unwrap_or_default();
    let inclusive: Vec<&str> = list.split_whitespace().collect();
    let hash = match algorithm(reference, "ds:DigestMethod") {
        Some(uri) if uri == digest_uri(RsaHash::Sha256) => RsaHash::Sha256,
        Some(uri) if uri == digest_uri(RsaHash::Sha512) => RsaHash::Sha512,
        _ => return Err("its digest is neither SHA-256 nor SHA-512."),
    };
    let stated = reference.only("ds:DigestValue").ok_or(form)?.content();
    let found = digested(hash, &root.without("ds:Signature").canonical(&inclusive));
    if stated.split_whitespace().collect::<String>() != found {
        return Err("the message was changed after it was signed.");
    }
    let method = algorithm(info, "ds:SignatureMethod").unwrap_or_default();
    let value = signature.only("ds:SignatureValue").ok_or(form)?.content();
    check(&method, key, info.canonical(&[]).as_bytes(), &value)
}
