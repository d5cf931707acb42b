//! The question to the identity provider: an `AuthnRequest`, always signed.
//! SAML 2.0 Core section 3.4.1, Bindings sections 3.4.4 and 3.5.4.

use jiff::Timestamp;
use url::{Url, form_urlencoded};

use super::{
    binding::{attribute, encode_post, encode_redirect, text},
    key::{KeyError, SpKey},
    names::{ASSERTION, BINDING_POST, PROTOCOL, RSA_SHA256},
    relay::RelayState,
};

/// A question, before it is signed.
#[derive(Debug, Clone)]
pub struct AuthnRequest {
    id: String,
    /// When it is asked.
    pub issued_at: Timestamp,
    /// Our entity id.
    pub issuer: String,
    /// Where it goes: the identity provider's address for the binding that is used.
    pub destination: String,
    /// Where the answer is to go, by HTTP-POST.
    pub acs: String,
    /// The format of name that is asked for; `None` leaves it to the identity provider.
    pub name_id_format: Option<String>,
    /// Whether the person must sign in anew, whatever session they have there.
    pub force_authn: bool,
}

/// What the browser is sent to do with a signed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// HTTP-Redirect: an address to go to.
    Redirect {
        /// The whole address.
        url: String,
    },
    /// HTTP-POST: a form to send.
    Post {
        /// Where the form goes.
        action: String,
        /// Field `SAMLRequest`.
        saml_request: String,
        /// Field `RelayState`.
        relay_state: String,
    },
}

impl AuthnRequest {
    /// A question whose id is made of 128 random bits.
    #[must_use]
    pub fn new(
        bits: [u8; 16],
        issued_at: Timestamp,
        issuer: &str,
        destination: &str,
        acs: &str,
    ) -> Self {
        Self {
            // An xs:ID may not begin with a digit.
            id: format!("_{}", RelayState::from_random(bits)),
            issued_at,
            issuer: issuer.to_owned(),
            destination: destination.to_owned(),
            acs: acs.to_owned(),
            name_id_format: None,
            force_authn: false,
        }
    }

    /// Its id, which the answer must name in `InResponseTo`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signed in the query (HTTP-Redirect), with RSA-SHA256.
    pub fn redirect(&self, relay: &RelayState, key: &SpKey) -> Result<Signed, KeyError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &encode_redirect(&self.xml("")))
            .append_pair("RelayState", relay.as_str())
            .append_pair("SigAlg", RSA_SHA256)
            .finish();
        let signature = key.sign(query.as_bytes())?;
        let signature: String = form_urlencoded::byte_serialize(signature.as_bytes()).collect();
        let has_query = Url::parse(&self.destination).is_ok_and(|url| url.query().is_some());
        let joint = if has_query { '&' } else { '?' };
        let url = format!("{}{joint}{query}&Signature={signature}", self.destination);
        Ok(Signed::Redirect { url })
    }

    /// Signed within (HTTP-POST), with RSA-SHA256 over the whole message.
    pub fn post(&self, relay: &RelayState, key: &SpKey) -> Result<Signed, KeyError> {
        let signature = key.enveloped(&self.xml(""), &self.id)?;
        Ok(Signed::Post {
            action: self.destination.clone(),
            saml_request: encode_post(&self.xml(&signature)),
            relay_state: relay.to_string(),
        })
    }

    /// The message in canonical form, but for the signature, which goes behind the issuer.
    fn xml(&self, signature: &str) -> String {
        let force = if self.force_authn {
            " ForceAuthn=\"true\""
        } else {
            ""
        };
        let format = self
            .name_id_format
            .as_ref()
            .map_or_else(String::new, |format| {
                format!(" Format=\"{}\"", attribute(format))
            });
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" AssertionConsumerServiceURL=\"{}\" Destination=\"{}\"{force} \
             ID=\"{}\" IssueInstant=\"{}\" ProtocolBinding=\"{BINDING_POST}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>{signature}\
             <samlp:NameIDPolicy AllowCreate=\"true\"{format}></samlp:NameIDPolicy></samlp:AuthnRequest>",
            attribute(&self.acs),
            attribute(&self.destination),
            attribute(&self.id),
            self.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            text(&self.issuer),
        )
    }
}
