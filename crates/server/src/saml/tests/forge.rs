//! Answers of an identity provider, honest and dishonest, written in canonical form and signed by aws-lc-rs.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywright_proto::saml::Certificate;

use crate::db::Timestamp;

pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(super) const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(super) const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
pub(super) const IDP: &str = "http://www.okta.com/exk1fixture";

/// A file of `fixtures/saml`.
pub(super) fn fixture(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/saml");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// How a signature is made.
#[derive(Clone)]
pub(super) struct Signing {
    pub(super) key: &'static str,
    pub(super) method: &'static str,
    pub(super) digest: &'static str,
    pub(super) canonicalization: &'static str,
    pub(super) transforms: Vec<&'static str>,
    pub(super) uri: Option<String>,
    /// Behind the value: `KeyInfo` for one.
    pub(super) tail: String,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            key: "idp",
            method: RSA_SHA256,
            digest: SHA256,
            canonicalization: EXCLUSIVE,
            transforms: vec![ENVELOPED, EXCLUSIVE],
            uri: None,
            tail: String::new(),
        }
    }
}

impl Signing {
    pub(super) fn by(key: &'static str) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    pub(super) fn sha512() -> Self {
        Self {
            method: RSA_SHA512,
            digest: SHA512,
            ..Self::default()
        }
    }

    /// A signature over a canonical element of this ID.
    pub(super) fn over(&self, canonical: &str, id: &str) -> String {
        let hash = if self.digest == SHA512 {
            &digest::SHA512
        } else {
            &digest::SHA256
        };
        let value = STANDARD.encode(digest::digest(hash, canonical.as_bytes()));
        let transforms: String = self
            .transforms
            .iter()
            .map(|uri| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>"))
            .collect::<Vec<_>>()
            .concat();
        let uri = self.uri.clone().unwrap_or_else(|| format!("#{id}"));
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{}\">\
             </ds:SignatureMethod><ds:Reference URI=\"{uri}\"><ds:Transforms>{transforms}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>\
             </ds:SignedInfo>",
            self.canonicalization, self.method, self.digest
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{inside}");
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{inside}<ds:SignatureValue>{}</ds:SignatureValue>{}\
             </ds:Signature>",
            self.sign(signed.as_bytes()),
            self.tail
        )
    }

    fn sign(&self, bytes: &[u8]) -> String {
        let pem = fixture(&format!("{}.key.pem", self.key));
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("---"))
            .collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
        let padding = if self.method == RSA_SHA512 {
            &RSA_PKCS1_SHA512
        } else {
            &RSA_PKCS1_SHA256
        };
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), bytes, &mut out)
            .unwrap();
        STANDARD.encode(out)
    }
}

pub(super) fn key_info(name: &str) -> String {
    let certificate = Certificate::parse(&fixture(&format!("{name}.cert.pem"))).unwrap();
    format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        certificate.base64()
    )
}

/// An answer before it is signed; honest where nothing else is said.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) acs: String,
    pub(super) destination: String,
    pub(super) audience: String,
    pub(super) issuer: String,
    pub(super) question: String,
    pub(super) response_id: String,
    pub(super) assertion_id: String,
    pub(super) name_id: String,
    pub(super) okta_id: Option<String>,
    pub(super) more_attributes: String,
    pub(super) method: &'static str,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// In the place of what is made of audience and times.
    pub(super) conditions: Option<String>,
    pub(super) statement: String,
    pub(super) status: &'static str,
    pub(super) extra: String,
}

