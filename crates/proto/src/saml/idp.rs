//! The identity provider as its metadata tells, or as its values were pasted. SAML 2.0 Metadata section 2.4.3.

use url::{Host, Url};

use super::{
    certificate::{Certificate, CertificateError},
    names::{BINDING_POST, BINDING_REDIRECT, DSIG, METADATA, PROTOCOL},
    xml::{self, Comments, Element, XmlError},
};

/// Longest metadata document that is read, in bytes.
pub const METADATA_LIMIT: usize = 256 * 1024;
/// Signing certificates of one identity provider.
const CERTIFICATES: usize = 8;
/// Longest entity id and address, in bytes. SAML 2.0 Core section 8.3.6 has 1024 for an entity id.
const LENGTH: usize = 1024;

/// Why an identity provider's values were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdpError {
    /// Not the XML we read.
    #[error("the metadata cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// No identity provider in it.
    #[error(
        "the metadata describes no SAML 2.0 identity provider; did you take the service provider's?"
    )]
    NoIdentityProvider,
    /// More than one.
    #[error("the metadata describes {0} identity providers; take the document of one alone")]
    Several(usize),
    /// No entity id, or a longer one than SAML allows.
    #[error("the entity id (Okta: Issuer) is missing or longer than {LENGTH} bytes")]
    EntityId,
    /// No address to sign in at by a binding we have.
    #[error("there is no address to sign in at by HTTP-Redirect or HTTP-POST")]
    NoAddress,
    /// An address that is not `https` (or `http` on this machine).
    #[error("`{0}` is not an https address")]
    Address(String),
    /// No certificate to check signatures with.
    #[error("there is no signing certificate")]
    NoCertificate,
    /// More certificates than a roll-over has.
    #[error("there are more than {CERTIFICATES} signing certificates")]
    TooManyCertificates,
    /// A certificate that cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The identity provider of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    entity_id: String,
    redirect: Option<String>,
    post: Option<String>,
    certificates: Vec<Certificate>,
}

impl IdentityProvider {
    /// Reads a metadata document with one identity provider in it.
    pub fn from_metadata(document: &[u8]) -> Result<Self, IdpError> {
        let root = xml::parse(document, METADATA_LIMIT, Comments::Skip)?;
        let providers: Vec<(&Element, &Element)> = root
            .everything()
            .into_iter()
            .filter(|element| element.is(METADATA, "EntityDescriptor"))
            .flat_map(|entity| {
                let roles = entity.all(METADATA, "IDPSSODescriptor");
                roles
                    .filter(|role| speaks_saml_2(role))
                    .map(move |role| (entity, role))
            })
            .collect();
        match providers.as_slice() {
            [] => Err(IdpError::NoIdentityProvider),
            [(entity, role)] => {
                let certificates = certificates(role)?;
                Self::new(
                    entity.attribute("entityID").unwrap_or_default(),
                    address(role, BINDING_REDIRECT),
                    address(role, BINDING_POST),
                    certificates,
                )
            }
            several => Err(IdpError::Several(several.len())),
        }
    }

    /// From values that were pasted: entity id (Okta: Issuer), addresses by binding, certificates in force.
    pub fn new(
        entity_id: &str,
        redirect: Option<&str>,
        post: Option<&str>,
        certificates: Vec<Certificate>,
    ) -> Result<Self, IdpError> {
        let entity_id = entity_id.trim();
        if entity_id.is_empty() || entity_id.len() > LENGTH || entity_id.contains(char::is_control)
        {
            return Err(IdpError::EntityId);
        }
        let (redirect, post) = (
            redirect.map(checked).transpose()?,
            post.map(checked).transpose()?,
        );
        if redirect.is_none() && post.is_none() {
            return Err(IdpError::NoAddress);
        }
        if certificates.is_empty() {
            return Err(IdpError::NoCertificate);
        }
        if certificates.len() > CERTIFICATES {
            return Err(IdpError::TooManyCertificates);
        }
        Ok(Self {
            entity_id: entity_id.to_owned(),
            redirect,
            post,
            certificates,
        })
    }

    /// Entity id: the issuer of its answers.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Where to go by HTTP-Redirect.
    #[must_use]
    pub fn redirect(&self) -> Option<&str> {
        self.redirect.as_deref()
    }

    /// Where to go by HTTP-POST.
    #[must_use]
    pub fn post(&self) -> Option<&str> {
        self.post.as_deref()
    }

    /// The certificates one of which must have signed.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

fn speaks_saml_2(role: &Element) -> bool {
    role.attribute("protocolSupportEnumeration")
        .is_some_and(|protocols| protocols.split_whitespace().any(|one| one == PROTOCOL))
}

/// The first address for a binding.
fn address<'a>(role: &'a Element, binding: &str) -> Option<&'a str> {
    role.all(METADATA, "SingleSignOnService")
        .find(|service| service.attribute("Binding") == Some(binding))
        .and_then(|service| service.attribute("Location"))
}

/// The certificates for signatures: those that say so, and those that say nothing.
fn certificates(role: &Element) -> Result<Vec<Certificate>, IdpError> {
    let mut found: Vec<Certificate> = Vec::new();
    let keys = role
        .all(METADATA, "KeyDescriptor")
        .filter(|key| key.attribute("use").is_none_or(|usage| usage == "signing"));
    for key in keys {
        let written = key
            .everything()
            .into_iter()
            .filter(|element| element.is(DSIG, "X509Certificate"));
        for element in written {
            let certificate = Certificate::parse(element.text())?;
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
    }
    Ok(found)
}

/// An address the browser may be sent to.
fn checked(address: &str) -> Result<String, IdpError> {
    let address = address.trim();
    let refused = || IdpError::Address(address.chars().take(200).collect());
    if address.len() > LENGTH || address.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(refused());
    }
    let url = Url::parse(address).map_err(|_| refused())?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let fit = url.scheme() == "https" || (url.scheme() == "http" && local);
    if fit && url.fragment().is_none() && url.username().is_empty() {
        // As it was written: it is the `Destination` that the other side compares.
        Ok(address.to_owned())
    } else {
        Err(refused())
    }
}
