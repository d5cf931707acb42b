//! A strict reader of foreign XML: namespaces resolved, nothing but elements, attributes and text, bounded.
//!
//! It stands in front of the library that verifies signatures: what parsers are known to see differently (DTDs,
//! entities, CDATA, comments within values, relative namespaces, doubled ids) does not get that far.

use std::collections::BTreeSet;

use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesDecl, BytesRef, BytesStart, Event},
    name::{Namespace, PrefixDeclaration, ResolveResult},
};

use super::names::XML;

#[cfg(test)]
mod tests;

/// Levels of elements within each other.
const DEPTH: usize = 32;
/// Attributes of one element, declarations of namespaces among them.
const ATTRIBUTES: usize = 32;
/// Elements of one document: room for some thousands of values of an attribute.
const ELEMENTS: usize = 10_000;

/// Why a text is not the XML we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Longer than the limit, in bytes.
    #[error("it is longer than {0} bytes")]
    TooLarge(usize),
    /// Elements stand too deep within each other.
    #[error("its elements stand more than {DEPTH} deep")]
    TooDeep,
    /// Too many elements, or attributes of one.
    #[error("it has more than {ELEMENTS} elements, or one with more than {ATTRIBUTES} attributes")]
    TooMany,
    /// Not UTF-8, by its bytes or by its own word.
    #[error("it is not in UTF-8")]
    Encoding,
    /// A document type declaration.
    #[error("it has a document type declaration (DTD)")]
    Doctype,
    /// An entity that is not one of the five of XML.
    #[error("it uses an entity")]
    Entity,
    /// A comment or a processing instruction.
    #[error("it has a comment or a processing instruction")]
    Comment,
    /// A CDATA section.
    #[error("it has a CDATA section")]
    Cdata,
    /// A namespace that is not an absolute URI, or a prefix without one.
    #[error("it declares a namespace that is not an absolute URI, or uses a prefix without one")]
    Namespace,
    /// Two elements have the same id.
    #[error("two of its elements have the same ID")]
    DuplicateId,
    /// Not well-formed.
    #[error("it is not well-formed XML")]
    Malformed,
}

/// What becomes of comments and processing instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// They are refused: a value must not be cut in two.
    Refuse,
    /// They are skipped, as in metadata that people write by hand.
    Skip,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    namespace: Option<String>,
    name: String,
    value: String,
}

/// An element with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    namespace: Option<String>,
    name: String,
    attributes: Vec<Attribute>,
    children: Vec<Self>,
    text: String,
}

impl Element {
    /// Whether this is the element `name` of `namespace`.
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace.as_deref() == Some(namespace)
    }

    /// The name without prefix.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute that is in no namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.namespace.is_none() && attribute.name == name);
        found.map(|attribute| attribute.value.as_str())
    }

    /// The elements directly below.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    /// The elements of one name directly below.
    pub(super) fn all<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Self> {
        self.children
            .iter()
            .filter(move |child| child.is(namespace, name))
    }

    /// The one element of a name directly below; none too when there are several.
    pub(super) fn only(&self, namespace: &str, name: &str) -> Option<&Self> {
        let mut found = self
            .children
            .iter()
            .filter(|child| child.is(namespace, name));
        found.next().filter(|_| found.next().is_none())
    }

    /// This element and all below it.
    pub(super) fn everything(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut at = 0;
        while let Some(element) = found.get(at).copied() {
            found.extend(&element.children);
            at += 1;
        }
        found
    }

    /// The text directly within, whole.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Reads a document of at most `limit` bytes.
