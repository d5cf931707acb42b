//! Pages to sign in and out: `/sign-in`, `/sign-out`, `/welcome/{token}`; `/me` stands in `me`.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{HeaderMap, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::enter::{Attempt, enter};
use super::links::{self, LinkKind};
use super::{Error, admit, codes, needs_first_admin};
use crate::actor::{Actor, ActorKind};
use crate::app::{App, Work};
use crate::console::{Done, Fields, Flash, Frame, Pages, Visit, inside, show, show_as};
use crate::db::TenantId;
use crate::directory::{self, Kind, UserDraft};
use crate::saml;
use crate::sessions::{self, cookie};
use crate::tenants;
use crate::web::{Browser, Need, Options, Problem};

/// `/sign-in`, `/sign-out`, `/welcome/{token}`.
pub fn pages() -> Pages {
    Pages::new()
        .get("/sign-in", Need::Nothing, sign_in)
        .post("/sign-in", Need::Nothing, try_sign_in)
        .post("/sign-out", Need::Nothing, sign_out)
        .get("/welcome/{token}", Need::Nothing, welcome)
        .post("/welcome/{token}", Need::Nothing, redeem)
        .merge(super::me::pages())
}

/// Where to go after signing in, and to which tenant.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    tenant: String,
}

#[derive(Template)]
#[template(path = "signin/sign_in.html")]
struct SignIn<'a> {
    frame: Frame,
    tenant: &'a str,
    slug: &'a str,
    next: &'a str,
    login: &'a str,
    ways: Vec<Way>,
    /// Nobody can administer yet.
    new: bool,
    error: Option<String>,
}

/// A way to sign in that another system judges.
struct Way {
    label: String,
    href: String,
}

async fn sign_in(
    State(app): State<App>,
    visit: Option<Visit>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if visit.is_some_and(|visit| visit.session.is_some()) {
        return Ok(Done::to(inside(&asked.next)).into_response());
    }
    let flash = Flash::read(&headers, Options::of(&app).https());
    form(&app, &asked, "", None, flash).await
}

/// The page to sign in on, perhaps again with what is wrong.
async fn form(
    app: &App,
    asked: &Asked,
    login: &str,
    error: Option<Error>,
    flash: Option<Flash>,
) -> Result<Response, Problem> {
    let tenant = tenant(app, &asked.tenant).await?;
    let work = app.read(&Actor::system(tenant.id, "sign-in")).await?;
    let ways = ways(&work, inside(&asked.next)).await?;
    let new = needs_first_admin(&work).await?;
    let mut frame = Frame::solo("Sign in", app.now());
    frame.flash = flash;
    let refused = error.map(|error| (error.to_string(), Problem::from(error)));
    let page = SignIn {
        frame,
        tenant: if tenant.slug == tenants::DEFAULT {
            ""
        } else {
            &tenant.name
        },
        slug: &asked.tenant,
        next: inside(&asked.next),
        login,
        ways,
        new,
        error: refused.as_ref().map(|(words, _)| words.clone()),
    };
    match refused {
        None => show(&page),
        Some((_, problem)) if problem.status().is_server_error() => Err(problem),
        Some((_, problem)) => {
            let mut response = show_as(problem.status(), &page)?;
            if let Some(seconds) = problem.wait_seconds() {
                let seconds = HeaderValue::from(seconds);
                response
                    .headers_mut()
                    .insert(http::header::RETRY_AFTER, seconds);
            }
            Ok(response)
        }
    }
}

/// Ways of other systems that are open: none when the tenant switched them off.
async fn ways(work: &Work, next: &str) -> Result<Vec<Way>, Problem> {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let open = saml::ways(work).await?.into_iter().map(|way| Way {
        label: format!("Sign in through {}", way.name),
        href: format!("{}?return={next}", way.path),
    });
    Ok(open.collect())
}

async fn tenant(app: &App, slug: &str) -> Result<tenants::Tenant, Problem> {
    let slug = if slug.is_empty() {
        tenants::DEFAULT
    } else {
        slug
    };
    let found = tenants::find(app, slug).await?;
    found.ok_or_else(|| Problem::not_found("organisation to sign in to"))
}

async fn try_sign_in(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let asked = Asked {
        next: fields.text("next").to_owned(),
        tenant: fields.text("tenant").to_owned(),
    };
    let login = fields.text("login");
    let attempt = Attempt {
        tenant: tenant(&app, &asked.tenant).await?.id,
        login,
        code: fields.text("code"),
        browser: &browser,
        headers: &headers,
    };
    match enter(&app, &attempt).await {
        Ok(cookies) => Ok(with_cookies(
            Done::to(inside(&asked.next)).into_response(),
            cookies,
        )),
        Err(error) => form(&app, &asked, login, Some(error), None).await,
    }
}

fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Ends this browser's session; with `everywhere` all of the person.
async fn sign_out(
    State(app): State<App>,
    visit: Option<Visit>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut words = "Signed out";
    if let Some((visit, session)) = visit.and_then(|visit| visit.session.map(|id| (visit, id))) {
        let mut work = app.begin(&visit.actor).await?;
        if let Some(user) = visit.person.id.filter(|_| fields.is_on("everywhere")) {
            sessions::end_others(&mut work, user, None, "signed out everywhere").await?;
            words = "Signed out everywhere";
        } else {
            sessions::end(&mut work, session, "signed out").await?;
        }
        work.commit().await?;
    }
    let https = Options::of(&app).https();
    let done = Done::to("/sign-in").ok(words).into_response();
    Ok(with_cookies(
        done,
        cookie::set(cookie::SESSION, "", Some(0), https),
    ))
}

#[derive(Template)]
#[template(path = "signin/welcome.html")]
struct Welcome<'a> {
    frame: Frame,
    tenant: String,
    /// The one who is let in; none for the first admin, who chooses a login.
    person: Option<directory::User>,
    given_by: &'a str,
    login: &'a str,
    name: &'a str,
    error: Option<String>,
}

async fn welcome(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    welcome_form(&app, &token, &Fields::default(), None).await
}

async fn welcome_form(
    app: &App,
    token: &str,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let (tenant, link) = links::look(app, token).await?;
    let work = app.read(&Actor::system(tenant, "sign-in")).await?;
    let person = match link.kind.user() {
        Some(user) => Some(directory::find_user(&work, user).await?),
        None => None,
    };
    let title = match link.kind {
        LinkKind::FirstAdmin => "Make the first admin",
        LinkKind::SignIn(_) | LinkKind::Invite(_) => "Welcome to Keywright",
    };
    let page = Welcome {
        frame: Frame::solo(title, app.now()),
        tenant: tenants::name(&work).await?,
        person,
        given_by: &link.given_by,
        login: fields.given("login").unwrap_or("rescue"),
        name: fields.text("name"),
        error: error.as_ref().and_then(Problem::text).map(str::to_owned),
    };
    let status = error.map_or(StatusCode::OK, |error| error.status());
    show_as(status, &page)
}

#[derive(Template)]
#[template(path = "signin/codes.html")]
#[expect(clippy::struct_field_names, reason = "the word of the template")]
pub(super) struct Codes {
    pub(super) frame: Frame,
    pub(super) login: String,
    pub(super) codes: Vec<SecretString>,
    pub(super) next: &'static str,
}

impl Codes {
    /// A code in two pieces, between which a narrow page may break it.
    #[expect(clippy::unused_self, reason = "called by the template")]
    fn halves<'c>(&self, code: &'c SecretString) -> [&'c str; 2] {
        let code = code.expose_secret();
        let (first, second) = code.split_at_checked(20).unwrap_or((code, ""));
        [first, second]
    }
}

/// Uses the link: makes the admin where it is for one, signs in, shows recovery codes.
async fn redeem(
    State(app): State<App>,
    Path(token): Path<String>,
    browser: Browser,
    fields: Fields,
) -> Result<Response, Problem> {
    let (tenant, _) = links::look(&app, &token).await?;
    match get_in(&app, tenant, &token, &browser, &fields).await {
        Ok((page, cookies)) => Ok(with_cookies(show(&page)?, cookies)),
        Err(Error::Directory(error)) => {
            let problem = Problem::from(error);
            if problem.status().is_server_error() {
                return Err(problem);
            }
            welcome_form(&app, &token, &fields, Some(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn get_in(
    app: &App,
    tenant: TenantId,
    token: &str,
    browser: &Browser,
    fields: &Fields,
) -> Result<(Codes, Vec<HeaderValue>), Error> {
    let mut work = app.begin(&Actor::system(tenant, "one-time link")).await?;
    let link = links::redeem(&work, token).await?;
    let user = match link.kind.user() {
        Some(user) => directory::find_user(&work, user).await?,
        None => first_admin(&mut work, fields).await?,
    };
    work.actor = Actor {
        kind: ActorKind::Person(user.id),
        name: user.login.clone(),
        ..work.actor
    };
    let codes = codes::renew(&mut work, user.id).await?;
    let cookies = admit(&mut work, user.id, "link", browser).await?;
    work.commit().await?;
    let frame = Frame::solo("Your recovery codes", app.now());
    Ok((
        Codes {
            frame,
            login: user.login,
            codes,
            next: "/",
        },
        cookies,
    ))
}

async fn first_admin(work: &mut Work, fields: &Fields) -> Result<directory::User, Error> {
    let draft = UserDraft {
        kind: Kind::BreakGlass,
        login: fields.text("login").to_owned(),
        email: fields.text("email").to_owned(),
        display_name: fields.text("name").to_owned(),
    };
    Ok(directory::create_user(work, &draft, "made by a one-time link of the operator").await?)
}
