//! RSA with SHA-1, which Okta still offers and no service provider should take: no library signs with it any more.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use num_bigint::BigUint;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;

/// What stands before a SHA-1 digest (RFC 8017 section 9.2, note 1).
const PREFIX: [u8; 15] = [
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
];

/// A signature by a key in PKCS #8. It takes its time by the key: fit for a sandbox, where keys are nobody's secret.
pub(super) fn sign(pkcs8: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let (modulus, exponent) = parts(pkcs8)?;
    let length = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let padding = length.checked_sub(PREFIX.len() + hash.as_ref().len() + 3)?;
    let encoded = [
        &[0, 1],
        vec![0xff; padding].as_slice(),
        &[0],
        &PREFIX,
        hash.as_ref(),
    ]
    .concat();
    let signed = BigUint::from_bytes_be(&encoded)
        .modpow(&exponent, &modulus)
        .to_bytes_be();
    let mut whole = vec![0; length.checked_sub(signed.len())?];
    whole.extend(signed);
    Some(whole)
}

/// Modulus and private exponent.
fn parts(pkcs8: &[u8]) -> Option<(BigUint, BigUint)> {
    let (outer, _) = read(SEQUENCE, pkcs8)?;
    let (_, rest) = read(INTEGER, outer)?;
    let (_, rest) = read(SEQUENCE, rest)?;
    let (key, _) = read(OCTETS, rest)?;
    let (numbers, _) = read(SEQUENCE, key)?;
    let (_, rest) = read(INTEGER, numbers)?;
    let (modulus, rest) = read(INTEGER, rest)?;
    let (_, rest) = read(INTEGER, rest)?;
    let (exponent, _) = read(INTEGER, rest)?;
    let number = BigUint::from_bytes_be;
    Some((number(modulus), number(exponent)))
}

/// One value of DER with this tag, and what follows it.
fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        (length, rest)
    };
    (found == tag).then_some(rest.split_at_checked(length)?)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RsaKeyPair, UnparsedPublicKey,
    };

    #[test]
    fn another_library_takes_the_signature() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let signature = super::sign(pair.as_der().unwrap().as_ref(), b"message").unwrap();
        let public = UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            pair.public_key().as_ref(),
        );
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(public.verify(b"massage", &signature).is_err());
    }
}
