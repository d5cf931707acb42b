//! Each fault of an app in Okta gets its own finding, and the mend for just that.

use keywright_server::connections::{Authentication, Capability, New, Outcome, Status};

use super::installation::{Installation, first_failed};

#[tokio::test]
async fn a_good_app_passes_and_the_connection_is_active() {
    let there = Installation::new().await;
    let id = there
        .join(&there.org.dpop().clone(), Authentication::OauthDpop)
        .await;
    assert_eq!(there.status(id).await, Status::Inactive);
    let report = there.test(id).await;
    assert!(report.passed, "{report:?}");
    assert!(
        report
            .checks
            .iter()
            .all(|check| check.outcome == Outcome::Ok),
        "{report:?}"
    );
    assert_eq!(there.status(id).await, Status::Active);
}

#[tokio::test]
async fn without_an_administrator_role() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    there.org.set_client_admin(&app.client_id, false);
    let id = there.join(&app, Authentication::OauthDpop).await;
    let report = there.test(id).await;
    let failed = first_failed(&report);
    assert_eq!(failed.capability, Capability::Role, "{report:?}");
    let mend = failed.mend.as_deref().unwrap();
    assert!(
        mend.contains(&app.client_id)
            && mend.contains("Admin roles")
            && mend.contains("Read-Only Administrator"),
        "{mend}"
    );
    assert_eq!(there.status(id).await, Status::Failing);
    there.org.set_client_admin(&app.client_id, true);
    assert!(there.test(id).await.passed);
    assert_eq!(there.status(id).await, Status::Active);
}

#[tokio::test]
async fn without_a_scope() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    there
        .org
        .set_client_scopes(&app.client_id, &["okta.users.read"]);
    let id = there.join(&app, Authentication::OauthDpop).await;
    let report = there.test(id).await;
    let failed = first_failed(&report);
    assert_eq!(
        (failed.capability, failed.scope.as_deref()),
        (Capability::Scope, Some("okta.groups.read")),
        "{report:?}"
    );
    let mend = failed.mend.as_deref().unwrap();
    assert!(
        mend.contains("Okta API Scopes") && mend.contains("okta.groups.read"),
        "{mend}"
    );
}

#[tokio::test]
async fn without_any_scope_each_is_named() {
    let there = Installation::new().await;
    let app = there.org.oauth().clone();
    there.org.set_client_scopes(&app.client_id, &[]);
    let id = there.join(&app, Authentication::Oauth).await;
    let report = there.test(id).await;
    let known = report
        .checks
        .iter()
        .find(|check| check.capability == Capability::Authenticated)
        .unwrap();
    assert_eq!(known.outcome, Outcome::Ok, "the key is right: {report:?}");
    let scopes: Vec<(&str, Outcome)> = report
        .checks
        .iter()
        .filter_map(|check| Some((check.scope.as_deref()?, check.outcome)))
        .collect();
    assert_eq!(
        scopes,
        [
            ("okta.groups.read", Outcome::Failed),
            ("okta.users.read", Outcome::Warning)
        ]
    );
}

#[tokio::test]
async fn a_helpful_scope_that_is_missing_is_left_out_of_the_work() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    there
        .org
        .set_client_scopes(&app.client_id, &["okta.groups.read"]);
    let id = there.join(&app, Authentication::OauthDpop).await;
    assert!(there.test(id).await.passed);
    let client = keywright_server::connections::client(&there.app, there.actor.tenant, id)
        .await
        .unwrap();
    assert_eq!(client.scopes(), ["okta.groups.read"]);
    client.sign_in().await.unwrap();
}

#[tokio::test]
async fn with_the_wrong_key() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    let id = there
        .connect(New {
            client_id: Some(app.client_id.clone()),
            ..there.plain()
        })
        .await;
    let report = there.test(id).await;
    let failed = first_failed(&report);
    assert_eq!(failed.capability, Capability::Authenticated, "{report:?}");
    let mend = failed.mend.as_deref().unwrap();
    assert!(
        mend.contains("Public Keys") && mend.contains("--jwk") && mend.contains("jwks.json"),
        "{mend}"
    );
}

#[tokio::test]
async fn with_dpop_required_but_off() {
    let there = Installation::new().await;
    let app = there.org.dpop().clone();
    let id = there.join(&app, Authentication::Oauth).await;
    let report = there.test(id).await;
    let failed = first_failed(&report);
    assert_eq!(failed.capability, Capability::Authenticated, "{report:?}");
    let mend = failed.mend.as_deref().unwrap();
    assert!(
        mend.contains("--auth oauth_dpop") && mend.contains("leave DPoP on"),
        "{mend}"
    );
}

#[tokio::test]
async fn with_a_client_id_that_is_not_there() {
    let there = Installation::new().await;
    let id = there
        .connect(New {
            client_id: Some("0oaNOTHERE".into()),
            ..there.plain()
        })
        .await;
    let report = there.test(id).await;
    let mend = first_failed(&report).mend.as_deref().unwrap();
    assert!(
        mend.contains("--client-id") && mend.contains("API Services"),
        "{mend}"
    );
}

#[tokio::test]
async fn with_a_dead_api_token() {
    let there = Installation::new().await;
    let mut new = there.plain();
    new.authentication = Authentication::ApiToken;
    new.api_token = Some("00deadtokenthatnobodyeverknewofatallXYZ012".into());
    let id = there.connect(new).await;
    let report = there.test(id).await;
    let failed = first_failed(&report);
    assert_eq!(failed.capability, Capability::Authenticated);
    assert!(
        failed
            .mend
            .as_deref()
            .unwrap()
            .contains("Security > API > Tokens"),
        "{report:?}"
    );
}

#[tokio::test]
async fn with_a_clock_ten_minutes_off_it_still_works_and_is_told() {
    let there = Installation::new().await;
    there.org.advance_clock_ms(600_000);
    let id = there
        .join(&there.org.dpop().clone(), Authentication::OauthDpop)
        .await;
    let report = there.test(id).await;
    assert!(report.passed, "{report:?}");
    let clock = report
        .checks
        .iter()
        .find(|check| check.capability == Capability::Clock)
        .unwrap();
    assert_eq!(clock.outcome, Outcome::Warning);
    assert!(clock.finding.contains("behind"), "{}", clock.finding);
}

#[tokio::test]
async fn an_org_that_is_away() {
    let there = Installation::new().await;
    let id = there
        .join(&there.org.dpop().clone(), Authentication::OauthDpop)
        .await;
    let (app, actor) = (there.app.clone(), there.actor.clone());
    there.org.stop().await;
    let report = keywright_server::connections::test(&app, &actor, id)
        .await
        .unwrap();
    let failed = first_failed(&report);
    assert_eq!(failed.capability, Capability::Reachable);
    assert!(
        failed.finding.contains("does not answer"),
        "{}",
        failed.finding
    );
}
