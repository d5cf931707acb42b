//! The answer of the identity provider: response and assertion, signed as the app wants it (SAML 2.0 Core sections 2 and
//! 3.3.3, Profiles section 4.1.4.2).

use std::sync::Arc;

use super::encrypt::encrypt;
use super::fault::SamlFault;
use super::person;
use super::question::Question;
use super::settings::Settings;
use super::signature::{Algorithms, INCLUSIVE, sign};
use super::wrap;
use super::xml::{Element, Node};
use crate::apps::App;
use crate::clock::Time;
use crate::http::Call;
use crate::oauth::{Certified, PrivateKey, RsaHash};
use crate::org::Org;
use crate::store::mix;

const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// An answer may be used so many seconds before and after it was made.
const LEEWAY: i64 = 300;
/// What is wrong is wrong by an hour.
const HOUR: i64 = 3600;

/// Who gets an answer, where, and to what.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) org: &'a Org,
    pub(super) call: &'a Call,
    pub(super) app: &'a App,
    pub(super) question: &'a Question,
    pub(super) user: u32,
    /// When the person signed in.
    pub(super) signed_in: Time,
}

/// What an answer says around the person.
#[derive(Clone, Debug)]
struct Facts {
    at: Time,
    issuer: String,
    audience: String,
    recipient: String,
    destination: String,
    request: Option<String>,
}

impl Facts {
    fn of(ask: &Ask<'_>, faults: &[SamlFault]) -> Self {
        let settings = Settings::of(ask.app);
        let (recipient, destination) = settings.addressed(&ask.question.acs);
        let mut facts = Self {
            at: ask.call.now,
            issuer: settings.issuer(ask.org, ask.question.app),
            audience: settings.audience().to_owned(),
            recipient,
            destination,
            request: ask.question.id.clone(),
        };
        let elsewhere = || "https://elsewhere.example/saml".to_owned();
        for fault in faults {
            match fault {
                SamlFault::Stale => facts.at = facts.at.plus(-HOUR),
                SamlFault::NotYet => facts.at = facts.at.plus(HOUR),
                SamlFault::WrongAudience => facts.audience = elsewhere(),
                SamlFault::WrongRecipient => facts.recipient = elsewhere(),
                SamlFault::WrongDestination => facts.destination = elsewhere(),
                SamlFault::WrongIssuer => facts.issuer = elsewhere(),
                SamlFault::WrongRequest => facts.request = Some("_another".to_owned()),
                SamlFault::Unsolicited => facts.request = None,
                _ => {}
            }
        }
        facts
    }
}

/// The id of a part of an answer.
fn id(call: &Call, purpose: u64) -> String {
    // The instant too: an org started again with the same seed repeats its salts, and no assertion may be named twice.
    let instant = u64::try_from(call.now.0).unwrap_or(0);
    format!("id{:020}", mix(call.salt ^ mix(purpose) ^ mix(instant)))
}

/// The whole answer as it is sent, with what a rule makes wrong in it.
pub(super) fn issue(ask: &Ask<'_>, faults: &[SamlFault]) -> Option<String> {
    let facts = Facts::of(ask, faults);
    let settings = Settings::of(ask.app);
    let wrapping = faults.iter().find_map(|fault| match fault {
        SamlFault::Wrapping(kind) => Some(*kind),
        _ => None,
    });
    let has = |fault: SamlFault| faults.contains(&fault);
    let by = signer(ask, settings, has(SamlFault::ForeignKey))?;
    let algorithms = algorithms(settings, has(SamlFault::Sha1));
    let (of_response, of_assertion) = match wrapping {
        Some(1 | 2) => (true, false),
        Some(_) => (false, true),
        None if has(SamlFault::Unsigned) => (false, false),
        None => signed_parts(settings),
    };

    let mut said = assertion(ask, &facts, ask.user, 1);
    if of_assertion {
        sign(&mut said, &by, algorithms);
    }
    let carried = match settings.encryption() {
        Some(how) if wrapping.is_none() => encrypt(&said.canonical(&INCLUSIVE), how)?,
        _ => said,
    };
    let mut whole = response(ask, &facts, 2).child(carried);
    if of_response {
        sign(&mut whole, &by, algorithms);
    }
    if let Some(kind) = wrapping {
        let evil = assertion(ask, &facts, other(ask.user), 3);
        let around = response(ask, &facts, 4).child(evil.clone());
        whole = wrap::wrap(kind, whole, evil, around);
    }
    spoil(&mut whole, faults);
    if has(SamlFault::TwoAssertions) {
        whole = whole.child(assertion(ask, &facts, other(ask.user), 3));
    }
    let doctype = if has(SamlFault::Doctype) {
        "<!DOCTYPE saml2p:Response [<!ENTITY who \"admin\">]>"
    } else {
        ""
    };
    let text = whole.sent(&INCLUSIVE);
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>{doctype}{text}"
    ))
}

/// About whom a forged part is: the first administrator, or the second person when that one signed in.
fn other(user: u32) -> u32 {
    u32::from(user == 0)
}

fn signer(ask: &Ask<'_>, settings: Settings<'_>, foreign: bool) -> Option<Certified> {
    let certificate = settings.signing()?;
    if foreign {
        let key = Arc::new(PrivateKey::generate()?);
        return Certified::new(key, certificate, "stranger");
    }
    ask.org.keys.certified(certificate, ask.org.subdomain())
}

fn algorithms(settings: Settings<'_>, sha1: bool) -> Algorithms {
    let hash = |name: &str| match settings.text(name) {
        _ if sha1 => RsaHash::Sha1,
        Some("RSA_SHA1" | "SHA1") => RsaHash::Sha1,
        Some("RSA_SHA512" | "SHA512") => RsaHash::Sha512,
        _ => RsaHash::Sha256,
    };
    Algorithms {
        signature: hash("signatureAlgorithm"),
        digest: hash("digestAlgorithm"),
    }
}

