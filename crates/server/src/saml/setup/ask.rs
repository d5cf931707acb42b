//! Asked before it is done: unpinning a certificate, taking SAML away.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::super::{self as saml, Error, certificates, remove_certificate};
use super::frame;
use crate::actor::Permission;
use crate::app::App;
use crate::connections;
use crate::console::{Confirm, Done, Fields, Pages, Visit};
use crate::db::ConnectionId;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    let manage = Permission::ConnectionsManage;
    const UNPIN: &str = "/connections/{connection}/saml/certificates/{certificate}/remove";
    const REMOVE: &str = "/connections/{connection}/saml/remove";
    Pages::new()
        .get(UNPIN, manage, ask_unpin)
        .post(UNPIN, manage, unpin)
        .get(REMOVE, manage, ask_remove)
        .post(REMOVE, manage, remove)
}

async fn ask_unpin(
    State(app): State<App>,
    visit: Visit,
    Path((id, certificate)): Path<(ConnectionId, Uuid)>,
) -> Result<Response, Problem> {
    question_unpin(&app, &visit, id, certificate, &Fields::default(), None).await
}

async fn question_unpin(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    certificate: Uuid,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let pinned = certificates(&work, id).await?;
    let one = pinned
        .iter()
        .find(|one| one.id == certificate)
        .ok_or(Error::NoSuchCertificate)?;
    let back = format!("/connections/{id}/saml");
    Confirm {
        title: "Remove this certificate?".to_owned(),
        words: vec![
            format!("{}, fingerprint {}.", one.subject, one.fingerprint),
            "What it signed is refused from now on. Sessions that stand go on.".to_owned(),
        ],
        action: format!("{back}/certificates/{certificate}/remove"),
        button: "Remove it",
        back,
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(frame(visit, "", &connection))
}

async fn unpin(
    State(app): State<App>,
    visit: Visit,
    Path((id, certificate)): Path<(ConnectionId, Uuid)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match remove_certificate(&mut work, id, certificate).await {
        Ok(()) => {
            work.commit().await?;
            Ok(Done::to(format!("/connections/{id}/saml"))
                .ok("The certificate is removed")
                .into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            question_unpin(&app, &visit, id, certificate, &fields, Some(error)).await
        }
    }
}

async fn ask_remove(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    saml::settings(&work, id).await?.ok_or(Error::NotSetUp)?;
    let back = format!("/connections/{id}/saml");
    Confirm {
        title: format!("Take sign-in by SAML away from {}?", connection.name),
        words: vec![
            "Nobody signs in through it any more; our keys and Okta’s certificates are deleted here. People and roles stay."
                .to_owned(),
        ],
        action: format!("{back}/remove"),
        button: "Take it away",
        back,
        ..Confirm::default()
    }
    .show(frame(&visit, "", &connection))
}

async fn remove(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    saml::remove(&mut work, id).await?;
    work.commit().await?;
    Ok(Done::to(format!("/connections/{id}")).ok("Nobody signs in by SAML through it any more"))
}
