//! The requests of tasks on people, in Okta's order (FACTS section 14.3).

use http::Method;
use serde_json::{Map, Value};

use super::body;
use super::client::Trouble;
use super::job::{Job, Outcome};
use super::side::Dialect;

/// A value as SCIM filters quote it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The id of the first person with the user name.
async fn find(job: &mut Job) -> Result<Option<String>, Trouble> {
    let filter = format!("userName eq {}", quoted(&job.name));
    let query = [
        ("filter", filter.as_str()),
        ("startIndex", "1"),
        ("count", "100"),
    ];
    let (_, found) = job.client.list("/Users", &query).await?;
    Ok(found.first().and_then(id_of))
}

fn id_of(resource: &Value) -> Option<String> {
    let id = resource.get("id")?.as_str()?;
    (!id.is_empty() && id != "bulkId").then(|| id.to_owned())
}

/// Looks by the unique attribute; whoever is found is linked and updated, nobody is created twice.
pub(super) async fn create(job: &mut Job, known: Option<&str>) -> Outcome {
    if let Some(id) = find(job).await? {
        return update(job, &id, true).await;
    }
    // The person was renamed while switched off at the app.
    if let Some(id) = known {
        match update(job, id, true).await {
            Err(Trouble::Missing(_)) => {}
            done => return done,
        }
    }
    let body = body::create(&job.person, job.active_as_text, job.client.salt);
    let made = job
        .client
        .ask(Method::POST, "/Users", &[], Some(&body))
        .await?;
    match id_of(&made) {
        Some(id) => Ok(Some(id)),
        None => Err(Trouble::Failed(
            "Create new user returned empty user".to_owned(),
        )),
    }
}

/// Reads the person and writes the whole of it.
pub(super) async fn update(job: &mut Job, id: &str, on: bool) -> Outcome {
    let path = format!("/Users/{id}");
    let server = job.client.get(&path).await?;
    let person: &Map<String, Value> = &job.person;
    let body = body::merged(&server, person, on, job.active_as_text);
    job.client.ask(Method::PUT, &path, &[], Some(&body)).await?;
    Ok(Some(id.to_owned()))
}

/// Okta never deletes people.
pub(super) async fn deactivate(job: &mut Job, id: &str) -> Outcome {
    let done = match job.dialect {
        Dialect::Wizard => {
            // What stands at the app stays as it is but for this.
            job.person = Map::new();
            update(job, id, false).await
        }
        Dialect::Catalogue => switch(job, id, false).await,
    };
    match done {
        Err(Trouble::Missing(_)) => Ok(Some(id.to_owned())),
        done => done,
    }
}

/// The same person comes back: looked up as at the first time, then switched on.
pub(super) async fn reactivate(job: &mut Job, id: &str) -> Outcome {
    if job.dialect == Dialect::Wizard {
        return create(job, Some(id)).await;
    }
    match find(job).await? {
        Some(found) => {
            switch(job, &found, true).await?;
            update(job, &found, true).await
        }
        None => create(job, Some(id)).await,
    }
}

async fn switch(job: &mut Job, id: &str, on: bool) -> Outcome {
    let body = body::switch(on, job.active_as_text);
    let path = format!("/Users/{id}");
    job.client
        .ask(Method::PATCH, &path, &[], Some(&body))
        .await?;
    Ok(Some(id.to_owned()))
}
