//! Keys change without a gap.

use keywright_server::connections::{self, Algorithm, Authentication, Error, Purpose, Rotated};

use super::installation::Installation;

#[tokio::test]
async fn a_new_key_that_okta_does_not_know_changes_nothing() {
    let there = Installation::new().await;
    let id = there
        .join(&there.org.dpop().clone(), Authentication::OauthDpop)
        .await;
    let mut work = there.app.begin(&there.actor).await.unwrap();
    let started =
        connections::rotate_start(&mut work, id, Purpose::Client, Algorithm::Es256, None).await;
    work.commit().await.unwrap();
    assert!(matches!(started, Ok(Rotated::Waits(_))));
    let early = connections::rotate_finish(&there.app, &there.actor, id).await;
    assert!(matches!(early, Err(Error::NewKeyRefused(_))), "{early:?}");
    assert!(there.test(id).await.passed, "the old key is still in force");
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
