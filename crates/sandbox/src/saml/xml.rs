//! XML as a tree, printed in canonical form: what is signed is what is sent (Exclusive XML Canonicalization 1.0).

use std::sync::Arc;

/// Namespaces by the prefixes with which Okta writes them.
const OURS: [(&str, &str); 9] = [
    ("ds", "http://www.w3.org/2000/09/xmldsig#"),
    ("ec", "http://www.w3.org/2001/10/xml-exc-c14n#"),
    ("md", "urn:oasis:names:tc:SAML:2.0:metadata"),
    ("saml2", "urn:oasis:names:tc:SAML:2.0:assertion"),
    ("saml2p", "urn:oasis:names:tc:SAML:2.0:protocol"),
    ("xenc", "http://www.w3.org/2001/04/xmlenc#"),
    ("xenc11", "http://www.w3.org/2009/xmlenc11#"),
    ("xs", "http://www.w3.org/2001/XMLSchema"),
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

/// The namespace of a prefix of ours.
pub(super) fn namespace(prefix: &str) -> &'static str {
    OURS.iter()
        .find(|(known, _)| *known == prefix)
        .map_or("", |(_, uri)| uri)
}

/// What prefixes stand for at an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The fixed ones of this org.
    Ours,
    /// Those of a message that somebody sent, innermost last.
    Given(Arc<Vec<(String, String)>>),
}

impl Scope {
    /// The namespace of a prefix; the empty prefix is the default namespace.
    pub(super) fn uri(&self, prefix: &str) -> &str {
        if prefix == "xml" {
            return "http://www.w3.org/XML/1998/namespace";
        }
        match self {
            Self::Ours => namespace(prefix),
            Self::Given(all) => all
                .iter()
                .rev()
                .find(|(known, _)| known == prefix)
                .map_or("", |(_, uri)| uri),
        }
    }
}

/// A part of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
    /// Sent, but in no canonical form.
    Comment(String),
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name with prefix.
    pub(super) name: String,
    /// Attributes by their names with prefix, without declarations of namespaces.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    pub(super) scope: Scope,
}

/// Prefix and local name.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

