//! Makes answers, honest and dishonest, in canonical form, and signs them.

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{self, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    super::names::{
        ASSERTION, BEARER, DSIG, ENVELOPED, EXCLUSIVE, PROTOCOL, RSA_SHA256, SHA256, SUCCESS,
    },
    world::{ACS, ENTITY, IDP, QUESTION, certificate, fixture},
};

/// How a signature is made.
#[derive(Clone)]
pub(super) struct Signing {
    pub(super) key: &'static str,
    pub(super) method: &'static str,
    pub(super) digest: &'static str,
    pub(super) canonicalization: &'static str,
    pub(super) transforms: Vec<&'static str>,
    /// What the reference names; `None` for the element itself.
    pub(super) uri: Option<&'static str>,
    /// What stands behind the value, `KeyInfo` for one.
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
            tail: key_info("idp"),
        }
    }
}

pub(super) fn key_info(name: &str) -> String {
    format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        certificate(name).base64()
    )
}

impl Signing {
    /// A signature over canonical text whose element has the ID `id`.
    pub(super) fn over(&self, canonical: &str, id: &str) -> String {
        let digest = STANDARD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let transforms: Vec<String> = self
            .transforms
            .iter()
            .map(|uri| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>"))
            .collect();
        let uri = self.uri.map_or_else(|| format!("#{id}"), str::to_owned);
        self.with(&format!(
            "<ds:Reference URI=\"{uri}\"><ds:Transforms>{}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
            transforms.concat(),
            self.digest
        ))
    }

    /// A signature with these references.
    pub(super) fn with(&self, references: &str) -> String {
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>{references}</ds:SignedInfo>",
            self.canonicalization, self.method
        );
        let value = self.sign(&format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{inside}"));
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{inside}\
             <ds:SignatureValue>{value}</ds:SignatureValue>{}</ds:Signature>",
            self.tail
        )
    }

    fn sign(&self, text: &str) -> String {
        let pem = fixture(&format!("{}.key.pem", self.key));
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("---"))
            .collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).expect("base64")).expect("a key");
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(
            &signature::RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut out,
        )
        .expect("a signature");
        STANDARD.encode(out)
    }
}

/// An answer before it is signed; honest where nothing else is said.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) response_id: &'static str,
    pub(super) assertion_id: &'static str,
    pub(super) issuer: &'static str,
    pub(super) response_issuer: &'static str,
    /// The attribute with a blank behind it, or nothing.
    pub(super) destination: String,
    pub(super) in_response_to: String,
    pub(super) status: String,
    /// Everything within `Subject`.
    pub(super) subject: String,
    /// Everything within `Conditions`, and its attributes.
    pub(super) conditions: String,
    pub(super) window: String,
    /// Behind the conditions.
    pub(super) statements: String,
    /// Between status and assertion.
    pub(super) extra: String,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            response_id: "r1",
            assertion_id: "a1",
            issuer: IDP,
            response_issuer: IDP,
            destination: format!(" Destination=\"{ACS}\""),
            in_response_to: format!(" InResponseTo=\"{QUESTION}\""),
            status: format!(
                "<samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode></samlp:Status>"
            ),
            subject: name("ada@example.com") + &confirmation(QUESTION, "2026-11-22T10:05:00Z", ACS),
            conditions: audience(ENTITY),
            window: " NotBefore=\"2026-11-22T09:55:00Z\" NotOnOrAfter=\"2026-11-22T10:05:00Z\""
                .into(),
            statements: statement(""),
            extra: String::new(),
        }
    }
}

pub(super) fn name(text: &str) -> String {
    format!("<saml:NameID>{text}</saml:NameID>")
}

pub(super) fn confirmation(question: &str, until: &str, recipient: &str) -> String {
    format!(
        "<saml:SubjectConfirmation Method=\"{BEARER}\"><saml:SubjectConfirmationData InResponseTo=\"{question}\" \
         NotOnOrAfter=\"{until}\" Recipient=\"{recipient}\"></saml:SubjectConfirmationData></saml:SubjectConfirmation>"
    )
}

pub(super) fn audience(of: &str) -> String {
    format!(
        "<saml:AudienceRestriction><saml:Audience>{of}</saml:Audience></saml:AudienceRestriction>"
    )
}

pub(super) fn statement(session_until: &str) -> String {
    format!(
        "<saml:AuthnStatement AuthnInstant=\"2026-11-22T09:59:30Z\" SessionIndex=\"s1\"{session_until}>\
         <saml:AuthnContext><saml:AuthnContextClassRef>urn:x</saml:AuthnContextClassRef></saml:AuthnContext>\
         </saml:AuthnStatement>"
    )
}

pub(super) fn attributes(inside: &str) -> String {
    format!("<saml:AttributeStatement>{inside}</saml:AttributeStatement>")
}

impl Answer {
    /// The assertion, canonical but for the signature behind its issuer.
    pub(super) fn assertion(&self, signature: &str) -> String {
        format!(
            "<saml:Assertion xmlns:saml=\"{ASSERTION}\" ID=\"{}\" IssueInstant=\"2026-11-22T10:00:00Z\" \
             Version=\"2.0\"><saml:Issuer>{}</saml:Issuer>{signature}<saml:Subject>{}</saml:Subject>\
             <saml:Conditions{}>{}</saml:Conditions>{}</saml:Assertion>",
            self.assertion_id,
            self.issuer,
            self.subject,
            self.window,
            self.conditions,
            self.statements
        )
    }

    /// The assertion with a signature over it.
    pub(super) fn signed_assertion(&self, signing: &Signing) -> String {
        self.assertion(&signing.over(&self.assertion(""), self.assertion_id))
    }

    /// The response around `inside`, canonical but for the signature behind its issuer.
    pub(super) fn response(&self, signature: &str, inside: &str) -> String {
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\"{} ID=\"{}\"{} IssueInstant=\"2026-11-22T10:00:00Z\" \
             Version=\"2.0\"><saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>{signature}{}{}{inside}\
             </samlp:Response>",
            self.destination,
            self.response_id,
            self.in_response_to,
            self.response_issuer,
            self.status,
            self.extra,
        )
    }

    /// The response with a signature over it, around `inside`.
    pub(super) fn signed_response(&self, signing: &Signing, inside: &str) -> String {
        let signature = signing.over(&self.response("", inside), self.response_id);
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
}
