//! From an HTTP request to an answer on the wire.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use super::call::{Call, Caller, Query};
use super::fail::{Fail, error_id};
use super::limits::Standing;
use super::reply::Reply;
use super::router::{Access, Found, Handler, Route, normal};
use super::send::{Cut, plain, send};
use super::{covers, covers_self, media};
use crate::clock::Time;
use crate::control::{self, Asked, Effect, Record};
use crate::oauth::{self, Shown};
use crate::observer::Exchange;
use crate::orgs::Orgs;
use crate::pages;
use crate::provisioning;
use crate::roles::Power;
use crate::saml::SamlFault;
use crate::shared::Shared;

/// Bodies may be so large, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-okta-request-id");

/// Answers one request.
pub(crate) async fn answer(orgs: &Orgs, shared: Arc<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = normal(parts.uri.path());
    if path == "/_sandbox/push" {
        return send(
            provisioning::answer(&shared, &parts.method, &body).await,
            None,
        );
    }
    if pages::is_page(&path) {
        let visit = pages::Visit {
            orgs,
            shared: &shared,
            method: &parts.method,
            path: &path,
            query: &Query::parse(parts.uri.query().unwrap_or_default()),
            headers: &parts.headers,
            body: &body,
            base: base(&parts, &shared),
        };
        return send(pages::answer(&visit), None);
    }
    if path.starts_with("/_sandbox/") {
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        return send(
            control::answer(&shared, &parts.method, &path, &query, &body),
            None,
        );
    }
    let changes = parts.method != Method::GET;
    let effects = strike(&shared, &parts, &path);
    for (effect, _) in &effects {
        if let Effect::DelayMs(time) = effect {
            tokio::time::sleep(Duration::from_millis(*time)).await;
        }
    }
    let visit = Visit {
        shared: &shared,
        parts: &parts,
        path: &path,
        body,
        effects: &effects,
    };
    let (reply, cut) = visit.answer().await;
    if changes {
        shared.pushing.kick();
    }
    send(reply, cut)
}

/// Scheme, host and port as the client wrote them.
fn base(parts: &Parts, shared: &Shared) -> String {
    let scheme = if shared.tls { "https" } else { "http" };
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

fn template<'a>(shared: &'a Shared, method: &Method, path: &'a str) -> &'a str {
    match shared.router.find(method, path) {
        Found::Route(route, _) => route.template,
        _ => path,
    }
}

type Effects = Vec<(Effect, Option<Time>)>;

fn strike(shared: &Shared, parts: &Parts, path: &str) -> Effects {
    let mut faults = shared.faults();
    if faults.is_empty() {
        return Vec::new();
    }
    let template = template(shared, &parts.method, path).to_owned();
    let query = parts.uri.query().unwrap_or_default();
    let now = shared.clock.now();
    faults.strike(Asked {
        method: parts.method.as_str(),
        path,
        template: &template,
        query,
        now,
    })
}

/// One request on its way through.
pub(super) struct Visit<'a> {
    pub(super) shared: &'a Shared,
    pub(super) parts: &'a Parts,
    path: &'a str,
    body: Bytes,
    pub(super) effects: &'a Effects,
}

