//! What a person sees after signing in: the dashboard with the tiles of the apps that are assigned, and where they lead.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::apps::{self, App, Mode};
use crate::http::{Call, Reply, Routes};
use crate::oauth::{Memory, assigned, page, redirect, session, sign_in_first};
use crate::org::Org;
use crate::saml;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .protocol(Method::GET, "/app/UserHome", dashboard)
        .protocol(Method::GET, "/home/{appName}/{appId}/{tile}", tile);
}

/// `GET /app/UserHome`.
fn dashboard(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let Some(session) = session(org, call) else {
        return sign_in_first(call, "/app/UserHome", false);
    };
    let Some(person) = org.people.get(session.user) else {
        return sign_in_first(call, "/app/UserHome", false);
    };
    let text = |link: &Value, name: &str| {
        link.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let tiles: Vec<(String, String)> = apps::links_of(org, call, session.user)
        .iter()
        .map(|link| (text(link, "label"), text(link, "linkUrl")))
        .collect();
    let name = format!("{} {}", person.profile.first_name, person.profile.last_name);
    page::home(&name, &person.profile.login, &tiles)
}

/// `GET /home/{appName}/{appId}/{tile}`: what a tile opens.
fn tile(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let found = apps::find(org, call.param("appId")).ok();
    let found = found.and_then(|serial| Some((serial, org.apps.get(serial)?)));
    let Some((serial, app)) =
        found.filter(|(_, app)| app.active && app.name == call.param("appName"))
    else {
        return page::problem(
            StatusCode::NOT_FOUND,
            "Page Not Found",
            "There is no such app, or it is not active.",
        );
    };
    if app.mode == Mode::Saml2 {
        // The app's own address sees to signing in and to who has it.
        let to = format!("{}?fromHome=true", saml::address(org, serial));
        return redirect(&call.url(&to));
    }
    let Some(session) = session(org, call) else {
        return sign_in_first(call, &call.path, false);
    };
    if !assigned(org, serial, session.user) {
        return page::problem(
            StatusCode::FORBIDDEN,
            "User is not assigned to this application",
            &format!("{} is not assigned to you.", app.label),
        );
    }
    match leads_to(app) {
        Some(to) => redirect(&to),
        None => page::done(&format!("{} has no address to open.", app.label)),
    }
}

/// Where the tile of an app without SAML leads.
fn leads_to(app: &App) -> Option<String> {
    let places: [&[&str]; 5] = [
        &["app", "url"],
        &["oauthClient", "initiate_login_uri"],
        &["oauthClient", "client_uri"],
        &["signOn", "loginUrl"],
        &["app", "loginURL"],
    ];
    places.into_iter().find_map(|path| {
        let text = app.setting(path)?.as_str()?;
        let web = text.starts_with("https://") || text.starts_with("http://");
        web.then(|| text.to_owned())
    })
}
