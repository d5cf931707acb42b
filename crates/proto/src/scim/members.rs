//! Members of groups as commands, so that a group is never read as a whole to change one of them.

use serde_json::Value;

use super::filter::{Operand, Operator};
use super::patch::{Operation, Verb};
use super::path::Target;
use super::{Error, Filter};

/// One member as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person's id (the one we gave).
    pub value: String,
    /// A text for it, from the client.
    pub display: Option<String>,
}

/// A change of who is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These too.
    Add(Vec<Member>),
    /// These no longer.
    Remove(Vec<String>),
    /// These and no others.
    Replace(Vec<Member>),
}

/// The members in the body of POST or PUT; nothing when it does not say.
pub fn of(body: &Value) -> Result<Option<Vec<Member>>, Error> {
    let found = body.as_object().and_then(|body| {
        body.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("members"))
    });
    match found {
        None | Some((_, Value::Null)) => Ok(None),
        Some((_, value)) => list(value).map(Some),
    }
}

/// Takes the operations on members out of those of a PATCH, in their order.
pub fn split(operations: Vec<Operation>) -> Result<(Vec<Operation>, Vec<Change>), Error> {
    let (mut rest, mut changes) = (Vec::new(), Vec::new());
    for operation in operations {
        let about_members = match &operation.target {
            Target::Attribute(path) | Target::Values { path, .. } => {
                path.extension.is_none() && path.name == "members"
            }
            Target::Extension(_) => false,
        };
        if about_members {
            changes.push(change(&operation)?);
        } else {
            rest.push(operation);
        }
    }
    Ok((rest, changes))
}

fn change(operation: &Operation) -> Result<Change, Error> {
    let Operation {
        verb,
        target,
        value,
    } = operation;
    match target {
        Target::Values {
            filter, sub: None, ..
        } => match verb {
            Verb::Remove => ids(filter).map(Change::Remove),
            // Said of members that are named one by one: they are in.
            Verb::Add | Verb::Replace => {
                let named = |value| Member {
                    value,
                    display: None,
                };
                Ok(Change::Add(ids(filter)?.into_iter().map(named).collect()))
            }
        },
        Target::Attribute(path) if path.sub.is_none() => match (verb, value) {
            (Verb::Add, value) => list(value).map(Change::Add),
            (Verb::Replace, value) => list(value).map(Change::Replace),
            (Verb::Remove, Value::Null) => Ok(Change::Replace(Vec::new())),
            (Verb::Remove, value) => Ok(Change::Remove(
                list(value)?
                    .into_iter()
                    .map(|member| member.value)
                    .collect(),
            )),
        },
        other => Err(Error::ReadOnly(other.to_string())),
    }
}

/// `value eq "…"`, or several joined by `or`.
fn ids(filter: &Filter) -> Result<Vec<String>, Error> {
    let each = match filter {
        Filter::Or(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    each.iter()
        .map(|term| match term {
            Filter::Compare {
                path,
                operator: Operator::Eq,
                value: Operand::Text(id),
            } if path.name == "value" => Ok(id.clone()),
            _ => Err(Error::Filter(
                "members are chosen by `value eq \"…\"`".to_owned(),
            )),
        })
        .collect()
}

fn list(value: &Value) -> Result<Vec<Member>, Error> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(member).collect(),
        one => member(one).map(|member| vec![member]),
    }
}

fn member(value: &Value) -> Result<Member, Error> {
    let refuse = || Error::Value {
        attribute: "members.value".to_owned(),
        wanted: "the id of a person",
    };
    match value {
        Value::String(id) => Ok(Member {
            value: id.clone(),
            display: None,
        }),
        Value::Object(members) => {
            let text = |name: &str| {
                let found = members
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name));
                found
                    .and_then(|(_, value)| value.as_str())
                    .map(str::to_owned)
            };
            if text("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
                return Err(Error::Value {
                    attribute: "members.type".to_owned(),
                    wanted: "User: groups in groups are not kept",
                });
            }
            let value = text("value").ok_or_else(refuse)?;
            Ok(Member {
                value,
                display: text("display"),
            })
        }
        _ => Err(refuse()),
    }
}
