//! Assertions that only the app can read (XML Encryption 1.1).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::cipher::{AES_128, AES_256, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::signature::key_of;
use super::xml::Element;

/// How content is encrypted: name in Okta's settings, length of the key in bytes, URI.
const CONTENT: [(&str, usize, &str); 4] = [
    (
        "AES128_CBC",
        16,
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    ),
    (
        "AES256_CBC",
        32,
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    ),
    (
        "AES128_GCM",
        16,
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    ),
    (
        "AES256_GCM",
        32,
        "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    ),
];
const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const RSA_15: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";

/// An element in encrypted form, for the key of a certificate. Nothing when the certificate cannot be used.
pub(super) fn encrypt(
    plain: &str,
    (certificate, content, transport): (&str, &str, &str),
) -> Option<Element> {
    let (_, length, uri) = CONTENT
        .iter()
        .find(|(name, ..)| *name == content)
        .or(CONTENT.last())?;
    let mut key = vec![0; *length];
    rand::fill(&mut key).ok()?;
    let sealed = if uri.ends_with("gcm") {
        gcm(&key, plain)?
    } else {
        cbc(&key, plain)?
    };
    let carried = carried(&key, certificate, transport == "RSA_15")?;
    let data = Element::new("xenc:EncryptedData")
        .with("Type", ELEMENT)
        .child(Element::new("xenc:EncryptionMethod").with("Algorithm", *uri))
        .child(Element::new("ds:KeyInfo").child(carried))
        .child(value(&sealed));
    Some(Element::new("saml2:EncryptedAssertion").child(data))
}

fn value(bytes: &[u8]) -> Element {
    let text = Element::new("xenc:CipherValue").text(STANDARD.encode(bytes));
    Element::new("xenc:CipherData").child(text)
}

/// The key of the content, for the certificate alone.
fn carried(key: &[u8], certificate: &str, old: bool) -> Option<Element> {
    let public = PublicEncryptingKey::from_der(&key_of(certificate)?).ok()?;
    let mut out = vec![0; public.key_size_bytes()];
    let (sealed, method) = if old {
        let sealed = Pkcs1PublicEncryptingKey::new(public)
            .ok()?
            .encrypt(key, &mut out)
            .ok()?
            .to_vec();
        let method = Element::new("xenc:EncryptionMethod").with("Algorithm", RSA_15);
        (sealed, method)
    } else {
        let sealed = OaepPublicEncryptingKey::new(public)
            .ok()?
            .encrypt(&OAEP_SHA1_MGF1SHA1, key, &mut out, None)
            .ok()?
            .to_vec();
        let digest = Element::new("ds:DigestMethod")
            .with("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1");
        let method = Element::new("xenc:EncryptionMethod")
            .with("Algorithm", OAEP)
            .child(digest);
        (sealed, method)
    };
    let carried = Element::new("xenc:EncryptedKey");
    Some(carried.child(method).child(value(&sealed)))
}

/// Nonce, ciphertext and tag.
fn gcm(key: &[u8], plain: &str) -> Option<Vec<u8>> {
    let algorithm = if key.len() == 16 {
        &AES_128_GCM
    } else {
        &AES_256_GCM
    };
    let mut sealed = plain.as_bytes().to_vec();
    let key = RandomizedNonceKey::new(algorithm, key).ok()?;
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut sealed)
        .ok()?;
    Some([nonce.as_ref().as_slice(), &sealed].concat())
}

/// Initialisation vector and ciphertext. The padding of PKCS #7 is one of those that XML Encryption allows.
fn cbc(key: &[u8], plain: &str) -> Option<Vec<u8>> {
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    let mut sealed = plain.as_bytes().to_vec();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key).ok()?);
    let context = key.ok()?.encrypt(&mut sealed).ok()?;
    let vector: &[u8] = (&context).try_into().ok()?;
    Some([vector, &sealed].concat())
}