impl Element {
    /// An empty element with one of our prefixes.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            scope: Scope::Ours,
        }
    }

    /// The same with an attribute more.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same with an element more at its end.
    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// The same with text more at its end.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// Its namespace.
    pub(super) fn namespace(&self) -> &str {
        self.scope.uri(split(&self.name).0)
    }

    /// Whether it has this name in the namespace of one of our prefixes, such as `saml2:Issuer`.
    pub(super) fn is(&self, name: &str) -> bool {
        let (prefix, local) = split(name);
        split(&self.name).1 == local && self.namespace() == namespace(prefix)
    }

    /// The value of an attribute without prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.attributes.retain(|(known, _)| known != name);
        self.attributes.push((name.to_owned(), value.into()));
    }

    /// The elements right beneath it.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The one element of this name right beneath it; nothing when there are several.
    pub(super) fn only(&self, name: &str) -> Option<&Self> {
        let mut found = self.elements().filter(|element| element.is(name));
        found.next().filter(|_| found.next().is_none())
    }

    /// The first element of this name anywhere in it, to change.
    pub(super) fn find_mut(&mut self, name: &str) -> Option<&mut Self> {
        if self.is(name) {
            return Some(self);
        }
        self.children.iter_mut().find_map(|node| match node {
            Node::Element(element) => element.find_mut(name),
            _ => None,
        })
    }

    /// The text right in it.
    pub(super) fn content(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The same without the elements of a name right beneath it.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other
            .children
            .retain(|node| !matches!(node, Node::Element(element) if element.is(name)));
        other
    }

    /// Exclusive canonical form, as the outermost element; `inclusive` prefixes are declared where they are known.
    pub(super) fn canonical(&self, inclusive: &[&str]) -> String {
        let mut out = String::new();
        self.print(&mut out, &mut Vec::new(), inclusive, false);
        out
    }

    /// What is sent: canonical form with comments.
    pub(super) fn sent(&self, inclusive: &[&str]) -> String {
        let mut out = String::new();
        self.print(&mut out, &mut Vec::new(), inclusive, true);
        out
    }

    fn print(
        &self,
        out: &mut String,
        declared: &mut Vec<(String, String)>,
        inclusive: &[&str],
        comments: bool,
    ) {
        let outer = declared.len();
        out.push('<');
        out.push_str(&self.name);
        for (prefix, uri) in self.to_declare(declared, inclusive) {
            let colon = if prefix.is_empty() { "" } else { ":" };
            out.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", attribute(&uri)));
            declared.push((prefix, uri));
        }
        let mut sorted: Vec<_> = self.attributes.iter().collect();
        sorted.sort_by_key(|(name, _)| {
            let (prefix, local) = split(name);
            // An attribute without prefix is in no namespace, and comes first.
            let uri = if prefix.is_empty() {
                ""
            } else {
                self.scope.uri(prefix)
            };
            (uri, local)
        });
        for (name, value) in sorted {
            out.push_str(&format!(" {name}=\"{}\"", attribute(value)));
        }
        out.push('>');
        for node in &self.children {
            match node {
                Node::Element(element) => element.print(out, declared, inclusive, comments),
                Node::Text(content) => out.push_str(&text(content)),
                Node::Comment(content) if comments => out.push_str(&format!("<!--{content}-->")),
                Node::Comment(_) => {}
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
        declared.truncate(outer);
    }

    /// The declarations that the element needs and that no outer one made, sorted by prefix.
    fn to_declare(
        &self,
        declared: &[(String, String)],
        inclusive: &[&str],
    ) -> Vec<(String, String)> {
        let mut used: Vec<&str> = vec![split(&self.name).0];
        let prefixes = self.attributes.iter().map(|(name, _)| split(name).0);
        used.extend(prefixes.filter(|prefix| !prefix.is_empty()));
        let known = |prefix: &&&str| !self.scope.uri(prefix).is_empty();
        used.extend(inclusive.iter().filter(known).copied());
        used.sort_unstable();
        used.dedup();
        let above = |prefix: &str| {
            let found = declared.iter().rev().find(|(known, _)| known == prefix);
            found.map_or("", |(_, uri)| uri.as_str())
        };
        used.into_iter()
            .filter(|prefix| *prefix != "xml")
            .map(|prefix| (prefix, self.scope.uri(prefix)))
            .filter(|(prefix, uri)| above(prefix) != *uri)
            .map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()))
            .collect()
    }
}

/// What XML 1.0 cannot hold at all, written or as a reference.
pub(super) fn forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Text in canonical form.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !forbidden(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

/// The value of an attribute in canonical form.
fn attribute(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars().filter(|c| !forbidden(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_form() {
        let value = Element::new("saml2:AttributeValue")
            .with("xsi:type", "xs:string")
            .text("R & D <core>\r");
        let inner = Element::new("saml2:Assertion")
            .with("ID", "a\"\n1")
            .child(value);
        let outer = Element::new("saml2p:Response")
            .with("Version", "2.0")
            .with("ID", "r")
            .child(inner.clone());
        for (name, tree, inclusive, want) in [
            (
                "inner alone declares what it uses",
                &inner,
                &["xs"][..],
                "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
                 xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"a&quot;&#xA;1\"><saml2:AttributeValue \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">R &amp; D &lt;core&gt;&#xD;\
                 </saml2:AttributeValue></saml2:Assertion>",
            ),
            (
                "within another it repeats nothing",
                &outer,
                &["xs"],
                "<saml2p:Response xmlns:saml2p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
                 xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"r\" Version=\"2.0\"><saml2:Assertion \
                 xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a&quot;&#xA;1\"><saml2:AttributeValue \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">R &amp; D &lt;core&gt;&#xD;\
                 </saml2:AttributeValue></saml2:Assertion></saml2p:Response>",
            ),
            (
                "only what is used",
                &Element::new("ds:SignedInfo"),
                &[],
                "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:SignedInfo>",
            ),
        ] {
            assert_eq!(tree.canonical(inclusive), want, "{name}");
        }
    }

    #[test]
    fn comments_are_sent_but_not_signed() {
        let mut tree = Element::new("saml2:NameID").text("ada");
        tree.children.push(Node::Comment(" x ".to_owned()));
        tree = tree.text(".evil");
        assert!(tree.canonical(&[]).contains(">ada.evil<"));
        assert!(tree.sent(&[]).contains(">ada<!-- x -->.evil<"));
    }
}
