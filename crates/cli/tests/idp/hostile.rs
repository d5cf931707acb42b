//! What the identity provider does wrong on demand is refused, each for its own reason.

use keywright_proto::saml::{Identity, Refusal, XmlError};
use keywright_sandbox::{Effect, Fault, SamlFault};
use serde_json::json;

use crate::visit::World;

/// Whether a verdict is the one that a fault deserves.
fn deserved(fault: SamlFault, verdict: &Result<Identity, Refusal>) -> bool {
    let Err(refusal) = verdict else {
        return false;
    };
    let elsewhere = "https://elsewhere.example/saml";
    match fault {
        SamlFault::BadSignature | SamlFault::Altered => *refusal == Refusal::BadSignature,
        SamlFault::ForeignKey => {
            matches!(refusal, Refusal::BadSignature | Refusal::UnknownCertificate)
        }
        SamlFault::Unsigned => *refusal == Refusal::Unsigned,
        SamlFault::Sha1 => {
            matches!(refusal, Refusal::SignatureAlgorithm(name) if name.ends_with("rsa-sha1"))
        }
        SamlFault::Wrapping(3 | 5) | SamlFault::TwoAssertions => {
            *refusal == Refusal::SeveralAssertions
        }
        SamlFault::Wrapping(_) => *refusal == Refusal::MisplacedAssertion,
        SamlFault::Stale => matches!(refusal, Refusal::Expired { .. }),
        SamlFault::NotYet => matches!(refusal, Refusal::NotYet { .. }),
        SamlFault::WrongAudience => {
            matches!(refusal, Refusal::Audience { found } if found == elsewhere)
        }
        SamlFault::WrongRecipient => {
            matches!(refusal, Refusal::Recipient { found } if found == elsewhere)
        }
        SamlFault::WrongDestination => {
            matches!(refusal, Refusal::Destination { found } if found == elsewhere)
        }
        SamlFault::WrongIssuer => {
            matches!(refusal, Refusal::Issuer { found } if found == elsewhere)
        }
        SamlFault::WrongRequest => *refusal == Refusal::OtherQuestion,
        SamlFault::Unsolicited => *refusal == Refusal::Unsolicited,
        SamlFault::CommentInNameId => *refusal == Refusal::Xml(XmlError::Comment),
        SamlFault::Doctype => *refusal == Refusal::Xml(XmlError::Doctype),
        other => panic!("{other:?} is not in the table"),
    }
}

#[tokio::test]
async fn every_fault_is_refused() {
    let world = World::new(json!({})).await;
    let idp = world.idp().await;
    let mut faults = vec![
        SamlFault::BadSignature,
        SamlFault::Altered,
        SamlFault::Unsigned,
        SamlFault::Sha1,
        SamlFault::ForeignKey,
        SamlFault::Stale,
        SamlFault::NotYet,
        SamlFault::WrongAudience,
        SamlFault::WrongRecipient,
        SamlFault::WrongDestination,
        SamlFault::WrongIssuer,
        SamlFault::WrongRequest,
        SamlFault::Unsolicited,
        SamlFault::CommentInNameId,
        SamlFault::Doctype,
        SamlFault::TwoAssertions,
    ];
    faults.extend((1..=8).map(SamlFault::Wrapping));
    let mut wrong = Vec::new();
    for fault in faults {
        world.sandbox.clear_faults();
        world
            .sandbox
            .fault(Fault::new("GET", "*/sso/saml", Effect::Saml(fault)));
        let verdict = world.judged(&idp).await;
        if !deserved(fault, &verdict) {
            wrong.push((fault, verdict));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.judged(&idp).await.unwrap();
}

#[tokio::test]
async fn a_replayed_answer_is_the_one_before() {
    let world = World::new(json!({})).await;
    let idp = world.idp().await;
    let rule = Fault::new("GET", "*/sso/saml", Effect::Saml(SamlFault::Replay));
    world.sandbox.fault(rule.nth(2));
    let first = world.judged(&idp).await.unwrap();
    let second = world.judged(&idp).await.unwrap();
    assert_eq!(first.assertion_id, second.assertion_id);
    assert_eq!(second.once(false).unwrap_err(), Refusal::Replayed);
    let third = world.judged(&idp).await.unwrap();
    assert_ne!(first.assertion_id, third.assertion_id);
}
