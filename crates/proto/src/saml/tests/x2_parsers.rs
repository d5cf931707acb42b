//! X2: what parsers see differently. Everything here is signed as it stands where that is possible, so that only the
//! reader's strictness is tried.

use super::{
    super::{Refusal, XmlError},
    Hostile,
    forge::{Answer, Signing, attributes, name},
    hostile, refused,
    world::judge,
};

/// An honest answer whose name is written otherwise, with a sound signature over what canonicalization makes of it.
fn named(written: &str, canonical: &str) -> String {
    let mut answer = Answer::default();
    answer.subject = answer
        .subject
        .replace(&name("ada@example.com"), &name(canonical));
    answer
        .by_assertion()
        .replace(&name(canonical), &name(written))
}

fn changed(from: &str, to: &str) -> String {
    let xml = Answer::default().by_response();
    assert!(xml.contains(from), "{from}");
    xml.replacen(from, to, 1)
}

fn subject(inside: &str) -> String {
    let mut answer = Answer::default();
    answer.subject = answer.subject.replace(&name("ada@example.com"), inside);
    answer.by_response()
}

pub(super) fn corpus() -> Vec<Hostile> {
    let mut all = markup();
    all.extend(names());
    all.extend(values());
    all
}

/// Comments, sections, entities.
fn markup() -> Vec<Hostile> {
    let xml = |error| Refusal::Xml(error);
    let honest = Answer::default().by_response();
    let entities: Vec<String> = (0..9)
        .map(|n| format!("<!ENTITY e{} '{}'>", n + 1, format!("&e{n};").repeat(10)))
        .collect();
    vec![
        hostile(
            "a comment in the name",
            named(
                "ada@example.com<!-- x -->.evil.example",
                "ada@example.com.evil.example",
            ),
            xml(XmlError::Comment),
        ),
        hostile(
            "an instruction in the name",
            named(
                "ada@example.com<?x y?>.evil.example",
                "ada@example.com.evil.example",
            ),
            xml(XmlError::Comment),
        ),
        hostile(
            "CDATA in the name",
            named("<![CDATA[ada@example.com]]>", "ada@example.com"),
            xml(XmlError::Cdata),
        ),
        hostile(
            "a comment before the answer",
            format!("<!-- x -->{honest}"),
            xml(XmlError::Comment),
        ),
        hostile(
            "a comment behind the answer",
            format!("{honest}<!-- x -->"),
            xml(XmlError::Comment),
        ),
        hostile(
            "an entity of a DTD",
            format!(
                "<!DOCTYPE a [<!ENTITY n 'root'>]>{}",
                changed("ada@", "&n;@")
            ),
            xml(XmlError::Doctype),
        ),
        hostile(
            "an entity that reads a file",
            format!(
                "<!DOCTYPE a [<!ENTITY n SYSTEM 'file:///etc/hostname'>]>{}",
                changed("ada@", "&n;@")
            ),
            xml(XmlError::Doctype),
        ),
        hostile(
            "entities that multiply",
            format!(
                "<!DOCTYPE a [<!ENTITY e0 'x'>{}]>{}",
                entities.concat(),
                changed("ada@", "&e9;@")
            ),
            xml(XmlError::Doctype),
        ),
        hostile(
            "an empty DTD",
            format!("<!DOCTYPE a>{honest}"),
            xml(XmlError::Doctype),
        ),
        hostile(
            "an unknown entity",
            changed("ada@", "&n;@"),
            xml(XmlError::Entity),
        ),
    ]
}

