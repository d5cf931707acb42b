//! What is asked about tokens, and done to them: introspect, revoke, userinfo, logout, pushed requests.

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::access::{self, Shown};
use super::fail::OAuthFail;
use super::form;
use super::issuer::Issuer;
use super::jws::Jws;
use super::nonces::Memory;
use super::sign_ins::Shown as Refresh;
use super::{issue, page, request, session};
use crate::http::{Call, Fail, Reply};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// A pushed request lives so long, in seconds.
const PUSHED: i64 = 300;

/// The client and the form of a call, at endpoints that want both.
fn entered(
    org: &Org,
    call: &Call,
    memory: &mut Memory,
) -> Result<(Issuer, u32, crate::http::Query), Reply> {
    let issuer = Issuer::of(org, call)?;
    let form = form::form(call).map_err(OAuthFail::reply)?;
    let client = form::client(org, issuer, call, &form, memory).map_err(OAuthFail::reply)?;
    Ok((issuer, client.app, form))
}

fn token_of(form: &crate::http::Query) -> Result<String, Reply> {
    let token = form.get("token").filter(|token| !token.is_empty());
    token.map(str::to_owned).ok_or_else(|| {
        OAuthFail::bad("invalid_request", "The 'token' parameter is required.").reply()
    })
}

/// A token that one of the server's keys signed, whether it still holds or not.
fn signed(org: &Org, issuer: Issuer, text: &str) -> Option<Jws> {
    let jws = Jws::parse(text)?;
    let ours = jws.algorithm() == "RS256"
        && issuer
            .public_keys(org)
            .iter()
            .any(|key| jws.is_signed_by(key));
    ours.then_some(jws)
}

/// Whether an access or id token of this server holds now.
fn holds(org: &Org, call: &Call, issuer: Issuer, jws: &Jws) -> bool {
    let user = jws
        .text("uid")
        .or(jws.text("sub").filter(|sub| sub.starts_with("00u")));
    let user = user.and_then(|id| org.tail.serial(Kind::USER, id));
    jws.text("iss") == Some(issuer.url(org, call).as_str())
        && jws
            .seconds("exp")
            .is_some_and(|end| end > call.now.seconds())
        && !jws
            .text("jti")
            .is_some_and(|id| org.sign_ins.is_revoked(id))
        && user.is_none_or(|user| super::grants::may_sign_in(org, user))
}

