//! `/settings`: how this deployment is configured, read only: the configuration file says it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actor::Permission;
use crate::app::App;
use crate::config::Effective;
use crate::console::{Frame, Pages, State as Stated, Visit, show};
use crate::db::Engine;
use crate::notify::Mailer;
use crate::tenants;
use crate::web::{Options, Problem};

pub(super) fn pages() -> Pages {
    Pages::new().get("/settings", Permission::SettingsRead, general)
}

#[derive(Template)]
#[template(path = "settings/general.html")]
struct General {
    frame: Frame,
    public_url: String,
    https: bool,
    engine: &'static str,
    version: &'static str,
    schema: i32,
    key: Stated,
    mail: Stated,
    /// What the configuration says: for the operator of the deployment.
    values: Option<Vec<Effective>>,
}

async fn general(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let options = Options::of(&app);
    let operates =
        visit.may(Permission::TenantsManage) && tenants::operates(&app, &visit.actor).await?;
    show(&General {
        frame: visit.frame("Settings"),
        https: options.https(),
        public_url: options.public_url,
        engine: match app.db().engine() {
            Engine::Sqlite => "SQLite, one file on this machine",
            Engine::Postgres => "PostgreSQL",
        },
        version: env!("CARGO_PKG_VERSION"),
        schema: app.db().schema_version().await?.unwrap_or_default(),
        key: Stated::ok(format!("key {} in force", app.vault().active_key())),
        mail: if app.part::<Mailer>().is_some() {
            Stated::ok("Set up")
        } else {
            Stated::off("Not set up")
        },
        values: operates.then(|| app.part::<Vec<Effective>>().cloned().unwrap_or_default()),
    })
}