fn instant(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Answer {
    pub(super) fn new(base: &str, question: &str, now: Timestamp, n: u32) -> Self {
        Self {
            acs: format!("{base}/acs"),
            destination: format!(" Destination=\"{base}/acs\""),
            audience: format!("{base}/metadata"),
            issuer: IDP.to_owned(),
            question: format!(" InResponseTo=\"{question}\""),
            response_id: format!("r{n}"),
            assertion_id: format!("a{n}"),
            name_id: "ada@example.com".to_owned(),
            okta_id: Some("00uada".to_owned()),
            more_attributes: String::new(),
            method: "urn:oasis:names:tc:SAML:2.0:cm:bearer",
            from: now.plus_seconds(-300),
            until: now.plus_seconds(300),
            conditions: None,
            statement: "<saml:AuthnStatement AuthnInstant=\"2026-01-05T07:59:00Z\" SessionIndex=\"s1\"><saml:AuthnContext>\
                 <saml:AuthnContextClassRef>urn:x</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
                .to_owned(),
            status: "urn:oasis:names:tc:SAML:2.0:status:Success",
            extra: String::new(),
        }
    }

    /// The assertion, canonical but for the signature behind its issuer.
    pub(super) fn assertion(&self, signature: &str) -> String {
        let conditions = self.conditions.clone().unwrap_or_else(|| {
            format!(
                "<saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\"><saml:AudienceRestriction><saml:Audience>{}\
                 </saml:Audience></saml:AudienceRestriction></saml:Conditions>",
                instant(self.from),
                instant(self.until),
                self.audience
            )
        });
        let id = self.okta_id.as_ref().map_or_else(String::new, |id| {
            format!("<saml:Attribute Name=\"oktaId\"><saml:AttributeValue>{id}</saml:AttributeValue></saml:Attribute>")
        });
        let attributes = format!("{id}{}", self.more_attributes);
        let attributes = if attributes.is_empty() {
            attributes
        } else {
            format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>")
        };
        format!(
            "<saml:Assertion xmlns:saml=\"{ASSERTION}\" ID=\"{}\" IssueInstant=\"2026-01-05T08:00:00Z\" Version=\"2.0\">\
             <saml:Issuer>{}</saml:Issuer>{signature}<saml:Subject><saml:NameID>{}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"{}\"><saml:SubjectConfirmationData{} NotOnOrAfter=\"{}\" Recipient=\"{}\">\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>{conditions}{}{attributes}</saml:Assertion>",
            self.assertion_id,
            self.issuer,
            self.name_id,
            self.method,
            self.question,
            instant(self.until),
            self.acs,
            self.statement,
        )
    }

    pub(super) fn signed_assertion(&self, signing: &Signing) -> String {
        self.assertion(&signing.over(&self.assertion(""), &self.assertion_id))
    }

    /// The response around `inside`, canonical but for the signature behind its issuer.
    pub(super) fn response(&self, signature: &str, inside: &str) -> String {
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\"{} ID=\"{}\"{} IssueInstant=\"2026-01-05T08:00:00Z\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>{signature}<samlp:Status><samlp:StatusCode Value=\"{}\">\
             </samlp:StatusCode></samlp:Status>{}{inside}</samlp:Response>",
            self.destination, self.response_id, self.question, self.issuer, self.status, self.extra
        )
    }

    pub(super) fn signed_response(&self, signing: &Signing, inside: &str) -> String {
        let signature = signing.over(&self.response("", inside), &self.response_id);
        self.response(&signature, inside)
    }

    /// The usual answer: the response is signed.
    pub(super) fn by_response(&self) -> String {
        self.signed_response(&Signing::default(), &self.assertion(""))
    }

    /// The other usual answer: the assertion is signed.
    pub(super) fn by_assertion(&self) -> String {
        self.response("", &self.signed_assertion(&Signing::default()))
    }

    /// Both are signed.
    pub(super) fn by_both(&self, signing: &Signing) -> String {
        self.signed_response(signing, &self.signed_assertion(signing))
    }
}

/// An assertion encrypted for a certificate: AES-256-GCM, its key by RSA-OAEP (XML Encryption 1.1 section 5).
pub(super) fn encrypted(assertion: &str, certificate_pem: &str) -> String {
    let content_key = [7_u8; 32];
    let mut text = assertion.as_bytes().to_vec();
    let nonce = [9_u8; 12];
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).unwrap());
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
        .unwrap();
    let content = STANDARD.encode([nonce.as_slice(), &text].concat());
    let spki = public_key(certificate_pem);
    let rsa = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&spki).unwrap()).unwrap();
    let mut wrapped = vec![0; rsa.ciphertext_size()];
    let wrapped = rsa
        .encrypt(&OAEP_SHA1_MGF1SHA1, &content_key, &mut wrapped, None)
        .unwrap();
    let wrapped = STANDARD.encode(wrapped);
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{ASSERTION}\"><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"{DSIG}\">\
         <xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
         </xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedData></saml:EncryptedAssertion>"
    )
}

/// The public key of a certificate, as DER of `SubjectPublicKeyInfo`.
fn public_key(certificate_pem: &str) -> Vec<u8> {
    let certificate = Certificate::parse(certificate_pem).unwrap();
    let der = certificate.der();
    // SEQUENCE { rsaEncryption, NULL }, BIT STRING: the sequence around them begins four bytes before.
    let mark = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let at = der
        .windows(mark.len())
        .position(|part| part == mark)
        .unwrap();
    let length = usize::from(u16::from_be_bytes([der[at - 2], der[at - 1]]));
    der[at - 4..at + length].to_vec()
}