/// Ids, namespaces, encodings, the document itself.
fn names() -> Vec<Hostile> {
    let xml = |error| Refusal::Xml(error);
    let honest = Answer::default().by_response();
    vec![
        hostile(
            "an id twice, once in another case",
            changed("<saml:Subject>", "<saml:Subject Id=\"a1\">"),
            xml(XmlError::DuplicateId),
        ),
        hostile(
            "an id twice, once as xml:id",
            changed("<saml:Subject>", "<saml:Subject xml:id=\"a1\">"),
            xml(XmlError::DuplicateId),
        ),
        hostile(
            "two ids in one element",
            changed(" ID=\"a1\"", " ID=\"a1\" ID=\"a2\""),
            xml(XmlError::Malformed),
        ),
        hostile(
            "a namespaced id beside the id",
            Answer::default()
                .by_assertion()
                .replace(" ID=\"a1\"", " x:ID=\"a2\" ID=\"a1\" xmlns:x=\"urn:x\""),
            Refusal::Form("the library refused it"),
        ),
        hostile(
            "a relative namespace: canonicalization fails and yields nothing",
            changed("<saml:Subject>", "<saml:Subject xmlns:x=\"1\">"),
            xml(XmlError::Namespace),
        ),
        hostile(
            "a relative namespace on the root",
            changed("<samlp:Response ", "<samlp:Response xmlns:ns=\"../x\" "),
            xml(XmlError::Namespace),
        ),
        hostile(
            "a prefix of no namespace",
            changed("<saml:Subject>", "<saml:Subject x:y=\"1\">"),
            xml(XmlError::Namespace),
        ),
        hostile(
            "the prefix xml bound anew",
            changed("<saml:Subject>", "<saml:Subject xmlns:xml=\"urn:x\">"),
            xml(XmlError::Malformed),
        ),
        hostile(
            "another encoding",
            format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{honest}"),
            xml(XmlError::Encoding),
        ),
        hostile(
            "another version of XML",
            format!("<?xml version=\"1.1\"?>{honest}"),
            xml(XmlError::Malformed),
        ),
        hostile(
            "a second root",
            format!("{honest}{honest}"),
            xml(XmlError::Malformed),
        ),
        hostile(
            "text behind the root",
            format!("{honest}x"),
            xml(XmlError::Malformed),
        ),
        hostile(
            "cut short",
            honest[..honest.len() - 20].to_owned(),
            xml(XmlError::Malformed),
        ),
        hostile(
            "a control character",
            changed("ada@", "ada\u{1}@"),
            xml(XmlError::Malformed),
        ),
        hostile("nothing", "", xml(XmlError::Malformed)),
        hostile("no XML", "SAMLResponse", xml(XmlError::Malformed)),
    ]
}

/// Values that can be read in two ways.
fn values() -> Vec<Hostile> {
    vec![
        hostile(
            "two names",
            subject("<saml:NameID>ada@example.com</saml:NameID><saml:NameID>root@example.com</saml:NameID>"),
            Refusal::NoName,
        ),
        hostile(
            "an element in the name",
            subject("<saml:NameID>root@example.com<saml:x>ada@example.com</saml:x></saml:NameID>"),
            Refusal::NoName,
        ),
        hostile("an empty name", subject("<saml:NameID> </saml:NameID>"), Refusal::NoName),
        hostile(
            "a name of another namespace",
            subject("<x:NameID xmlns:x=\"urn:x\">root@example.com</x:NameID>"),
            Refusal::NoName,
        ),
        hostile(
            "an attribute stated twice",
            Answer {
                statements: Answer::default().statements
                    + &attributes(
                        "<saml:Attribute Name=\"oktaId\"><saml:AttributeValue>1</saml:AttributeValue></saml:Attribute>\
                         <saml:Attribute Name=\"oktaId\"><saml:AttributeValue>2</saml:AttributeValue></saml:Attribute>",
                    ),
                ..Answer::default()
            }
            .by_response(),
            Refusal::Form("an attribute is stated twice"),
        ),
        hostile(
            "a value with elements within",
            Answer {
                statements: Answer::default().statements
                    + &attributes(
                        "<saml:Attribute Name=\"oktaId\"><saml:AttributeValue>1<saml:b>2</saml:b></saml:AttributeValue>\
                         </saml:Attribute>",
                    ),
                ..Answer::default()
            }
            .by_response(),
            Refusal::Form("the value of an attribute is not text"),
        ),
        hostile(
            "another message",
            Answer::default()
                .by_response()
                .replace("samlp:Response", "samlp:LogoutResponse"),
            Refusal::NotAResponse {
                found: "LogoutResponse".into(),
            },
        ),
        hostile(
            "a response of another namespace",
            changed("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol"),
            Refusal::NotAResponse {
                found: "Response".into(),
            },
        ),
    ]
}

#[test]
fn x2_what_parsers_see_differently_is_refused() {
    refused(&corpus());
}

#[test]
fn x2_a_name_is_read_whole() {
    let name = "ada@example.com.evil.example";
    let xml = named("ada&#64;example.com.evil.example", name);
    assert_eq!(judge(&xml).map(|read| read.name_id), Ok(name.into()));
    let odd = named("a&amp;b &lt;c&gt;", "a&amp;b &lt;c&gt;");
    assert_eq!(judge(&odd).map(|read| read.name_id), Ok("a&b <c>".into()));
}

#[test]
fn x2_other_prefixes_and_a_default_namespace_mean_the_same() {
    // Made by replacing before signing: the signature is over what is sent.
    let plain = Answer::default()
        .assertion("")
        .replace("saml:", "")
        .replace("xmlns:saml=", "xmlns=");
    let signature = Signing::default().over(&plain, "a1");
    let signed = plain.replacen("</Issuer>", &format!("</Issuer>{signature}"), 1);
    let xml = Answer::default().response("", &signed);
    assert_eq!(
        judge(&xml).map(|read| read.name_id),
        Ok("ada@example.com".into())
    );
}
