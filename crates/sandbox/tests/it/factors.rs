//! Factors: enrolling, activating and proving, with the codes that the sandbox shows and a phone that it plays.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::hmac;
use keywright_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, http, org};

/// A code of an authenticator app, computed by other means than the sandbox's: RFC 6238 over a base 32 secret.
fn totp(secret: &str, at_ms: i64) -> String {
    let bits: String = secret
        .bytes()
        .map(|letter| match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        })
        .map(|value| format!("{value:05b}"))
        .collect::<Vec<_>>()
        .concat();
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap())
        .collect();
    let seconds = (UNIX_EPOCH + Duration::from_millis(at_ms.try_into().unwrap()))
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let hash = tag.as_ref();
    let offset = usize::from(hash[19] & 15);
    let number = hash[offset..offset + 4]
        .iter()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

async fn messages(org: &Sandbox) -> Vec<Value> {
    let url = format!("{}/_sandbox/messages", org.url());
    http().get(url).send().await.unwrap().json().await.unwrap()
}

async fn phone(org: &Sandbox, order: Value) -> u16 {
    let url = format!("{}/_sandbox/phone", org.url());
    let answer = http().post(url).json(&order).send().await.unwrap();
    answer.status().as_u16()
}

async fn enrolled(org: &Sandbox, body: Value) -> (String, Value) {
    let path = "/api/v1/users/me/factors";
    let (status, made) = ask(org, Method::POST, path, Some(body)).await;
    assert_eq!(status, 200, "{made}");
    (format!("{path}/{}", made["id"].as_str().unwrap()), made)
}

#[tokio::test]
async fn a_code_of_an_app_activates_and_proves_once() {
    let org = org(0, 0).await;
    org.freeze_clock(true);
    let body = json!({ "factorType": "token:software:totp", "provider": "OKTA" });
    let (here, made) = enrolled(&org, body).await;
    assert_eq!(made["status"], "PENDING_ACTIVATION");
    let activation = &made["_embedded"]["activation"];
    assert_eq!(
        (&activation["timeStep"], &activation["encoding"]),
        (&json!(30), &json!("base32"))
    );
    let secret = activation["sharedSecret"].as_str().unwrap().to_owned();
    let activate = format!("{here}/lifecycle/activate");
    let (status, wrong) = ask(
        &org,
        Method::POST,
        &activate,
        Some(json!({ "passCode": "x" })),
    )
    .await;
    assert_eq!((status, &wrong["errorCode"]), (403, &json!("E0000068")));
    let code = totp(&secret, org.clock_ms());
    let (status, active) = ask(
        &org,
        Method::POST,
        &activate,
        Some(json!({ "passCode": code })),
    )
    .await;
    assert_eq!((status, &active["status"]), (200, &json!("ACTIVE")));
    assert_eq!(active.get("_embedded"), None);

    let verify = format!("{here}/verify");
    let shown = json!({ "passCode": code });
    let (_, again) = ask(&org, Method::POST, &verify, Some(shown)).await;
    assert_eq!(again["errorCode"], "E0000082");
    org.advance_clock_ms(30_000);
    let shown = json!({ "passCode": totp(&secret, org.clock_ms()) });
    let (_, good) = ask(&org, Method::POST, &verify, Some(shown.clone())).await;
    assert_eq!(good, json!({ "factorResult": "SUCCESS" }));
    org.advance_clock_ms(120_000);
    let (_, late) = ask(&org, Method::POST, &verify, Some(shown)).await;
    assert_eq!(late["errorCode"], "E0000083");
}

#[tokio::test]
async fn a_code_that_was_sent_is_read_at_the_control_and_dies_in_time() {
    let org = org(0, 0).await;
    org.freeze_clock(true);
    let body = json!({ "factorType": "email", "provider": "OKTA" });
    let (here, made) = enrolled(&org, body).await;
    assert_eq!(made["_links"]["resend"][0]["name"], "email");
    let sent = messages(&org).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["to"], made["profile"]["email"]);
    let again = ask(
        &org,
        Method::POST,
        &format!("{here}/resend"),
        Some(json!({})),
    )
    .await;
    assert_eq!((again.0, &again.1["errorCode"]), (429, &json!("E0000118")));

    let code = json!({ "passCode": sent[0]["code"] });
    let activate = format!("{here}/lifecycle/activate");
    let active = ask(&org, Method::POST, &activate, Some(code)).await.1;
    assert_eq!(active["status"], "ACTIVE");
    org.advance_clock_ms(6_000);
    let verify = format!("{here}/verify");
    let asked = ask(&org, Method::POST, &verify, Some(json!({}))).await.1;
    assert_eq!(asked["factorResult"], "CHALLENGE");
    let code = json!({ "passCode": messages(&org).await[1]["code"] });
    org.advance_clock_ms(301_000);
    let late = ask(&org, Method::POST, &verify, Some(code)).await.1;
    assert_eq!(late["errorCode"], "E0000068");
    ask(&org, Method::POST, &verify, Some(json!({}))).await;
    let code = json!({ "passCode": messages(&org).await[2]["code"] });
    let good = ask(&org, Method::POST, &verify, Some(code)).await.1;
    assert_eq!(good["factorResult"], "SUCCESS");
    let gone = ask(&org, Method::DELETE, &here, None).await.0;
    assert_eq!(gone, 204);
}

