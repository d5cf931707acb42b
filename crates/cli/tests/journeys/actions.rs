//! The nineteen actions by command, in each way to prove oneself: the life of one person at Okta.

use serde_json::{Value, json};

use crate::{
    on_both,
    org::{Org, text},
    site::Site,
};

on_both!(all_nineteen_by_command);

/// Joins the org in one way.
fn join(site: &Site, org: &Org, auth: &str) {
    let mut arguments = vec![
        "connect",
        &org.url,
        "--name",
        "acme",
        "--jobs",
        "sync,actions",
        "--auth",
        auth,
    ];
    let file = site.place().join(format!("{auth}.secret"));
    let path = file.to_str().expect("a path").to_owned();
    let (client, kid);
    if auth == "api_token" {
        std::fs::write(&file, &org.token).expect("a token");
        arguments.extend(["--token-file", &path]);
    } else {
        let app = org.app(if auth == "oauth" { "oauth" } else { "dpop" });
        std::fs::write(&file, text(&app["private_key_pem"])).expect("a key");
        (client, kid) = (text(&app["client_id"]), text(&app["kid"]));
        arguments.extend(["--client-id", &client, "--key-file", &path, "--kid", &kid]);
    }
    site.done(&arguments);
}

/// Runs an action; gives its whole answer.
fn run(site: &Site, name: &str, members: &[&str]) -> Value {
    let mut arguments = vec!["action", "run", name, "--yes", "--output", "json"];
    arguments.extend(members);
    let out = site.done(&arguments);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{name}: {error}: {out}"))
}

fn status(site: &Site, name: &str, members: &[&str]) -> String {
    text(&run(site, name, members)["output"]["user"]["status"])
}

async fn all_nineteen_by_command(site: Site) {
    let org = Org::start(&["--people", "10", "--groups", "2"]);
    let group = org.groups().await[0].0.clone();
    for auth in ["api_token", "oauth", "oauth_dpop"] {
        join(&site, &org, auth);
        live(
            &site,
            &format!("{auth}@acme.example").replace('_', "-"),
            &group,
        );
        site.done(&["connection", "remove", "acme", "--yes"]);
    }
}

fn live(site: &Site, login: &str, group: &str) {
    let person = site.place().join("person.json");
    let input = json!({
        "profile": {"login": login, "email": login, "firstName": "Com", "lastName": "Mand"},
        "credentials": {"password": {"value": "Sunny-Day-4711"}, "recovery_question": {"question": "Whose?", "answer": "nobody's"}},
    });
    std::fs::write(&person, input.to_string()).expect("a file");
    let person = person.to_str().expect("a path").to_owned();
    let made = run(
        site,
        "create-user",
        &["--input", &person, "--idempotency-key", login],
    );
    let id = text(&made["output"]["user"]["id"]);
    let again = run(
        site,
        "create-user",
        &["--input", &person, "--idempotency-key", login],
    );
    assert_eq!(again["output"]["user"]["id"], made["output"]["user"]["id"]);
    let user = format!("userId={id}");
    let both = [user.as_str(), &format!("groupId={group}")];
    assert_eq!(
        run(site, "get-user", &[&user])["output"]["profile"]["login"],
        login
    );
    let titled = run(site, "update-user", &[&user, "profile.title=Pilot"]);
    assert_eq!(titled["output"]["user"]["profile"]["title"], "Pilot");
    let found = run(
        site,
        "search-users",
        &[&format!("filter=profile.login eq \"{login}\"")],
    );
    assert_eq!(found["items"][0]["id"], id.as_str());
    assert!(
        !run(site, "search-groups", &["filter=type eq \"OKTA_GROUP\""])["items"]
            .as_array()
            .expect("groups")
            .is_empty()
    );
    assert_eq!(
        run(site, "add-user-to-group", &both)["output"]["member"],
        true
    );
    let members = site.done(&[
        "action",
        "run",
        "list-group-members",
        both[1],
        "--all",
        "--output",
        "json",
    ]);
    assert!(members.lines().any(|line| line.contains(&id)), "{members}");
    let groups = run(site, "list-user-groups", &[&user]);
    assert!(
        groups["items"]
            .as_array()
            .expect("groups")
            .iter()
            .any(|one| one["id"] == group)
    );
    assert_eq!(
        run(site, "remove-user-from-group", &both)["output"]["member"],
        false
    );
    assert!(run(site, "list-user-apps", &[&user])["items"].is_array());
    assert!(run(site, "list-logons-by-ip", &["ipAddress=192.0.2.7"])["items"].is_array());
    let link = run(site, "get-password-reset-link", &[&user]);
    assert!(link["output"]["resetPasswordUrl"].is_string());
    assert_eq!(status(site, "suspend-user", &[&user]), "SUSPENDED");
    assert_eq!(status(site, "unsuspend-user", &[&user]), "ACTIVE");
    assert_eq!(
        status(site, "expire-password", &[&user]),
        "PASSWORD_EXPIRED"
    );
    assert_eq!(
        status(site, "reset-password", &[&user, "sendEmail=false"]),
        "RECOVERY"
    );
    assert_eq!(status(site, "deactivate-user", &[&user]), "DEPROVISIONED");
    assert_ne!(
        status(site, "activate-user", &[&user, "sendEmail=false"]),
        "DEPROVISIONED"
    );
    asks_before_it_deletes(site, &user);
    for step in ["deactivated", "deleted"] {
        assert_eq!(run(site, "delete-user", &[&user])["output"]["step"], step);
    }
    let gone = site.run(&["action", "run", "get-user", &user]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
}

fn asks_before_it_deletes(site: &Site, user: &str) {
    let asked = site.run(&["action", "run", "delete-user", user]);
    assert_eq!(
        asked.code,
        Some(2),
        "nobody is there to be asked: {asked:?}"
    );
    let planned = site.done(&["action", "run", "delete-user", user, "--plan"]);
    assert!(planned.contains("the first step"), "{planned}");
    let secret = site.run(&[
        "action",
        "run",
        "create-user",
        "credentials.password.value=x",
    ]);
    assert_eq!(secret.code, Some(2), "{secret:?}");
}
