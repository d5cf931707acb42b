//! The authorize endpoint: from a request, through the sign-in page, back to the client. Consent is not asked for.

use url::form_urlencoded::Serializer;

use super::fail::OAuthFail;
use super::issue::{self, Facts, Subject};
use super::issuer::Issuer;
use super::request::{self, Mode, Wanted, Way};
use super::session::redirect;
use super::sign_ins::{Asked, Session};
use super::{Memory, page, scopes, session};
use crate::http::{Call, Reply};
use crate::org::Org;
use crate::servers::Wish;

/// A code lives so long, in seconds.
const CODE: i64 = 300;

/// `GET` and `POST` of the authorize endpoint.
pub(crate) fn answer(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let issuer = match Issuer::of(org, call) {
        Ok(issuer) => issuer,
        Err(reply) => return reply,
    };
    let shown = |fail: OAuthFail| page::error(fail.status, fail.error, &fail.text);
    let query = match request::parameters(org, call) {
        Ok(query) => query,
        Err(fail) => return shown(fail),
    };
    let way = match request::way(org, &query) {
        Ok(way) => way,
        Err(fail) => return shown(fail),
    };
    let done = request::wanted(org, issuer, way.app, &query).and_then(|wanted| {
        let session = session::of(org, call);
        match sign_in_first(call, &wanted, session.as_ref())? {
            Some(reply) => Ok(Err(reply)),
            None => match session {
                Some(session) => grant(org, call, issuer, &way, &wanted, &session).map(Ok),
                None => Ok(Err(sign_in(call, &query, &wanted))),
            },
        }
    });
    match done {
        Ok(Ok(members)) => send(&way, members),
        Ok(Err(page)) => page,
        Err(fail) => send(
            &way,
            vec![
                ("error", fail.error.to_owned()),
                ("error_description", fail.text.into_owned()),
            ],
        ),
    }
}

/// Whether the request wants no page at all, or a new sign-in although there is a session.
fn sign_in_first(
    call: &Call,
    wanted: &Wanted,
    session: Option<&Session>,
) -> Result<Option<Reply>, OAuthFail> {
    let prompt = |what: &str| {
        wanted
            .prompt
            .as_deref()
            .is_some_and(|prompt| prompt.split(' ').any(|one| one == what))
    };
    let age = session.map(|session| call.now.seconds() - session.created.seconds());
    if prompt("none") {
        if session.is_none() {
            let text = "The client specified not to prompt, but the user is not logged in.";
            return Err(OAuthFail::bad("login_required", text));
        }
        if wanted
            .max_age
            .is_some_and(|most| age.is_some_and(|age| age > most))
        {
            let text = "The client specified not to prompt, but the client app requires re-authentication or MFA.";
            return Err(OAuthFail::bad("login_required", text));
        }
        return Ok(None);
    }
    // A session of this very moment answers the prompt: the person has just come back from the page.
    let stale = prompt("login") && age.is_some_and(|age| age > 5)
        || wanted
            .max_age
            .is_some_and(|most| age.is_some_and(|age| age > most.max(5)));
    Ok(stale.then(|| page::sign_in(&here(call, &call.query.0), &wanted.login_hint, None)))
}

fn here(call: &Call, query: &[(String, String)]) -> String {
    let mut text = Serializer::new(String::new());
    text.extend_pairs(query);
    format!("{}?{}", call.path, text.finish())
}

/// The sign-in page; it leads back here. A request that was posted comes back as a query.
fn sign_in(call: &Call, query: &crate::http::Query, wanted: &Wanted) -> Reply {
    let pairs = if call.query.get("request_uri").is_some() {
        &call.query.0
    } else {
        &query.0
    };
    page::sign_in(&here(call, pairs), &wanted.login_hint, None)
}

/// What a signed-in user gives the client: code, tokens.
fn grant(
    org: &mut Org,
    call: &Call,
    issuer: Issuer,
    way: &Way,
    wanted: &Wanted,
    session: &Session,
) -> Result<Vec<(&'static str, String)>, OAuthFail> {
    request::assigned(org, way.app, session.user)?;
    let grant_type = if wanted.code {
        "authorization_code"
    } else {
        "implicit"
    };
    let wish = Wish {
        app: way.app,
        grant_type,
        user: Some(session.user),
        scopes: &wanted.scopes,
    };
    let lives = scopes::lives(org, issuer, wish)?;
    let subject = Subject {
        issuer,
        wish,
        lives,
        jkt: None,
        grant: None,
    };
    let mut members = Vec::new();
    let code = wanted.code.then(|| call.opaque_for(5, 43));
    if let Some(code) = &code {
        let asked = Asked {
            issuer,
            app: way.app,
            user: session.user,
            redirect_uri: way.redirect_uri.clone(),
            scopes: wanted.scopes.clone(),
            nonce: wanted.nonce.clone(),
            challenge: wanted.challenge.clone(),
            auth_time: session.created,
            until: call.now.plus(CODE),
        };
        org.sign_ins.add_code(code.clone(), asked, call.now);
        members.push(("code", code.clone()));
    }
    let access = if wanted.token {
        issue::access_token(org, call, subject)
    } else {
        None
    };
    if wanted.id_token {
        let facts = Facts {
            nonce: wanted.nonce.clone(),
            auth_time: session.created,
            access: access.as_deref(),
            code: code.as_deref(),
        };
        members.push((
            "id_token",
            issue::id_token(org, call, subject, &facts).unwrap_or_default(),
        ));
    }
    if let Some(access) = access {
        members.push(("access_token", access));
        members.push(("token_type", "Bearer".to_owned()));
        members.push(("expires_in", lives.access.to_string()));
        members.push(("scope", wanted.scopes.join(" ")));
    }
    let event =
        crate::log::Event::new("app.oauth2.as.authorize.code").target(org.app_target(way.app));
    org.record(call, event.target(org.user_target(session.user)));
    Ok(members)
}

/// Sends members to the client, in the way it asked for.
fn send(way: &Way, mut members: Vec<(&'static str, String)>) -> Reply {
    if let Some(state) = &way.state {
        members.push(("state", state.clone()));
    }
    let mut text = Serializer::new(String::new());
    text.extend_pairs(&members);
    let text = text.finish();
    match way.mode {
        Mode::Query if way.redirect_uri.contains('?') => {
            redirect(&format!("{}&{text}", way.redirect_uri))
        }
        Mode::Query => redirect(&format!("{}?{text}", way.redirect_uri)),
        Mode::Fragment => redirect(&format!("{}#{text}", way.redirect_uri)),
        Mode::FormPost => page::form_post(&way.redirect_uri, &members),
        Mode::PostMessage => {
            let origin =
                url::Url::parse(&way.redirect_uri).map(|url| url.origin().ascii_serialization());
            page::post_message(&origin.unwrap_or_default(), &members)
        }
    }
}
