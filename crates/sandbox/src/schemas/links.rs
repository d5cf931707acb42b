//! Linked objects of users: who is whose manager, and the like.

use serde_json::{Value, json};

use super::linked::name;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;
use crate::users;

/// One user tied to another by a relation, which is named by its primary side.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Link {
    relation: String,
    primary: u32,
    associated: u32,
}

impl Link {
    /// Whether it is of this relation.
    pub(super) fn is_of(&self, relation: &str) -> bool {
        self.relation == relation
    }
}

/// The routes of users' linked objects.
pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}";
    routes
        .put(
            "/api/v1/users/{userIdOrLogin}/linkedObjects/{primaryRelationshipName}/{primaryUserId}",
            tie,
        )
        .get(one, show)
        .delete(one, untie);
}

/// A relation by the name of one of its sides: the name of the primary side, and whether that is the one.
fn relation(org: &Org, wanted: &str) -> Result<(String, bool), Fail> {
    let mut all = org.schemas.linked.iter();
    let found = all.find_map(|object| {
        let primary = name(object, "primary");
        let is_primary = primary == wanted;
        (is_primary || name(object, "associated") == wanted)
            .then(|| (primary.to_owned(), is_primary))
    });
    found.ok_or_else(|| Fail::not_found(wanted, "LinkedObject"))
}

/// A user has one primary user of each relation: the last one counts.
fn tie(org: &mut Org, call: &Call) -> Answer {
    let associated = users::find(org, call, call.param("userIdOrLogin"))?;
    let primary = users::find(org, call, call.param("primaryUserId"))?;
    let wanted = call.param("primaryRelationshipName");
    let (relation, true) = relation(org, wanted)? else {
        return Err(Fail::not_found(wanted, "LinkedObject"));
    };
    if associated == primary {
        let why = "A user cannot be linked to itself.";
        return Err(Fail::validation("linkedObject", [why]));
    }
    let links = &mut org.schemas.links;
    links.retain(|link| link.relation != relation || link.associated != associated);
    links.push(Link {
        relation,
        primary,
        associated,
    });
    Ok(Reply::no_content())
}

fn show(org: &Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userIdOrLogin"))?;
    let (relation, to_primary) = relation(org, call.param("relationshipName"))?;
    let mine = org
        .schemas
        .links
        .iter()
        .filter(|link| link.relation == relation);
    let others = mine.filter_map(|link| {
        if to_primary {
            (link.associated == user).then_some(link.primary)
        } else {
            (link.primary == user).then_some(link.associated)
        }
    });
    let living = others.filter(|other| org.people.get(*other).is_some());
    let body: Vec<Value> = living
        .map(|other| {
            let here = call.url(&format!("/api/v1/users/{}", org.tail.id(Kind::USER, other)));
            json!({ "_links": { "self": { "href": here } } })
        })
        .collect();
    Ok(Reply::json(&body))
}

/// Takes the links away that a user has by this side of the relation.
fn untie(org: &mut Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userIdOrLogin"))?;
    let (relation, to_primary) = relation(org, call.param("relationshipName"))?;
    org.schemas.links.retain(|link| {
        let own = if to_primary {
            link.associated
        } else {
            link.primary
        };
        link.relation != relation || own != user
    });
    Ok(Reply::no_content())
}
