use super::*;

fn both() -> [SigningKey; 2] {
    [SigningAlgorithm::Rs256, SigningAlgorithm::Es256]
        .map(|algorithm| SigningKey::generate(algorithm).unwrap())
}

/// The example of RFC 7638 section 3.1.
#[test]
fn thumbprint_of_the_rfc() {
    let jwk: Jwk = serde_json::from_str(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    )
    .unwrap();
    assert_eq!(
        thumbprint(&jwk).unwrap(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn made_keys_survive_being_stored() {
    for key in both() {
        let again = SigningKey::from_pem(key.private_pem().reveal()).unwrap();
        assert_eq!(
            (again.kid(), again.algorithm()),
            (key.kid(), key.algorithm())
        );
        assert!(key.matches(&again.public_pem()).unwrap());
        assert!(
            key.matches(&serde_json::to_string(&again.public_jwk()).unwrap())
                .unwrap()
        );
        assert!(
            key.public_jwk().other.is_empty(),
            "no private member in the public half"
        );
    }
}

#[test]
fn a_wrong_pair_is_refused() {
    let [rsa, ec] = both();
    let other = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    for stranger in [
        rsa.public_pem(),
        other.public_pem(),
        serde_json::to_string(&other.public_jwk()).unwrap(),
    ] {
        assert_eq!(
            SigningKey::from_pem_pair(ec.private_pem().reveal(), &stranger).unwrap_err(),
            KeyError::WrongPair
        );
    }
    assert_eq!(ec.matches("hello"), Err(KeyError::NotAPublicKey));
    assert_eq!(
        ec.matches(ec.private_pem().reveal()),
        Err(KeyError::NotAPublicKey)
    );
}

#[test]
fn what_is_no_key_is_told_apart() {
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let [rsa, _] = both();
    for (pem, want) in [
        ("", KeyError::NotAPrivateKey),
        (rsa.public_pem().as_str(), KeyError::NotAPrivateKey),
        (encrypted, KeyError::Encrypted),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            KeyError::Unsupported,
        ),
    ] {
        assert_eq!(SigningKey::from_pem(pem).unwrap_err(), want);
    }
}

#[test]
fn debug_shows_no_private_bytes() {
    for key in both() {
        assert_eq!(
            format!("{key:?}"),
            format!("SigningKey({} {})", key.algorithm().as_str(), key.kid())
        );
        assert_eq!(format!("{:?}", key.private_pem()), "***");
    }
}

/// PKCS#1 and SEC 1, as older tools write them: made here by taking the inner key out of the PKCS#8 wrapping.
#[test]
fn older_forms_are_read() {
    use aws_lc_rs::encoding::EcPrivateKeyRfc5915Der;
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = ec.private_key().as_der().unwrap();
    let read = SigningKey::from_pem(&pem::encode("EC PRIVATE KEY", sec1.as_ref())).unwrap();
    assert_eq!(read.algorithm(), SigningAlgorithm::Es256);

    let rsa = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let rcgen_reads = rcgen::KeyPair::from_pem(rsa.private_pem().reveal()).unwrap();
    // RFC 8017 A.1.2 inside RFC 5208: version, algorithm, then the RSAPrivateKey as OCTET STRING after 26 bytes.
    let pkcs1 = &rcgen_reads.serialized_der()[26..];
    let read = SigningKey::from_pem(&pem::encode("RSA PRIVATE KEY", pkcs1)).unwrap();
    assert_eq!(read.kid(), rsa.kid());
}

#[test]
fn a_key_bears_the_name_it_was_given() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let named = key.with_kid("kid-in-okta");
    assert_eq!(
        (named.kid(), named.public_jwk().kid.get().unwrap().as_str()),
        ("kid-in-okta", "kid-in-okta")
    );
    assert!(named.matches(&key.public_pem()).unwrap());
}
