//! What each grant type gives: its checks, in Okta's order and words.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::fail::OAuthFail;
use super::issue::{self, Subject};
use super::issuer::Issuer;
use super::jws::encode;
use super::scopes::{self, asked, client_credentials_scopes, custom_scopes, lives};
use super::sign_ins::{Granted, Shown};
use super::token::Request;
use crate::http::{Call, Query};
use crate::log::Event;
use crate::org::Org;
use crate::servers::{Lives, Wish};
use crate::users::Status;

/// What a refresh token is drawn for.
const REFRESH: u64 = 2;

type Body = Result<Value, OAuthFail>;

fn invalid_grant(text: &'static str) -> OAuthFail {
    OAuthFail::bad("invalid_grant", text)
}

/// `client_credentials`.
pub(super) fn client_credentials(org: &mut Org, call: &Call, request: &Request<'_>) -> Body {
    let scopes = client_credentials_scopes(org, request.issuer, request.client.app, request.form)?;
    let wish = Wish {
        app: request.client.app,
        grant_type: "client_credentials",
        user: None,
        scopes: &scopes,
    };
    let lives = lives(org, request.issuer, wish)?;
    let subject = Subject {
        issuer: request.issuer,
        wish,
        lives,
        jkt: request.jkt.as_deref(),
        grant: None,
    };
    let body = issue::tokens(org, call, subject);
    let target = org.app_target(request.client.app);
    org.record(
        call,
        Event::new("app.oauth2.as.token.grant.access_token").target(target),
    );
    Ok(body)
}

/// `authorization_code`, with PKCE.
pub(super) fn authorization_code(org: &mut Org, call: &Call, request: &Request<'_>) -> Body {
    let Some(code) = request.form.get("code").filter(|code| !code.is_empty()) else {
        return Err(missing("code"));
    };
    let held = org.sign_ins.code(code, call.now).cloned();
    let held =
        held.ok_or_else(|| invalid_grant("The authorization code is invalid or has expired."))?;
    if held.app != request.client.app {
        return Err(invalid_grant(
            "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.",
        ));
    }
    if held.issuer != request.issuer {
        return Err(OAuthFail::bad(
            "invalid_request",
            "The grant was issued for another authorization server.",
        ));
    }
    if request.form.get("redirect_uri") != Some(held.redirect_uri.as_str()) {
        return Err(invalid_grant(
            "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
        ));
    }
    let verifier = request
        .form
        .get("code_verifier")
        .filter(|text| !text.is_empty());
    match (&held.challenge, verifier) {
        (Some(_), None) => {
            return Err(OAuthFail::bad(
                "invalid_request",
                "PKCE code verifier is required by the application.",
            ));
        }
        (None, Some(_)) => {
            let text = "PKCE code challenge should be specified in the authorize request for code verification.";
            return Err(OAuthFail::bad("invalid_request", text));
        }
        (Some(challenge), Some(verifier))
            if *challenge != encode(&Sha256::digest(verifier.as_bytes())) =>
        {
            return Err(invalid_grant("PKCE verification failed."));
        }
        _ => {}
    }
    if !may_sign_in(org, held.user) {
        return Err(invalid_grant(
            "The authorization code is invalid or has expired.",
        ));
    }
    let wish = Wish {
        app: held.app,
        grant_type: "authorization_code",
        user: Some(held.user),
        scopes: &held.scopes,
    };
    let lives = lives(org, request.issuer, wish)?;
    org.sign_ins.spend(code);
    let grant = granted(
        call,
        request,
        lives,
        held.user,
        held.scopes.clone(),
        held.nonce.clone(),
    );
    let grant = Granted {
        auth_time: held.auth_time,
        ..grant
    };
    Ok(first(org, call, grant, lives))
}

fn missing(name: &str) -> OAuthFail {
    OAuthFail::bad(
        "invalid_request",
        format!("The required parameter '{name}' is missing."),
    )
}

/// Whether a user may go on with what it signed in to.
pub(crate) fn may_sign_in(org: &Org, user: u32) -> bool {
    org.people.get(user).is_some_and(|person| {
        matches!(
            person.status,
            Status::Active | Status::PasswordExpired | Status::Recovery | Status::Provisioned
        )
    })
}

fn granted(
    call: &Call,
    request: &Request<'_>,
    lives: Lives,
    user: u32,
    scopes: Vec<String>,
    nonce: Option<String>,
) -> Granted {
    Granted {
        issuer: request.issuer,
        app: request.client.app,
        user,
        scopes,
        nonce,
        auth_time: call.now,
        jkt: request.jkt.clone(),
        created: call.now,
        used: call.now,
        until: lives.refresh.map(|life| call.now.plus(life)),
        window: lives.window,
        refresh: None,
        access: Vec::new(),
    }
}

/// The first tokens of a grant.
fn first(org: &mut Org, call: &Call, mut grant: Granted, lives: Lives) -> Value {
    let offline = grant.scopes.iter().any(|scope| scope == "offline_access");
    let refreshable = super::token::configured(org, grant.app, "grant_types")
        .iter()
        .any(|one| one == "refresh_token");
    if offline && refreshable {
        grant.refresh = Some(call.opaque_for(REFRESH, 43));
    }
    let (user, app, scopes) = (grant.user, grant.app, grant.scopes.clone());
    let (issuer, jkt, refresh) = (grant.issuer, grant.jkt.clone(), grant.refresh.clone());
    let serial = org.sign_ins.add(grant);
    let wish = Wish {
        app,
        grant_type: "authorization_code",
        user: Some(user),
        scopes: &scopes,
    };
    let subject = Subject {
        issuer,
        wish,
        lives,
        jkt: jkt.as_deref(),
        grant: Some(serial),
    };
    let mut body = issue::tokens(org, call, subject);
    if let Some(token) = refresh {
        body["refresh_token"] = token.into();
    }
    let targets = (org.app_target(app), org.user_target(user));
    org.record(
        call,
        Event::new("app.oauth2.as.token.grant")
            .target(targets.0)
            .target(targets.1),
    );
    body
}

