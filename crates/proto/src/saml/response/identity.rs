//! Who signed in, read from the assertion that a verified signature covers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        names::{ASSERTION, NAME_UNSPECIFIED},
        xml::Element,
    },
    refusal::Refusal,
};

/// Attributes of one assertion, and values of them all.
const VALUES: usize = 5_000;

/// Who signed in, by the word of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Entity id of the identity provider.
    pub issuer: String,
    /// `NameID`: with Okta the login.
    pub name_id: String,
    /// Format of the name, a URI.
    pub name_id_format: String,
    /// Names the session at the identity provider.
    pub session_index: Option<String>,
    /// When the person proved who they are there.
    pub authn_instant: Option<Timestamp>,
    /// How they are said to have done so, a URI; with Okta a fixed word of the app, not the truth.
    pub authn_context: Option<String>,
    /// Attributes by name, each with all its values in their order.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Id of the assertion, unique at its issuer: the key of the replay cache, with [`Self::issuer`].
    pub assertion_id: String,
    /// Until when the id must be remembered: later the assertion is refused by its time.
    pub remember_until: Timestamp,
}

impl Identity {
    /// The identity, if its assertion is used for the first time. `fresh` is the replay cache's word: whether the id
    /// was not in it and has just been put in.
    pub fn once(self, fresh: bool) -> Result<Self, Refusal> {
        if fresh {
            Ok(self)
        } else {
            Err(Refusal::Replayed)
        }
    }

    /// The only value of an attribute; `None` when there are none or several.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        match self.attributes.get(name).map(Vec::as_slice) {
            Some([only]) => Some(only),
            _ => None,
        }
    }
}

/// Reads an assertion that was verified.
pub(super) fn read(assertion: &Element, remember_until: Timestamp) -> Result<Identity, Refusal> {
    let name = assertion
        .only(ASSERTION, "Subject")
        .and_then(|subject| subject.only(ASSERTION, "NameID"))
        .filter(|name| name.children().next().is_none() && !name.text().trim().is_empty())
        .ok_or(Refusal::NoName)?;
    let statement = assertion
        .all(ASSERTION, "AuthnStatement")
        .next()
        .ok_or(Refusal::NoSignIn)?;
    let authn_context = statement
        .only(ASSERTION, "AuthnContext")
        .and_then(|context| context.only(ASSERTION, "AuthnContextClassRef"))
        .map(|class| class.text().to_owned());
    let issuer = assertion
        .only(ASSERTION, "Issuer")
        .ok_or(Refusal::Form("the issuer is missing or doubled"))?;
    let id = assertion
        .attribute("ID")
        .ok_or(Refusal::Form("the assertion has no ID"))?;
    let session_index = statement.attribute("SessionIndex").map(str::to_owned);
    let authn_instant = statement
        .attribute("AuthnInstant")
        .and_then(|instant| instant.parse().ok());
    Ok(Identity {
        issuer: issuer.text().to_owned(),
        name_id: name.text().to_owned(),
        name_id_format: name
            .attribute("Format")
            .unwrap_or(NAME_UNSPECIFIED)
            .to_owned(),
        session_index,
        authn_instant,
        authn_context,
        attributes: attributes(assertion)?,
        assertion_id: id.to_owned(),
        remember_until,
    })
}

/// Attributes with text as values; what has elements within is no text and is refused.
fn attributes(assertion: &Element) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for attribute in assertion
        .all(ASSERTION, "AttributeStatement")
        .flat_map(|statement| statement.all(ASSERTION, "Attribute"))
    {
        let name = attribute
            .attribute("Name")
            .ok_or(Refusal::Form("an attribute has no name"))?;
        if found.contains_key(name) {
            return Err(Refusal::Form("an attribute is stated twice"));
        }
        let mut values = Vec::new();
        for value in attribute.all(ASSERTION, "AttributeValue") {
            if value.children().next().is_some() {
                return Err(Refusal::Form("the value of an attribute is not text"));
            }
            values.push(value.text().to_owned());
        }
        count += values.len() + 1;
        if count > VALUES {
            return Err(Refusal::Form("there are too many attributes"));
        }
        found.insert(name.to_owned(), values);
    }
    Ok(found)
}
