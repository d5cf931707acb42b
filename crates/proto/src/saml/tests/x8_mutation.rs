//! X8: any changed byte that is signed makes the answer refused, and no change at all makes it another person's.

use std::ops::Range;

use proptest::prelude::*;

use super::{
    super::{Identity, IdentityProvider, Refusal, verify},
    forge::Answer,
    world::{expectation, fixture, now, pinned},
};

fn judge(xml: &[u8], idp: &IdentityProvider) -> Result<Identity, Refusal> {
    verify(xml, &expectation(idp), now())
}

/// What of an answer is not covered by its signature: the value, and the certificate that is not used.
fn unsigned(xml: &str) -> Range<usize> {
    let from = xml.find("</ds:SignedInfo>").expect("a signature");
    from + 16..xml.find("</ds:Signature>").expect("a signature")
}

#[test]
fn x8_every_changed_byte_of_a_signed_response_is_refused() {
    let idp = pinned(&["idp"]);
    let xml = Answer::default().by_response();
    let honest = judge(xml.as_bytes(), &idp).expect("an identity");
    let loose = unsigned(&xml);
    let mut bytes = xml.into_bytes();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        match judge(&bytes, &idp) {
            Err(_) => {}
            Ok(read) if loose.contains(&at) => assert_eq!(read, honest, "byte {at}"),
            Ok(_) => panic!("byte {at} may be changed"),
        }
        bytes[at] ^= 1;
    }
}

#[test]
fn x8_every_changed_byte_of_a_signed_assertion_is_refused() {
    let idp = pinned(&["idp"]);
    let xml = Answer::default().by_assertion();
    let from = xml.find("<saml:Assertion").expect("an assertion");
    let to = xml.find("</saml:Assertion>").expect("an assertion");
    let loose = unsigned(&xml);
    let mut bytes = xml.into_bytes();
    for at in (from..to).filter(|at| !loose.contains(at)) {
        bytes[at] ^= 1;
        assert!(judge(&bytes, &idp).is_err(), "byte {at} may be changed");
        bytes[at] ^= 1;
    }
}

/// One blow to a text.
#[derive(Debug, Clone)]
enum Blow {
    Change(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

fn blow() -> impl Strategy<Value = Blow> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Blow::Change(at, byte)),
        (at(), "[<>&\"'!a-z /=#?-]{1,8}").prop_map(|(at, text)| Blow::Insert(at, text.into())),
        (at(), 1..200_usize).prop_map(|(at, count)| Blow::Remove(at, count)),
        (at(), 1..200_usize).prop_map(|(at, count)| Blow::Repeat(at, count)),
    ]
}

fn struck(bytes: &mut Vec<u8>, blow: &Blow) {
    if bytes.is_empty() {
        return;
    }
    match blow {
        Blow::Change(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Blow::Insert(at, text) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.iter().copied());
        }
        Blow::Remove(at, count) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Blow::Repeat(at, count) => {
            let at = at.index(bytes.len());
            let part = bytes[at..(at + count).min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn x8_blows_never_make_another_identity(
        file in prop::sample::select(vec!["response-sha256.xml", "assertion-sha512.xml", "both-sha256.xml"]),
        blows in prop::collection::vec(blow(), 1..4),
    ) {
        let idp = pinned(&["idp"]);
        let xml = fixture(file);
        let honest = judge(xml.as_bytes(), &idp).expect("an identity");
        let mut bytes = xml.into_bytes();
        for blow in &blows {
            struck(&mut bytes, blow);
        }
        if let Ok(read) = judge(&bytes, &idp) {
            prop_assert_eq!(read, honest);
        }
    }
}
