//! The library that verifies signatures, decrypts and checks conditions: all of `saml-rs` is here, so that it can be
//! changed for another.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use saml_rs::{
    AcsEndpoint, AssertionSignaturePolicy, AudienceValidationPolicy, BrowserInput, ClockSkew,
    Credentials, EntityId, FormField, IdpDescriptor, MetadataTrustPolicy, PendingAuthnRequest,
    PendingSnapshot, PrivateKeyPem, RelayStateParam, ReplayPolicy, ResponseSignaturePolicy, Saml,
    SamlError, SamlValidationContext, Sp, SpConfig, SpValidationPolicy, SsoResponse, SsoSession,
    VerifiedXmlSignatureCoverage, XmlEncryptionPolicy, XmlPolicy, XmlSignatureProfile,
};

use super::{
    super::{
        binding::{attribute, encode_post, text},
        certificate::Certificate,
        idp::IdentityProvider,
        names::{BINDING_POST, DSIG, METADATA, PROTOCOL},
    },
    Expectation,
    refusal::{Refusal, shown},
    shape::Shape,
};

/// What the library vouches for.
pub(super) struct Verified {
    /// The message, decrypted.
    pub(super) xml: String,
    /// The response is covered by a signature that was verified.
    pub(super) response: bool,
    /// The assertion is covered by a signature of its own that was verified.
    pub(super) assertion: bool,
    /// The library's reading: assertion id, issuer, name.
    pub(super) reading: (String, String, String),
}

/// Verifies an answer whose shape was judged. `named` are certificates that may stand in `KeyInfo` beside the pinned
/// ones: for messages alone whose signatures were judged by the pinned ones before.
pub(super) fn verify(
    xml: &str,
    shape: Shape,
    expected: &Expectation<'_>,
    now: Timestamp,
    named: &[String],
) -> Result<Verified, Refusal> {
    let (sp, idp, pending) = setting(shape, expected, named)
        .map_err(|error| Refusal::Misconfigured(shown(&error.to_string())))?;
    let input =
        BrowserInput::<SsoResponse>::post(vec![FormField::new("SAMLResponse", encode_post(xml))]);
    let milliseconds = i64::try_from(expected.skew().as_millis()).unwrap_or_default();
    let context = SamlValidationContext::new(
        instant(now)?,
        // The server remembers assertions in its own transaction: see `Identity::once`.
        ReplayPolicy::DisabledForCompatibility,
    )
    .with_clock_skew(ClockSkew::from_millis(-milliseconds, milliseconds));
    let session = sp
        .finish_sso(&idp, &pending, input, context)
        .map_err(|error| refusal(&error, shape))?;
    Ok(verified(&session))
}

fn verified(session: &SsoSession) -> Verified {
    use VerifiedXmlSignatureCoverage::{
        ConsumedAssertion, ResponseRoot, ResponseRootAndConsumedAssertion,
    };
    let covers = |wanted: VerifiedXmlSignatureCoverage| {
        session.verified_xml_signatures().iter().any(|signature| {
            signature.coverage() == wanted
                || signature.coverage() == ResponseRootAndConsumedAssertion
        })
    };
    Verified {
        xml: session.raw_flow().saml_content.clone(),
        response: covers(ResponseRoot),
        assertion: covers(ConsumedAssertion),
        reading: (
            session.assertion_id().as_str().to_owned(),
            session.issuer().as_str().to_owned(),
            session.name_id().value().to_owned(),
        ),
    }
}

