//! The steps of the demo, each by the same API that everybody has.

use anyhow::{Context, bail};
use keywright_sandbox::Edit;
use serde_json::{Value, json};

use super::okta_side;
use super::stage::Stage;
use super::teller::{Teller, Told};
use crate::commands::connection::{id, newest_client_key};
use crate::commands::sync::{finish, step};
use crate::output::{at, items, text};

/// The connection's name.
const NAME: &str = "demo";
/// Which group gives which role.
const MAPPED: [(&str, &str); 4] = [
    ("Engineering", "user"),
    ("Sales", "user"),
    ("Product", "helpdesk"),
    ("Legal", "auditor"),
];
/// The group that half of the people leave by mistake.
const EMPTIED: &str = "Engineering";
/// People of a diff that are printed.
const SHOWN: usize = 8;

/// All steps in order.
pub(super) async fn all(stage: &Stage, teller: &mut Teller) -> anyhow::Result<()> {
    let connection = teller
        .step("A connection to the org", connect(stage))
        .await?;
    teller
        .step("Its other half in Okta", register(stage, &connection))
        .await?;
    teller
        .step("The connection tested", test(stage, &connection))
        .await?;
    teller
        .step("Groups mapped to roles", map(stage, &connection))
        .await?;
    let sync = format!("/connections/{}/sync", id(&connection));
    teller
        .step("A plan: what a run would do", plan(stage, &sync))
        .await?;
    teller.step("A run", first_run(stage, &sync)).await?;
    teller
        .step(
            "Nothing changed, nothing read twice",
            quiet_run(stage, &sync),
        )
        .await?;
    let mover = teller
        .step(
            "Somebody moves from one group to another",
            moves(stage, &sync),
        )
        .await?;
    teller
        .step("Why somebody has a role", why(stage, &mover))
        .await?;
    let held = teller
        .step(
            "Half a group is emptied by mistake: held",
            emptied(stage, &sync),
        )
        .await?;
    teller
        .step(
            "Rejected, and the mistake mended in Okta",
            reject(stage, &sync, &held),
        )
        .await?;
    teller.step("A run undone", undo(stage, &sync)).await?;
    teller.step("The doctor", doctor(stage)).await?;
    teller.step("The audit log verified", verify(stage)).await?;
    Ok(())
}

async fn connect(stage: &Stage) -> anyhow::Result<Told<Value>> {
    let all = stage.api.get("/connections").await?;
    let known = items(&all).iter().find(|one| one["name"] == NAME).cloned();
    let (connection, did) = match known {
        Some(connection) => (connection, "is there from the demo before, with its keys"),
        None => {
            let body =
                json!({"name": NAME, "domain": stage.org.url(), "authentication": "oauth_dpop"});
            (
                stage.api.post("/connections", &body).await?,
                "is made: an RSA key for the client, another for DPoP, both sealed",
            )
        }
    };
    let key = newest_client_key(&connection).context("the connection has no key")?;
    let lines = [
        format!("{NAME} to {} {did}", text(at(&connection, "org_url"))),
        format!("public half: kid {}", text(at(key, "kid"))),
    ];
    Ok(Told::new(connection, lines))
}

async fn register(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let key = newest_client_key(connection).context("the connection has no key")?;
    let scopes: Vec<String> = at(connection, "scopes")
        .as_array()
        .into_iter()
        .flatten()
        .map(|scope| text(at(scope, "name")))
        .collect();
    let client_id = okta_side::register(&stage.org, at(key, "jwk"), &scopes).await?;
    stage
        .api
        .patch(
            &format!("/connections/{}", id(connection)),
            &json!({ "client_id": client_id }),
        )
        .await?;
    let lines = [
        format!(
            "service app {client_id} with our public key, DPoP on, by a bootstrap token that is not kept"
        ),
        format!(
            "granted {}; role Read-Only Administrator, no more",
            scopes.join(" and ")
        ),
    ];
    Ok(Told::new((), lines))
}