impl Visit<'_> {
    fn has(&self, wanted: &Effect) -> bool {
        self.effects.iter().any(|(effect, _)| effect == wanted)
    }

    /// What is to be wrong with an answer by SAML.
    fn saml_faults(&self) -> Vec<SamlFault> {
        let faults = self.effects.iter().filter_map(|(effect, _)| match effect {
            Effect::Saml(fault) => Some(*fault),
            _ => None,
        });
        faults.collect()
    }

    /// Notes that an assertion left with the answer to a call.
    fn count_assertion(&self, call: &Call) {
        let template = template(self.shared, &call.method, &call.path).to_owned();
        self.shared.faults().count_assertion(Asked {
            method: call.method.as_str(),
            path: &call.path,
            template: &template,
            query: &call.raw_query,
            now: call.now,
        });
    }

    async fn answer(mut self) -> (Reply, Cut) {
        let now = self.shared.clock.now();
        let salt = self.shared.next_call();
        let mut call = Call {
            method: self.parts.method.clone(),
            path: self.path.to_owned(),
            params: Vec::new(),
            query: Query::parse(self.parts.uri.query().unwrap_or_default()),
            raw_query: self.parts.uri.query().unwrap_or_default().to_owned(),
            headers: self.parts.headers.clone(),
            body: std::mem::take(&mut self.body),
            base: base(self.parts, self.shared),
            now,
            caller: Caller::Anonymous,
            power: Power::default(),
            request_id: request_id(salt),
            salt,
            saml_faults: self.saml_faults(),
        };
        if self.has(&Effect::WrongNonce) {
            self.shared.memory().renew(now, true);
        }
        let mut reply = match self.instead() {
            Some(reply) => reply,
            None => self
                .routed(&mut call)
                .await
                .unwrap_or_else(|fail| fail.reply(&error_id(salt))),
        };
        if reply.carries_assertion {
            self.count_assertion(&call);
        }
        let cut = self.spoil(&mut reply, &call);
        self.note(&call, &reply);
        if self.effects.is_empty() {
            self.shared.observed.show(|| Exchange {
                method: call.method.to_string(),
                path: call.path.clone(),
                status: reply.status.as_u16(),
                content_type: reply.content_type,
                body: reply.body.clone(),
            });
        }
        reply = reply
            .header(REQUEST_ID, call.request_id)
            .header(header::DATE, now.http());
        (reply, cut)
    }

    async fn routed(&self, call: &mut Call) -> Result<Reply, Fail> {
        let (route, params) = match self.shared.router.find(&call.method, &call.path) {
            Found::Route(route, params) => (route, params),
            Found::Method => return Err(Fail::method()),
            Found::Nothing => return Err(no_path()),
        };
        call.params = params;
        if route.access == Access::Public {
            return self.handled(route, call).await;
        }
        if route.access == Access::Client {
            let standing =
                self.shared
                    .limits()
                    .count("token", &call.method, route.template, call.now);
            return self.limited(standing, route, call).await;
        }
        let dpop = self.enter(route, call)?;
        let who = name_of(&call.caller);
        let standing = self
            .shared
            .limits()
            .count(&who, &call.method, route.template, call.now);
        if standing.is_none_or(|standing| !standing.over) {
            let xml =
                route.template.ends_with("/metadata") || route.template.ends_with("metadata.xml");
            let salt = call.salt;
            let mark = |fail: Fail| match standing {
                Some(standing) => Fail::instead(standing.mark(fail.reply(&error_id(salt)))),
                None => fail,
            };
            media::check(&call.method, &call.headers, !call.body.is_empty(), xml).map_err(mark)?;
            let own = self.scoped(route, call, dpop).map_err(mark)?;
            if !own && let Some(nothing) = self.powerless(route, call).map_err(mark)? {
                return Ok(standing.map_or(nothing.clone(), |standing| standing.mark(nothing)));
            }
        }
        self.limited(standing, route, call).await
    }

    async fn limited(
        &self,
        standing: Option<Standing>,
        route: Route,
        call: &Call,
    ) -> Result<Reply, Fail> {
        let Some(standing) = standing else {
            return self.handled(route, call).await;
        };
        let reply = if standing.over {
            Err(too_many())
        } else {
            self.handled(route, call).await
        };
        Ok(standing.mark(reply.unwrap_or_else(|fail| fail.reply(&error_id(call.salt)))))
    }

    /// Finds out who calls. Gives whether it came with DPoP.
    fn enter(&self, route: Route, call: &mut Call) -> Result<bool, Fail> {
        let text = call.header("authorization").unwrap_or_default().to_owned();
        let (scheme, secret) = scheme(&text);
        if self.has(&Effect::TokenExpired) && scheme == "SSWS" {
            return Err(Fail::invalid_token());
        }
        let org = self.shared.read();
        if scheme == "SSWS" {
            let caller = org
                .tokens
                .caller(secret, call.now)
                .ok_or_else(Fail::invalid_token)?;
            if let Caller::Token { user, .. } = caller {
                call.power = Power::of_user(&org, user);
            }
            call.caller = caller;
            return Ok(false);
        }
        if scheme != "Bearer" && scheme != "DPoP" {
            return Err(Fail::new(
                StatusCode::FORBIDDEN,
                "E0000005",
                "Invalid session",
            ));
        }
        let dpop = scheme == "DPoP";
        let shown = shown(route, call);
        if self.has(&Effect::TokenExpired) {
            return Err(oauth::expired(shown, dpop));
        }
        let token = oauth::bearer(&org, secret, dpop, shown, &mut self.shared.memory())?;
        if let Some(user) = token.user {
            call.power = Power::of_user(&org, user);
        } else if let Some(serial) = org.apps.by_client_id(&org, &token.client_id) {
            call.power = Power::of_client(&org, serial);
        }
        call.caller = Caller::App {
            client_id: token.client_id,
            scopes: token.scopes,
            user: token.user,
        };
        Ok(dpop)
    }

    /// Refuses a call for which the token has no scope. Gives whether the call is about the user who granted it alone.
    fn scoped(&self, route: Route, call: &Call, dpop: bool) -> Result<bool, Fail> {
        let Caller::App { scopes, user, .. } = &call.caller else {
            return Ok(false);
        };
        if !self.has(&Effect::NoScope) {
            let needed = route.scopes;
            if needed.is_empty() || needed.iter().any(|scope| covers(scopes, scope)) {
                return Ok(false);
            }
            if user.is_some_and(|user| self.is_about(call, user))
                && needed.iter().any(|scope| covers_self(scopes, scope))
            {
                return Ok(true);
            }
        }
        Err(oauth::insufficient_scope(shown(route, call), dpop))
    }

    /// Whether a call is about this user.
    fn is_about(&self, call: &Call, user: u32) -> bool {
        let named = ["id", "userId"]
            .map(|name| call.param(name))
            .into_iter()
            .find(|name| !name.is_empty());
        named.is_some_and(|name| {
            name == "me" || {
                let org = self.shared.read();
                org.people.find(&org.tail, name) == Some(user)
            }
        })
    }

    /// What a caller gets whose roles do not allow the call: an empty list, or a refusal.
    fn powerless(&self, route: Route, call: &mut Call) -> Result<Option<Reply>, Fail> {
        if self.has(&Effect::NoRole) {
            call.power = Power::default();
        }
        if call.power.may(&self.shared.read(), call, route.template) {
            return Ok(None);
        }
        if route.access == Access::List && call.power.is_none() {
            let query = if call.query.0.is_empty() {
                String::new()
            } else {
                format!("?{}", self.parts.uri.query().unwrap_or_default())
            };
            let reply = Reply::json(&serde_json::json!([]))
                .link(&format!("{}{}{query}", call.base, call.path), "self");
            return Ok(Some(reply));
        }
        Err(Fail::forbidden())
    }

    async fn handled(&self, route: Route, call: &Call) -> Result<Reply, Fail> {
        let Handler::Outgoing(ask, take) = route.handler else {
            return self.handled_here(route, call);
        };
        let asked = ask(&self.shared.read(), call)?;
        let answer = self.shared.outside.send(asked).await;
        take(&mut self.shared.write(), call, answer)
    }

    /// The answer of a family that needs nobody outside.
    pub(super) fn handled_here(&self, route: Route, call: &Call) -> Result<Reply, Fail> {
        match route.handler {
            Handler::Outgoing(..) => Err(no_path()),
            Handler::Read(read) => read(&self.shared.read(), call),
            Handler::Protocol(answer) => Ok(answer(
                &mut self.shared.write(),
                call,
                &mut self.shared.memory(),
            )),
            Handler::Write(write) if self.has(&Effect::DropWrite) => {
                let mut other = self.shared.read().clone();
                write(&mut other, call)
            }
            Handler::Write(write) => {
                let mut org = self.shared.write();
                write(&mut org, call)
            }
        }
    }

    fn note(&self, call: &Call, reply: &Reply) {
        let template = template(self.shared, &call.method, &call.path).to_owned();
        if self.shared.verbose {
            tracing::info!(method = %call.method, path = %self.parts.uri, status = reply.status.as_u16(), "answered");
        }
        self.shared.requests().add(Record {
            at: call.now.text(),
            method: call.method.to_string(),
            path: call.path.clone(),
            query: self.parts.uri.query().unwrap_or_default().to_owned(),
            template,
            status: reply.status.as_u16(),
            request_id: call.request_id.clone(),
            caller: name_of(&call.caller),
        });
    }
}

