//! Hostile answers by what is wrong with them, each with the reason for which it must be refused. All of them answer an open
//! question of this very browser, so that nothing else is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::forge::{
    ASSERTION, Answer, DSIG, ENVELOPED, EXCLUSIVE, PROTOCOL, RSA_SHA256, SHA256, Signing,
    encrypted, fixture, key_info,
};

/// One hostile answer: its name, the field as it is posted, the reason.
pub(super) struct Hostile {
    pub(super) name: &'static str,
    pub(super) field: String,
    pub(super) want: &'static str,
}

/// All of them, made of an honest answer.
pub(super) fn all(honest: &Answer) -> Vec<Hostile> {
    let mut rows: Vec<(&'static str, String, &'static str)> = wrapping(honest);
    rows.extend(signatures(honest));
    rows.extend(conditions(honest));
    rows.extend(parsers(honest));
    let mut corpus: Vec<Hostile> = rows
        .into_iter()
        .map(|(name, xml, want)| Hostile {
            name,
            field: STANDARD.encode(xml),
            want,
        })
        .collect();
    corpus.extend(fields(honest));
    corpus
}

type Rows = Vec<(&'static str, String, &'static str)>;

/// The eight signature wrappings (Somorovsky and others, "On Breaking SAML", 2012).
fn wrapping(honest: &Answer) -> Rows {
    let evil = Answer {
        name_id: "eve@example.com".into(),
        okta_id: Some("00ueve".into()),
        assertion_id: "evil".into(),
        ..honest.clone()
    };
    let signed = honest.signed_assertion(&Signing::default());
    let signature = signature_of(&signed);
    let bare = signed.replace(&signature, "");
    let by_response = honest.by_response();
    let other_response = Answer {
        response_id: "evil-response".into(),
        ..evil.clone()
    };
    let within = |tail: &str| {
        signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{tail}</ds:Object></ds:Signature>"),
        )
    };
    let response_signature = signature_of(&by_response);
    let wrapped = response_signature.replace(
        "</ds:Signature>",
        &format!(
            "<ds:Object>{}</ds:Object></ds:Signature>",
            by_response.replace(&response_signature, "")
        ),
    );
    vec![
        (
            "XSW1: the response in the signature of an evil one",
            other_response.response(&wrapped, &evil.assertion("")),
            "misplaced_assertion",
        ),
        (
            "XSW2: the response beside its signature in an evil one",
            other_response.response(
                &format!(
                    "{}{response_signature}",
                    by_response.replace(&response_signature, "")
                ),
                &evil.assertion(""),
            ),
            "misplaced_assertion",
        ),
        (
            "XSW3: an evil assertion before the signed one",
            honest.response("", &format!("{}{signed}", evil.assertion(""))),
            "several_assertions",
        ),
        (
            "XSW4: the signed assertion within an evil one",
            honest.response(
                "",
                &evil
                    .assertion("")
                    .replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>")),
            ),
            "misplaced_assertion",
        ),
        (
            "XSW5: the signature in an evil assertion, the signed one behind it",
            honest.response("", &format!("{}{bare}", evil.assertion(&signature))),
            "several_assertions",
        ),
        (
            "XSW6: the signed assertion in the signature of an evil one",
            honest.response("", &evil.assertion(&within(&bare))),
            "misplaced_assertion",
        ),
        (
            "XSW7: an evil assertion in extensions",
            honest.response(
                "",
                &format!(
                    "<samlp:Extensions>{}</samlp:Extensions>{signed}",
                    evil.assertion("")
                ),
            ),
            "misplaced_assertion",
        ),
        (
            "XSW8: the assertion in an object of the signature of an evil one",
            honest.response(
                "",
                &evil.assertion(&within(&format!("<x:e xmlns:x=\"urn:x\">{bare}</x:e>"))),
            ),
            "misplaced_assertion",
        ),
        (
            "the signed assertion twice",
            honest.response("", &signed.repeat(2)),
            // Both have the same ID, which is seen before they are counted.
            "xml",
        ),
    ]
}

