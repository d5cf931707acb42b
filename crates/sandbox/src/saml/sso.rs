//! From a question to the page that carries the answer to the app.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::answer::{self, Ask};
use super::fault::SamlFault;
use super::question::{self, Question};
use super::settings::{KEY, Settings};
use crate::apps::Mode;
use crate::http::{Call, Reply};
use crate::log::Event;
use crate::oauth::{Memory, Session, page, session, sign_in_first};
use crate::org::Org;

/// A question waits so long for the person to sign in, in seconds.
const PATIENCE: i64 = 3600;
/// So many questions wait at most.
const WAITING: usize = 10_000;

/// The sign-on address of an app beneath its org.
pub(crate) fn address(org: &Org, serial: u32) -> String {
    let name = org.apps.get(serial).map_or("", |app| app.name.as_str());
    format!("/app/{name}/{}/sso/saml", org.tail.id(KEY, serial))
}

/// `GET` and `POST` of an app's sign-on address.
pub(super) fn answer(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    let serial = org.tail.serial(KEY, call.param("externalKey"));
    let found = serial.and_then(|serial| Some((serial, org.apps.get(serial)?)));
    let found = found.filter(|(_, app)| {
        app.mode == Mode::Saml2 && app.active && app.name == call.param("appName")
    });
    let Some((serial, app)) = found else {
        return page::problem(
            StatusCode::NOT_FOUND,
            "Page Not Found",
            "There is no such SAML app, or it is not active.",
        );
    };
    let question = match call.query.get("okta_key") {
        Some(key) => org
            .sign_ins
            .questions
            .remove(key)
            .filter(|question| question.app == serial && alive(question, call))
            .ok_or_else(|| "This sign-in has expired. Start again at the app.".to_owned()),
        None => question::of(call, serial, Settings::of(app)),
    };
    match question {
        Ok(question) => signed_in(org, call, memory, question),
        Err(why) => page::problem(StatusCode::BAD_REQUEST, "Bad SAML request", &why),
    }
}

fn alive(question: &Question, call: &Call) -> bool {
    question.asked.plus(PATIENCE) > call.now
}

/// Answers for whoever is signed in, or asks to sign in first.
fn signed_in(org: &mut Org, call: &Call, memory: &mut Memory, question: Question) -> Reply {
    let session = session(org, call);
    let session = session.filter(|session| !question.force || session.created >= question.asked);
    let Some(session) = session else {
        return if question.passive {
            let ask = ask(org, call, &question, 0, call.now);
            let text = ask.and_then(|ask| answer::no_passive(&ask));
            carry(&question, &text.unwrap_or_default())
        } else {
            wait(org, call, question)
        };
    };
    if !assigned(org, &question, &session) {
        return not_assigned(org, call, &question, &session);
    }
    let made = ask(org, call, &question, session.user, session.created)
        .and_then(|ask| answer::issue(&ask, &call.saml_faults));
    let Some(text) = made else {
        return page::problem(
            StatusCode::BAD_REQUEST,
            "Bad SAML settings",
            "The app's certificate for encryption cannot be used.",
        );
    };
    let before = memory.answered(question.app, &text);
    let replayed = call.saml_faults.contains(&SamlFault::Replay);
    let text = before.filter(|_| replayed).unwrap_or(text);
    let who = org.user_target(session.user);
    let event = Event::new("user.authentication.sso")
        .by(who.clone())
        .target(org.app_target(question.app))
        .target(who.with_kind("AppUser"));
    org.record(call, event);
    let mut reply = carry(&question, &text);
    reply.carries_assertion = true;
    reply
}

fn ask<'a>(
    org: &'a Org,
    call: &'a Call,
    question: &'a Question,
    user: u32,
    signed_in: crate::clock::Time,
) -> Option<Ask<'a>> {
    Some(Ask {
        org,
        call,
        app: org.apps.get(question.app)?,
        question,
        user,
        signed_in,
    })
}

/// The form that brings an answer to the app.
fn carry(question: &Question, text: &str) -> Reply {
    let mut members = vec![("SAMLResponse", STANDARD.encode(text))];
    members.extend(question.relay.clone().map(|relay| ("RelayState", relay)));
    page::form_post(&question.acs, &members)
}

/// Keeps a question while the person signs in.
fn wait(org: &mut Org, call: &Call, question: Question) -> Reply {
    let key = call.opaque_for(7, 32);
    let force = question.force;
    let waiting = &mut org.sign_ins.questions;
    waiting.retain(|_, other| alive(other, call));
    if waiting.len() >= WAITING {
        return page::problem(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests",
            "Too many people are signing in. Try again later.",
        );
    }
    let back = format!("{}?okta_key={key}", address(org, question.app));
    org.sign_ins.questions.insert(key, question);
    sign_in_first(call, &back, force)
}

fn assigned(org: &Org, question: &Question, session: &Session) -> bool {
    crate::oauth::assigned(org, question.app, session.user)
}

fn not_assigned(org: &mut Org, call: &Call, question: &Question, session: &Session) -> Reply {
    let who = org.user_target(session.user);
    let app = org.app_target(question.app);
    let event = Event::new("app.generic.unauth_app_access_attempt")
        .by(who.clone())
        .target(app)
        .target(who)
        .failed("User is not assigned to this application");
    org.record(call, event);
    let label = org
        .apps
        .get(question.app)
        .map(|app| app.label.clone())
        .unwrap_or_default();
    page::problem(
        StatusCode::FORBIDDEN,
        "User is not assigned to this application",
        &format!(
            "Sorry, you can't access {label} because you are not assigned this app in Okta. If you're wondering why this \
             is happening, please contact your administrator. If it's any consolation, we can take you to your Okta home page."
        ),
    )
}
