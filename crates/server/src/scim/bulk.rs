//! Bulk (RFC 7644 section 3.7): each operation is a request of its own; those it refers to come before it.

use std::collections::BTreeMap;

use keywright_proto::scim::bulk::{self, Operation};
use keywright_proto::scim::error_body;
use serde_json::{Map, Value, json};

use super::dispatch::{Answer, Request, dispatch};
use super::error::Error;
use super::tokens::Client;
use crate::app::App;

/// Runs a bulk request.
pub(super) async fn run(
    app: &App,
    client: &Client,
    base: &str,
    body: Value,
) -> Result<Answer, Error> {
    let request = bulk::parse(body)?;
    let order = bulk::order(&request.operations);
    let mut ids = BTreeMap::new();
    let mut outcomes: Vec<Option<Value>> = vec![None; request.operations.len()];
    let mut failures = 0;
    for at in order {
        if request
            .fail_on_errors
            .is_some_and(|limit| limit > 0 && failures >= limit)
        {
            break;
        }
        let Some(operation) = request.operations.get(at) else {
            continue;
        };
        let (outcome, made) = one(app, client, base, operation.clone(), &ids).await;
        match made {
            Ok(id) => {
                if let (Some(name), Some(id)) = (&operation.bulk_id, id) {
                    ids.insert(name.clone(), id);
                }
            }
            Err(()) => failures += 1,
        }
        if let Some(place) = outcomes.get_mut(at) {
            *place = Some(outcome);
        }
    }
    let outcomes: Vec<Value> = outcomes.into_iter().flatten().collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": outcomes,
    });
    Ok(Answer {
        status: 200,
        body: Some(body),
        ..Answer::default()
    })
}

/// One operation: what is told of it, and the id it made or that it failed.
async fn one(
    app: &App,
    client: &Client,
    base: &str,
    mut operation: Operation,
    ids: &BTreeMap<String, String>,
) -> (Value, Result<Option<String>, ()>) {
    let mut outcome = Map::new();
    outcome.insert("method".to_owned(), json!(operation.method.wire()));
    if let Some(name) = &operation.bulk_id {
        outcome.insert("bulkId".to_owned(), json!(name));
    }
    let answer = match bulk::resolve(&mut operation, ids) {
        Err(name) => Err((
            409,
            error_body(
                409,
                None,
                &format!("`bulkId:{name}` stands for no resource of this request"),
            ),
        )),
        Ok(())
            if operation
                .path
                .trim_matches('/')
                .eq_ignore_ascii_case("bulk") =>
        {
            Err((
                400,
                error_body(400, None, "a bulk request cannot hold another one"),
            ))
        }
        Ok(()) => {
            let request = Request {
                method: operation.method.wire().to_owned(),
                path: operation.path,
                if_match: operation.version,
                body: operation.data,
                ..Request::default()
            };
            dispatch(app, client, base, request).await.map_err(|error| {
                let (status, scim_type, detail) = error.told();
                (status, error_body(status, scim_type, &detail))
            })
        }
    };
    match answer {
        Ok(answer) => {
            outcome.insert("status".to_owned(), json!(answer.status.to_string()));
            for (name, value) in [("location", answer.location), ("version", answer.etag)] {
                if let Some(value) = value {
                    outcome.insert(name.to_owned(), json!(value));
                }
            }
            (Value::Object(outcome), Ok(answer.id))
        }
        Err((status, body)) => {
            outcome.insert("status".to_owned(), json!(status.to_string()));
            outcome.insert("response".to_owned(), body);
            (Value::Object(outcome), Err(()))
        }
    }
}
