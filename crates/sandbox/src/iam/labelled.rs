//! What custom roles and resource sets have in common: both are found by id or label, and no label comes twice.

use serde_json::{Map, Value};

use crate::http::{Answer, Call, Fail, Reply};
use crate::org::Org;
use crate::store::{Doc, Docs, Kind};

/// One of the two.
pub(super) struct Labelled {
    pub(super) kind: Kind,
    /// How the path calls the id or label.
    pub(super) param: &'static str,
    /// How Okta calls the thing when there is none.
    pub(super) name: &'static str,
    /// What Okta says when the label is taken.
    pub(super) taken: &'static str,
    pub(super) all: fn(&Org) -> &Docs,
    pub(super) all_mut: fn(&mut Org) -> &mut Docs,
}

impl Labelled {
    fn missing(&self, call: &Call) -> Fail {
        Fail::not_found(call.param(self.param), self.name)
    }

    /// The one with this id.
    pub(super) fn by_id<'a>(&self, org: &'a Org, id: &str) -> Option<(u32, &'a Doc)> {
        let serial = org.tail.serial(self.kind, id)?;
        (self.all)(org).get(serial).map(|doc| (serial, doc))
    }

    /// The one that a path names by id or label.
    pub(super) fn find<'a>(&self, org: &'a Org, call: &Call) -> Result<(u32, &'a Doc), Fail> {
        let name = call.param(self.param);
        let by_label = || {
            let mut all = (self.all)(org).iter();
            all.find(|(_, doc)| doc.text("label") == name)
        };
        self.by_id(org, name)
            .or_else(by_label)
            .ok_or_else(|| self.missing(call))
    }

    /// The label of a body, which nobody else may have.
    pub(super) fn label(
        &self,
        org: &Org,
        body: &Map<String, Value>,
        own: Option<u32>,
    ) -> Result<String, Fail> {
        let label = body
            .get("label")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut others = (self.all)(org).iter();
        let why = if label.is_empty() {
            "label: Label must be specified"
        } else if others.any(|(serial, doc)| Some(serial) != own && doc.text("label") == label) {
            self.taken
        } else {
            return Ok(label.to_owned());
        };
        Err(Fail::validation("label", [why]))
    }

    /// Gives another label and description; the serial.
    pub(super) fn rename(&self, org: &mut Org, call: &Call) -> Result<u32, Fail> {
        let serial = self.find(org, call)?.0;
        let body = call.object()?;
        let label = self.label(org, &body, Some(serial))?;
        let described = body.get("description").cloned().unwrap_or_default();
        let doc = (self.all_mut)(org)
            .get_mut(serial)
            .ok_or_else(|| self.missing(call))?;
        doc.body.insert("label".to_owned(), label.into());
        doc.body.insert("description".to_owned(), described);
        doc.last_updated = call.now.whole();
        Ok(serial)
    }

    /// Takes it away.
    pub(super) fn delete(&self, org: &mut Org, call: &Call) -> Answer {
        let serial = self.find(org, call)?.0;
        (self.all_mut)(org).remove(serial);
        Ok(Reply::no_content())
    }

    /// What it holds: a list in its body.
    pub(super) fn held(&self, org: &Org, serial: u32, name: &str) -> Vec<Value> {
        let doc = (self.all)(org).get(serial);
        doc.and_then(|doc| doc.body.get(name)?.as_array())
            .cloned()
            .unwrap_or_default()
    }

    /// Changes what it holds.
    pub(super) fn hold(&self, org: &mut Org, serial: u32, name: &str, list: Vec<Value>) {
        if let Some(doc) = (self.all_mut)(org).get_mut(serial) {
            doc.body.insert(name.to_owned(), Value::Array(list));
        }
    }
}
