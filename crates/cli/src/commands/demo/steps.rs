//! The steps of the demo, each by the same API that everybody has.

use anyhow::{Context, bail};
use keywright_sandbox::Edit;
use serde_json::{Value, json};

use super::joining::{connect, map, register, resume, test};
use super::pushing;
use super::runs::{diff, edit, ended, expect, logins, start, told};
use super::sign_in;
use super::stage::Stage;
use super::teller::{Teller, Told};
use crate::commands::connection::id;
use crate::output::{at, items, text};

/// The group that nearly all people leave by mistake.
const EMPTIED: &str = "Product";

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
    let app = teller
        .step(
            "Provisioning switched on in Okta",
            pushing::connect(stage, &connection),
        )
        .await?;
    teller
        .step(
            "People and groups pushed by SCIM",
            pushing::push(stage, &app),
        )
        .await?;
    let sync = format!("/connections/{}/sync", id(&connection));
    teller
        .step("A plan: what a run would do", plan(stage, &sync))
        .await?;
    teller.step("A run", first_run(stage, &sync)).await?;
    // Before the org's clock is moved on: an answer's times are those of the org.
    let login_url = teller
        .step(
            "Signing in through Okta set up",
            sign_in::set_up(stage, &connection),
        )
        .await?;
    teller
        .step(
            "Somebody signs in through Okta by SAML",
            sign_in::sign_in(stage, &login_url),
        )
        .await?;
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
        .step("A group is emptied by mistake: held", emptied(stage, &sync))
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
    lines.extend(diff(stage, sync, &run).await?);
    // What SCIM pushed is settled by a run of its own, whose held run may take this one's place at any moment.
    while let Some(held) = held(stage, sync).await? {
        match approve(stage, sync, &held).await {
            Ok(told) => {
                lines.extend(told);
                break;
            }
            Err(error) if is_held(stage, sync, &held).await? => return Err(error),
            Err(_) => {}
        }
    }
    Ok(Told::new((), lines))
}

/// The run that waits for a decision, if there is one.
async fn held(stage: &Stage, sync: &str) -> anyhow::Result<Option<Value>> {
    let runs = stage.api.get(&format!("{sync}/runs?limit=20")).await?;
    let held = items(&runs)
        .iter()
        .find(|run| run["state"] == "held")
        .cloned();
    Ok(held)
}

async fn is_held(stage: &Stage, sync: &str, run: &Value) -> anyhow::Result<bool> {
    let now = stage.api.get(&format!("{sync}/runs/{}", id(run))).await?;
    Ok(now["state"] == "held")
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
    // A group that was read within five minutes of its last change is read once more: Okta's stamps are whole seconds.
    stage.org.advance_clock_ms(360_000);
    expect(&start(stage, sync).await?, "done")?;
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
        &[
            Edit::Leave {
                group: "Sales".to_owned(),
                users: vec![login.clone()],
            },
            Edit::Join {
                group: "Engineering".to_owned(),
                users: vec![login.clone()],
            },
        ],
    )?;
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let mut lines = vec![format!("{login}: Sales -> Engineering")];
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
    let leave = Edit::Leave {
        group: EMPTIED.to_owned(),
        users: gone.clone(),
    };
    edit(stage, &[leave])?;
    let mut run = start(stage, sync).await?;
    if run["state"] == "replaced" {
        // By SCIM's own run, which holds the same.
        run = held(stage, sync).await?.unwrap_or(run);
    }
    let mut lines = vec![format!(
        "{} of {} people left {EMPTIED} in Okta at once",
        gone.len(),
        members.len()
    )];
    lines.extend(told(&run));
    if run["state"] == "done" && at(&run, "counts.held_removed").as_u64() > Some(0) {
        lines.push("the same was rejected within 24 hours, so it is not raised again; nobody loses anything".to_owned());
    } else {
        expect(&run, "held")?;
        lines.extend(diff(stage, sync, &run).await?);
    }
    Ok(Told::new((run, gone), lines))
}

async fn reject(
    stage: &Stage,
    sync: &str,
    (run, gone): &(Value, Vec<String>),
) -> anyhow::Result<Told<()>> {
    let mut waits = Some(run.clone()).filter(|run| run["state"] == "held");
    while let Some(run) = waits {
        let path = format!("{sync}/runs/{}/reject", id(&run));
        let reason = json!({"reason": "a mistake in Okta"});
        match stage.api.post(&path, &reason).await {
            Ok(rejected) => {
                expect(&rejected, "rejected")?;
                break;
            }
            Err(error) if is_held(stage, sync, &run).await? => return Err(error),
            Err(_) => waits = held(stage, sync).await?,
        }
    }
    let join = Edit::Join {
        group: EMPTIED.to_owned(),
        users: gone.clone(),
    };
    edit(stage, &[join])?;
    let run = start(stage, sync).await?;
    expect(&run, "done")?;
    let mut lines = vec![
        "nobody lost a role; the people are back in their group, and the next run:".to_owned(),
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
        &[Edit::Leave {
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
        &[Edit::Join {
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
    let nothing = lines
        .is_empty()
        .then(|| "nothing is wrong on either side".to_owned());
    let clock = lines.iter().any(|line| line.contains("clock"));
    let clock = clock.then(|| {
        "(the org's clock was moved on by `Nothing changed, nothing read twice`)".to_owned()
    });
    Ok(Told::new((), lines.into_iter().chain(nothing).chain(clock)))
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