fn shown(route: Route, call: &Call) -> Shown<'_> {
    Shown {
        method: call.method.as_str(),
        base: &call.base,
        path: &call.path,
        headers: &call.headers,
        scope: route.scopes.first().copied().unwrap_or_default(),
        now: call.now,
    }
}

/// `E0000047`: too many calls.
pub(crate) fn too_many() -> Fail {
    Fail::new(
        StatusCode::TOO_MANY_REQUESTS,
        "E0000047",
        "API call exceeded rate limit due to too many requests.",
    )
}

fn no_path() -> Fail {
    Fail::new(
        StatusCode::NOT_FOUND,
        "E0000008",
        "The requested path was not found",
    )
}

fn name_of(caller: &Caller) -> String {
    match caller {
        Caller::Anonymous => "anonymous".to_owned(),
        Caller::Token { token, .. } => format!("token {token}"),
        Caller::App { client_id, .. } => client_id.clone(),
    }
}

/// Scheme and credential of an `Authorization` header; a missing blank is forgiven, as Okta does.
fn scheme(text: &str) -> (&'static str, &str) {
    for name in ["SSWS", "Bearer", "DPoP"] {
        if let Some((head, rest)) = text.split_at_checked(name.len())
            && head.eq_ignore_ascii_case(name)
        {
            return (name, rest.trim());
        }
    }
    ("", text)
}

fn request_id(salt: u64) -> String {
    let mut id = String::from("a");
    id.push_str(&format!("{salt:016x}{:015x}", crate::store::mix(salt) >> 4));
    id
}
