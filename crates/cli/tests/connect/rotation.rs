//! Keys change without a gap.

use keywright_server::connections::{self, Algorithm, Authentication, Error, Purpose, Rotated};

use super::installation::Installation;

/// Puts a public key beside those that the app has, as an admin does in Okta's console.
async fn add_key(there: &Installation, client_id: &str, jwk: &serde_json::Value) {
    let url = keywright_okta::OrgUrl::parse(&there.org.url()).unwrap();
    let token = keywright_okta::Credentials::ApiToken(there.org.api_token().to_owned().into());
    let okta = keywright_okta::Client::builder(url, token).build().unwrap();
    let path = format!("/api/v1/apps/{client_id}");
    let mut app: serde_json::Value = okta.get(&path, &[]).await.unwrap();
    let keys = &mut app["settings"]["oauthClient"]["jwks"]["keys"];
    keys.as_array_mut().unwrap().push(jwk.clone());
    let _changed: serde_json::Value = okta.put(&path, &app, None).await.unwrap();
}

#[tokio::test]
async fn a_new_key_takes_over_once_okta_knows_it_and_not_before() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    let id = there.join(&app, Authentication::OauthDpop).await;
    let mut work = there.app.begin(&there.actor).await.unwrap();
    let started =
        connections::rotate_start(&mut work, id, Purpose::Client, Algorithm::Es256, None).await;
    work.commit().await.unwrap();
    let Ok(Rotated::Waits(key)) = started else {
        panic!("Okta cannot know it yet: {started:?}")
    };
    let early = connections::rotate_finish(&there.app, &there.actor, id).await;
    assert!(matches!(early, Err(Error::NewKeyRefused(_))), "{early:?}");
    assert!(there.test(id).await.passed, "the old key is still in force");

    add_key(&there, &app.client_id, &key.public_jwk).await;
    let done = connections::rotate_finish(&there.app, &there.actor, id).await;
    assert!(matches!(done, Ok(Rotated::Done(now)) if now.kid == key.kid));
    let work = there.app.read(&there.actor).await.unwrap();
    let kids: Vec<String> = connections::keys(&work, id)
        .await
        .unwrap()
        .into_iter()
        .filter(|key| key.purpose == Purpose::Client)
        .map(|key| key.kid)
        .collect();
    drop(work);
    assert_eq!(kids, [key.kid]);
    assert!(there.test(id).await.passed, "the new key is in force");
}

#[tokio::test]
async fn a_new_dpop_key_takes_over_at_once() {
    let there = Installation::new().await;
    let id = there
        .join(&there.org.dpop().clone(), Authentication::OauthDpop)
        .await;
    let mut work = there.app.begin(&there.actor).await.unwrap();
    let done =
        connections::rotate_start(&mut work, id, Purpose::Dpop, Algorithm::Es256, None).await;
    work.commit().await.unwrap();
    assert!(matches!(done, Ok(Rotated::Done(_))));
    assert!(there.test(id).await.passed);
}
