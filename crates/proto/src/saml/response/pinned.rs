//! Answers that name another certificate than a pinned one in `KeyInfo`.
//!
//! Nobody is believed for what they say of their own key: `KeyInfo` does not count (security check X3), neither for an
//! answer nor against it. The library uses the pinned certificates alone, but refuses an answer that names another one
//! before it looks. So where it did, the signatures are judged here first, by the pinned certificates and nothing else;
//! only when each of them holds is the library shown what the answer names, so that it goes on to all else it checks.

use std::collections::HashSet;

use bergshamra::{
    DsigContext, KeysManager, dsig::verify::verify_all_document_with_source,
    keys::loader::load_x509_cert_der, xml::uppsala,
};

use super::{
    super::{idp::IdentityProvider, names::DSIG, xml::Element},
    shape::Shape,
};

/// Shortest HMAC that counts, in bits; HMAC is refused by shape before it comes here.
const HMAC_BITS: usize = 160;

/// Whether each signature of a message (one or two, by its shape) was made by a pinned certificate's key.
pub(super) fn signed_all(text: &str, shape: Shape, idp: &IdentityProvider) -> bool {
    let Ok(document) = uppsala::parse(text) else {
        return false;
    };
    let mut valid = HashSet::new();
    for certificate in idp.certificates() {
        let Ok(key) = load_x509_cert_der(certificate.der()) else {
            continue;
        };
        let mut keys = KeysManager::new();
        keys.add_key(key);
        // As the library sets it: this key alone, every reference computed from these very bytes; chain and dates of a
        // pinned certificate are not judged.
        let context = DsigContext::new(keys)
            .with_trusted_keys_only(true)
            .with_strict_verification(true)
            .with_require_reference_digests(true)
            .with_hmac_min_out_len(HMAC_BITS)
            .with_insecure(true);
        let Ok(results) = verify_all_document_with_source(&context, &document, Some(text)) else {
            return false;
        };
        valid.extend(
            results
                .iter()
                .filter(|result| result.all_reference_digests_verified())
                .filter_map(|result| match result {
                    bergshamra::VerifyResult::Valid { signature_node, .. } => Some(*signature_node),
                    bergshamra::VerifyResult::Invalid { .. } => None,
                }),
        );
    }
    let there = usize::from(shape.response_signed) + usize::from(shape.assertion_signed);
    there > 0 && valid.len() == there
}

/// What a message names as certificates, as it names them.
pub(super) fn named(response: &Element) -> Vec<String> {
    response
        .everything()
        .into_iter()
        .filter(|element| element.is(DSIG, "X509Certificate"))
        .map(|element| element.text().to_owned())
        .collect()
}
