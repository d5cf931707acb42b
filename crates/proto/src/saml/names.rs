//! Names of SAML 2.0, XML signature and XML encryption.

/// Namespace of protocol messages.
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of assertions.
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of metadata.
pub(super) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of XML signatures.
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of XML encryption.
pub(super) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// What the prefix `xml` is always bound to.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The HTTP-POST binding.
pub(super) const BINDING_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// The HTTP-Redirect binding.
pub(super) const BINDING_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// The status of a sign-in that worked.
pub(super) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The subject confirmation of browser sign-in.
pub(super) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// The format of a name about which nothing is said.
pub(super) const NAME_UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// Exclusive canonicalization without comments.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves out the signature itself.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// RSA with SHA-256.
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// RSA with SHA-512.
pub(super) const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
/// SHA-256.
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// SHA-512.
pub(super) const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";

/// How an assertion may be encrypted: AES in CBC mode (under the response's signature) or GCM.
pub(super) const CONTENT_CIPHERS: &[&str] = &[
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
];
/// How the key of an encrypted assertion may be carried: RSA-OAEP, never PKCS #1 v1.5.
pub(super) const KEY_CIPHERS: &[&str] = &[
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
];
