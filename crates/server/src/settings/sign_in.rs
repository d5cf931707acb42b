//! `/settings/sign-in`: the rules of sign-in, operators, invitations.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};

use crate::actor::Permission;
use crate::app::App;
use crate::console::{Done, Fields, Frame, Pages, State as Stated, Visit, show_as};
use crate::directory::{self, Kind, Role, User, UserDraft};
use crate::sessions::{self, Rules, RulesDraft};
use crate::signin::{self, LinkKind};
use crate::web::{Browser, Problem};

/// Most operators that are listed.
const MOST: usize = 100;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/settings/sign-in", Permission::SettingsRead, look)
        .post("/settings/sign-in", Permission::SettingsManage, change)
        .post("/settings/sign-in/invite", Permission::UsersManage, invite)
        .post("/settings/sign-in/link", Permission::UsersManage, link)
}

#[derive(Template)]
#[template(path = "settings/sign_in.html")]
struct SignIn {
    frame: Frame,
    rules: Rules,
    form: Fields,
    error: Option<String>,
    invite_error: Option<String>,
    operators: Vec<User>,
    roles: Vec<Role>,
    may_change: bool,
    may_invite: bool,
    here: String,
    made: Option<(String, SecretString)>,
}

impl SignIn {
    /// What the form shows: what was typed, else what is in force.
    fn addresses(&self) -> String {
        if self.error.is_some() {
            return self.form.raw("addresses").to_owned();
        }
        let lines: Vec<String> = self
            .rules
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect();
        lines.join("\n")
    }

    fn typed(&self, name: &str, in_force: i64) -> String {
        match self.form.given(name).filter(|_| self.error.is_some()) {
            Some(text) => text.to_owned(),
            None => in_force.to_string(),
        }
    }

    fn sso(&self) -> bool {
        if self.error.is_some() {
            self.form.is_on("sso")
        } else {
            self.rules.sso
        }
    }
}

/// What differs from look to look.
#[derive(Default)]
struct View {
    form: Fields,
    refused: Option<Problem>,
    not_invited: Option<Problem>,
    made: Option<(String, SecretString)>,
}

async fn look(State(app): State<App>, visit: Visit, browser: Browser) -> Result<Response, Problem> {
    page(&app, &visit, &browser, View::default()).await
}

async fn page(
    app: &App,
    visit: &Visit,
    browser: &Browser,
    view: View,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let roles = directory::list_roles(&work).await?;
    let refused = view.refused.as_ref().or(view.not_invited.as_ref());
    let status = refused.map_or(StatusCode::OK, Problem::status);
    let text =
        |problem: &Option<Problem>| problem.as_ref().and_then(Problem::text).map(str::to_owned);
    let page = SignIn {
        frame: visit.frame("Sign-in"),
        rules: sessions::rules(&work).await?,
        operators: directory::administrators(&work, MOST).await?,
        roles: roles
            .into_iter()
            .filter(|role| visit.actor.permissions.hold_all(&role.permissions))
            .collect(),
        may_change: visit.may(Permission::SettingsManage),
        may_invite: visit.may(Permission::UsersManage) && visit.may(Permission::GrantsManage),
        here: browser.address_text().unwrap_or_default(),
        error: text(&view.refused),
        invite_error: text(&view.not_invited),
        form: view.form,
        made: view.made,
    };
    show_as(status, &page)
}

async fn change(
    State(app): State<App>,
    visit: Visit,
    browser: Browser,
    form: Fields,
) -> Result<Response, Problem> {
    match save(&app, &visit, &browser, &form).await {
        Ok(()) => Ok(Done::to("/settings/sign-in")
            .ok("The rules of sign-in are in force")
            .into_response()),
        Err(problem) if problem.status().is_client_error() => {
            let refused = Some(problem);
            page(
                &app,
                &visit,
                &browser,
                View {
                    form,
                    refused,
                    ..View::default()
                },
            )
            .await
        }
        Err(problem) => Err(problem),
    }
}

async fn save(app: &App, visit: &Visit, browser: &Browser, form: &Fields) -> Result<(), Problem> {
    let draft = RulesDraft {
        sso: form.is_on("sso"),
        addresses: form
            .raw("addresses")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        idle_minutes: form.read("idle", "a number of minutes")?,
        absolute_hours: form.read("absolute", "a number of hours")?,
        version: form.read("version", "what the page gave")?,
    };
    let mut work = app.begin(&visit.actor).await?;
    sessions::change_rules(&mut work, &draft, browser).await?;
    Ok(work.commit().await?)
}

async fn invite(
    State(app): State<App>,
    visit: Visit,
    browser: Browser,
    form: Fields,
) -> Result<Response, Problem> {
    let view = match make_invitation(&app, &visit, &form).await {
        Ok(made) => View {
            made: Some(made),
            ..View::default()
        },
        Err(problem) if problem.status().is_client_error() => View {
            form,
            not_invited: Some(problem),
            ..View::default()
        },
        Err(problem) => return Err(problem),
    };
    page(&app, &visit, &browser, view).await
}

async fn make_invitation(
    app: &App,
    visit: &Visit,
    form: &Fields,
) -> Result<(String, SecretString), Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let role = directory::find_role_by(&work, form.text("role")).await?;
    let break_glass = form.is_on("break_glass");
    let draft = UserDraft {
        kind: if break_glass {
            Kind::BreakGlass
        } else {
            Kind::Local
        },
        login: form.text("login").to_owned(),
        email: form.text("email").to_owned(),
        display_name: form.text("name").to_owned(),
    };
    let made = signin::invite(&mut work, &draft, role.id, "invited by hand").await?;
    work.commit().await?;
    Ok((draft.login, made.url))
}

/// A new link for somebody made here who cannot get in.
async fn link(
    State(app): State<App>,
    visit: Visit,
    browser: Browser,
    form: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let user = directory::routes::resolve(&work, form.text("user")).await?;
    let login = directory::find_user(&work, user).await?.login;
    let made = signin::make_link(&mut work, LinkKind::SignIn(user)).await?;
    work.commit().await?;
    let made = Some((login, made.url));
    page(
        &app,
        &visit,
        &browser,
        View {
            made,
            ..View::default()
        },
    )
    .await
}
