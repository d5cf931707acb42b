//! `connection test` tells four different faults apart, each with its mend.

use reqwest::Method;
use serde_json::Value;

use crate::{
    on_both,
    org::{Org, text},
    site::Site,
};

on_both!(four_faults_have_four_answers);

/// Joins with this key and authentication without testing, then tests; gives the checks that did not end well.
fn failures(site: &Site, org: &Org, name: &str, auth: &str, pem: &str) -> Vec<(String, String)> {
    let app = org.app("dpop");
    let key = site.place().join(format!("{name}.pem"));
    std::fs::write(&key, pem).expect("a key");
    let (client, kid) = (text(&app["client_id"]), text(&app["kid"]));
    let key = key.to_str().expect("a path");
    site.done(&[
        "connect",
        &org.url,
        "--name",
        name,
        "--auth",
        auth,
        "--client-id",
        &client,
        "--key-file",
        key,
        "--kid",
        &kid,
        "--no-test",
    ]);
    let ended = site.run(&["connection", "test", name, "--output", "json"]);
    // An org is joined once at a time.
    site.done(&["connection", "remove", name, "--yes"]);
    let report: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let checks = report["checks"].as_array().expect("checks");
    let failed: Vec<_> = checks
        .iter()
        .filter(|check| check["outcome"] == "failed")
        .collect();
    assert_eq!(ended.code, Some(i32::from(!failed.is_empty())), "{ended:?}");
    failed
        .iter()
        .map(|check| {
            (
                text(&check["capability"]),
                format!("{} {}", check["finding"], check["mend"]),
            )
        })
        .collect()
}

async fn four_faults_have_four_answers(site: Site) {
    let org = Org::start(&["--people", "20", "--groups", "3"]);
    let app = org.app("dpop");
    let pem = text(&app["private_key_pem"]);
    let client = text(&app["client_id"]);
    assert_eq!(
        failures(&site, &org, "whole", "oauth_dpop", &pem),
        [],
        "a connection without fault"
    );

    let other = text(&org.app("oauth")["private_key_pem"]);
    let wrong_key = failures(&site, &org, "wrong-key", "oauth_dpop", &other);
    let no_dpop = failures(&site, &org, "no-dpop", "oauth", &pem);

    let roles = org
        .list(&format!("/oauth2/v1/clients/{client}/roles"))
        .await;
    for role in &roles {
        org.done(
            Method::DELETE,
            &format!("/oauth2/v1/clients/{client}/roles/{}", text(&role["id"])),
            None,
        )
        .await;
    }
    let no_role = failures(&site, &org, "no-role", "oauth_dpop", &pem);
    org.done(
        Method::POST,
        &format!("/oauth2/v1/clients/{client}/roles"),
        Some(serde_json::json!({"type": "SUPER_ADMIN"})),
    )
    .await;

    let grants = org.list(&format!("/api/v1/apps/{client}/grants")).await;
    for grant in grants
        .iter()
        .filter(|grant| text(&grant["scopeId"]).starts_with("okta.groups."))
    {
        org.done(
            Method::DELETE,
            &format!("/api/v1/apps/{client}/grants/{}", text(&grant["id"])),
            None,
        )
        .await;
    }
    let no_scope = failures(&site, &org, "no-scope", "oauth_dpop", &pem);

    for (fault, found, word) in [
        ("wrong key", &wrong_key, "key"),
        ("DPoP off", &no_dpop, "DPoP"),
        ("no role", &no_role, "role"),
        ("no scope", &no_scope, "okta.groups.read"),
    ] {
        assert!(
            found.iter().any(|(_, words)| words.contains(word)),
            "{fault}: {found:?}"
        );
    }
    let firsts: std::collections::BTreeSet<_> = [&wrong_key, &no_dpop, &no_role, &no_scope]
        .iter()
        .map(|found| &found[0].1)
        .collect();
    assert_eq!(firsts.len(), 4, "two faults have one answer: {firsts:?}");
}
