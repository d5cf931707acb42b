//! Lists of apps.

use http::StatusCode;
use serde_json::Value;

use super::App;
use super::print::{Secrecy, print};
use crate::filter::{Case, Datum, parse};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;
use crate::users;

const FILTERED: [&str; 7] = [
    "id",
    "status",
    "name",
    "credentials.signing.kid",
    "settings.slo.enabled",
    "user.id",
    "group.id",
];

/// The routes of lists.
pub(super) fn routes(routes: &mut Routes) {
    routes.list("/api/v1/apps", list);
}

fn malformed() -> Fail {
    Fail::validation("RequestParams", ["Expand query is malformed."])
}

/// The user that `expand=user/{id}` names.
fn expanded(org: &Org, call: &Call) -> Result<Option<u32>, Fail> {
    let Some(expand) = call.query.get("expand").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let Some(id) = expand.strip_prefix("user/").filter(|id| !id.contains(',')) else {
        return Err(malformed());
    };
    users::find(org, call, id)
        .map(Some)
        .map_err(|_| malformed())
}

fn datum<'a>(org: &Org, serial: u32, app: &'a App, path: &str) -> Option<Datum<'a>> {
    match path {
        "id" => Some(org.tail.id(Kind::APP, serial).into()),
        "status" => Some(if app.active { "ACTIVE" } else { "INACTIVE" }.into()),
        "name" => Some(app.name.as_str().into()),
        "user.id" => {
            let direct = app.users.keys().copied();
            let all = direct.chain(app.groups.keys().flat_map(|group| {
                org.groups
                    .get(*group)
                    .map(|group| group.members.clone())
                    .unwrap_or_default()
            }));
            Some(Datum::Many(
                all.map(|user| org.tail.id(Kind::USER, user).into())
                    .collect(),
            ))
        }
        "group.id" => Some(Datum::Many(
            app.groups
                .keys()
                .map(|group| org.tail.id(Kind::GROUP, *group).into())
                .collect(),
        )),
        "credentials.signing.kid" => app.certificates.first().map(|one| one.kid.as_str().into()),
        _ => app
            .body
            .get("settings")?
            .pointer("/signOn/slo/enabled")
            .cloned()
            .and_then(Datum::json),
    }
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 20, 200)?;
    let text = call.query.get("filter").filter(|text| !text.is_empty());
    let invalid = || {
        Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000053",
            format!("Invalid filter '{}'", text.unwrap_or_default()),
        )
    };
    let filter = text.map(parse).transpose().map_err(|_| invalid())?;
    if filter.as_ref().is_some_and(|filter| {
        filter
            .comparisons()
            .iter()
            .any(|(path, ..)| !FILTERED.contains(path))
    }) {
        return Err(invalid());
    }
    let user = expanded(org, call)?;
    let q = call.query.get("q").unwrap_or_default().to_lowercase();
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::APP, after));
    let seen = call.power.apps(org);
    let mut found: Vec<_> = org
        .apps
        .rows
        .from(after.map_or(0, |serial| serial + 1))
        .filter(|(serial, _)| seen(*serial))
        .filter(|(_, app)| {
            app.name.to_lowercase().starts_with(&q) || app.label.to_lowercase().starts_with(&q)
        })
        .filter(|(serial, app)| {
            filter.as_ref().is_none_or(|filter| {
                filter.matches(Case::Exact, &|path| datum(org, *serial, app, path))
            })
        })
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(Kind::APP, *serial));
    let body: Vec<Value> = found
        .into_iter()
        .map(|(serial, app)| {
            let mut body = print(org, call, serial, app, Secrecy::Hidden);
            if let Some(held) = user.and_then(|user| app.users.get(&user).map(|held| (user, held))) {
                body["_embedded"] = serde_json::json!({ "user": super::assign::print(org, call, serial, held.0, held.1) });
            }
            body
        })
        .collect();
    Ok(page.links(
        Reply::json(&body),
        call,
        &["q", "filter", "expand"],
        next.as_deref(),
    ))
}
