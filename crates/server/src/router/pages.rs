//! The guard before all pages: it finds out who looks, checks what the page declares, and sends strangers to sign in.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderName, Method, Uri};

use crate::actor::{Actor, Permission};
use crate::app::App;
use crate::console::{Badges, Declared, Done, Flash, Person, Visit, Why};
use crate::web::{Need, Options, Problem};
use crate::{db, directory, signin, sync};

/// Most names told of people who can give a permission.
const NAMES: usize = 5;

/// Lets a request through to its page.
pub(super) async fn guard(
    State((app, declared)): State<(App, Declared)>,
    mut request: Request,
    next: Next,
) -> Response {
    let https = Options::of(&app).https();
    let told = Flash::read(request.headers(), https);
    let admitted = admit(&app, &declared, &mut request, told.clone()).await;
    let mut response = match admitted {
        Ok(visit) => {
            let mut response = next.run(request).await;
            if let Some(visit) = visit.filter(|_| response.status().as_u16() >= 400) {
                response.extensions_mut().insert(visit);
            }
            response
        }
        Err(refusal) => *refusal,
    };
    flash(&mut response, told.is_some(), https);
    response
}

/// Carries a message to the next page, and forgets one that was shown.
fn flash(response: &mut Response, told: bool, https: bool) {
    let new = response.extensions_mut().remove::<Flash>();
    let cookie = match new {
        Some(flash) => flash.cookie(https),
        None if told && !response.status().is_redirection() => Flash::clear(https),
        None => None,
    };
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

async fn admit(
    app: &App,
    declared: &Declared,
    request: &mut Request,
    told: Option<Flash>,
) -> Result<Option<Visit>, Box<Response>> {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", |path| path.as_str());
    let need = declared.need(request.method(), path);
    let asked = Asked {
        actor: request.extensions().get::<Actor>().cloned(),
        headers: request.headers().clone(),
        uri: request.uri().clone(),
    };
    let visit = visit(app, declared, asked, told)
        .await
        .map_err(|error| Box::new(Problem::from(error).into_response()))?;
    if let Some(visit) = &visit {
        if *request.method() != Method::GET
            && visit.session.is_some()
            && !from_us(request.headers())
        {
            return refuse(
                visit,
                Problem::forbidden("this was not sent by one of our pages"),
            );
        }
        request.extensions_mut().insert(visit.clone());
        request.extensions_mut().insert(visit.actor.clone());
    }
    match (need, visit) {
        (Some(Need::Nothing), visit) => Ok(visit),
        (_, None) => Err(Box::new(to_sign_in(request))),
        (None, Some(visit)) => refuse(&visit, Problem::method_not_allowed()),
        (Some(Need::Credential), Some(visit)) => Ok(Some(visit)),
        (Some(Need::Permission(permission)), Some(visit)) if visit.may(permission) => {
            Ok(Some(visit))
        }
        (Some(Need::Permission(permission)), Some(visit)) => {
            let forbidden = visit.actor.need(permission).err();
            let problem = forbidden.map_or_else(|| Problem::forbidden(""), Problem::from);
            let mut response = problem.into_response();
            match why(app, &visit.actor, permission).await {
                Ok(why) => response.extensions_mut().insert(why),
                Err(error) => return refuse(&visit, error.into()),
            };
            response.extensions_mut().insert(visit);
            Err(Box::new(response))
        }
    }
}

fn refuse<T>(visit: &Visit, problem: Problem) -> Result<T, Box<Response>> {
    let mut response = problem.into_response();
    response.extensions_mut().insert(visit.clone());
    Err(Box::new(response))
}

/// Browsers say where a form comes from; the CSRF layer has judged what they say. A session's cookie without any word of it
/// is not a browser of today.
fn from_us(headers: &HeaderMap) -> bool {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE)
}

fn to_sign_in(request: &Request) -> Response {
    let here = request
        .uri()
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let here = if *request.method() == Method::GET {
        here
    } else {
        "/"
    };
    let next = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", here)
        .finish();
    let to = if here == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?{next}")
    };
    Done::to(to).into_response()
}

/// What of a request says who looks, and where.
struct Asked {
    actor: Option<Actor>,
    headers: HeaderMap,
    uri: Uri,
}

/// Who looks: the person of the session, or the actor that this process put in.
async fn visit(
    app: &App,
    declared: &Declared,
    asked: Asked,
    flash: Option<Flash>,
) -> db::Result<Option<Visit>> {
    let (actor, session, person) = match asked.actor {
        Some(actor) => {
            let person = Person {
                id: actor.kind.person(),
                name: actor.name.clone(),
                tenant: String::new(),
            };
            (actor, None, person)
        }
        None => match signin::recognise(app, &asked.headers).await? {
            Some(known) => (known.actor, Some(known.session), known.person),
            None => return Ok(None),
        },
    };
    let badges = badges(app, &actor).await?;
    Ok(Some(Visit {
        actor,
        session,
        person,
        now: app.now(),
        theme: crate::console::theme(&asked.headers, Options::of(app).https()),
        uri: asked.uri,
        flash,
        badges,
        pages: declared.clone(),
    }))
}

async fn badges(app: &App, actor: &Actor) -> db::Result<Badges> {
    if !actor.may(Permission::RunsRead) {
        return Ok(Badges::default());
    }
    let held = sync::count_held(&app.read(actor).await?).await?;
    Ok(Badges { held })
}

/// Who has the permission, and who can give it.
async fn why(app: &App, actor: &Actor, permission: Permission) -> Result<Why, directory::Error> {
    let work = app.read(&Actor::system(actor.tenant, "console")).await?;
    let roles = directory::list_roles(&work).await?;
    let having = roles
        .iter()
        .filter(|role| role.permissions.holds(permission));
    let giving: Vec<_> = roles
        .iter()
        .filter(|role| {
            role.permissions.holds(Permission::GrantsManage) && role.permissions.holds(permission)
        })
        .map(|role| role.id)
        .collect();
    Ok(Why {
        permission,
        roles: having.map(|role| role.name.clone()).collect(),
        people: directory::names_having(&work, &giving, NAMES).await?,
    })
}
