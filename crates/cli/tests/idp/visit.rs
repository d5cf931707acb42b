//! A person with a browser between a sandbox org and a service provider of ours.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use keywright_proto::saml::{
    AuthnRequest, Certificate, Demand, Expectation, Identity, IdentityProvider, Refusal,
    RelayState, Signed, SpKey, decode_post, verify,
};
use keywright_sandbox::{Sandbox, SandboxOptions};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};

pub(crate) const ENTITY: &str = "https://keywright.example/connections/1/saml/metadata";
pub(crate) const ACS: &str = "https://keywright.example/connections/1/saml/acs";
/// The first administrator of every sandbox, and the password of all its people.
pub(crate) const ADA: &str = "ada.admin@acme.example";
pub(crate) const PASSWORD: &str = "Keywright-Sandbox-1";

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/saml");
    std::fs::read_to_string(path.join(name)).unwrap()
}

/// Our key.
pub(crate) fn sp_key() -> SpKey {
    let certificate = Certificate::parse(&fixture("sp.cert.pem")).unwrap();
    SpKey::parse(&fixture("sp.key.pem"), certificate).unwrap()
}

/// Our certificate as an app's settings hold it.
pub(crate) fn sp_certificate() -> String {
    Certificate::parse(&fixture("sp.cert.pem"))
        .unwrap()
        .base64()
}

/// A sandbox with one SAML app that everybody has.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) app: Value,
}