async fn test(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let report = stage
        .api
        .post(&format!("/connections/{}/test", id(connection)), &json!({}))
        .await?;
    let checks = at(&report, "checks")
        .as_array()
        .cloned()
        .unwrap_or_default();
    if report["passed"] != true {
        bail!("the test found: {report}");
    }
    let lines = checks.iter().map(|check| {
        format!(
            "{}: {}",
            text(at(check, "outcome")),
            text(at(check, "finding"))
        )
    });
    Ok(Told::new((), lines.collect::<Vec<_>>()))
}

async fn map(stage: &Stage, connection: &Value) -> anyhow::Result<Told<()>> {
    let known = stage.api.get("/mappings").await?;
    let mut lines = Vec::new();
    for (group, role) in MAPPED {
        let mapping = items(&known).iter().find(|one| {
            one["group_name"] == group && at(one, "connection") == at(connection, "id")
        });
        match mapping {
            None => {
                let (okta_id, name) =
                    crate::commands::group::in_okta(&stage.api, id(connection), group).await?;
                let body = json!({"connection": id(connection), "okta_group_id": okta_id, "group_name": name, "roles": [role], "reason": "demo"});
                stage.api.post("/mappings", &body).await?;
                lines.push(format!("{group} -> {role}"));
            }
            Some(mapping) if !at(mapping, "paused_at").is_null() => {
                resume(stage, mapping).await?;
                lines.push(format!("{group} -> {role} (resumed)"));
            }
            Some(_) => lines.push(format!("{group} -> {role} (from before)")),
        }
    }
    Ok(Told::new((), lines))
}

async fn resume(stage: &Stage, mapping: &Value) -> anyhow::Result<()> {
    let path = format!("/mappings/{}", id(mapping));
    stage
        .api
        .patch(&path, &json!({"paused": false, "reason": "demo"}))
        .await?;
    Ok(())
}

async fn plan(stage: &Stage, sync: &str) -> anyhow::Result<Told<()>> {
    let asked = stage.api.post(&format!("{sync}/plan"), &json!({})).await?;
    let run = ended(stage, sync, asked).await?;
    let mut lines = told(&run);
    lines.extend(diff(stage, sync, &run).await?);
    Ok(Told::new((), lines))
}

/// The first run gives many roles at once, so the guard holds it; an admin looks at the names and approves.
async fn first_run(stage: &Stage, sync: &str) -> anyhow::Result<Told<()>> {
    let run = start(stage, sync).await?;
    let mut lines = told(&run);
    if run["state"] == "held" {
        lines.extend(approve(stage, sync, &run).await?);
    }
    lines.extend(diff(stage, sync, &run).await?);
    Ok(Told::new((), lines))
}

async fn approve(stage: &Stage, sync: &str, run: &Value) -> anyhow::Result<Vec<String>> {
    let path = format!("{sync}/runs/{}/approve", id(run));
    let answer = stage
        .api
        .post(&path, &json!({"reason": "seen by name in the demo"}))
        .await?;
    let applied = ended(stage, sync, answer).await?;
    let mut lines = vec!["approved by an admin, planned again, applied:".to_owned()];
    lines.extend(told(&applied));
    Ok(lines)
}

async fn quiet_run(stage: &Stage, sync: &str) -> anyhow::Result<Told<()>> {
    stage.org.clear_requests();
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let requests = stage.org.requests();
    let counted: Vec<String> = requests
        .counts
        .iter()
        .map(|(call, count)| format!("{count} x {call}"))
        .collect();
    let mut lines = told(&run);
    lines.push(format!("asked of Okta: {}", counted.join(", ")));
    Ok(Told::new((), lines))
}

/// One person leaves Sales for Engineering: seen in both or in one, never in neither.
async fn moves(stage: &Stage, sync: &str) -> anyhow::Result<Told<String>> {
    let login = logins(stage, "Sales")
        .await?
        .pop()
        .context("nobody is in Sales")?;
    edit(
        stage,
        vec![
            Edit::Leave {
                group: "Sales".to_owned(),
                users: vec![login.clone()],
            },
            Edit::Join {
                group: EMPTIED.to_owned(),
                users: vec![login.clone()],
            },
        ],
    )?;
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let mut lines = vec![format!("{login}: Sales -> {EMPTIED}")];
    lines.extend(told(&run));
    lines.extend(diff(stage, sync, &run).await?);
    Ok(Told::new(login, lines))
}