/// Whether response and assertion are signed; both where an app of the catalogue says nothing.
fn signed_parts(settings: Settings<'_>) -> (bool, bool) {
    match (
        settings.on(&["responseSigned"]),
        settings.on(&["assertionSigned"]),
    ) {
        (false, false) => (true, true),
        said => said,
    }
}

fn issuer(facts: &Facts) -> Element {
    Element::new("saml2:Issuer")
        .with("Format", ENTITY)
        .text(facts.issuer.clone())
}

fn status(codes: &[&str]) -> Element {
    let code = codes
        .iter()
        .rev()
        .fold(None, |inner: Option<Element>, code| {
            let outer = Element::new("saml2p:StatusCode").with("Value", *code);
            Some(match inner {
                Some(inner) => outer.child(inner),
                None => outer,
            })
        });
    let status = Element::new("saml2p:Status");
    match code {
        Some(code) => status.child(code),
        None => status,
    }
}

fn envelope(ask: &Ask<'_>, facts: &Facts, purpose: u64) -> Element {
    let mut element = Element::new("saml2p:Response")
        .with("Destination", facts.destination.clone())
        .with("ID", id(ask.call, purpose))
        .with("IssueInstant", facts.at.text())
        .with("Version", "2.0");
    if let Some(request) = &facts.request {
        element.set("InResponseTo", request.clone());
    }
    element.child(issuer(facts))
}

fn response(ask: &Ask<'_>, facts: &Facts, purpose: u64) -> Element {
    envelope(ask, facts, purpose).child(status(&[SUCCESS]))
}

/// The answer that nobody can be signed in without showing something.
pub(super) fn no_passive(ask: &Ask<'_>) -> Option<String> {
    let settings = Settings::of(ask.app);
    let codes =
        ["Responder", "NoPassive"].map(|code| format!("urn:oasis:names:tc:SAML:2.0:status:{code}"));
    let codes = codes.each_ref().map(String::as_str);
    let mut whole = envelope(ask, &Facts::of(ask, &[]), 2).child(status(&codes));
    if signed_parts(settings).0 {
        let by = signer(ask, settings, false)?;
        sign(&mut whole, &by, algorithms(settings, false));
    }
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}",
        whole.sent(&INCLUSIVE)
    ))
}

/// An assertion about a user, not signed yet.
fn assertion(ask: &Ask<'_>, facts: &Facts, user: u32, purpose: u64) -> Element {
    let settings = Settings::of(ask.app);
    let own = id(ask.call, purpose);
    let name = Element::new("saml2:NameID")
        .with("Format", settings.name_format())
        .text(person::name(ask.org, ask.question.app, ask.app, user));
    let until = facts.at.plus(LEEWAY).text();
    let mut data = Element::new("saml2:SubjectConfirmationData")
        .with("NotOnOrAfter", until.clone())
        .with("Recipient", facts.recipient.clone());
    if let Some(request) = &facts.request {
        data.set("InResponseTo", request.clone());
    }
    let confirmation = Element::new("saml2:SubjectConfirmation")
        .with("Method", BEARER)
        .child(data);
    let audience = Element::new("saml2:Audience").text(facts.audience.clone());
    let conditions = Element::new("saml2:Conditions")
        .with("NotBefore", facts.at.plus(-LEEWAY).text())
        .with("NotOnOrAfter", until)
        .child(Element::new("saml2:AudienceRestriction").child(audience));
    let context = Element::new("saml2:AuthnContextClassRef").text(settings.context());
    let session = facts.request.clone().unwrap_or_else(|| own.clone());
    let signed_in = Element::new("saml2:AuthnStatement")
        .with("AuthnInstant", ask.signed_in.text())
        .with("SessionIndex", session)
        .child(Element::new("saml2:AuthnContext").child(context));
    let whole = Element::new("saml2:Assertion")
        .with("ID", own)
        .with("IssueInstant", facts.at.text())
        .with("Version", "2.0")
        .child(issuer(facts))
        .child(
            Element::new("saml2:Subject")
                .child(name)
                .child(confirmation),
        )
        .child(conditions)
        .child(signed_in);
    match person::attributes(ask.org, ask.question.app, ask.app, user) {
        Some(attributes) => whole.child(attributes),
        None => whole,
    }
}

/// What is changed after signing.
fn spoil(whole: &mut Element, faults: &[SamlFault]) {
    for fault in faults {
        match fault {
            SamlFault::BadSignature => {
                if let Some(value) = whole.find_mut("ds:SignatureValue") {
                    let text = value.content();
                    let first = if text.starts_with('A') { "B" } else { "A" };
                    let rest = text.get(1..).unwrap_or_default();
                    value.children = vec![Node::Text(format!("{first}{rest}"))];
                }
            }
            SamlFault::Altered => {
                let name = whole.find_mut("saml2:NameID");
                if let Some(name) = name {
                    let text = name.content();
                    name.children = vec![Node::Text(format!("x{text}"))];
                } else if let Some(value) = whole.find_mut("xenc:CipherValue") {
                    let text: String = value.content().chars().rev().collect();
                    value.children = vec![Node::Text(text)];
                }
            }
            SamlFault::CommentInNameId => {
                if let Some(name) = whole.find_mut("saml2:NameID") {
                    let text = name.content();
                    let half = text.find('@').unwrap_or(text.len() / 2);
                    let (head, tail) = text.split_at_checked(half).unwrap_or((&text, ""));
                    name.children = vec![
                        Node::Text(head.to_owned()),
                        Node::Comment(String::new()),
                        Node::Text(tail.to_owned()),
                    ];
                }
            }
            _ => {}
        }
    }
}
