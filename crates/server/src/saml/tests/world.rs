//! One connection with an identity provider, one browser, people who are known.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Request};
use keywright_proto::saml::decode_redirect;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::forge::{Answer, fixture};
use crate::app::AppBuilder;
use crate::db::{ConnectionId, UserId};
use crate::directory::staging::{self, Facts, NewUser, When};
use crate::directory::{self, USER};
use crate::testing::TestApp;
use crate::web::Options;

/// The address that browsers reach the tests' server at.
pub(super) const PUBLIC: &str = "https://kw.example";
const SSO: &str = "https://acme.okta.example/app/exk1fixture/sso/saml";

/// An app that is reached by https.
pub(super) fn https(builder: AppBuilder) -> AppBuilder {
    builder.with(Options {
        public_url: PUBLIC.to_owned(),
        ..Options::default()
    })
}

pub(super) struct World {
    pub(super) t: TestApp,
    pub(super) id: ConnectionId,
    pub(super) router: Router,
}

/// What came back.
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Got {
    pub(super) fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The `Set-Cookie` that begins so.
    pub(super) fn cookie(&self, start: &str) -> Option<&str> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|header| header.to_str().unwrap())
            .find(|text| text.starts_with(start))
    }

    pub(super) fn is_signed_in(&self) -> bool {
        let session =
            |text: &&str| text.starts_with("__Host-keywright=") || text.starts_with("keywright=");
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        cookies
            .map(|header| header.to_str().unwrap())
            .any(|text| session(&text))
    }
}

/// A browser: what it keeps, and where it is.
#[derive(Clone, Default)]
pub(super) struct Visitor {
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) address: Option<&'static str>,
}

impl Visitor {
    fn take(&mut self, got: &Got) {
        for header in got.headers.get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A question that a browser asked.
pub(super) struct Question {
    pub(super) id: String,
    pub(super) relay: String,
}

impl World {
    /// A connection to an org, with Okta's usual app.
    pub(super) async fn new(t: TestApp) -> Self {
        let new = json!({"name": "acme", "domain": "acme.okta.com", "authentication": "api_token",
            "api_token": "00abcdefghijklmnopqrstuvwxyz0123456789ABCD"});
        Self::of(t, new).await
    }

    pub(super) async fn of(t: TestApp, connection: Value) -> Self {
        let (status, made) = t
            .call("POST", "/api/v1/connections", Some(connection))
            .await;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().unwrap().parse().unwrap();
        let router = crate::router::router(&t.app);
        let world = Self { t, id, router };
        world
            .set(
                json!({"entity_id": super::forge::IDP, "redirect_url": SSO, "post_url": SSO,
                "certificates": [fixture("idp.cert.pem")]}),
            )
            .await;
        world
    }

    pub(super) async fn set(&self, change: Value) -> Value {
        let (status, view) = self.api("PUT", "", Some(change)).await;
        assert_eq!(status, 200, "{view}");
        view
    }

    pub(super) async fn api(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let path = format!("/api/v1/connections/{}/saml{path}", self.id);
        self.t.call(method, &path, body).await
    }

    /// A person of the org who is a user with the role `user`.
    pub(super) async fn person(&self, okta_id: &str, login: &str) -> UserId {
        let mut work = self.t.begin().await;
        let id: UserId = work.id();
        let facts = Facts {
            login: login.to_owned(),
            status: "ACTIVE".to_owned(),
            ..Facts::default()
        };
        let new = NewUser {
            id,
            okta_id: okta_id.to_owned(),
            facts,
            blocked: false,
        };
        directory::touch(&work).await.unwrap();
        staging::add_users(&work, self.id, When::Now, &[new])
            .await
            .unwrap();
        directory::give(&mut work, id, USER, None, "test")
            .await
            .unwrap();
        work.commit().await.unwrap();
        id
    }

    pub(super) fn base(&self) -> String {
        let options = Options::of(&self.t.app);
        format!("{}/connections/{}/saml", options.public_url, self.id)
    }

    /// Sends a request as a browser would; what it is given to keep, it keeps.
    pub(super) async fn send(
        &self,
        visitor: &mut Visitor,
        method: &str,
        path: &str,
        form: Option<String>,
    ) -> Got {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "text/html");
        if !visitor.cookies.is_empty() {
            let pairs: Vec<String> = visitor
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if form.is_some() {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ORIGIN, "https://acme.okta.example")
                .header("sec-fetch-site", "cross-site");
        }
        let mut request = request
            .body(form.map_or_else(Body::empty, Body::from))
            .unwrap();
        if let Some(address) = visitor.address {
            let peer: SocketAddr = format!("{address}:4711").parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        let got = Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        };
        visitor.take(&got);
        got
    }

    /// Begins a sign-in by HTTP-Redirect.
    pub(super) async fn begin(&self, visitor: &mut Visitor, back: &str) -> Question {
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let path = format!("/connections/{}/saml/login?return={back}", self.id);
        let got = self.send(visitor, "GET", &path, None).await;
        assert_eq!(got.status, 303, "{}", got.body);
        let address = url::Url::parse(got.location()).unwrap();
        assert!(got.location().starts_with(SSO), "{address}");
        let field = |name: &str| {
            let mut pairs = address.query_pairs();
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        let xml = String::from_utf8(decode_redirect(&field("SAMLRequest")).unwrap()).unwrap();
        let id = xml
            .split(" ID=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        Question {
            id: id.to_owned(),
            relay: field("RelayState"),
        }
    }

    pub(super) fn answer(&self, question: &Question) -> Answer {
        let n = u32::from_be_bytes(self.t.app.random());
        Answer::new(&self.base(), &question.id, self.t.app.now(), n)
    }

    pub(super) async fn post(&self, visitor: &mut Visitor, xml: &str, relay: &str) -> Got {
        use base64::Engine as _;
        let field = base64::engine::general_purpose::STANDARD.encode(xml);
        self.post_field(visitor, &field, relay).await
    }

    pub(super) async fn post_field(&self, visitor: &mut Visitor, field: &str, relay: &str) -> Got {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", field)
            .append_pair("RelayState", relay)
            .finish();
        let path = format!("/connections/{}/saml/acs", self.id);
        self.send(visitor, "POST", &path, Some(form)).await
    }

    /// The whole way in a new browser, with the answer that `make` makes.
    pub(super) async fn sign_in(&self, make: impl FnOnce(&Answer) -> String) -> Got {
        let mut visitor = Visitor::default();
        let question = self.begin(&mut visitor, "/people").await;
        let xml = make(&self.answer(&question));
        self.post(&mut visitor, &xml, &question.relay).await
    }

    /// The code of the newest trace.
    pub(super) async fn traced(&self) -> String {
        let (status, traces) = self.api("GET", "/traces", None).await;
        assert_eq!(status, 200, "{traces}");
        traces[0]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The logins of who has a session begun by SAML.
    pub(super) async fn sessions_of(&self, user: UserId) -> usize {
        let work = self.t.read().await;
        let all = crate::sessions::of_user(&work, user).await.unwrap();
        all.iter()
            .filter(|session| session.method == "saml")
            .count()
    }
}
