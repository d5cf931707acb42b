//! Metadata of identity providers.

use super::{
    super::{
        CertificateError, IdentityProvider, IdpError, METADATA_LIMIT, ServiceProvider, XmlError,
        names::{BINDING_POST, BINDING_REDIRECT, DSIG, METADATA, PROTOCOL},
    },
    world::{ACS, ENTITY, IDP, SSO, certificate},
};

fn key(usage: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>\n{certificate}\n\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn service(binding: &str, location: &str) -> String {
    format!("<md:SingleSignOnService Binding=\"{binding}\" Location=\"{location}\"/>")
}

/// A document as Okta writes it.
fn document(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- by hand --><md:EntityDescriptor entityID=\"{IDP}\" \
         xmlns:md=\"{METADATA}\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" \
         protocolSupportEnumeration=\"{PROTOCOL}\">{inside}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

fn read(document: &str) -> Result<IdentityProvider, IdpError> {
    IdentityProvider::from_metadata(document.as_bytes())
}

#[test]
fn metadata_of_okta_is_read() {
    let (now, next, other) = (certificate("idp"), certificate("next"), certificate("sp"));
    let text = document(&format!(
        "{}{}{}{}{}{}",
        key(" use=\"signing\"", &now.base64()),
        key("", &next.base64()),
        key(" use=\"signing\"", &now.base64()),
        key(" use=\"encryption\"", &other.base64()),
        service(BINDING_POST, SSO),
        service(BINDING_REDIRECT, SSO),
    ));
    let idp = read(&text).expect("an identity provider");
    assert_eq!(idp.entity_id(), IDP);
    assert_eq!((idp.post(), idp.redirect()), (Some(SSO), Some(SSO)));
    assert_eq!(idp.certificates(), [now, next]);
    let wrapped = text.split_once("-->").expect("a comment").1;
    let wrapped =
        format!("<md:EntitiesDescriptor xmlns:md=\"{METADATA}\">{wrapped}</md:EntitiesDescriptor>");
    assert_eq!(read(&wrapped), Ok(idp));
    let two = wrapped.repeat(2);
    let two = format!("<a>{two}</a>");
    assert_eq!(read(&two), Err(IdpError::Several(2)));
}

#[test]
fn metadata_that_cannot_be_used_is_refused() {
    let sound = key("", &certificate("idp").base64());
    let at = |location: &str| document(&format!("{sound}{}", service(BINDING_POST, location)));
    let own = certificate("sp");
    let ours = ServiceProvider {
        entity_id: ENTITY,
        acs: ACS,
        signing: &[&own],
        encryption: None,
        want_assertions_signed: true,
    };
    let address = |text: &str| IdpError::Address(text.into());
    let rows = [
        (String::new(), IdpError::Xml(XmlError::Malformed)),
        (
            "x".repeat(METADATA_LIMIT + 1),
            IdpError::Xml(XmlError::TooLarge(METADATA_LIMIT)),
        ),
        (
            format!("<!DOCTYPE a>{}", at(SSO)),
            IdpError::Xml(XmlError::Doctype),
        ),
        (ours.metadata(), IdpError::NoIdentityProvider),
        (document(&sound), IdpError::NoAddress),
        (
            document(&service(BINDING_POST, SSO)),
            IdpError::NoCertificate,
        ),
        (
            document(&format!(
                "{}{}",
                key("", "AAAA"),
                service(BINDING_POST, SSO)
            )),
            IdpError::Certificate(CertificateError::NotACertificate),
        ),
        (
            at("http://acme.okta.example/sso"),
            address("http://acme.okta.example/sso"),
        ),
        (at("javascript:alert(1)"), address("javascript:alert(1)")),
        (
            at("https://a@evil.example/"),
            address("https://a@evil.example/"),
        ),
        (
            at("https://acme.okta.example/#x"),
            address("https://acme.okta.example/#x"),
        ),
        (at(SSO).replace(IDP, &"x".repeat(1025)), IdpError::EntityId),
    ];
    for (text, want) in rows {
        assert_eq!(read(&text), Err(want), "{text:.300}");
    }
    assert!(read(&at("http://127.0.0.1:8080/sso")).is_ok());
}

#[test]
fn pasted_values_are_judged_alike() {
    let one = || vec![certificate("idp")];
    assert!(IdentityProvider::new(IDP, Some(SSO), None, one()).is_ok());
    assert_eq!(
        IdentityProvider::new(" ", Some(SSO), None, one()),
        Err(IdpError::EntityId)
    );
    assert_eq!(
        IdentityProvider::new(IDP, None, None, one()),
        Err(IdpError::NoAddress)
    );
    assert_eq!(
        IdentityProvider::new(IDP, None, Some(SSO), Vec::new()),
        Err(IdpError::NoCertificate)
    );
    let many = vec![certificate("idp"); 9];
    assert_eq!(
        IdentityProvider::new(IDP, None, Some(SSO), many),
        Err(IdpError::TooManyCertificates)
    );
}
