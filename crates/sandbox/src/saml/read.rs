//! Reading the XML of a service provider: elements, attributes and text, within bounds, and nothing else.

use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::xml::{Element, Node, Scope, forbidden, split};

/// The longest message, in bytes.
pub(super) const LONGEST: usize = 128 * 1024;
/// Elements within each other.
const DEEPEST: usize = 20;
/// Elements of one message, and attributes of one element.
const MOST: usize = 500;

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooLong,
    TooDeep,
    TooMany,
    /// A document type, an entity, CDATA or an instruction: nothing that SAML needs.
    Unwanted,
    Malformed,
}

/// Reads a message. Comments are left out.
pub(super) fn read(text: &str) -> Result<Element, Unreadable> {
    if text.len() > LONGEST {
        return Err(Unreadable::TooLong);
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(|_| Unreadable::Malformed)?;
        match event {
            Event::Start(start) => tree.start(&start)?,
            Event::Empty(start) => {
                tree.start(&start)?;
                tree.end()?;
            }
            Event::End(_) => tree.end()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => tree.reference(&reference)?,
            Event::Comment(_) | Event::Decl(_) => {}
            Event::CData(_) | Event::PI(_) | Event::DocType(_) => return Err(Unreadable::Unwanted),
            Event::Eof => break,
        }
    }
    tree.root
        .filter(|_| tree.open.is_empty())
        .ok_or(Unreadable::Malformed)
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
}

impl Tree {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Unreadable> {
        self.count += 1;
        if self.count > MOST {
            return Err(Unreadable::TooMany);
        }
        if self.open.len() >= DEEPEST {
            return Err(Unreadable::TooDeep);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(Unreadable::Malformed);
        }
        let mut attributes: Vec<(String, String)> = Vec::new();
        let mut declared = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| Unreadable::Malformed)?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| Unreadable::Unwanted)?;
            if value.chars().any(forbidden) {
                return Err(Unreadable::Malformed);
            }
            let name = attribute.key.into_inner();
            match name.strip_prefix("xmlns:") {
                Some(prefix) => declared.push((prefix.to_owned(), value.into_owned())),
                None if name == "xmlns" => declared.push((String::new(), value.into_owned())),
                None => attributes.push((name.to_owned(), value.into_owned())),
            }
            if attributes.len() + declared.len() > MOST {
                return Err(Unreadable::TooMany);
            }
        }
        let element = Element {
            name: start.name().into_inner().to_owned(),
            attributes,
            children: Vec::new(),
            scope: self.scope(declared),
        };
        let mut names = vec![element.name.as_str()];
        names.extend(element.attributes.iter().map(|(name, _)| name.as_str()));
        let bound = |name: &&str| {
            let (prefix, local) = split(name);
            !local.contains(':') && (prefix.is_empty() || !element.scope.uri(prefix).is_empty())
        };
        if !names.iter().all(bound) {
            return Err(Unreadable::Malformed);
        }
        self.open.push(element);
        Ok(())
    }

    /// What prefixes stand for in a new element.
    fn scope(&self, declared: Vec<(String, String)>) -> Scope {
        let outer = match self.open.last().map(|element| &element.scope) {
            Some(Scope::Given(outer)) => Arc::clone(outer),
            _ => Arc::default(),
        };
        if declared.is_empty() {
            return Scope::Given(outer);
        }
        let mut all = outer.to_vec();
        all.retain(|(prefix, _)| !declared.iter().any(|(new, _)| new == prefix));
        all.extend(declared);
        Scope::Given(Arc::new(all))
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let element = self.open.pop().ok_or(Unreadable::Malformed)?;
        match self.open.last_mut() {
            Some(outer) => outer.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        if text.chars().any(forbidden) {
            return Err(Unreadable::Malformed);
        }
        match self.open.last_mut() {
            Some(element) => {
                if let Some(Node::Text(before)) = element.children.last_mut() {
                    before.push_str(text);
                } else {
                    element.children.push(Node::Text(text.to_owned()));
                }
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err(Unreadable::Malformed),
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Unreadable> {
        let number = reference.resolve_char_ref();
        if let Some(c) = number.map_err(|_| Unreadable::Malformed)? {
            return self.text(&c.to_string());
        }
        let known = resolve_predefined_entity(reference).ok_or(Unreadable::Unwanted)?;
        self.text(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_in_canonical_form() {
        for (name, text, want) in [
            (
                "prefixes, order, empty elements, comments",
                "<?xml version=\"1.0\"?>\n<p:a xmlns:x=\"urn:x\" xmlns:p=\"urn:p\" z='1' b=\"&lt;&#10;\"><!-- no --><q xmlns=\"urn:q\" x:k=\"v\"/>t&amp;&#65;</p:a>",
                "<p:a xmlns:p=\"urn:p\" b=\"&lt;&#xA;\" z=\"1\"><q xmlns=\"urn:q\" xmlns:x=\"urn:x\" x:k=\"v\"></q>t&amp;A</p:a>",
            ),
            (
                "the default namespace ends where it is taken back",
                "<a xmlns=\"urn:a\"><b xmlns=\"\"><c/></b></a>",
                "<a xmlns=\"urn:a\"><b xmlns=\"\"><c></c></b></a>",
            ),
        ] {
            assert_eq!(read(text).unwrap().canonical(&[]), want, "{name}");
        }
    }

    #[test]
    fn bounds() {
        let deep = format!("{}{}", "<a>".repeat(21), "</a>".repeat(21));
        let many = format!("<a>{}</a>", "<b/>".repeat(500));
        let long = format!("<a>{}</a>", "x".repeat(LONGEST));
        for (text, want) in [
            (deep.as_str(), Unreadable::TooDeep),
            (&many, Unreadable::TooMany),
            (&long, Unreadable::TooLong),
            (
                "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
                Unreadable::Unwanted,
            ),
            ("<a>&e;</a>", Unreadable::Unwanted),
            ("<a b=\"&e;\"/>", Unreadable::Unwanted),
            ("<a><![CDATA[x]]></a>", Unreadable::Unwanted),
            ("<a>", Unreadable::Malformed),
            ("<a/><b/>", Unreadable::Malformed),
            ("<p:a/>", Unreadable::Malformed),
            ("<a></b>", Unreadable::Malformed),
            ("", Unreadable::Malformed),
        ] {
            assert_eq!(read(text), Err(want), "{}", text.get(..40).unwrap_or(text));
        }
    }
}
