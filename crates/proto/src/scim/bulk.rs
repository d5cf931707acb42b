//! Bulk requests (RFC 7644 section 3.7): reading them, and putting ids in the place of `bulkId:` references.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Error;

/// Most operations in one request.
pub const MAX_OPERATIONS: usize = 1_000;
const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const REFERENCE: &str = "bulkId:";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Makes a resource.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Removes one.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub method: Method,
    /// Where, below the base: `/Users`, `/Users/{id}`.
    pub path: String,
    /// The name other operations refer to it by.
    pub bulk_id: Option<String>,
    /// The version it expects, as in If-Match.
    pub version: Option<String>,
    /// The body.
    pub data: Value,
}

/// A bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Stop after so many failures; never when there is none.
    pub fail_on_errors: Option<u64>,
    /// The operations in the client's order.
    pub operations: Vec<Operation>,
}

/// Reads the body of a bulk request.
pub fn parse(body: Value) -> Result<Request, Error> {
    let Value::Object(mut body) = body else {
        return Err(Error::Syntax("a JSON object is wanted".to_owned()));
    };
    let schemas = body.get("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|all| all.iter().any(|urn| urn.as_str() == Some(MESSAGE))) {
        return Err(Error::Syntax(format!("`schemas` must name {MESSAGE}")));
    }
    let fail_on_errors = match body.get("failOnErrors") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().ok_or(Error::Value {
            attribute: "failOnErrors".to_owned(),
            wanted: "a whole number",
        })?),
    };
    let Some(Value::Array(raw)) = body.remove("Operations") else {
        return Err(Error::Syntax("`Operations` must be a list".to_owned()));
    };
    if raw.len() > MAX_OPERATIONS {
        return Err(Error::TooLong {
            limit: MAX_OPERATIONS,
            what: "operations in a bulk request",
        });
    }
    let operations = raw.into_iter().map(operation).collect::<Result<_, _>>()?;
    Ok(Request {
        fail_on_errors,
        operations,
    })
}

