//! What the identity provider tells of itself to one app (FACTS section 13; SAML 2.0 Metadata section 2.4.3).

use super::settings::{KEY, Settings};
use super::xml::Element;
use crate::apps::{self, App, Mode};
use crate::http::{Answer, Call, Fail, Reply};
use crate::org::Org;

const BINDINGS: [&str; 2] = [
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
];

/// `GET /api/v1/apps/{appId}/sso/saml/metadata`: for those who may read the app.
pub(super) fn of_app(org: &Org, call: &Call) -> Answer {
    let id = call.param("appId");
    let serial = apps::find(org, id)?;
    answer(org, call, serial, id)
}

/// `GET /app/{externalKey}/sso/saml/metadata`: for everybody.
pub(super) fn public(org: &Org, call: &Call) -> Answer {
    let key = call.param("externalKey");
    let serial = org.tail.serial(KEY, key);
    answer(org, call, serial.unwrap_or(u32::MAX), key)
}

fn answer(org: &Org, call: &Call, serial: u32, id: &str) -> Answer {
    let app = org.apps.get(serial).filter(|app| app.mode == Mode::Saml2);
    let app = app.ok_or_else(|| Fail::not_found(id, "SamlApplication"))?;
    let text = print(org, call, serial, app)?.sent(&[]);
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}");
    let mut reply = Reply::raw(body.into_bytes());
    reply.content_type = "application/xml;charset=ISO-8859-1";
    Ok(reply)
}

fn print(org: &Org, call: &Call, serial: u32, app: &App) -> Result<Element, Fail> {
    let settings = Settings::of(app);
    // A key that the app does not have leads to its active one.
    let wanted = call.query.get("kid");
    let wanted = app
        .certificates
        .iter()
        .find(|one| Some(one.kid.as_str()) == wanted);
    let certificate = wanted
        .or_else(|| settings.signing())
        .ok_or_else(|| Fail::not_found("", "AppX509KeyCredential"))?;
    let made = org.keys.certificate(certificate, org.subdomain());
    let key = org.tail.id(KEY, serial);
    let base = call.url(&format!("/app/{}/{key}", app.name));

    let shown =
        Element::new("ds:X509Certificate").text(made.map(|made| made.x5c).unwrap_or_default());
    let info = Element::new("ds:KeyInfo").child(Element::new("ds:X509Data").child(shown));
    let signing = Element::new("md:KeyDescriptor")
        .with("use", "signing")
        .child(info);
    let mut provider = Element::new("md:IDPSSODescriptor")
        .with(
            "WantAuthnRequestsSigned",
            settings.on(&["samlSignedRequestEnabled"]).to_string(),
        )
        .with(
            "protocolSupportEnumeration",
            "urn:oasis:names:tc:SAML:2.0:protocol",
        )
        .child(signing);
    let service = |name: &str, binding: &str, end: &str| {
        Element::new(name)
            .with("Binding", binding)
            .with("Location", format!("{base}/{end}"))
    };
    if settings.on(&["slo", "enabled"]) {
        for binding in BINDINGS {
            provider = provider.child(service("md:SingleLogoutService", binding, "slo/saml"));
        }
    }
    provider = provider.child(Element::new("md:NameIDFormat").text(settings.name_format()));
    for binding in BINDINGS {
        provider = provider.child(service("md:SingleSignOnService", binding, "sso/saml"));
    }
    Ok(Element::new("md:EntityDescriptor")
        .with("entityID", settings.issuer(org, serial))
        .child(provider))
}