/// `refresh_token`, with rotation and its leeway (FACTS section 1.6).
pub(super) fn refresh_token(org: &mut Org, call: &Call, request: &Request<'_>) -> Body {
    let Some(token) = request
        .form
        .get("refresh_token")
        .filter(|token| !token.is_empty())
    else {
        return Err(missing("refresh_token"));
    };
    let dead = || invalid_grant("The refresh token is invalid or expired.");
    let serial = match org.sign_ins.refresh(token, call.now) {
        Shown::Good(serial) => serial,
        Shown::Reused(serial) => {
            reused(org, call, serial);
            return Err(dead());
        }
        Shown::Unknown => return Err(dead()),
    };
    let grant = org.sign_ins.grant(serial).cloned().ok_or_else(dead)?;
    if grant.app != request.client.app {
        return Err(invalid_grant(
            "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.",
        ));
    }
    if grant.issuer != request.issuer {
        return Err(OAuthFail::bad(
            "invalid_request",
            "The grant was issued for another authorization server.",
        ));
    }
    if grant.jkt != request.jkt {
        return Err(OAuthFail::bad(
            "invalid_dpop_proof",
            "Invalid DPoP Public Key binding in refresh token",
        ));
    }
    if !may_sign_in(org, grant.user) {
        return Err(dead());
    }
    let scopes = narrowed(&grant, request.form)?;
    let wish = Wish {
        app: grant.app,
        grant_type: "authorization_code",
        user: Some(grant.user),
        scopes: &scopes,
    };
    let lives = lives(org, request.issuer, wish)?;
    let subject = Subject {
        issuer: grant.issuer,
        wish,
        lives,
        jkt: grant.jkt.as_deref(),
        grant: Some(serial),
    };
    let mut body = issue::tokens(org, call, subject);
    body["refresh_token"] = next_token(org, call, serial, token).into();
    let targets = (org.app_target(grant.app), org.user_target(grant.user));
    org.record(
        call,
        Event::new("app.oauth2.as.token.grant.refresh_token")
            .target(targets.0)
            .target(targets.1),
    );
    Ok(body)
}

/// Somebody else has the tokens: all that came of the sign-in dies.
fn reused(org: &mut Org, call: &Call, serial: u32) {
    let Some((app, user)) = org
        .sign_ins
        .grant(serial)
        .map(|grant| (grant.app, grant.user))
    else {
        return;
    };
    let targets = (org.app_target(app), org.user_target(user));
    org.sign_ins.end(serial);
    let event = Event::new("app.oauth2.token.detect_reuse")
        .target(targets.0)
        .target(targets.1);
    org.record(call, event.failed("Refresh token reuse detected"));
}

fn narrowed(grant: &Granted, form: &Query) -> Result<Vec<String>, OAuthFail> {
    let asked = asked(form);
    if asked.is_empty() {
        return Ok(grant.scopes.clone());
    }
    let more: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|one| !grant.scopes.iter().any(|held| held == one))
        .collect();
    if more.is_empty() {
        return Ok(asked);
    }
    let text = format!(
        "Some of the scopes requested for the refresh request were not granted in the original authorize request. Denied scopes: {}.",
        more.join(", ")
    );
    Err(OAuthFail::bad("access_denied", text))
}

fn next_token(org: &mut Org, call: &Call, serial: u32, old: &str) -> String {
    let app = org
        .sign_ins
        .grant(serial)
        .and_then(|grant| org.apps.get(grant.app));
    let setting = app.and_then(|app| app.oauth("refresh_token"));
    let rotates = setting
        .and_then(|one| one.get("rotation_type"))
        .and_then(Value::as_str)
        == Some("ROTATE");
    if !rotates {
        return old.to_owned();
    }
    let leeway = setting
        .and_then(|one| one.get("leeway"))
        .and_then(Value::as_i64)
        .unwrap_or(30);
    let new = call.opaque_for(REFRESH, 43);
    org.sign_ins.rotate(serial, old, &new, leeway, call.now);
    new
}

/// `password`: name and password of a user.
pub(super) fn password(org: &mut Org, call: &Call, request: &Request<'_>) -> Body {
    let field = |name: &'static str| {
        request
            .form
            .get(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| missing(name))
    };
    let (name, secret) = (field("username")?, field("password")?);
    let scopes = match request.issuer {
        Issuer::Org => scopes::org_scopes(org, request.client.app, &asked(request.form))?,
        Issuer::Custom(_) => custom_scopes(org, request.issuer, asked(request.form), false)?,
    };
    let user =
        super::session::verify(org, call, name, secret).map_err(|refused| match refused {
            super::session::Refused::Expired => invalid_grant("Password has expired."),
            _ => invalid_grant("The credentials provided were invalid."),
        })?;
    super::request::assigned(org, request.client.app, user)?;
    let wish = Wish {
        app: request.client.app,
        grant_type: "password",
        user: Some(user),
        scopes: &scopes,
    };
    let lives = lives(org, request.issuer, wish)?;
    let grant = granted(call, request, lives, user, scopes.clone(), None);
    Ok(first(org, call, grant, lives))
}