fn operation(raw: Value) -> Result<Operation, Error> {
    let Value::Object(mut raw) = raw else {
        return Err(Error::Syntax("an operation must be an object".to_owned()));
    };
    let text = |raw: &Map<String, Value>, name: &str| {
        raw.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let method = match text(&raw, "method")
        .map(|method| method.to_ascii_uppercase())
        .as_deref()
    {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        Some("PATCH") => Method::Patch,
        Some("DELETE") => Method::Delete,
        _ => {
            return Err(Error::Syntax(
                "`method` must be POST, PUT, PATCH or DELETE".to_owned(),
            ));
        }
    };
    let path = text(&raw, "path")
        .ok_or_else(|| Error::Syntax("an operation needs a `path`".to_owned()))?;
    let bulk_id = text(&raw, "bulkId");
    if method == Method::Post && bulk_id.is_none() {
        return Err(Error::Syntax(
            "a POST in a bulk request needs a `bulkId`".to_owned(),
        ));
    }
    let version = text(&raw, "version");
    let data = raw.remove("data").unwrap_or(Value::Null);
    Ok(Operation {
        method,
        path,
        bulk_id,
        version,
        data,
    })
}

/// The order of execution: an operation after those it refers to, else as the client sent them. Operations that refer
/// to each other in a circle stay in their places.
#[must_use]
pub fn order(operations: &[Operation]) -> Vec<usize> {
    let known: BTreeSet<&str> = operations
        .iter()
        .filter_map(|operation| operation.bulk_id.as_deref())
        .collect();
    let needs: Vec<BTreeSet<String>> = operations
        .iter()
        .map(|operation| {
            references(operation)
                .into_iter()
                .filter(|id| known.contains(id.as_str()))
                .collect()
        })
        .collect();
    let (mut order, mut done) = (Vec::with_capacity(operations.len()), BTreeSet::new());
    let mut waiting: Vec<usize> = (0..operations.len()).collect();
    while !waiting.is_empty() {
        let ready = |at: &usize| {
            needs
                .get(*at)
                .is_none_or(|needs| needs.iter().all(|id| done.contains(id)))
        };
        let (mut now, mut later): (Vec<usize>, Vec<usize>) =
            waiting.iter().partition(|at| ready(at));
        if now.is_empty() {
            now.append(&mut later);
        }
        for &at in &now {
            done.extend(
                operations
                    .get(at)
                    .and_then(|operation| operation.bulk_id.clone()),
            );
        }
        order.append(&mut now);
        waiting = later;
    }
    order
}

/// The `bulkId`s an operation refers to, in its path and its data.
#[must_use]
pub fn references(operation: &Operation) -> BTreeSet<String> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => found.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(members) => members.values().for_each(|item| walk(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(&operation.data, &mut found);
    found.extend(
        operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix(REFERENCE))
            .map(str::to_owned),
    );
    found
}

/// Puts ids in the place of references. The `bulkId` that has none yet is the error.
pub fn resolve(operation: &mut Operation, ids: &BTreeMap<String, String>) -> Result<(), String> {
    fn walk(value: &mut Value, ids: &BTreeMap<String, String>) {
        match value {
            Value::String(text) => {
                if let Some(id) = text.strip_prefix(REFERENCE).and_then(|name| ids.get(name)) {
                    id.clone_into(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, ids)),
            Value::Object(members) => members.values_mut().for_each(|item| walk(item, ids)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if let Some(missing) = references(operation)
        .into_iter()
        .find(|name| !ids.contains_key(name))
    {
        return Err(missing);
    }
    walk(&mut operation.data, ids);
    let part = |part: &str| match part.strip_prefix(REFERENCE).and_then(|name| ids.get(name)) {
        Some(id) => id.clone(),
        None => part.to_owned(),
    };
    operation.path = operation
        .path
        .split('/')
        .map(part)
        .collect::<Vec<_>>()
        .join("/");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_come_after_what_they_name() {
        let body = json!({"schemas": [MESSAGE], "failOnErrors": 1, "Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"members": [{"value": "bulkId:u"}]}},
            {"method": "patch", "path": "/Users/bulkId:u", "data": {}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "a"}},
            {"method": "POST", "path": "/Users", "bulkId": "x", "data": {"manager": "bulkId:y"}},
            {"method": "POST", "path": "/Users", "bulkId": "y", "data": {"manager": "bulkId:x"}},
        ]});
        let request = parse(body).unwrap();
        assert_eq!(order(&request.operations), [2, 0, 1, 3, 4]);
        let ids = BTreeMap::from([("u".to_owned(), "17".to_owned())]);
        let mut group = request.operations[0].clone();
        assert_eq!(resolve(&mut group, &ids), Ok(()));
        assert_eq!(group.data["members"][0]["value"], "17");
        let mut patch = request.operations[1].clone();
        resolve(&mut patch, &ids).unwrap();
        assert_eq!(patch.path, "/Users/17");
        assert_eq!(
            resolve(&mut request.operations[3].clone(), &ids),
            Err("y".to_owned())
        );
    }

    #[test]
    fn what_is_no_bulk_request_is_refused() {
        let with = |operations: Value| json!({"schemas": [MESSAGE], "Operations": operations});
        for body in [
            json!(1),
            json!({"Operations": []}),
            json!({"schemas": [MESSAGE]}),
            with(json!({})),
            with(json!([1])),
            with(json!([{"method": "GET", "path": "/Users"}])),
            with(json!([{"method": "POST", "path": "/Users"}])),
            with(json!([{"method": "DELETE"}])),
        ] {
            assert!(
                matches!(parse(body.clone()), Err(Error::Syntax(_))),
                "{body}"
            );
        }
        let many = vec![json!({"method": "DELETE", "path": "/Users/1"}); MAX_OPERATIONS + 1];
        assert!(matches!(
            parse(with(json!(many))),
            Err(Error::TooLong { .. })
        ));
    }
}