#[tokio::test]
async fn a_phone_number_must_be_one_and_its_authenticator_on() {
    let org = org(0, 0).await;
    let path = "/api/v1/users/me/factors";
    let sms = |number: &str| json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": number } });
    let (status, off) = ask(&org, Method::POST, path, Some(sms("+15554151337"))).await;
    assert_eq!((status, &off["errorCode"]), (400, &json!("E0000001")));
    let all = ask(&org, Method::GET, "/api/v1/authenticators", None)
        .await
        .1;
    let all = all.as_array().unwrap();
    let one = all.iter().find(|one| one["key"] == "phone_number").unwrap();
    let on = format!(
        "/api/v1/authenticators/{}/lifecycle/activate",
        one["id"].as_str().unwrap()
    );
    ask(&org, Method::POST, &on, None).await;
    let (status, wrong) = ask(&org, Method::POST, path, Some(sms("555"))).await;
    assert_eq!((status, &wrong["errorCode"]), (400, &json!("E0000098")));
    let (_, made) = enrolled(&org, sms("+1-555-415-1337")).await;
    assert_eq!(made["profile"]["phoneNumber"], "+15554151337");
    let offered = ask(&org, Method::GET, &format!("{path}/catalog"), None)
        .await
        .1;
    let offered = offered.as_array().unwrap();
    let state = |name: &str| {
        &offered
            .iter()
            .find(|one| one["factorType"] == name)
            .unwrap()["status"]
    };
    assert_eq!(state("sms"), "PENDING_ACTIVATION");
    assert_eq!(state("question"), "NOT_SETUP");
}

#[tokio::test]
async fn five_wrong_codes_within_five_minutes_are_the_most() {
    let org = org(0, 0).await;
    let body = json!({ "factorType": "token:software:totp", "provider": "OKTA" });
    let (here, _) = enrolled(&org, body).await;
    let activate = format!("{here}/lifecycle/activate");
    for _ in 0..5 {
        let wrong = ask(
            &org,
            Method::POST,
            &activate,
            Some(json!({ "passCode": "no" })),
        )
        .await;
        assert_eq!(wrong.0, 403);
    }
    let many = ask(
        &org,
        Method::POST,
        &activate,
        Some(json!({ "passCode": "no" })),
    )
    .await;
    assert_eq!((many.0, &many.1["errorCode"]), (429, &json!("E0000047")));
    org.advance_clock_ms(301_000);
    let wrong = ask(
        &org,
        Method::POST,
        &activate,
        Some(json!({ "passCode": "no" })),
    )
    .await;
    assert_eq!(wrong.0, 403);
}

#[tokio::test]
async fn a_phone_approves_refuses_or_is_waited_for_in_vain() {
    let org = org(0, 0).await;
    let (here, made) = enrolled(&org, json!({ "factorType": "push", "provider": "OKTA" })).await;
    assert_eq!(
        phone(&org, json!({ "op": "enroll", "factor": made["id"] })).await,
        200
    );
    let verify = format!("{here}/verify");
    let transaction = async |body: Value| {
        let (status, waiting) = ask(&org, Method::POST, &verify, Some(body)).await;
        assert_eq!((status, &waiting["factorResult"]), (201, &json!("WAITING")));
        let poll = waiting["_links"]["poll"]["href"]
            .as_str()
            .unwrap()
            .to_owned();
        let id = poll.rsplit('/').next().unwrap().to_owned();
        (poll, id, waiting)
    };
    let result =
        async |poll: &str| ask(&org, Method::GET, poll, None).await.1["factorResult"].clone();

    let (poll, id, _) = transaction(json!({})).await;
    assert_eq!(result(&poll).await, "WAITING");
    assert_eq!(
        phone(&org, json!({ "op": "approve", "transaction": id })).await,
        200
    );
    assert_eq!(result(&poll).await, "SUCCESS");
    assert_eq!(
        phone(&org, json!({ "op": "reject", "transaction": id })).await,
        400
    );

    let (poll, id, _) = transaction(json!({})).await;
    phone(&org, json!({ "op": "reject", "transaction": id })).await;
    assert_eq!(result(&poll).await, "REJECTED");

    let (poll, id, waiting) = transaction(json!({ "useNumberMatchingChallenge": true })).await;
    let number = waiting["_embedded"]["challenge"]["correctAnswer"]
        .as_u64()
        .unwrap();
    phone(
        &org,
        json!({ "op": "approve", "transaction": id, "number": number + 1 }),
    )
    .await;
    assert_eq!(result(&poll).await, "REJECTED");

    let (poll, _, _) = transaction(json!({})).await;
    org.advance_clock_ms(301_000);
    assert_eq!(result(&poll).await, "TIMEOUT");
}

#[tokio::test]
async fn an_answer_is_kept_and_compared_and_a_reset_takes_all_factors() {
    let org = org(0, 0).await;
    let body = json!({ "factorType": "question", "provider": "OKTA", "profile": { "question": "disliked_food", "answer": "Mayonnaise" } });
    let (here, _) = enrolled(&org, body).await;
    let verify = format!("{here}/verify");
    let good = ask(
        &org,
        Method::POST,
        &verify,
        Some(json!({ "answer": "mayonnaise" })),
    )
    .await
    .1;
    assert_eq!(good["factorResult"], "SUCCESS");
    let wrong = ask(
        &org,
        Method::POST,
        &verify,
        Some(json!({ "answer": "ketchup" })),
    )
    .await
    .1;
    assert_eq!(wrong["errorCode"], "E0000068");
    ask(
        &org,
        Method::POST,
        "/api/v1/users/me/lifecycle/reset_factors",
        None,
    )
    .await;
    let left = ask(&org, Method::GET, "/api/v1/users/me/factors", None)
        .await
        .1;
    assert_eq!(left, json!([]));
}