pub(super) fn parse(bytes: &[u8], limit: usize, comments: Comments) -> Result<Element, XmlError> {
    if bytes.len() > limit {
        return Err(XmlError::TooLarge(limit));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.chars().any(forbidden) {
        return Err(XmlError::Malformed);
    }
    Tree::new(comments).read(text)
}

/// Characters that XML 1.0 does not have, written or as a reference.
fn forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The tree while it grows.
struct Tree {
    comments: Comments,
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
    ids: BTreeSet<String>,
}

impl Tree {
    fn new(comments: Comments) -> Self {
        Self {
            comments,
            open: Vec::new(),
            root: None,
            count: 0,
            ids: BTreeSet::new(),
        }
    }

    fn read(mut self, text: &str) -> Result<Element, XmlError> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_end_names = true;
        reader.resolver_mut().set_max_namespace_bindings(64);
        loop {
            let event = reader.read_event().map_err(|_| XmlError::Malformed)?;
            match event {
                Event::Start(start) => self.start(&reader, &start)?,
                Event::Empty(start) => {
                    self.start(&reader, &start)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::CData(_) => return Err(XmlError::Cdata),
                Event::Comment(_) | Event::PI(_) if self.comments == Comments::Skip => {}
                Event::Comment(_) | Event::PI(_) => return Err(XmlError::Comment),
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Decl(declaration) => utf8(&declaration)?,
                Event::Eof => break,
            }
        }
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(XmlError::Malformed),
        }
    }

    fn start(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<(), XmlError> {
        self.count += 1;
        if self.count > ELEMENTS {
            return Err(XmlError::TooMany);
        }
        if self.open.len() >= DEPTH {
            return Err(XmlError::TooDeep);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlError::Malformed);
        }
        let (namespace, name) = reader.resolver().resolve_element(start.name());
        let element = Element {
            namespace: bound(&namespace)?,
            name: name.into_inner().to_owned(),
            attributes: self.attributes(reader, start)?,
            children: Vec::new(),
            text: String::new(),
        };
        self.open.push(element);
        Ok(())
    }

    fn attributes(
        &mut self,
        reader: &NsReader<&[u8]>,
        start: &BytesStart<'_>,
    ) -> Result<Vec<Attribute>, XmlError> {
        let mut found = Vec::new();
        for (count, attribute) in start.attributes().enumerate() {
            if count >= ATTRIBUTES {
                return Err(XmlError::TooMany);
            }
            let attribute = attribute.map_err(|_| XmlError::Malformed)?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| XmlError::Entity)?;
            if value.chars().any(forbidden) {
                return Err(XmlError::Malformed);
            }
            if let Some(declaration) = attribute.key.as_namespace_binding() {
                declared(&declaration, &value)?;
                continue;
            }
            let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
            let attribute = Attribute {
                namespace: bound(&namespace)?,
                name: name.into_inner().to_owned(),
                value: value.into_owned(),
            };
            if is_id(&attribute) && !self.ids.insert(attribute.value.clone()) {
                return Err(XmlError::DuplicateId);
            }
            let same = |other: &Attribute| {
                other.name == attribute.name && other.namespace == attribute.namespace
            };
            if found.iter().any(same) {
                return Err(XmlError::Malformed);
            }
            found.push(attribute);
        }
        Ok(found)
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or(XmlError::Malformed)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::Malformed),
        }
        Ok(())
    }

    /// One of the five entities, or a character by its number.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), XmlError> {
        let number = reference.resolve_char_ref();
        if let Some(c) = number.map_err(|_| XmlError::Malformed)? {
            if forbidden(c) {
                return Err(XmlError::Malformed);
            }
            return self.text(&c.to_string());
        }
        let known = resolve_predefined_entity(reference).ok_or(XmlError::Entity)?;
        self.text(known)
    }
}

/// Every attribute that some XML library takes for an id.
fn is_id(attribute: &Attribute) -> bool {
    attribute.name.eq_ignore_ascii_case("id") || attribute.name == "AssertionID"
}

fn bound(namespace: &ResolveResult<'_>) -> Result<Option<String>, XmlError> {
    match namespace {
        ResolveResult::Bound(Namespace(uri)) => Ok(Some((*uri).to_owned())),
        ResolveResult::Unbound => Ok(None),
        ResolveResult::Unknown(_) => Err(XmlError::Namespace),
    }
}

/// Canonicalization gives up on relative namespaces, and some libraries then digest nothing at all.
fn declared(declaration: &PrefixDeclaration<'_>, uri: &str) -> Result<(), XmlError> {
    let (scheme, _) = uri.split_once(':').unwrap_or_default();
    let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let undeclared = uri.is_empty() && *declaration == PrefixDeclaration::Default;
    let rebound = (*declaration == PrefixDeclaration::Named("xml")) != (uri == XML);
    if (absolute || undeclared) && !rebound {
        Ok(())
    } else {
        Err(XmlError::Namespace)
    }
}

fn utf8(declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
    let version = declaration.version().map_err(|_| XmlError::Malformed)?;
    if version != "1.0" {
        return Err(XmlError::Malformed);
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if ["utf-8", "us-ascii"].contains(&name.to_ascii_lowercase().as_str()) => {
            Ok(())
        }
        Some(_) => Err(XmlError::Encoding),
    }
}
