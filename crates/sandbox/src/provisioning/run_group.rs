//! The requests of tasks on pushed groups, in Okta's order (FACTS section 14.3).

use http::Method;
use serde_json::{Value, json};

use super::body;
use super::client::Trouble;
use super::job::{Change, Job, Outcome};
use super::side::Dialect;

/// Members in one PATCH.
const CHUNK: usize = 1_000;

/// Found by its name or made, then said as a whole.
pub(super) async fn push(job: &mut Job, known: Option<String>) -> Outcome {
    let id = match known {
        Some(id) => id,
        None => found_or_made(job).await?,
    };
    job.client.get(&format!("/Groups/{id}")).await?;
    match job.dialect {
        Dialect::Wizard => whole(job, &id).await,
        Dialect::Catalogue => {
            rename(job, &id).await?;
            let operation = json!([{ "op": "replace", "path": "members", "value": body::listed(&job.members) }]);
            patch(job, &id, operation).await
        }
    }
}

async fn found_or_made(job: &mut Job) -> Result<String, Trouble> {
    let filter = format!("displayName eq {}", Value::from(job.name.as_str()));
    let query = [
        ("filter", filter.as_str()),
        ("startIndex", "1"),
        ("count", "100"),
    ];
    let (_, found) = job.client.list("/Groups", &query).await?;
    let id = |group: &Value| group.get("id")?.as_str().map(str::to_owned);
    if let Some(id) = found.first().and_then(id) {
        return Ok(id);
    }
    let body = body::group(&job.name);
    let made = job
        .client
        .ask(Method::POST, "/Groups", &[], Some(&body))
        .await?;
    id(&made).ok_or_else(|| Trouble::Failed("Create new group returned empty group".to_owned()))
}

async fn whole(job: &mut Job, id: &str) -> Outcome {
    let body = body::whole_group(id, &job.name, &job.members);
    let path = format!("/Groups/{id}");
    job.client.ask(Method::PUT, &path, &[], Some(&body)).await?;
    Ok(Some(id.to_owned()))
}

/// A rename goes with every change of members; it leaves the members alone.
async fn rename(job: &mut Job, id: &str) -> Outcome {
    let value = json!({ "id": id, "displayName": job.name });
    patch(job, id, json!([{ "op": "replace", "value": value }])).await
}

async fn patch(job: &mut Job, id: &str, operations: Value) -> Outcome {
    let body = body::patch(operations);
    let path = format!("/Groups/{id}");
    job.client
        .ask(Method::PATCH, &path, &[], Some(&body))
        .await?;
    Ok(Some(id.to_owned()))
}

/// Name and members that changed.
pub(super) async fn change(job: &mut Job, change: &Change) -> Outcome {
    let id = &change.id;
    if job.dialect == Dialect::Wizard {
        job.client.get(&format!("/Groups/{id}")).await?;
        return whole(job, id).await;
    }
    rename(job, id).await?;
    let removed = change
        .remove
        .iter()
        .map(|id| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }));
    let added = change
        .add
        .chunks(CHUNK)
        .map(|chunk| json!({ "op": "add", "path": "members", "value": body::listed(chunk) }));
    let operations: Vec<Value> = removed.chain(added).collect();
    if operations.is_empty() {
        return Ok(Some(id.clone()));
    }
    patch(job, id, operations.into()).await
}

/// Unlinked, and deleted at the app.
pub(super) async fn delete(job: &mut Job, id: &str) -> Outcome {
    let gone = job
        .client
        .ask(Method::DELETE, &format!("/Groups/{id}"), &[], None)
        .await;
    match gone {
        Ok(_) | Err(Trouble::Missing(_)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