/// `POST introspect`.
pub(crate) fn introspect(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    let entered = entered(org, call, memory)
        .and_then(|(issuer, app, form)| Ok((issuer, app, token_of(&form)?)));
    let (issuer, _, token) = match entered {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let body = match signed(org, issuer, &token) {
        Some(jws) if holds(org, call, issuer, &jws) => described(org, &jws),
        Some(_) => None,
        None => refresh_described(org, call, issuer, &token),
    };
    Reply::json(&body.unwrap_or_else(|| json!({ "active": false })))
}

fn described(org: &Org, jws: &Jws) -> Option<Value> {
    let mut body = json!({ "active": true });
    for name in [
        "exp",
        "iat",
        "auth_time",
        "sub",
        "aud",
        "iss",
        "jti",
        "uid",
        "cnf",
    ] {
        if let Some(value) = jws.claims.get(name) {
            body[name] = value.clone();
        }
    }
    if let Some(scopes) = jws.claims.get("scp").and_then(Value::as_array) {
        let list: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
        body["scope"] = list.join(" ").into();
        body["client_id"] = jws.text("cid").into();
        body["token_type"] = if jws.claims.get("cnf").is_some() {
            "DPoP"
        } else {
            "Bearer"
        }
        .into();
    } else {
        body["client_id"] = jws.text("aud").into();
    }
    let user = jws
        .text("uid")
        .and_then(|id| org.tail.serial(Kind::USER, id))
        .and_then(|user| org.people.get(user));
    body["username"] = user.map_or_else(
        || jws.text("sub").into(),
        |person| person.profile.login.to_string().into(),
    );
    Some(body)
}

fn refresh_described(org: &Org, call: &Call, issuer: Issuer, token: &str) -> Option<Value> {
    let Refresh::Good(serial) = org.sign_ins.refresh(token, call.now) else {
        return None;
    };
    let grant = org
        .sign_ins
        .grant(serial)
        .filter(|grant| grant.issuer == issuer)?;
    let person = org
        .people
        .get(grant.user)
        .filter(|_| super::grants::may_sign_in(org, grant.user))?;
    Some(json!({
        "active": true, "token_type": "Bearer", "scope": grant.scopes.join(" "),
        "client_id": crate::apps::Apps::client_id(org, grant.app), "username": person.profile.login.to_string(),
        "sub": person.profile.login.to_string(), "uid": org.tail.id(Kind::USER, grant.user),
        "iat": grant.created.seconds(), "exp": grant.used.plus(grant.window).seconds(),
        "iss": issuer.url(org, call), "aud": issuer.audience(org, call),
        "jti": org.tail.id(super::tokens::REFRESH, serial),
    }))
}

/// `POST revoke`: a client's own tokens; of others it learns nothing (RFC 7009 section 2.2).
pub(crate) fn revoke(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    let entered = entered(org, call, memory)
        .and_then(|(issuer, app, form)| Ok((issuer, app, token_of(&form)?)));
    let (issuer, app, token) = match entered {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let client = crate::apps::Apps::client_id(org, app);
    if let Some(jws) = signed(org, issuer, &token) {
        if jws.text("cid") == Some(client.as_str())
            && let Some(id) = jws.text("jti")
        {
            org.sign_ins.revoke(id);
            let target = org.app_target(app);
            org.record(
                call,
                Event::new("app.oauth2.as.token.revoke").target(target),
            );
        }
    } else if let Refresh::Good(serial) | Refresh::Reused(serial) =
        org.sign_ins.refresh(&token, call.now)
        && org
            .sign_ins
            .grant(serial)
            .is_some_and(|grant| grant.app == app && grant.issuer == issuer)
    {
        org.sign_ins.end(serial);
        let target = org.app_target(app);
        org.record(
            call,
            Event::new("app.oauth2.as.token.revoke").target(target),
        );
    }
    Reply::empty(StatusCode::OK)
}

/// `GET` and `POST` userinfo.
pub(crate) fn userinfo(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    let issuer = match Issuer::of(org, call) {
        Ok(issuer) => issuer,
        Err(reply) => return reply,
    };
    match known(org, call, issuer, memory) {
        Ok(reply) => reply,
        Err(fail) => fail.reply(&crate::http::error_id(call.salt)),
    }
}

fn known(org: &Org, call: &Call, issuer: Issuer, memory: &mut Memory) -> Result<Reply, Fail> {
    let shown = Shown {
        method: call.method.as_str(),
        base: &call.base,
        path: &call.path,
        headers: &call.headers,
        scope: "openid",
        now: call.now,
    };
    if call.query.get("access_token").is_some() {
        let fail = OAuthFail::bad(
            "invalid_request",
            "The access token cannot be presented in a query string.",
        );
        return Err(Fail::instead(fail.reply()));
    }
    let text = call.header("authorization").unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let dpop = scheme.eq_ignore_ascii_case("dpop");
    if !(dpop || scheme.eq_ignore_ascii_case("bearer")) || token.is_empty() {
        return Err(access::missing());
    }
    let token = access::at(org, issuer, token.trim(), dpop, shown, call, memory)?;
    let user = token
        .user
        .filter(|_| token.scopes.iter().any(|scope| scope == "openid"));
    let Some(user) = user else {
        return Err(access::insufficient_scope(shown, dpop));
    };
    let mut body = issue::who(org, user, &token.scopes);
    if let Some(server) = issuer.server() {
        let app = org
            .apps
            .by_client_id(org, &token.client_id)
            .unwrap_or(u32::MAX);
        let wish = crate::servers::Wish {
            app,
            grant_type: "authorization_code",
            user: Some(user),
            scopes: &token.scopes,
        };
        body.extend(crate::servers::claims_for(org, server, "IDENTITY", wish));
    }
    Ok(Reply::json(&body))
}

/// `GET` and `POST` logout: ends the session and leads back to the client.
pub(crate) fn logout(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let issuer = match Issuer::of(org, call) {
        Ok(issuer) => issuer,
        Err(reply) => return reply,
    };
    let mut given = call.query.clone();
    given
        .0
        .extend(crate::http::Query::parse(&String::from_utf8_lossy(&call.body)).0);
    let hint = given
        .get("id_token_hint")
        .and_then(|text| signed(org, issuer, text));
    let Some(hint) = hint.filter(|jws| jws.text("iss") == Some(issuer.url(org, call).as_str()))
    else {
        return page::error(401, "invalid_token", "The id token is invalid.");
    };
    let app = hint
        .text("aud")
        .and_then(|id| org.apps.by_client_id(org, id))
        .and_then(|serial| org.apps.get(serial));
    let to = given
        .get("post_logout_redirect_uri")
        .filter(|uri| !uri.is_empty());
    let allowed = |uri: &str| {
        app.is_some_and(|app| request::registered(app, "post_logout_redirect_uris", uri))
    };
    if to.is_some_and(|uri| !allowed(uri)) {
        let text = "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.";
        return page::error(400, "invalid_request", text);
    }
    let mut target = to.map_or_else(|| call.url("/login/login.htm"), str::to_owned);
    let session = session::of(org, call);
    let subject = hint
        .text("sub")
        .and_then(|id| org.tail.serial(Kind::USER, id));
    if session
        .as_ref()
        .is_some_and(|session| Some(session.user) != subject)
    {
        let text = "The ID token subject does not match the current session's user.";
        return page::error(400, "id_token_does_not_match_session", text);
    }
    session::end(org, call);
    if let (Some(_), Some(state)) = (to, given.get("state")) {
        let mark = if target.contains('?') { '&' } else { '?' };
        let pair: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .finish();
        target = format!("{target}{mark}{pair}");
    }
    session::redirect(&target).header(header::SET_COOKIE, "sid=; Path=/; Max-Age=0")
}

/// `POST par`: keeps a request until the browser brings its `request_uri` (RFC 9126).
pub(crate) fn push(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    let (issuer, app, mut form) = match entered(org, call, memory) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    if form.get("request_uri").is_some() {
        let text = "The 'request_uri' parameter must not be present in the request.";
        return OAuthFail::bad("invalid_request", text).reply();
    }
    let secret = [
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "client_id",
    ];
    form.0.retain(|(name, _)| !secret.contains(&name.as_str()));
    form.0.push((
        "client_id".to_owned(),
        crate::apps::Apps::client_id(org, app),
    ));
    let checked =
        request::way(org, &form).and_then(|way| request::wanted(org, issuer, way.app, &form));
    if let Err(fail) = checked {
        return fail.reply();
    }
    let uri = format!("urn:okta:{}", call.opaque_for(6, 43));
    org.sign_ins
        .pushed
        .retain(|_, (_, _, until)| *until > call.now);
    org.sign_ins
        .pushed
        .insert(uri.clone(), (app, form.0, call.now.plus(PUSHED)));
    Reply::json(&json!({ "request_uri": uri, "expires_in": PUSHED }))
}