fn signature_of(xml: &str) -> String {
    let from = xml.find("<ds:Signature ").unwrap();
    let end = "</ds:Signature>";
    let to = xml.find(end).unwrap() + end.len();
    xml[from..to].to_owned()
}

#[expect(clippy::too_many_lines, reason = "a table, one row an answer")]
fn signatures(honest: &Answer) -> Rows {
    let by = |signing: Signing| honest.signed_response(&signing, &honest.assertion(""));
    let usual = Signing::default;
    let stranger = Signing {
        tail: key_info("stranger"),
        ..Signing::by("stranger")
    };
    let changed = |from: &str, to: &str| honest.by_response().replace(from, to);
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let object = format!("<ds:Object xmlns:ds=\"{DSIG}\"><x></x></ds:Object>");
    let twice = {
        let signature = usual().over(
            &honest.response("", &honest.assertion("")),
            &honest.response_id,
        );
        honest.response(&signature.repeat(2), &honest.assertion(""))
    };
    vec![
        (
            "nothing is signed",
            honest.response("", &honest.assertion("")),
            "unsigned",
        ),
        (
            "by a stranger",
            by(Signing::by("stranger")),
            "bad_signature",
        ),
        (
            "by a stranger who shows their certificate",
            by(stranger.clone()),
            "unknown_certificate",
        ),
        (
            "by a stranger who shows our certificate",
            by(Signing {
                tail: key_info("idp"),
                ..Signing::by("stranger")
            }),
            "bad_signature",
        ),
        (
            "the assertion by us, the response by a stranger",
            honest.signed_response(&stranger, &honest.signed_assertion(&usual())),
            "unknown_certificate",
        ),
        (
            "RSA-SHA1",
            by(Signing {
                method: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                ..usual()
            }),
            "signature_algorithm",
        ),
        (
            "an HMAC keyed with the public key",
            by(Signing {
                method: hmac,
                ..usual()
            }),
            "signature_algorithm",
        ),
        (
            "a digest of SHA-1",
            by(Signing {
                digest: "http://www.w3.org/2000/09/xmldsig#sha1",
                ..usual()
            }),
            "digest_algorithm",
        ),
        (
            "inclusive canonicalization",
            by(Signing {
                canonicalization: inclusive,
                ..usual()
            }),
            "transform",
        ),
        (
            "a style sheet as transform",
            by(Signing {
                transforms: vec![ENVELOPED, xslt, EXCLUSIVE],
                ..usual()
            }),
            "transform",
        ),
        (
            "no transform for the signature itself",
            by(Signing {
                transforms: vec![EXCLUSIVE],
                ..usual()
            }),
            "signature_form",
        ),
        (
            "about another element",
            by(Signing {
                uri: Some(format!("#{}", honest.assertion_id)),
                ..usual()
            }),
            "reference",
        ),
        (
            "about the whole document",
            by(Signing {
                uri: Some(String::new()),
                ..usual()
            }),
            "reference",
        ),
        (
            "about a file",
            by(Signing {
                uri: Some("file:///etc/hostname".into()),
                ..usual()
            }),
            "reference",
        ),
        (
            "an object in the signature",
            by(Signing {
                tail: object,
                ..usual()
            }),
            "signature_form",
        ),
        ("two signatures", twice, "misplaced_signature"),
        (
            "somebody else's name put in",
            changed("ada@example.com", "eve@example.com"),
            "bad_signature",
        ),
        (
            "somebody else's id put in",
            changed("00uada", "00ueve"),
            "bad_signature",
        ),
        (
            "an attribute added",
            changed(
                "</saml:AttributeStatement>",
                "<saml:Attribute Name=\"x\"></saml:Attribute></saml:AttributeStatement>",
            ),
            "bad_signature",
        ),
        (
            "a value cut out",
            {
                let xml = honest.by_response();
                let s = "<ds:SignatureValue>";
                let from = xml.find(s).unwrap() + s.len();
                let to = xml.find("</ds:SignatureValue>").unwrap();
                format!("{}{}", &xml[..from], &xml[to..])
            },
            "bad_signature",
        ),
        (
            "the digest cut out",
            {
                let xml = honest.by_response();
                let s = "<ds:DigestValue>";
                let from = xml.find(s).unwrap();
                let e = "</ds:DigestValue>";
                let to = xml.find(e).unwrap() + e.len();
                format!("{}{}", &xml[..from], &xml[to..])
            },
            "signature_form",
        ),
        (
            "encrypted for us in a response that is not signed",
            honest.response(
                "",
                &encrypted(&honest.assertion(""), &fixture("sp.cert.pem")),
            ),
            "encrypted_unsigned",
        ),
        (
            "encrypted for somebody else",
            honest.signed_response(
                &usual(),
                &encrypted(&honest.assertion(""), &fixture("sp.cert.pem")),
            ),
            "undecryptable",
        ),
        (
            "a name of an algorithm that is another's",
            by(Signing {
                method: SHA256,
                ..usual()
            }),
            "signature_algorithm",
        ),
        (
            "an algorithm in other letters",
            by(usual()).replace(RSA_SHA256, &RSA_SHA256.to_uppercase()),
            "signature_algorithm",
        ),
    ]
}

