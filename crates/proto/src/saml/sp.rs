//! Our own metadata: what an identity provider needs to know of us. SAML 2.0 Metadata section 2.4.4.

use super::{
    binding::{attribute, text},
    certificate::Certificate,
    names::{BINDING_POST, DSIG, METADATA, PROTOCOL},
};

/// The service provider that we are, for one connection.
#[derive(Debug, Clone)]
pub struct ServiceProvider<'a> {
    /// Entity id, which is the audience of assertions.
    pub entity_id: &'a str,
    /// Where answers go, by HTTP-POST.
    pub acs: &'a str,
    /// Certificates of the keys that sign requests: two while one takes over from the other.
    pub signing: &'a [&'a Certificate],
    /// Certificate of the key that opens encrypted assertions.
    pub encryption: Option<&'a Certificate>,
    /// Whether each assertion must be signed itself.
    pub want_assertions_signed: bool,
}

impl ServiceProvider<'_> {
    /// The metadata document.
    #[must_use]
    pub fn metadata(&self) -> String {
        let signing = self.signing.iter().map(|of| key("signing", of, ""));
        // What we can decrypt, best first. CBC is left out: it is taken under a signature, but not asked for.
        let ciphers = [
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        ]
        .map(|uri| format!("<md:EncryptionMethod Algorithm=\"{uri}\"/>"))
        .concat();
        let encryption = self
            .encryption
            .iter()
            .map(|of| key("encryption", of, &ciphers));
        let keys: String = signing.chain(encryption).collect();
        let formats = [
            "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        ]
        .map(|uri| format!("<md:NameIDFormat>{}</md:NameIDFormat>", text(uri)))
        .concat();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{}\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"{}\" \
             protocolSupportEnumeration=\"{PROTOCOL}\">{keys}{formats}\
             <md:AssertionConsumerService Binding=\"{BINDING_POST}\" Location=\"{}\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>\n",
            attribute(self.entity_id),
            self.want_assertions_signed,
            attribute(self.acs),
        )
    }
}

fn key(usage: &str, certificate: &Certificate, methods: &str) -> String {
    format!(
        "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>",
        certificate.base64()
    )
}
