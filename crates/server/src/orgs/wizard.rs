//! `/connections/new`: joining an Okta org.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::form::{self, Offer};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Algorithm, Authentication, Domain, Job, New};
use crate::console::{Done, Fields, Frame, Pages, Visit, show_as};
use crate::sync::{self, SettingsChange};
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/connections/new", Permission::ConnectionsManage, new)
        .post("/connections/new", Permission::ConnectionsManage, make)
}

#[derive(Template)]
#[template(path = "orgs/new.html")]
struct Wizard<'a> {
    frame: Frame,
    fields: &'a Fields,
    auth: &'static str,
    web_client: Option<String>,
    consent_scopes: Vec<form::ScopeOffer>,
    paste: bool,
    es256: bool,
    domain: Option<Domain>,
    jobs: Vec<Offer>,
    intervals: Vec<Offer>,
    share: String,
    scopes: Vec<(&'static str, &'static str, bool)>,
    error: Option<String>,
    /// Secrets that were sent are not sent back.
    again: bool,
}

async fn new(visit: Visit) -> Result<Response, Problem> {
    form(&visit, &Fields::default(), None)
}

fn form(visit: &Visit, fields: &Fields, error: Option<Problem>) -> Result<Response, Problem> {
    let first = !fields.is_on("auth");
    let auth = Authentication::of(fields.text("auth")).unwrap_or_default();
    let jobs = if first {
        vec![Job::Sync]
    } else {
        form::read_jobs(fields).unwrap_or_default()
    };
    let scopes = connections::scopes(&jobs);
    let secrets = ["token", "client_private", "dpop_private", "client_secret"];
    show_as(
        error.as_ref().map_or(StatusCode::OK, Problem::status),
        &Wizard {
            frame: visit
                .frame("How should we sign in to Okta?")
                .crumb("Connections", "/connections"),
            fields,
            auth: auth.word(),
            web_client: Some(fields.raw("web_client_id").to_owned()),
            consent_scopes: form::consent_scopes(Some(fields)),
            paste: fields.has("keys", "paste"),
            es256: fields.has("algorithm", "ES256"),
            domain: Domain::parse(fields.text("domain")).ok(),
            jobs: form::jobs(&jobs),
            intervals: form::intervals(
                fields
                    .text("interval")
                    .parse()
                    .unwrap_or(sync::DEFAULT_INTERVAL),
            ),
            share: fields
                .given("share")
                .map_or_else(|| connections::DEFAULT_SHARE.to_string(), str::to_owned),
            scopes: scopes
                .into_iter()
                .map(|scope| (scope.name, scope.purpose, scope.needed))
                .collect(),
            again: secrets.iter().any(|name| fields.given(name).is_some()),
            error: error.map(|error| error.words()),
        },
    )
}

async fn make(State(app): State<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    if fields.has("do", "look") {
        let looked = Domain::parse(fields.text("domain"));
        let error = looked
            .err()
            .map(|error| Problem::invalid(error.to_string()));
        return form(&visit, &fields, error);
    }
    match try_make(&app, &visit, &fields).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => form(&visit, &fields, Some(error.or_fault()?)),
    }
}

/// What of the form counts: fields of a way that was not chosen are ignored.
fn read(fields: &Fields) -> Result<New, Problem> {
    let authentication = form::read_way(fields)?;
    let has_client = authentication.has_client();
    let by_consent = authentication == Authentication::AuthorizationCode;
    let client_id = if by_consent {
        "web_client_id"
    } else {
        "client_id"
    };
    let paste = authentication.has_keys() && fields.has("keys", "paste");
    let needed = |purpose: &str, words: &str| match form::pasted(fields, purpose) {
        None if paste => Err(Problem::invalid(format!(
            "paste the private {words} key, or let it be made here"
        ))),
        given => Ok(given.filter(|_| paste)),
    };
    let dpop = if authentication == Authentication::OauthDpop {
        needed("dpop", "DPoP")?
    } else {
        None
    };
    let client_key = needed("client", "client")?;
    Ok(New {
        client_secret: form::secret(fields, "client_secret").filter(|_| by_consent),
        scopes: form::read_scopes(Some(fields)).filter(|_| by_consent),
        name: fields.given("name").map(str::to_owned),
        domain: fields.text("domain").to_owned(),
        authentication,
        client_id: fields
            .given(client_id)
            .filter(|_| has_client)
            .map(str::to_owned),
        api_token: form::secret(fields, "token").filter(|_| !has_client),
        jobs: Some(form::read_jobs(fields)?),
        rate_share: Some(fields.read("share", "a percentage from 1 to 100")?),
        key_algorithm: if fields.has("algorithm", "ES256") {
            Algorithm::Es256
        } else {
            Algorithm::Rs256
        },
        client_key,
        dpop_key: dpop,
    })
}

async fn try_make(app: &App, visit: &Visit, fields: &Fields) -> Result<Done, Problem> {
    let new = read(fields)?;
    let minutes: i64 = fields.read("interval", "one of the intervals offered")?;
    let mut work = app.begin(&visit.actor).await?;
    let made = connections::create(&mut work, new).await?;
    if minutes != sync::DEFAULT_INTERVAL {
        let change = SettingsChange {
            interval_minutes: Some(minutes),
            ..SettingsChange::default()
        };
        sync::change_settings(
            &mut work,
            made.id,
            &change,
            None,
            "chosen when the org was joined",
        )
        .await?;
    }
    work.commit().await?;
    if made.authentication == Authentication::AuthorizationCode {
        let to = format!("/connections/{}/consent", made.id);
        return Ok(Done::to(to).ok(format!("{} is joined: a consent is wanted next", made.name)));
    }
    let next = if made.client_id.is_some() || !made.authentication.has_client() {
        "test it now"
    } else {
        "make the app in Okta with its key, then test it"
    };
    Ok(
        Done::to(format!("/connections/{}", made.id))
            .ok(format!("{} is joined: {next}", made.name)),
    )
}
