//! Every honest answer is taken.

use keywright_proto::saml::{Demand, Refusal, RelayState};
use serde_json::{Value, json};

use crate::visit::{ACS, ADA, Carried, World, sp_certificate, sp_key};

fn relay() -> RelayState {
    RelayState::from_random([9; 16])
}

#[tokio::test]
async fn every_way_to_sign_and_encrypt_is_taken() {
    let encrypted = |algorithm: &str| json!({ "enabled": true, "encryptionAlgorithm": algorithm, "keyTransportAlgorithm": "RSA_OAEP", "x5c": [sp_certificate()] });
    let signed = |response: bool, assertion: bool, hash: &str| {
        json!({
            "responseSigned": response, "assertionSigned": assertion,
            "signatureAlgorithm": format!("RSA_{hash}"), "digestAlgorithm": hash,
        })
    };
    let with = |mut one: Value, encryption: Value| {
        one["assertionEncryption"] = encryption;
        one
    };
    for (name, settings, demand) in [
        ("response", signed(true, false, "SHA256"), Demand::Response),
        (
            "response, SHA-512",
            signed(true, false, "SHA512"),
            Demand::Response,
        ),
        (
            "assertion",
            signed(false, true, "SHA256"),
            Demand::Assertion,
        ),
        (
            "assertion, SHA-512",
            signed(false, true, "SHA512"),
            Demand::Assertion,
        ),
        ("both", signed(true, true, "SHA256"), Demand::Both),
        ("both, SHA-512", signed(true, true, "SHA512"), Demand::Both),
        (
            "encrypted by GCM",
            with(signed(true, false, "SHA256"), encrypted("AES256_GCM")),
            Demand::Response,
        ),
        (
            "encrypted by CBC",
            with(signed(true, false, "SHA256"), encrypted("AES256_CBC")),
            Demand::Response,
        ),
        (
            "encrypted by CBC, 128",
            with(signed(true, false, "SHA256"), encrypted("AES128_CBC")),
            Demand::Response,
        ),
        (
            "encrypted, both signed",
            with(signed(true, true, "SHA512"), encrypted("AES256_GCM")),
            Demand::Both,
        ),
    ] {
        let world = World::new(settings).await;
        let idp = world.idp().await;
        for by_post in [false, true] {
            let question = world.question(&idp);
            let asked = if by_post {
                question.post(&relay(), &sp_key())
            } else {
                question.redirect(&relay(), &sp_key())
            };
            let carried = Carried::of(world.visit(asked.unwrap(), ADA).await).await;
            assert_eq!(carried.action, ACS, "{name}");
            assert_eq!(carried.relay.as_deref(), Some(relay().as_str()), "{name}");
            let identity = world
                .judge(&carried.xml, &idp, Some(question.id()), demand)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
            assert_eq!(identity.name_id, ADA, "{name}");
            let user = world
                .api("GET", &format!("/api/v1/users/{ADA}"), None)
                .await;
            assert_eq!(identity.attribute("oktaId"), user["id"].as_str(), "{name}");
            assert_eq!(identity.attribute("first"), Some("Ada <&> "), "{name}");
        }
    }
}

#[tokio::test]
async fn a_tile_answers_what_nobody_asked() {
    let world = World::new(json!({ "defaultRelayState": "/start?a=1&b='2'" })).await;
    let idp = world.idp().await;
    let tile = world.app["_links"]["appLinks"][0]["href"].as_str().unwrap();
    let page = world
        .sign_in(world.http.get(tile).send().await.unwrap(), ADA)
        .await;
    let carried = Carried::of(page).await;
    assert_eq!(carried.relay.as_deref(), Some("/start?a=1&b='2'"));
    let verdict = world.judge(&carried.xml, &idp, None, Demand::Both);
    assert_eq!(verdict.unwrap_err(), Refusal::Unsolicited);
}

#[tokio::test]
async fn keys_roll_over() {
    let world = World::new(json!({})).await;
    let before = world.idp().await;
    let id = world.app["id"].as_str().unwrap();
    let path = format!("/api/v1/apps/{id}/credentials/keys/generate?validityYears=2");
    let new = world.api("POST", &path, None).await;
    world.judged(&before).await.unwrap();

    let mut app = world.app.clone();
    app["credentials"]["signing"] = json!({ "kid": new["kid"] });
    world
        .api("PUT", &format!("/api/v1/apps/{id}"), Some(app))
        .await;
    let refusal = world.judged(&before).await.unwrap_err();
    let by_key = [Refusal::BadSignature, Refusal::UnknownCertificate];
    assert!(by_key.contains(&refusal), "{refusal:?}");
    let after = world.idp().await;
    assert_ne!(before.certificates(), after.certificates());
    world.judged(&after).await.unwrap();
}

#[tokio::test]
async fn questions_are_checked_where_the_app_asks_for_it() {
    let settings =
        json!({ "samlSignedRequestEnabled": true, "spCertificate": { "x5c": [sp_certificate()] } });
    let world = World::new(settings).await;
    let idp = world.idp().await;
    world.judged(&idp).await.unwrap();

    let question = world.question(&idp);
    let keywright_proto::saml::Signed::Redirect { url } =
        question.redirect(&relay(), &sp_key()).unwrap()
    else {
        panic!("a redirect");
    };
    for (name, changed) in [
        (
            "another relay state",
            url.replace("RelayState=09", "RelayState=08"),
        ),
        (
            "no signature",
            url.split("&SigAlg").next().unwrap().to_owned(),
        ),
    ] {
        assert_ne!(changed, url);
        let answer = world.http.get(changed).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{name}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("signature is not accepted"), "{name}: {text}");
    }
}