/// Us, the identity provider with its pinned certificates, and the question.
fn setting(
    shape: Shape,
    expected: &Expectation<'_>,
    named: &[String],
) -> Result<(Saml<Sp>, IdpDescriptor, PendingAuthnRequest), SamlError> {
    let policy = SpValidationPolicy {
        assertions: if expected.demand.assertion() {
            AssertionSignaturePolicy::RequireSigned
        } else {
            AssertionSignaturePolicy::AllowUnsignedForCompatibility
        },
        responses: if expected.demand.response() || shape.encrypted {
            ResponseSignaturePolicy::RequireSigned
        } else {
            ResponseSignaturePolicy::RequireForEncryptedCbc
        },
        xml_signatures: XmlSignatureProfile::StrictRsaSha2,
        audience: AudienceValidationPolicy::Validate,
        ..SpValidationPolicy::recommended()
    };
    let mut config = SpConfig::builder(EntityId::try_new(expected.entity_id)?)
        .acs_endpoint(AcsEndpoint::post(expected.acs)?)
        .validation(policy);
    if let Some(key) = expected.decryption.filter(|_| shape.encrypted) {
        config = config
            .credentials(Credentials {
                decryption_key: Some(PrivateKeyPem::new(key.pem())),
                ..Credentials::default()
            })
            .xml(XmlPolicy {
                encryption: XmlEncryptionPolicy::encrypt_assertions(),
                ..XmlPolicy::default()
            });
    }
    let idp = IdpDescriptor::from_metadata_xml_for(
        EntityId::try_new(expected.idp.entity_id())?,
        &descriptor(expected.idp, named),
        // Written here from the pinned values.
        MetadataTrustPolicy::UnsignedForCompatibility,
    )?;
    let pending = PendingAuthnRequest::from_snapshot(PendingSnapshot::authn_request(
        expected.request_id.unwrap_or_default(),
        RelayStateParam::absent(),
        expected.idp.entity_id(),
        "post",
        expected.acs,
        "post",
    ))?;
    Ok((Saml::sp(config.build()?)?, idp, pending))
}

/// The pinned values of an identity provider as the metadata document that the library wants.
fn descriptor(idp: &IdentityProvider, named: &[String]) -> String {
    let pinned = idp.certificates().iter().map(Certificate::base64);
    let keys: Vec<String> = pinned
        .chain(named.iter().map(|certificate| text(certificate)))
        .map(|certificate| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{certificate}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        })
        .collect();
    let address = idp.post().or(idp.redirect()).unwrap_or_default();
    format!(
        "<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{}\"><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"{PROTOCOL}\">{}<md:SingleSignOnService Binding=\"{BINDING_POST}\" \
         Location=\"{}\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
        attribute(idp.entity_id()),
        keys.concat(),
        attribute(address),
    )
}

fn instant(now: Timestamp) -> Result<SystemTime, Refusal> {
    let since = u64::try_from(now.as_millisecond()).map_err(|_| Refusal::Time("now"))?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(since))
}

/// The library's error in our words. What it says about conditions is said better by `conditions`, where possible.
fn refusal(error: &SamlError, shape: Shape) -> Refusal {
    match error {
        SamlError::IssuerMismatch { actual, .. } => Refusal::Issuer {
            found: shown(actual.as_deref().unwrap_or_default()),
        },
        SamlError::DestinationMismatch { actual, .. } => Refusal::Destination {
            found: shown(actual.as_deref().unwrap_or_default()),
        },
        SamlError::InResponseToMismatch { .. } => Refusal::OtherQuestion,
        SamlError::AudienceMismatch { .. } => Refusal::Audience {
            found: String::new(),
        },
        SamlError::UnrecognizedCondition { element } => Refusal::Condition(shown(element)),
        SamlError::StatusNotSuccess { top, .. } => Refusal::Status { code: shown(top) },
        SamlError::TimeWindowInvalid { .. } => Refusal::Time("Conditions"),
        SamlError::SubjectConfirmationInvalid { .. } => Refusal::NoBearer,
        SamlError::SignatureMissing => Refusal::Unsigned,
        SamlError::AssertionSignatureRequired => Refusal::AssertionUnsigned,
        SamlError::ReferenceResolution { .. }
        | SamlError::SignedReferenceMismatch
        | SamlError::PotentialWrappingAttack => Refusal::Reference,
        SamlError::AlgorithmUnsupported => {
            Refusal::SignatureForm("an algorithm of it is not taken")
        }
        SamlError::CertificateMismatch => Refusal::UnknownCertificate,
        SamlError::Crypto(_) | SamlError::Unsupported(_) if shape.encrypted => {
            Refusal::Undecryptable
        }
        SamlError::Crypto(_) | SamlError::SignatureVerification { .. } => Refusal::BadSignature,
        SamlError::NoTrustedCertificate | SamlError::MissingKey(_) => {
            Refusal::Misconfigured(shown(&error.to_string()))
        }
        _ => Refusal::Form("the library refused it"),
    }
}
