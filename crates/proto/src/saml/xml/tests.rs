//! What the reader takes and what it refuses.

use super::{Comments, Element, XmlError, parse};

fn read(text: &str) -> Result<Element, XmlError> {
    parse(text.as_bytes(), 100_000, Comments::Refuse)
}

#[test]
fn what_is_refused() {
    let deep = "<a>".repeat(40) + &"</a>".repeat(40);
    let wide = format!("<a>{}</a>", "<b/>".repeat(10_001));
    let rows: &[(&str, XmlError)] = &[
        ("", XmlError::Malformed),
        ("<a>", XmlError::Malformed),
        ("<a></b>", XmlError::Malformed),
        ("<a/><b/>", XmlError::Malformed),
        ("<a/>x", XmlError::Malformed),
        ("<a b='1' b='2'/>", XmlError::Malformed),
        ("<a>\u{1}</a>", XmlError::Malformed),
        ("<a>&#1;</a>", XmlError::Malformed),
        ("<a b='&#1;'/>", XmlError::Malformed),
        (
            "<a xmlns:x='u:1' xmlns:y='u:1' x:b='1' y:b='2'/>",
            XmlError::Malformed,
        ),
        (
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            XmlError::Doctype,
        ),
        ("<a>&x;</a>", XmlError::Entity),
        ("<a b='&x;'/>", XmlError::Entity),
        ("<a>b<!-- c -->d</a>", XmlError::Comment),
        ("<a>b<?c d?>e</a>", XmlError::Comment),
        ("<a><![CDATA[b]]></a>", XmlError::Cdata),
        ("<a xmlns='1'/>", XmlError::Namespace),
        ("<a xmlns:b='../c'/>", XmlError::Namespace),
        ("<b:a/>", XmlError::Namespace),
        ("<a ID='1'><b Id='1'/></a>", XmlError::DuplicateId),
        ("<a ID='1'><b xml:id='1'/></a>", XmlError::DuplicateId),
        (
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            XmlError::Encoding,
        ),
        (&deep, XmlError::TooDeep),
        (&wide, XmlError::TooMany),
    ];
    for (text, want) in rows {
        assert_eq!(read(text).as_ref(), Err(want), "{text:.60}");
    }
    assert_eq!(
        parse(b"<a/>", 3, Comments::Skip),
        Err(XmlError::TooLarge(3))
    );
    assert_eq!(
        parse(b"<\xff/>", 9, Comments::Skip),
        Err(XmlError::Encoding)
    );
}

#[test]
fn what_is_read() {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:a xmlns:x='u:1' b='&lt;&#x41;'>1&amp;2<c/>3</x:a>\n";
    let root = read(text).expect("a document");
    assert!(root.is("u:1", "a"));
    assert_eq!(root.attribute("b"), Some("<A"));
    assert_eq!(root.text(), "1&23");
    assert_eq!(root.everything().len(), 2);
    let commented = parse(b"<!-- a --><b>1</b>", 100, Comments::Skip).expect("a document");
    assert_eq!(commented.text(), "1");
}
