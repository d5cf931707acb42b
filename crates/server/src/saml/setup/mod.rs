//! `/connections/{connection}/saml`: signing in through a connection, as admins set it up.
//!
//! ```text
//! what Okta needs of us ─► what we need of Okta (metadata by address, pasted, value by value) ─► rules ─► refusals
//! ```

mod ask;
mod forms;

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::Response;
use http::StatusCode;
use uuid::Uuid;

use super::settings::Demand;
use super::traces::Trace;
use super::view::{Standing, View, view};
use super::{Binding, KeyState, traces};
use crate::actor::{Permission, Permissions};
use crate::app::App;
use crate::connections::{self, Connection};
use crate::console::{Fields, Frame, Pages, State, Visit, show_as};
use crate::db::{ConnectionId, Timestamp};
use crate::directory;
use crate::web::Problem;

/// Refusals that are shown.
const TRACES: i64 = 20;
/// Certificates that end within so many seconds are warned of (30 days).
const SOON: i64 = 30 * 86_400;

/// `/connections/{connection}/saml` with all below that admins see.
#[must_use]
pub fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}/saml",
            Permission::ConnectionsRead,
            look,
        )
        .merge(forms::pages())
        .merge(ask::pages())
}

#[derive(Template)]
#[template(path = "saml/setup/setup.html")]
struct Setup<'f> {
    frame: Frame,
    connection: Connection,
    view: View,
    state: State,
    certificates: Vec<Theirs>,
    keys: Vec<Ours>,
    waits: bool,
    traces: Vec<Trace>,
    values: Values,
    demands: Vec<Choice>,
    bindings: Vec<Choice>,
    roles: Vec<Choice>,
    fields: &'f Fields,
    may_manage: bool,
    /// Whether the person may say who signs whom in: that takes every permission.
    may_trust: bool,
    error: Option<String>,
}

/// A certificate of the identity provider.
struct Theirs {
    id: Uuid,
    subject: String,
    fingerprint: String,
    state: State,
    not_after: Timestamp,
}

/// A key of ours.
struct Ours {
    state: State,
    fingerprint: String,
    pem: String,
    created_at: Timestamp,
}

/// One option of a choice.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// What the form of the rules holds: as stored, or as it was sent.
struct Values {
    enabled: bool,
    demand: String,
    binding: String,
    skew: String,
    attribute: String,
    jit: bool,
    role: String,
}

impl Values {
    fn stored(view: &View) -> Self {
        Self {
            enabled: view.enabled,
            demand: view.demand.word().to_owned(),
            binding: view.binding.word().to_owned(),
            skew: view.clock_skew_seconds.to_string(),
            attribute: view.okta_id_attribute.clone(),
            jit: view.jit,
            role: view.jit_role.map_or_else(String::new, |id| id.to_string()),
        }
    }

    fn sent(fields: &Fields) -> Self {
        Self {
            enabled: fields.is_on("enabled"),
            demand: fields.text("demand").to_owned(),
            binding: fields.text("binding").to_owned(),
            skew: fields.raw("skew").to_owned(),
            attribute: fields.raw("attribute").to_owned(),
            jit: fields.is_on("jit"),
            role: fields.text("role").to_owned(),
        }
    }
}

async fn look(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    page(&app, &visit, id, &Fields::default(), None).await
}

/// The frame of a page about signing in through this connection.
fn frame(visit: &Visit, title: &str, connection: &Connection) -> Frame {
    visit
        .frame(title)
        .crumb("Connections", "/connections")
        .crumb(
            connection.name.clone(),
            format!("/connections/{}", connection.id),
        )
}

/// The page, perhaps again with what was sent and what is wrong with it.
async fn page(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let view = view(&work, id).await?;
    let values = if fields.is_on("demand") {
        Values::sent(fields)
    } else {
        Values::stored(&view)
    };
    let roles = directory::list_roles(&work).await?;
    let keys: Vec<Ours> = view.keys.iter().map(ours).collect();
    let may_manage = visit.may(Permission::ConnectionsManage);
    show_as(
        error.as_ref().map_or(StatusCode::OK, Problem::status),
        &Setup {
            frame: frame(visit, "Sign-in by SAML", &connection),
            state: view.standing.state(view.sso_allowed),
            certificates: view
                .certificates
                .iter()
                .map(|one| theirs(one, work.now))
                .collect(),
            waits: view.keys.iter().any(|key| key.state == KeyState::Next),
            keys,
            traces: traces(&work, id, TRACES).await?,
            demands: demands(&values.demand),
            bindings: bindings(&values.binding),
            roles: roles
                .into_iter()
                .map(|role| Choice {
                    chosen: role.id.to_string() == values.role,
                    value: role.id.to_string(),
                    label: role.name,
                })
                .collect(),
            values,
            fields,
            may_manage,
            may_trust: may_manage && visit.actor.permissions.hold_all(&Permissions::all()),
            error: error.map(|error| error.words()),
            connection,
            view,
        },
    )
}

impl Standing {
    /// How it stands, in words.
    #[must_use]
    pub fn state(self, sso_allowed: bool) -> State {
        match self {
            Self::None => State::off("Not set up"),
            Self::Waits => State::wait("Waits for Okta’s values"),
            Self::Ready => State::ok("Ready"),
            Self::Off if !sso_allowed => State::off("Off for all of the tenant"),
            Self::Off => State::off("Switched off"),
        }
    }
}

fn theirs(one: &super::Pinned, now: Timestamp) -> Theirs {
    Theirs {
        id: one.id,
        subject: one.subject.clone(),
        fingerprint: one.fingerprint.clone(),
        state: if one.not_after <= now {
            State::fail("Past its date")
        } else if one.not_after <= now.plus_seconds(SOON) {
            State::held("Ends soon")
        } else {
            State::ok("Pinned")
        },
        not_after: one.not_after,
    }
}

fn ours(key: &super::view::KeyView) -> Ours {
    Ours {
        state: match key.state {
            KeyState::Current => State::ok("Signs"),
            KeyState::Next => State::wait("Waits to take over"),
        },
        fingerprint: key.fingerprint.clone(),
        pem: key.certificate_pem.clone(),
        created_at: key.created_at,
    }
}

fn demands(chosen: &str) -> Vec<Choice> {
    let choice = |demand: Demand| Choice {
        value: demand.word().to_owned(),
        label: match demand {
            Demand::Either => "The response or the assertion (as Okta’s apps do)",
            Demand::Response => "The response",
            Demand::Assertion => "The assertion",
            Demand::Both => "Both: the strictest",
        }
        .to_owned(),
        chosen: demand.word() == chosen,
    };
    Demand::ALL.into_iter().map(choice).collect()
}

fn bindings(chosen: &str) -> Vec<Choice> {
    let choice = |(binding, label): (Binding, &str)| Choice {
        value: binding.word().to_owned(),
        label: label.to_owned(),
        chosen: binding.word() == chosen,
    };
    [
        (Binding::Redirect, "In an address (HTTP-Redirect)"),
        (Binding::Post, "In a form (HTTP-POST)"),
    ]
    .into_iter()
    .map(choice)
    .collect()
}
