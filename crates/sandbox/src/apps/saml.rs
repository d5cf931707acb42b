//! The SAML metadata of an app (FACTS section 13).

use std::fmt::Write as _;

use serde_json::Value;

use super::{Mode, lookup};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of SAML metadata.
pub(super) fn routes(routes: &mut Routes) {
    routes.get("/api/v1/apps/{appId}/sso/saml/metadata", metadata);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn metadata(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    if app.mode != Mode::Saml2 {
        return Err(Fail::not_found(call.param("appId"), "SamlApplication"));
    }
    // A key that the app does not have leads to its active one.
    let wanted = call
        .query
        .get("kid")
        .filter(|kid| app.certificates.iter().any(|one| one.kid == *kid));
    let certificate = app
        .certificates
        .iter()
        .find(|one| wanted.is_none_or(|kid| kid == one.kid));
    let certificate = certificate
        .ok_or_else(|| Fail::not_found(wanted.unwrap_or_default(), "AppX509KeyCredential"))?;
    let made = org.keys.certificate(certificate, org.subdomain());
    let key = org.tail.id(Kind("exk"), serial);
    let sign_on = app
        .body
        .get("settings")
        .and_then(|settings| settings.get("signOn"));
    let text = |path: &str| {
        sign_on
            .and_then(|one| one.pointer(path))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let format = match text("/subjectNameIdFormat") {
        "" => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        format => format,
    };
    let issuer = match text("/idpIssuer") {
        "" => format!("http://www.okta.com/{key}"),
        template => template.replace("${org.externalKey}", &key),
    };
    let base = call.url(&format!("/app/{}/{key}", app.name));
    let mut services = String::new();
    let slo = sign_on.and_then(|one| one.pointer("/slo/enabled")) == Some(&Value::Bool(true));
    let bindings = ["HTTP-POST", "HTTP-Redirect"];
    for binding in bindings.into_iter().filter(|_| slo) {
        let _ = write!(
            services,
            "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{base}/slo/saml\"/>"
        );
    }
    let _ = write!(
        services,
        "<md:NameIDFormat>{}</md:NameIDFormat>",
        escaped(format)
    );
    for binding in bindings {
        let _ = write!(
            services,
            "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{base}/sso/saml\"/>"
        );
    }
    let signed =
        sign_on.and_then(|one| one.get("samlSignedRequestEnabled")) == Some(&Value::Bool(true));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor entityID=\"{}\" \
         xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"{signed}\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\"><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
         </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{services}</md:IDPSSODescriptor></md:EntityDescriptor>",
        escaped(&issuer),
        made.map(|made| made.x5c).unwrap_or_default(),
    );
    let mut reply = Reply::raw(body.into_bytes());
    reply.content_type = "application/xml;charset=ISO-8859-1";
    Ok(reply)
}
