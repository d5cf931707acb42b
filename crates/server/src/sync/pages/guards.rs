//! `/guards`: how much a run may change before a person must agree.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::super::guard::Limits;
use super::super::{Error, SettingsChange, ask_for_limits, change_settings, settings};
use super::orgs::{self, Org};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::Connection;
use crate::console::{Done, Fields, Frame, Listing, Pages, Tone, Visit, show_as};
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/guards", Permission::MappingsRead, guards)
        .post("/guards", Permission::GuardsManage, save)
}

#[derive(Template)]
#[template(path = "sync/pages/guards.html")]
struct Guards {
    frame: Frame,
    here: &'static str,
    orgs: Vec<Org>,
    connection: Option<Connection>,
    fields: Vec<Number>,
    hold_super_admin: bool,
    version: i64,
    reason: String,
    may_manage: bool,
    error: Option<String>,
}

/// One limit of the form.
struct Number {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    default: u32,
}

async fn guards(State(app): State<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    page(&app, &visit, list.get("connection"), None).await
}

fn numbers(now: &Limits, sent: Option<&Fields>) -> Vec<Number> {
    let default = Limits::default();
    let number = |name, label, hint, now: u32, default: u32| Number {
        name,
        label,
        hint,
        value: sent.map_or_else(|| now.to_string(), |fields| fields.raw(name).to_owned()),
        default,
    };
    vec![
        number(
            "removals_count",
            "People who may lose roles",
            "Within 24 hours, always",
            now.removals_count,
            default.removals_count,
        ),
        number(
            "removals_percent",
            "And percent of those with mapped roles",
            "The larger of the two counts",
            now.removals_percent,
            default.removals_percent,
        ),
        number(
            "grants_count",
            "New grants that are fine",
            "Within 24 hours, always",
            now.grants_count,
            default.grants_count,
        ),
        number(
            "grants_percent",
            "And percent of the grants there are",
            "The larger of the two counts",
            now.grants_percent,
            default.grants_percent,
        ),
        number(
            "admins",
            "Admins who may lose administration",
            "Within 24 hours; never the last",
            now.admins,
            default.admins,
        ),
    ]
}

async fn page(
    app: &App,
    visit: &Visit,
    asked: &str,
    sent: Option<(&Fields, Problem)>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let (connection, orgs) = orgs::chosen(&work, asked).await?;
    let fields = sent.as_ref().map(|(fields, _)| *fields);
    let (mut limits, mut version) = (Limits::default(), 0);
    if let Some(connection) = &connection {
        let now = settings(&work, connection.id).await?;
        (limits, version) = (now.limits, now.version);
    }
    show_as(
        sent.as_ref()
            .map_or(StatusCode::OK, |(_, error)| error.status()),
        &Guards {
            frame: visit.frame("Guards"),
            here: "/guards",
            orgs,
            connection,
            fields: numbers(&limits, fields),
            hold_super_admin: fields.map_or(limits.hold_super_admin, |fields| {
                fields.is_on("hold_super_admin")
            }),
            version,
            reason: fields.map_or_else(String::new, |fields| fields.text("reason").to_owned()),
            may_manage: visit.may(Permission::GuardsManage),
            error: sent.as_ref().map(|(_, error)| error.words()),
        },
    )
}

fn read(fields: &Fields) -> Result<Limits, Problem> {
    let number = |name: &str| fields.read(name, "a number from 0 up");
    Ok(Limits {
        removals_count: number("removals_count")?,
        removals_percent: number("removals_percent")?,
        grants_count: number("grants_count")?,
        grants_percent: number("grants_percent")?,
        admins: number("admins")?,
        hold_super_admin: fields.is_on("hold_super_admin"),
    })
}

async fn save(State(app): State<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    match try_save(&app, &visit, &fields).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => {
            let error = error.or_fault()?;
            page(
                &app,
                &visit,
                fields.text("connection"),
                Some((&fields, error)),
            )
            .await
        }
    }
}

async fn try_save(app: &App, visit: &Visit, fields: &Fields) -> Result<Done, Problem> {
    let limits = read(fields)?;
    let mut work = app.begin(&visit.actor).await?;
    let (connection, _) = orgs::chosen(&work, fields.text("connection")).await?;
    let id = connection
        .ok_or_else(|| Problem::not_found("connection"))?
        .id;
    let version: i64 = fields.read("version", "the one the form was made for")?;
    let version = (version > 0).then_some(version);
    let change = SettingsChange {
        limits: Some(limits),
        ..SettingsChange::default()
    };
    let reason = fields.text("reason");
    let done = Done::to(format!("/guards?connection={id}"));
    match change_settings(&mut work, id, &change, version, reason).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done.ok("Saved"))
        }
        Err(Error::SecondPerson) => {
            // The wish of the first person stays, so that a second one can agree to it.
            drop(work);
            let mut work = app.begin(&visit.actor).await?;
            ask_for_limits(&mut work, id, &limits, reason).await?;
            work.commit().await?;
            Ok(done.say(
                Tone::Held,
                "Nothing is changed yet: lower guards take two people. Another admin must save the same within 24 hours",
            ))
        }
        Err(error) => Err(error.into()),
    }
}
