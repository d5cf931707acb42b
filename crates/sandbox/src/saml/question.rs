//! The question of a service provider: an `AuthnRequest` by HTTP-Redirect or HTTP-POST (SAML 2.0 Core section 3.4,
//! Bindings sections 3.4 and 3.5).

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::{Deserialize, Serialize};

use super::read::{LONGEST, read};
use super::settings::Settings;
use super::signature;
use super::xml::Element;
use crate::clock::Time;
use crate::http::{Call, Query};

/// The longest id that is repeated in an answer.
const LONGEST_ID: usize = 256;
/// The longest relay state that is carried: SAML allows 80 bytes, Okta carries more.
const LONGEST_RELAY: usize = 2048;
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// What is asked, after its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The app by its serial.
    pub(crate) app: u32,
    /// The id of the request; nothing when the person came from a tile.
    pub(crate) id: Option<String>,
    /// Where the answer goes.
    pub(crate) acs: String,
    pub(crate) relay: Option<String>,
    /// The person must sign in after this time.
    pub(crate) force: bool,
    /// Nothing may be shown to the person.
    pub(crate) passive: bool,
    pub(crate) asked: Time,
}

/// The question of a call: the one it carries, or that of a person who comes from a tile.
///
/// Fails with words for the person.
pub(super) fn of(call: &Call, app: u32, settings: Settings<'_>) -> Result<Question, String> {
    let form = Query::parse(&String::from_utf8_lossy(&call.body));
    let given = if call.method == Method::POST {
        &form
    } else {
        &call.query
    };
    let relay = given.get("RelayState").filter(|text| !text.is_empty());
    if relay.is_some_and(|relay| relay.len() > LONGEST_RELAY) {
        return Err("The RelayState is too long.".to_owned());
    }
    let acs = settings
        .acs()
        .ok_or("The app has no single sign-on URL to answer to.")?;
    let Some(message) = given.get("SAMLRequest") else {
        let relay = relay.or(settings.text("defaultRelayState"));
        return Ok(Question {
            app,
            id: None,
            acs: acs.to_owned(),
            relay: relay.map(str::to_owned),
            force: false,
            passive: false,
            asked: call.now,
        });
    };
    let text = decoded(message, call.method == Method::POST)?;
    let root = read(&text).map_err(|why| format!("The SAML request cannot be read: {why:?}."))?;
    if settings.on(&["samlSignedRequestEnabled"]) {
        signed(call, settings, &root)?;
    }
    let mut question = asked(call, settings, &root)?;
    question.app = app;
    question.relay = relay.map(str::to_owned);
    Ok(question)
}

/// The XML in a parameter.
fn decoded(message: &str, posted: bool) -> Result<String, String> {
    if message.len() > LONGEST * 2 {
        return Err("The SAML request is too long.".to_owned());
    }
    let compact: String = message.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD
        .decode(compact)
        .map_err(|_| "The SAML request is not in base64.")?;
    let bytes = if posted {
        bytes
    } else {
        let mut out = Vec::new();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX) + 1;
        flate2::read::DeflateDecoder::new(bytes.as_slice())
            .take(limit)
            .read_to_end(&mut out)
            .map_err(|_| "The SAML request is not deflated.")?;
        out
    };
    if bytes.len() > LONGEST {
        return Err("The SAML request is too long.".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "The SAML request is not in UTF-8.".to_owned())
}

/// Checks the signature of a question whose app signs all of them.
fn signed(call: &Call, settings: Settings<'_>, root: &Element) -> Result<(), String> {
    let certificate = settings
        .app_certificate()
        .ok_or("The app has no certificate to check its requests with.")?;
    let key = signature::key_of(certificate).ok_or("The app's certificate cannot be read.")?;
    let right = if call.method == Method::POST {
        signature::verify(root, &key)
    } else {
        signature::verify_query(&call.raw_query, &key)
    };
    right.map_err(|why| format!("The SAML request's signature is not accepted: {why}"))
}

fn asked(call: &Call, settings: Settings<'_>, root: &Element) -> Result<Question, String> {
    let wrong = |what: &str| Err(format!("The SAML request {what}."));
    if !root.is("saml2p:AuthnRequest") || root.attribute("Version") != Some("2.0") {
        return wrong("is no AuthnRequest of SAML 2.0");
    }
    let id = root.attribute("ID").unwrap_or_default();
    let first = |c: char| c.is_alphabetic() || c == '_';
    let rest = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if id.len() > LONGEST_ID || !id.starts_with(first) || !id.chars().all(rest) {
        return wrong("has no usable ID");
    }
    if root
        .attribute("IssueInstant")
        .and_then(Time::parse)
        .is_none()
    {
        return wrong("has no IssueInstant");
    }
    let issuer = root.only("saml2:Issuer").map(Element::content);
    if issuer.is_none_or(|issuer| issuer.trim().is_empty()) {
        return wrong("has no Issuer");
    }
    // Hosts have several names; the path does not.
    let destination = root
        .attribute("Destination")
        .filter(|text| !text.is_empty());
    if let Some(destination) = destination
        && !url::Url::parse(destination).is_ok_and(|url| url.path() == call.path)
    {
        return wrong("has the Destination of another identity provider");
    }
    if root
        .attribute("ProtocolBinding")
        .is_some_and(|binding| binding != POST)
    {
        return wrong("wants an answer by another binding than HTTP-POST");
    }
    let address = root.attribute("AssertionConsumerServiceURL");
    let index = root
        .attribute("AssertionConsumerServiceIndex")
        .and_then(|index| index.parse().ok());
    let usual = settings.acs();
    let acs = match (address, index) {
        (None, None) => usual,
        (Some(address), _) if Some(address) == usual => usual,
        _ => settings.other_acs(address, index),
    };
    let Some(acs) = acs else {
        return wrong("wants an answer to an address that the app does not have");
    };
    let flag = |name: &str| matches!(root.attribute(name), Some("true" | "1"));
    Ok(Question {
        app: 0,
        id: Some(id.to_owned()),
        acs: acs.to_owned(),
        relay: None,
        force: flag("ForceAuthn") && settings.on(&["honorForceAuthn"]),
        passive: flag("IsPassive"),
        asked: call.now,
    })
}