impl World {
    /// `more` goes over the usual sign-on settings.
    pub(crate) async fn new(more: Value) -> Self {
        let mut options = SandboxOptions::default();
        (options.people, options.groups, options.rate_limits) = (3, 2, false);
        let sandbox = Sandbox::start(options).await.unwrap();
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        let mut sign_on = json!({
            "ssoAcsUrl": ACS, "recipient": ACS, "destination": ACS, "audience": ENTITY,
            "subjectNameIdTemplate": "${user.userName}",
            "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            "responseSigned": true, "assertionSigned": true, "signatureAlgorithm": "RSA_SHA256", "digestAlgorithm": "SHA256",
            "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
            "attributeStatements": [
                { "type": "EXPRESSION", "name": "oktaId", "values": ["user.id"] },
                { "type": "EXPRESSION", "name": "first", "values": ["user.firstName + \" <&> \""] },
                { "type": "GROUP", "name": "groups", "filterType": "REGEX", "filterValue": ".*" },
            ],
        });
        sign_on
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let mut world = Self {
            sandbox,
            http,
            app: Value::Null,
        };
        let body = json!({ "label": "Keywright", "signOnMode": "SAML_2_0", "settings": { "signOn": sign_on } });
        world.app = world.api("POST", "/api/v1/apps", Some(body)).await;
        let groups = world.api("GET", "/api/v1/groups?q=Everyone", None).await;
        let path = format!(
            "/api/v1/apps/{}/groups/{}",
            world.app["id"].as_str().unwrap(),
            groups[0]["id"].as_str().unwrap()
        );
        world.api("PUT", &path, Some(json!({}))).await;
        world
    }

    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let mut request = self.http.request(method.parse().unwrap(), url).header(
            "authorization",
            format!("SSWS {}", self.sandbox.api_token()),
        );
        request = match body {
            Some(body) => request.json(&body),
            None => request.header("content-length", "0"),
        };
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    /// The identity provider by the metadata that everybody may read.
    pub(crate) async fn idp(&self) -> IdentityProvider {
        let private = self.app["_links"]["metadata"]["href"].as_str().unwrap();
        let answer = self
            .http
            .get(private)
            .header(
                "authorization",
                format!("SSWS {}", self.sandbox.api_token()),
            )
            .header("accept", "application/xml");
        let document = answer.send().await.unwrap().bytes().await.unwrap();
        let idp = IdentityProvider::from_metadata(&document).unwrap();
        let key = idp.entity_id().rsplit('/').next().unwrap();
        let public = format!("{}/app/{key}/sso/saml/metadata", self.sandbox.url());
        let open = self.http.get(public).send().await.unwrap();
        assert_eq!(open.bytes().await.unwrap(), document);
        idp
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.sandbox.clock_ms()).unwrap()
    }

    /// A question of ours.
    pub(crate) fn question(&self, idp: &IdentityProvider) -> AuthnRequest {
        AuthnRequest::new([7; 16], self.now(), ENTITY, idp.redirect().unwrap(), ACS)
    }

    /// Brings a signed question to the org, signs in where asked, and gives the page that carries the answer.
    pub(crate) async fn visit(&self, question: Signed, login: &str) -> Response {
        let first = match question {
            Signed::Redirect { url } => self.http.get(url),
            Signed::Post {
                action,
                saml_request,
                relay_state,
            } => self
                .http
                .post(action)
                .form(&[("SAMLRequest", saml_request), ("RelayState", relay_state)]),
        };
        self.sign_in(first.send().await.unwrap(), login).await
    }

    /// Follows the way to the sign-in page, signs in there, and goes on.
    pub(crate) async fn sign_in(&self, mut answer: Response, login: &str) -> Response {
        let mut cookie = String::new();
        for _ in 0..8 {
            if answer.status() != 302 {
                return answer;
            }
            if let Some(new) = answer.headers().get("set-cookie") {
                new.to_str()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .clone_into(&mut cookie);
            }
            let to = answer.headers()["location"].to_str().unwrap().to_owned();
            let get = self.http.get(&to).header("cookie", &cookie);
            answer = get.send().await.unwrap();
            if answer.status() == 200 && to.contains("/login/login.htm") {
                let from = url::Url::parse(&to).unwrap();
                let from = from
                    .query_pairs()
                    .find(|(name, _)| name == "fromURI")
                    .unwrap()
                    .1
                    .into_owned();
                let form = [
                    ("username", login),
                    ("password", PASSWORD),
                    ("fromURI", &from),
                ];
                let page = format!("{}/login/login.htm", self.sandbox.url());
                answer = self.http.post(page).form(&form).send().await.unwrap();
            }
        }
        panic!("no end of redirects")
    }

    /// Asks, signs the first administrator in, and judges the answer with the id of the question.
    pub(crate) async fn judged(&self, idp: &IdentityProvider) -> Result<Identity, Refusal> {
        let question = self.question(idp);
        let signed = question
            .redirect(&RelayState::from_random([1; 16]), &sp_key())
            .unwrap();
        let page = self.visit(signed, ADA).await;
        let carried = Carried::of(page).await;
        self.judge(&carried.xml, idp, Some(question.id()), Demand::Either)
    }

    /// What our service provider says to an answer.
    pub(crate) fn judge(
        &self,
        xml: &[u8],
        idp: &IdentityProvider,
        request_id: Option<&str>,
        demand: Demand,
    ) -> Result<Identity, Refusal> {
        let key = sp_key();
        let expected = Expectation {
            entity_id: ENTITY,
            acs: ACS,
            idp,
            request_id,
            decryption: Some(&key),
            demand,
            skew: SignedDuration::from_secs(60),
        };
        verify(xml, &expected, self.now())
    }
}

/// The form that carries an answer.
pub(crate) struct Carried {
    pub(crate) action: String,
    pub(crate) relay: Option<String>,
    pub(crate) xml: Vec<u8>,
}

impl Carried {
    pub(crate) async fn of(page: Response) -> Self {
        let status = page.status();
        let html = page.text().await.unwrap();
        assert_eq!(status, 200, "{html}");
        let between = |start: &str| {
            let rest = html.split_once(start)?.1;
            let text = rest.split_once('"')?.0;
            Some(text.replace("&amp;", "&").replace("&#39;", "'"))
        };
        let field = between("name=\"SAMLResponse\" value=\"").unwrap();
        assert!(
            html.contains("<button type=\"submit\">Continue</button>"),
            "without script"
        );
        assert_eq!(
            decode_post(&field).unwrap(),
            STANDARD.decode(&field).unwrap()
        );
        Self {
            action: between("action=\"").unwrap(),
            relay: between("name=\"RelayState\" value=\""),
            xml: decode_post(&field).unwrap(),
        }
    }
}
