//! Users who sign in by an identity provider: the links between the two.

use serde_json::{Value, json};

use super::{find, id, provider};
use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;
use crate::users;

/// Under which name an identity provider knows a user.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct IdpUser {
    pub(super) idp: u32,
    user: u32,
    external_id: String,
    created: Time,
}

/// The routes of linked users.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/idps/{idpId}/users", list)
        .get("/api/v1/idps/{idpId}/users/{userId}", one)
        .post("/api/v1/idps/{idpId}/users/{userId}", link)
        .delete("/api/v1/idps/{idpId}/users/{userId}", unlink)
        .get(
            "/api/v1/idps/{idpId}/users/{userId}/credentials/tokens",
            tokens,
        )
        .get("/api/v1/users/{id}/idps", providers);
}

fn print(org: &Org, call: &Call, held: &IdpUser) -> Value {
    let (idp, user) = (id(org, held.idp), org.tail.id(Kind::USER, held.user));
    let provider = call.url(&format!("/api/v1/idps/{idp}"));
    json!({
        "id": user, "externalId": held.external_id, "created": held.created, "lastUpdated": held.created,
        "profile": {},
        "_links": {
            "idp": { "href": provider },
            "self": { "href": format!("{provider}/users/{user}"), "hints": { "allow": ["GET", "DELETE"] } },
            "user": { "href": call.url(&format!("/api/v1/users/{user}")) },
        },
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let idp = find(org, call)?;
    let mine = org.idp_users.iter().filter(|held| held.idp == idp);
    let living = mine.filter(|held| org.people.get(held.user).is_some());
    let body: Vec<_> = living.map(|held| print(org, call, held)).collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &[], None))
}

/// The link that a path names, and its place.
fn named<'a>(org: &'a Org, call: &Call) -> Result<(usize, &'a IdpUser), Fail> {
    let idp = find(org, call)?;
    let name = call.param("userId");
    let user = users::find(org, call, name)?;
    let mut all = org.idp_users.iter().enumerate();
    all.find(|(_, held)| held.idp == idp && held.user == user)
        .ok_or_else(|| Fail::not_found(name, "IdpAppUser"))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (_, held) = named(org, call)?;
    Ok(Reply::json(&print(org, call, held)))
}

fn link(org: &mut Org, call: &Call) -> Answer {
    let idp = find(org, call)?;
    let user = users::find(org, call, call.param("userId"))?;
    let body = call.object()?;
    let name = body.get("externalId").and_then(Value::as_str);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        let why = "externalId: The field cannot be left blank";
        return Err(Fail::validation("externalId", [why]));
    };
    let mut others = org.idp_users.iter().filter(|held| held.idp == idp);
    if others.any(|held| held.user != user && held.external_id == name) {
        let why = "externalId: Another user is linked by this id";
        return Err(Fail::validation("externalId", [why]));
    }
    let held = IdpUser {
        idp,
        user,
        external_id: name.to_owned(),
        created: call.now.whole(),
    };
    let shown = print(org, call, &held);
    org.idp_users
        .retain(|held| held.idp != idp || held.user != user);
    org.idp_users.push(held);
    Ok(Reply::json(&shown))
}

fn unlink(org: &mut Org, call: &Call) -> Answer {
    let (at, _) = named(org, call)?;
    org.idp_users.remove(at);
    Ok(Reply::no_content())
}

/// Tokens of social providers: nobody signed in by one.
fn tokens(org: &Org, call: &Call) -> Answer {
    named(org, call)?;
    Ok(Reply::json(&json!([])))
}

fn providers(org: &Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("id"))?;
    let mine = org.idp_users.iter().filter(|held| held.user == user);
    let body: Vec<_> = mine
        .filter_map(|held| {
            let doc = org.idps.get(held.idp)?;
            Some(without_null(provider::print(org, call, held.idp, doc)))
        })
        .collect();
    Ok(Reply::json(&body))
}

/// What is not set is left out of this list: the specification knows no null here.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect(),
        other => other,
    }
}
