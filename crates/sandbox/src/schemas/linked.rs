//! Linked objects: a named relation from users to users, such as manager and subordinate.

use http::StatusCode;
use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;

/// The routes of linked object definitions.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/meta/schemas/user/linkedObjects", list)
        .post("/api/v1/meta/schemas/user/linkedObjects", create)
        .get(
            "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}",
            one,
        )
        .delete(
            "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}",
            delete,
        );
}

/// The name of one side.
pub(super) fn name<'a>(object: &'a Value, side: &str) -> &'a str {
    object
        .get(side)
        .and_then(|side| side.get("name"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn print(call: &Call, object: &Value) -> Value {
    let mut body = object.clone();
    let here = call.url(&format!(
        "/api/v1/meta/schemas/user/linkedObjects/{}",
        name(object, "primary")
    ));
    body["_links"] = json!({ "self": { "href": here } });
    body
}

fn list(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(
        &org.schemas
            .linked
            .iter()
            .map(|object| print(call, object))
            .collect::<Vec<_>>(),
    ))
}

fn place(org: &Org, call: &Call) -> Result<usize, Fail> {
    let wanted = call.param("linkedObjectName");
    let fits =
        |object: &Value| name(object, "primary") == wanted || name(object, "associated") == wanted;
    org.schemas
        .linked
        .iter()
        .position(fits)
        .ok_or_else(|| Fail::not_found(wanted, "LinkedObject"))
}

fn one(org: &Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    Ok(Reply::json(
        &org.schemas.linked.get(at).map(|object| print(call, object)),
    ))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let side = |which: &str| {
        let given = body.get(which).cloned().unwrap_or_default();
        let text = |member: &str| given.get(member).and_then(Value::as_str).map(str::to_owned);
        json!({ "name": text("name"), "title": text("title"), "description": text("description"), "type": "USER" })
    };
    let object = json!({ "primary": side("primary"), "associated": side("associated") });
    let (primary, associated) = (
        name(&object, "primary").to_owned(),
        name(&object, "associated").to_owned(),
    );
    if primary.is_empty() || associated.is_empty() {
        return Err(Fail::validation(
            "linkedObject",
            ["name: The field cannot be left blank"],
        ));
    }
    let taken = |wanted: &str| {
        let fits =
            |known: &Value| name(known, "primary") == wanted || name(known, "associated") == wanted;
        org.schemas.linked.iter().any(fits)
    };
    if primary == associated || taken(&primary) || taken(&associated) {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("linkedObject", [why]));
    }
    let shown = print(call, &object);
    org.schemas.linked.push(object);
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    let gone = org.schemas.linked.remove(at);
    let relation = name(&gone, "primary");
    org.schemas.links.retain(|link| !link.is_of(relation));
    Ok(Reply::no_content())
}
