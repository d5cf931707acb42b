//! What hangs beneath a user: groups, app links, and lists that are empty here.

use serde_json::{Value, json};

use super::person;
use crate::groups;
use crate::http::{Answer, Call, Fail, Page, Reply};
use crate::org::Org;

/// `GET /users/{id}/groups`: Everyone first, then the others by age.
pub(super) fn groups(org: &Org, call: &Call) -> Answer {
    let (_, person) = person(org, call, call.param("id"))?;
    let serials = std::iter::once(groups::EVERYONE).chain(person.groups.iter().copied());
    let found = serials.filter_map(|serial| org.groups.get(serial).map(|group| (serial, group)));
    let page = Page::of(call, 200, 200)?;
    Ok(page.links(
        Reply::raw(groups::array(org, call, found, groups::Expand::Nothing)),
        call,
        &[],
        None,
    ))
}

/// `GET /users/{id}/appLinks`.
pub(super) fn app_links(org: &Org, call: &Call) -> Answer {
    let (serial, _) = person(org, call, call.param("id"))?;
    Ok(Reply::json(&crate::apps::links_of(org, call, serial)))
}

/// `GET /users/{id}/blocks`: a feature that this org, as most, does not have.
pub(super) fn blocks(org: &Org, call: &Call) -> Answer {
    person(org, call, call.param("id"))?;
    Err(Fail::no_feature())
}

/// A list that is always empty, as nobody signs in here to give consent.
pub(super) fn no_grants(org: &Org, call: &Call) -> Answer {
    person(org, call, call.param("userId"))?;
    let none: Value = json!([]);
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&none), call, &[], None))
}

/// One of those grants.
pub(super) fn no_grant(org: &Org, call: &Call) -> Answer {
    person(org, call, call.param("userId"))?;
    let id = call.param("grantId");
    Err(Fail::not_found(id, "OAuth2ScopeConsentGrant"))
}

/// The same list for one client, which must be there.
pub(super) fn no_client_grants(org: &Org, call: &Call) -> Answer {
    crate::apps::find_client(org, call.param("clientId"))?;
    no_grants(org, call)
}

/// `GET /users/{id}/devices`: nobody registers a device here, so there is none.
pub(super) fn devices(org: &Org, call: &Call) -> Answer {
    person(org, call, call.param("userId"))?;
    Ok(Reply::json(&json!([])))
}

/// `DELETE /users/{id}/sessions`: ends sessions, and with `oauthTokens` what the user granted.
pub(super) fn end_sessions(org: &mut Org, call: &Call) -> Answer {
    let (serial, _) = person(org, call, call.param("userId"))?;
    let tokens = call.query.flag("oauthTokens") == Some(true);
    org.sign_ins.end_user(serial, tokens);
    let target = org.user_target(serial);
    org.record(
        call,
        crate::log::Event::new("user.session.clear").target(target),
    );
    Ok(Reply::no_content())
}

/// Revoking what is not there is done at once.
pub(super) fn nothing_to_revoke(org: &mut Org, call: &Call) -> Answer {
    person(org, call, call.param("userId"))?;
    Ok(Reply::no_content())
}