async fn why(stage: &Stage, login: &str) -> anyhow::Result<Told<()>> {
    let why = stage
        .api
        .get(&format!("/users/{}/why", crate::api::encode(login)))
        .await?;
    let lines = at(&why, "grants")
        .as_array()
        .into_iter()
        .flatten()
        .map(|grant| {
            format!(
                "{login} has {} as a member of {}, by run {} on {}",
                text(at(grant, "role")),
                text(at(grant, "group")),
                text(at(grant, "run")),
                text(at(grant, "at"))
            )
        });
    Ok(Told::new((), lines.collect::<Vec<_>>()))
}

/// Everybody but a few leaves a group, as a wrong rule would do: the guard holds it, nobody loses anything.
async fn emptied(stage: &Stage, sync: &str) -> anyhow::Result<Told<(Value, Vec<String>)>> {
    let members = logins(stage, EMPTIED).await?;
    let gone: Vec<String> = members
        .iter()
        .take(members.len() * 9 / 10)
        .cloned()
        .collect();
    edit(
        stage,
        vec![Edit::Leave {
            group: EMPTIED.to_owned(),
            users: gone.clone(),
        }],
    )?;
    let run = start(stage, sync).await?;
    expect(&run, "held")?;
    let mut lines = vec![format!(
        "{} of {} people left {EMPTIED} in Okta at once",
        gone.len(),
        members.len()
    )];
    lines.extend(told(&run));
    lines.extend(diff(stage, sync, &run).await?);
    Ok(Told::new((run, gone), lines))
}

async fn reject(
    stage: &Stage,
    sync: &str,
    (held, gone): &(Value, Vec<String>),
) -> anyhow::Result<Told<()>> {
    let path = format!("{sync}/runs/{}/reject", id(held));
    let rejected = stage
        .api
        .post(&path, &json!({"reason": "a mistake in Okta"}))
        .await?;
    expect(&rejected, "rejected")?;
    edit(
        stage,
        vec![Edit::Join {
            group: EMPTIED.to_owned(),
            users: gone.clone(),
        }],
    )?;
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let mut lines = vec![
        "rejected; nobody lost a role. The people are back in their group, and the next run:"
            .to_owned(),
    ];
    lines.extend(told(&run));
    Ok(Told::new((), lines))
}

/// One leaves for good; the run that took the role is reversed, its mapping rests until it is resumed.
async fn undo(stage: &Stage, sync: &str) -> anyhow::Result<Told<()>> {
    let login = logins(stage, "Legal")
        .await?
        .pop()
        .context("nobody is in Legal")?;
    edit(
        stage,
        vec![Edit::Leave {
            group: "Legal".to_owned(),
            users: vec![login.clone()],
        }],
    )?;
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let mut lines = vec![format!("{login} left Legal:")];
    lines.extend(diff(stage, sync, &run).await?);
    let path = format!("{sync}/runs/{}/undo", id(&run));
    let asked = stage.api.post(&path, &json!({"reason": "demo"})).await?;
    let undone = ended(stage, sync, asked).await?;
    lines.push("undone:".to_owned());
    lines.extend(diff(stage, sync, &undone).await?);
    let mappings = stage.api.get("/mappings").await?;
    for mapping in items(&mappings)
        .iter()
        .filter(|one| !at(one, "paused_at").is_null())
    {
        lines.push(format!(
            "the mapping of {} rests; resumed now",
            text(at(mapping, "group_name"))
        ));
        resume(stage, mapping).await?;
    }
    edit(
        stage,
        vec![Edit::Join {
            group: "Legal".to_owned(),
            users: vec![login],
        }],
    )?;
    let last = start(stage, sync).await?;
    expect(&last, "done")?;
    Ok(Told::new((), lines))
}