/// Signed by the right key, but for others, elsewhere or at another time.
#[expect(clippy::too_many_lines, reason = "a table, one row an answer")]
fn conditions(honest: &Answer) -> Rows {
    let with = |change: &dyn Fn(&mut Answer)| {
        let mut answer = honest.clone();
        change(&mut answer);
        answer.by_response()
    };
    let restricted = |to: &str| {
        format!(
            "<saml:Conditions><saml:AudienceRestriction><saml:Audience>{to}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        )
    };
    let one_more = format!(
        "{}{}",
        "<saml:Conditions><saml:AudienceRestriction><saml:Audience>", honest.audience
    ) + "</saml:Audience></saml:AudienceRestriction><saml:Condition></saml:Condition></saml:Conditions>";
    let (late, early) = (
        honest.from.plus_seconds(-3_600),
        honest.until.plus_seconds(3_600),
    );
    vec![
        (
            "for another audience",
            with(&|a| a.audience = "https://other.example".into()),
            "audience",
        ),
        (
            "for our audience with a slash",
            with(&|a| a.audience.push('/')),
            "audience",
        ),
        (
            "for nobody",
            with(&|a| a.conditions = Some("<saml:Conditions></saml:Conditions>".into())),
            "audience",
        ),
        (
            "for an empty audience",
            with(&|a| a.conditions = Some(restricted(""))),
            "audience",
        ),
        (
            "without conditions",
            with(&|a| a.conditions = Some(String::new())),
            "form",
        ),
        (
            "with a condition nobody knows",
            with(&|a| a.conditions = Some(one_more.clone())),
            "condition",
        ),
        (
            "to be used elsewhere",
            with(&|a| a.acs = "https://other.example/acs".into()),
            "recipient",
        ),
        (
            "sent elsewhere",
            with(&|a| a.destination = " Destination=\"https://other.example/acs\"".into()),
            "destination",
        ),
        (
            "sent nowhere",
            with(&|a| a.destination = String::new()),
            "destination",
        ),
        (
            "over",
            with(&|a| {
                a.until = late;
                a.from = late.plus_seconds(-60);
            }),
            "expired",
        ),
        (
            "not yet",
            with(&|a| {
                a.from = early;
                a.until = early.plus_seconds(60);
            }),
            "not_yet",
        ),
        (
            "a session that is over",
            with(&|a| {
                a.statement = a.statement.replace(
                    " SessionIndex=\"s1\"",
                    " SessionIndex=\"s1\" SessionNotOnOrAfter=\"2026-01-05T07:00:00Z\"",
                );
            }),
            "expired",
        ),
        (
            "without a sign-in",
            with(&|a| a.statement = String::new()),
            "no_sign_in",
        ),
        (
            "from another issuer",
            with(&|a| a.issuer = "http://www.okta.com/exk2other".into()),
            "issuer",
        ),
        (
            "to another question",
            with(&|a| a.question = " InResponseTo=\"_00000000000000000000000000000000\"".into()),
            "other_question",
        ),
        (
            "the assertion to another question",
            {
                let mut a = honest.clone();
                let right = a.question.clone();
                a.question = " InResponseTo=\"_0\"".into();
                let inside = a.assertion("");
                a.question = right;
                a.signed_response(&Signing::default(), &inside)
            },
            "other_question",
        ),
        (
            "to no question, though one was asked",
            with(&|a| a.question = String::new()),
            "unaddressed",
        ),
        (
            "by holder of key",
            with(&|a| a.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
            "no_bearer",
        ),
        (
            "a sign-in that was denied",
            with(&|a| a.status = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"),
            "status",
        ),
        ("nobody", with(&|a| a.name_id = String::new()), "no_name"),
        (
            "Okta's id stated twice",
            with(&|a| {
                a.more_attributes = "<saml:Attribute Name=\"oktaId\"><saml:AttributeValue>00ueve</saml:AttributeValue></saml:Attribute>".into();
            }),
            "form",
        ),
    ]
}

/// What parsers see differently.
fn parsers(honest: &Answer) -> Rows {
    let xml = honest.by_response();
    let named = |name: &str| {
        Answer {
            name_id: name.to_owned(),
            ..honest.clone()
        }
        .by_response()
    };
    vec![
        ("a document type", format!("<!DOCTYPE r>{xml}"), "xml"),
        (
            "an entity",
            format!(
                "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{}",
                named("&e;")
            ),
            "xml",
        ),
        ("an unknown entity", named("&nbsp;ada@example.com"), "xml"),
        (
            "a comment in the name",
            named("eve@example.com<!---->.evil.example"),
            "xml",
        ),
        (
            "an instruction in the name",
            named("eve@example.com<?x?>.evil.example"),
            "xml",
        ),
        (
            "a CDATA section in the name",
            named("<![CDATA[eve@example.com]]>"),
            "xml",
        ),
        (
            "an attribute twice",
            xml.replacen(" ID=\"", " ID=\"evil\" ID=\"", 1),
            "xml",
        ),
        ("two roots", xml.repeat(2), "xml"),
        ("cut off", xml[..xml.len() - 20].to_owned(), "xml"),
        (
            "nested without end",
            format!("{}{xml}", "<a>".repeat(10_000)),
            "xml",
        ),
        (
            "a prefix without namespace",
            xml.replacen("xmlns:samlp", "xmlns:other", 1),
            "xml",
        ),
        (
            "another message",
            xml.replace("samlp:Response", "samlp:LogoutResponse"),
            "not_a_response",
        ),
        (
            "another version",
            xml.replacen(" Version=\"2.0\"", " Version=\"1.1\"", 1),
            "not_a_response",
        ),
        ("nothing at all", String::new(), "xml"),
        (
            "a response without assertion",
            honest.signed_response(&Signing::default(), ""),
            "no_assertion",
        ),
        (
            "a response of another namespace",
            xml.replace(PROTOCOL, ASSERTION),
            "not_a_response",
        ),
    ]
}

/// What does not even reach the parser.
fn fields(honest: &Answer) -> Vec<Hostile> {
    let xml = honest.by_response();
    let field = |name, field: String, want| Hostile { name, field, want };
    let latin: Vec<u8> = xml
        .replace("ada@", "\u{e4}da@")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    vec![
        field("no base64", "%%%".into(), "binding"),
        field("huge", STANDARD.encode("A".repeat(600_000)), "binding"),
        field(
            "half of it",
            STANDARD.encode(&xml)[..1_001].to_owned(),
            "binding",
        ),
        field("not UTF-8", STANDARD.encode(latin), "xml"),
        field(
            "UTF-16",
            STANDARD.encode(
                xml.encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect::<Vec<u8>>(),
            ),
            "xml",
        ),
    ]
}
