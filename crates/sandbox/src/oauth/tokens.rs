//! Refresh tokens as the management API shows them: of a server's client, of an app, of a user.

use serde_json::{Value, json};

use super::issuer::Issuer;
use super::sign_ins::Granted;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// The prefix of refresh tokens.
pub(super) const REFRESH: Kind = Kind("oar");

/// The routes of refresh tokens.
pub(super) fn routes(routes: &mut Routes) {
    for all in [
        "/api/v1/authorizationServers/{authServerId}/clients/{clientId}/tokens",
        "/api/v1/apps/{appId}/tokens",
        "/api/v1/users/{userId}/clients/{clientId}/tokens",
    ] {
        routes.get(all, list).delete(all, revoke_all);
    }
    for one in [
        "/api/v1/authorizationServers/{authServerId}/clients/{clientId}/tokens/{tokenId}",
        "/api/v1/apps/{appId}/tokens/{tokenId}",
        "/api/v1/users/{userId}/clients/{clientId}/tokens/{tokenId}",
    ] {
        routes.get(one, show).delete(one, revoke);
    }
    routes.get(
        "/api/v1/authorizationServers/{authServerId}/clients",
        clients,
    );
}

fn server(org: &Org, call: &Call) -> Result<Option<u32>, Fail> {
    match call.param("authServerId") {
        "" => Ok(None),
        id => org
            .servers
            .find(org.tail, id)
            .map(Some)
            .ok_or_else(|| Fail::not_found(id, "AuthorizationServer")),
    }
}

/// The grants that a path is about.
fn found<'a>(org: &'a Org, call: &Call) -> Result<Vec<(u32, &'a Granted)>, Fail> {
    let server = server(org, call)?;
    let app = match (call.param("appId"), call.param("clientId")) {
        ("", "") => None,
        ("", client) => Some(crate::apps::find_client(org, client)?),
        (app, _) => Some(crate::apps::find(org, app)?),
    };
    let user = match call.param("userId") {
        "" => None,
        name => Some(crate::users::find(org, call, name)?),
    };
    Ok(org.sign_ins.refreshing(|grant| {
        server.is_none_or(|server| grant.issuer == Issuer::Custom(server))
            && app.is_none_or(|app| grant.app == app)
            && user.is_none_or(|user| grant.user == user)
    }))
}

fn print(org: &Org, call: &Call, serial: u32, grant: &Granted) -> Value {
    let id = org.tail.id(REFRESH, serial);
    let client = crate::apps::Apps::client_id(org, grant.app);
    let user = org.tail.id(Kind::USER, grant.user);
    let all = call
        .path
        .strip_suffix(id.as_str())
        .map_or(call.path.as_str(), |path| path.trim_end_matches('/'));
    let app = org.apps.get(grant.app).map(|app| app.label.clone());
    json!({
        "id": id, "status": "ACTIVE", "created": grant.created, "lastUpdated": grant.used,
        "expiresAt": grant.used.plus(grant.window), "issuer": grant.issuer.url(org, call), "clientId": client,
        "userId": user, "scopes": grant.scopes,
        "_links": {
            "app": { "href": call.url(&format!("/api/v1/apps/{}", org.tail.id(Kind::APP, grant.app))), "title": app },
            "self": { "href": call.url(&format!("{all}/{id}")) },
            "revoke": { "href": call.url(&format!("{all}/{id}")), "hints": { "allow": ["DELETE"] } },
            "client": { "href": call.url(&format!("/oauth2/v1/clients/{client}")), "title": app },
            "user": { "href": call.url(&format!("/api/v1/users/{user}")) },
        },
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 20, 200)?;
    let all = found(org, call)?;
    let after = page
        .after
        .as_deref()
        .and_then(|id| org.tail.serial(REFRESH, id));
    let mut rest = all
        .into_iter()
        .filter(|(serial, _)| after.is_none_or(|after| *serial > after))
        .peekable();
    let mut shown = Vec::new();
    let mut last = None;
    while shown.len() < page.limit
        && let Some((serial, grant)) = rest.next()
    {
        shown.push(print(org, call, serial, grant));
        last = Some(org.tail.id(REFRESH, serial));
    }
    let next = last.filter(|_| rest.peek().is_some());
    Ok(page.links(Reply::json(&shown), call, &["expand"], next.as_deref()))
}

fn lookup(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("tokenId");
    let wanted = org.tail.serial(REFRESH, id);
    let hit = found(org, call)?
        .into_iter()
        .find(|(serial, _)| Some(*serial) == wanted);
    hit.map(|(serial, _)| serial)
        .ok_or_else(|| Fail::not_found(id, "OAuth2RefreshToken"))
}

fn show(org: &Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    Ok(Reply::json(
        &org.sign_ins
            .grant(serial)
            .map(|grant| print(org, call, serial, grant)),
    ))
}

fn end(org: &mut Org, call: &Call, serial: u32) {
    let Some((app, user)) = org
        .sign_ins
        .grant(serial)
        .map(|grant| (grant.app, grant.user))
    else {
        return;
    };
    org.sign_ins.end(serial);
    let targets = (org.app_target(app), org.user_target(user));
    org.record(
        call,
        Event::new("app.oauth2.as.token.revoke")
            .target(targets.0)
            .target(targets.1),
    );
}

fn revoke(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    end(org, call, serial);
    Ok(Reply::no_content())
}

fn revoke_all(org: &mut Org, call: &Call) -> Answer {
    let all: Vec<u32> = found(org, call)?
        .into_iter()
        .map(|(serial, _)| serial)
        .collect();
    for serial in all {
        end(org, call, serial);
    }
    Ok(Reply::no_content())
}

/// The clients that hold refresh tokens of a server.
fn clients(org: &Org, call: &Call) -> Answer {
    let mut apps: Vec<u32> = found(org, call)?
        .into_iter()
        .map(|(_, grant)| grant.app)
        .collect();
    apps.sort_unstable();
    apps.dedup();
    let here = call.url(&call.path);
    let body: Vec<Value> = apps
        .into_iter()
        .filter_map(|serial| {
            let app = org.apps.get(serial)?;
            let id = crate::apps::Apps::client_id(org, serial);
            Some(json!({
                "client_id": id, "client_name": app.label, "client_uri": app.oauth("client_uri"),
                "logo_uri": app.oauth("logo_uri"),
                "_links": { "tokens": { "href": format!("{here}/{id}/tokens"), "hints": { "allow": ["GET", "DELETE"] } } },
            }))
        })
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &[], None))
}