async fn doctor(stage: &Stage) -> anyhow::Result<Told<()>> {
    let examined = stage.api.post("/doctor", &json!({})).await?;
    let findings = items(&examined);
    if let Some(critical) = findings
        .iter()
        .find(|finding| finding["severity"] == "critical")
    {
        bail!("critical: {critical}");
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|one| format!("{}: {}", text(at(one, "severity")), text(at(one, "what"))))
        .collect();
    Ok(Told::new(
        (),
        if lines.is_empty() {
            vec!["nothing is wrong on either side".to_owned()]
        } else {
            lines
        },
    ))
}

async fn verify(stage: &Stage) -> anyhow::Result<Told<()>> {
    let report = stage.api.post("/audit/verify", &json!({})).await?;
    let breaks = at(&report, "breaks").as_array().map_or(0, Vec::len);
    if breaks > 0 {
        bail!("the audit log is broken: {report}");
    }
    let line = format!(
        "{} entries under {} seals, none changed, none missing",
        text(at(&report, "entries")),
        text(at(&report, "seals"))
    );
    Ok(Told::new((), [line]))
}

/// Asks for a run and waits for its end.
async fn start(stage: &Stage, sync: &str) -> anyhow::Result<Value> {
    let asked = stage
        .api
        .post(&format!("{sync}/run"), &json!({"reason": "demo"}))
        .await?;
    ended(stage, sync, asked).await
}

async fn ended(stage: &Stage, sync: &str, asked: Value) -> anyhow::Result<Value> {
    let run = finish(&stage.api, sync, asked).await?;
    if run["state"] == "failed" {
        bail!("the run failed: {}", at(&run, "findings"));
    }
    Ok(run)
}

fn expect(run: &Value, state: &str) -> anyhow::Result<()> {
    if run["state"] != state {
        bail!(
            "the run should be {state}, but is {}: {}",
            text(at(run, "state")),
            at(run, "reasons")
        );
    }
    Ok(())
}

/// A run in a line, and why it is held.
fn told(run: &Value) -> Vec<String> {
    let count = |name: &str| text(at(run, &format!("counts.{name}")));
    let mut lines = vec![format!(
        "{}: {} of {} groups read in {} calls; {} new people, {} roles given, {} taken; waiting: {} to give, {} to take",
        text(at(run, "state")),
        count("groups_read"),
        count("groups"),
        text(at(run, "calls")),
        count("created"),
        count("granted"),
        count("removed"),
        count("held_granted"),
        count("held_removed"),
    )];
    lines.extend(
        at(run, "reasons")
            .as_array()
            .into_iter()
            .flatten()
            .map(|reason| format!("because {}", text(reason))),
    );
    lines
}

/// The first people of a run's diff.
async fn diff(stage: &Stage, sync: &str, run: &Value) -> anyhow::Result<Vec<String>> {
    let changes = stage
        .api
        .all(&format!("{sync}/runs/{}/changes?limit=200", id(run)))
        .await?;
    let mut lines: Vec<String> = changes
        .iter()
        .take(SHOWN)
        .map(|change| {
            let steps: Vec<String> = at(change, "steps")
                .as_array()
                .into_iter()
                .flatten()
                .map(step)
                .collect();
            let held = if change["held"] == true {
                " (waits)"
            } else {
                ""
            };
            format!(
                "  {}{held}: {}",
                text(at(change, "login")),
                steps.join(", ")
            )
        })
        .collect();
    if changes.len() > SHOWN {
        lines.push(format!("  … and {} more people", changes.len() - SHOWN));
    }
    Ok(lines)
}

/// The logins of a group's members, as we know them.
async fn logins(stage: &Stage, group: &str) -> anyhow::Result<Vec<String>> {
    let groups = stage.api.all("/groups?limit=200").await?;
    let group = groups
        .iter()
        .find(|one| one["name"] == group)
        .with_context(|| format!("the group {group} is not known"))?;
    let members = stage
        .api
        .all(&format!("/groups/{}/members?limit=200", id(group)))
        .await?;
    Ok(members
        .iter()
        .map(|member| text(at(member, "login")))
        .collect())
}

fn edit(stage: &Stage, edits: Vec<Edit>) -> anyhow::Result<()> {
    stage.org.edit(&edits)?;
    Ok(())
}
