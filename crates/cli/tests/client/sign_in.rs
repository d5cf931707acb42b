//! Signing in, and each way it fails.

use jiff::{SignedDuration, Timestamp};
use keywright_okta::{Clock, Credentials, Error, SigningAlgorithm, SigningKey, TokenScheme};

use crate::org::{SCOPES, client, dpop, dpop_with, oauth, sandbox, token};

#[tokio::test]
async fn all_three_kinds_sign_in() {
    let sandbox = sandbox(3, 1).await;
    for (credentials, scheme) in [
        (token(&sandbox), TokenScheme::Ssws),
        (oauth(sandbox.oauth()), TokenScheme::Bearer),
        (dpop(sandbox.dpop()), TokenScheme::Dpop),
        (
            dpop_with(sandbox.dpop(), SigningAlgorithm::Rs256),
            TokenScheme::Dpop,
        ),
    ] {
        let client = client(&sandbox, credentials).build().unwrap();
        let signed_in = client.sign_in().await.unwrap();
        assert_eq!(signed_in.scheme, scheme);
        if scheme != TokenScheme::Ssws {
            assert!(
                SCOPES
                    .iter()
                    .all(|scope| signed_in.scopes.iter().any(|given| given == scope))
            );
        }
        client
            .users(&keywright_okta::UserQuery::default())
            .unwrap()
            .next()
            .await
            .unwrap()
            .unwrap();
    }
}

/// The app does not ask for DPoP. Which token a client that offers a proof then gets is the server's to choose.
#[tokio::test]
async fn a_client_that_can_dpop_works_where_it_is_off() {
    let sandbox = sandbox(3, 1).await;
    let client = client(&sandbox, dpop(sandbox.oauth())).build().unwrap();
    let query = keywright_okta::UserQuery::default();
    assert!(
        !client
            .users(&query)
            .unwrap()
            .all()
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn each_mistake_is_told_apart() {
    let sandbox = sandbox(0, 0).await;
    let signed_in = async |credentials: Credentials| {
        client(&sandbox, credentials)
            .build()
            .unwrap()
            .sign_in()
            .await
    };

    let mine = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let client_id = sandbox.oauth().client_id.clone();
    let error = signed_in(Credentials::Oauth {
        client_id,
        key: mine.clone(),
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::KeyRejected(_)), "{error:?}");

    let error = signed_in(Credentials::Oauth {
        client_id: "0oanobody".into(),
        key: mine,
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::ClientUnknown(_)), "{error:?}");

    let error = signed_in(oauth(sandbox.dpop())).await.unwrap_err();
    assert!(matches!(error, Error::DpopRequired(_)), "{error:?}");

    sandbox.set_client_scopes(&sandbox.oauth().client_id, &["okta.users.read"]);
    let error = signed_in(oauth(sandbox.oauth())).await.unwrap_err();
    assert!(
        matches!(&error, Error::ScopeNotGranted { missing, .. } if !missing.is_empty()),
        "{error:?}"
    );

    let error = client(&sandbox, Credentials::ApiToken("00wrong".into()))
        .build()
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TokenInvalid(_)), "{error:?}");
}

#[tokio::test]
async fn without_role_or_scope() {
    let sandbox = sandbox(3, 2).await;
    let app = sandbox.oauth();
    let signed_in = client(&sandbox, oauth(app))
        .build()
        .unwrap()
        .with_scopes(["okta.users.read"]);
    let error = signed_in
        .groups(&keywright_okta::GroupQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::ScopeMissing { scopes, .. } if scopes == &["okta.groups.read"]),
        "{error:?}"
    );

    sandbox.set_client_admin(&app.client_id, false);
    // A list hides what one may not see; one thing refuses.
    assert!(
        signed_in
            .users(&keywright_okta::UserQuery::default())
            .unwrap()
            .all()
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_clock_ten_minutes_off_works() {
    let sandbox = sandbox(2, 1).await;
    for off in [
        SignedDuration::from_mins(10),
        SignedDuration::from_mins(-10),
    ] {
        for credentials in [oauth(sandbox.oauth()), dpop(sandbox.dpop())] {
            let at = sandbox.clock_ms();
            let start = std::time::Instant::now();
            let local = move || {
                let ours = Timestamp::from_millisecond(at).unwrap() + off;
                ours + SignedDuration::try_from(start.elapsed()).unwrap()
            };
            let client = client(&sandbox, credentials)
                .clock(Clock::from_fn(local))
                .build()
                .unwrap();
            client
                .users(&keywright_okta::UserQuery::default())
                .unwrap()
                .all()
                .await
                .unwrap();
            assert!(
                (client.skew() + off).abs() <= SignedDuration::from_secs(2),
                "{:?}",
                client.skew()
            );
        }
    }
}

/// Okta's nonce changes in the middle, and the token runs out in the middle.
#[tokio::test]
async fn nonce_and_token_change_in_the_middle() {
    let sandbox = sandbox(5, 2).await;
    let client = client(&sandbox, dpop(sandbox.dpop())).build().unwrap();
    client
        .users(&keywright_okta::UserQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap();
    sandbox.renew_nonce();
    // An hour and a bit: the access token is over at Okta, though not by our own count.
    sandbox.advance_clock_ms(3_700_000);
    client
        .users(&keywright_okta::UserQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap();
    let counts = sandbox.requests().counts;
    assert_eq!(counts.get("POST /oauth2/v1/token"), Some(&4), "{counts:?}");
}
