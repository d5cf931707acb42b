//! A person signs in through the org by SAML: an app there, its metadata here, and a browser that goes the whole way.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use keywright_okta::{Client, Credentials, OrgUrl};
use reqwest::Response;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use super::runs::logins;
use super::stage::Stage;
use super::teller::Told;
use crate::commands::connection::id;
use crate::output::{at, items, text};

/// What the app is called.
const LABEL: &str = "Keywright sign-in";
/// The password of all people of the offline org.
const PASSWORD: &str = "Keywright-Sandbox-1";
/// More redirects than any way has.
const STEPS: usize = 12;

/// Makes the app in Okta and sets the connection up with its metadata; gives where people sign in.
pub(super) async fn set_up(stage: &Stage, connection: &Value) -> anyhow::Result<Told<String>> {
    let path = format!("/connections/{}/saml", id(connection));
    let view = stage.api.put(&path, &json!({})).await?;
    let okta = okta(stage)?;
    let apps: Vec<Value> = okta.get("/api/v1/apps", &[("limit", "200")]).await?;
    let app = match apps.into_iter().find(|app| app["label"] == LABEL) {
        Some(app) => app,
        None => make(&okta, &view).await?,
    };
    let metadata = metadata(stage, &app).await?;
    let view = stage
        .api
        .put(&path, &json!({ "metadata": metadata }))
        .await?;
    let certificate = items(at(&view, "certificates"))
        .first()
        .map(|one| text(at(one, "fingerprint")))
        .unwrap_or_default();
    let lines = [
        format!(
            "an app in Okta for {}, assigned to everybody",
            text(at(&view, "entity_id"))
        ),
        format!(
            "its metadata pasted here: one certificate pinned ({}…)",
            certificate.get(..16).unwrap_or_default()
        ),
    ];
    Ok(Told::new(text(at(&view, "login_url")), lines))
}

/// Somebody of a mapped group signs in, and is known.
pub(super) async fn sign_in(stage: &Stage, login_url: &str) -> anyhow::Result<Told<()>> {
    let login = logins(stage, "Engineering")
        .await?
        .pop()
        .context("nobody is in Engineering")?;
    let mut browser = Browser::new()?;
    let mut page = browser.go(Url::parse(login_url)?, None).await?;
    for _ in 0..3 {
        if page.html.contains("name=\"password\"") {
            page = browser
                .fill(&page, &[("username", &login), ("password", PASSWORD)])
                .await?;
        } else if page.html.contains("name=\"SAMLResponse\"") {
            page = browser.fill(&page, &[]).await?;
        }
    }
    if page.status != 200 || !page.url.as_str().starts_with(&stage.public_url) {
        bail!(
            "signing in ended with {} at {}",
            page.status,
            page.url.path()
        );
    }
    let user = stage
        .api
        .get(&format!("/users/{}", crate::api::encode(&login)))
        .await?;
    let user = text(if user.get("id").is_some() {
        at(&user, "id")
    } else {
        at(&user, "user.id")
    });
    let sessions = stage.api.get(&format!("/users/{user}/sessions")).await?;
    let begun = items(&sessions)
        .first()
        .is_some_and(|session| session["method"] == "saml");
    if !begun {
        bail!("{login} has no session");
    }
    let line = format!(
        "{login} signed in at Okta and was led back to {}; a signed question, an answer verified by the pinned certificate",
        page.url.path()
    );
    Ok(Told::new((), [line]))
}

async fn make(okta: &Client, view: &Value) -> anyhow::Result<Value> {
    let (acs, entity_id) = (text(at(view, "acs_url")), text(at(view, "entity_id")));
    let app = json!({"label": LABEL, "signOnMode": "SAML_2_0", "settings": {"signOn": {
        "ssoAcsUrl": acs, "recipient": acs, "destination": acs, "audience": entity_id,
        "subjectNameIdTemplate": "${user.userName}",
        "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "responseSigned": true, "assertionSigned": true, "signatureAlgorithm": "RSA_SHA256", "digestAlgorithm": "SHA256",
        "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "attributeStatements": [{"type": "EXPRESSION", "name": "oktaId", "values": ["user.id"]}],
    }}});
    let app: Value = okta.post("/api/v1/apps", &[], &app).await?;
    let groups: Vec<Value> = okta.get("/api/v1/groups", &[("q", "Everyone")]).await?;
    let everyone = groups.first().context("the org has no group Everyone")?;
    let assign = format!("/api/v1/apps/{}/groups/{}", id(&app), id(everyone));
    let _assigned: Value = okta.put(&assign, &json!({}), None).await?;
    Ok(app)
}

/// The app's metadata, by the address that everybody may read.
async fn metadata(stage: &Stage, app: &Value) -> anyhow::Result<String> {
    let address = text(at(app, "_links.metadata.href"));
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client
        .get(address)
        .header("authorization", format!("SSWS {}", stage.org.api_token()))
        .header("accept", "application/xml")
        .send()
        .await?;
    Ok(answer.error_for_status()?.text().await?)
}

fn okta(stage: &Stage) -> anyhow::Result<Client> {
    let bootstrap = Credentials::ApiToken(stage.org.api_token().to_owned().into());
    Ok(Client::builder(OrgUrl::parse(&stage.org.url())?, bootstrap).build()?)
}

/// A browser without script: cookies by host, redirects, forms.
struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

struct Page {
    status: u16,
    url: Url,
    html: String,
}

impl Browser {
    fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()?;
        Ok(Self {
            http,
            cookies: BTreeMap::new(),
        })
    }

    async fn go(
        &mut self,
        mut url: Url,
        mut form: Option<Vec<(String, String)>>,
    ) -> anyhow::Result<Page> {
        for _ in 0..STEPS {
            let answer = self.once(&url, form.take()).await?;
            let status = answer.status();
            let Some(to) = answer
                .headers()
                .get("location")
                .filter(|_| status.is_redirection())
            else {
                let html = answer.text().await?;
                let status = status.as_u16();
                return Ok(Page { status, url, html });
            };
            url = url.join(to.to_str()?)?;
        }
        bail!("redirects without end at {}", url.path())
    }

    async fn once(
        &mut self,
        url: &Url,
        form: Option<Vec<(String, String)>>,
    ) -> anyhow::Result<Response> {
        let jar = self.cookies.entry(url.authority().to_owned()).or_default();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match form {
            None => self.http.get(url.clone()),
            Some(fields) => self.http.post(url.clone()).form(&fields),
        };
        let request = request
            .header("accept", "text/html")
            .header("cookie", cookies.join("; "));
        let answer = request.send().await?;
        for header in answer.headers().get_all("set-cookie") {
            let pair = header.to_str()?.split(';').next().unwrap_or_default();
            match pair.split_once('=') {
                Some((name, "")) => drop(jar.remove(name)),
                Some((name, value)) => drop(jar.insert(name.to_owned(), value.to_owned())),
                None => {}
            }
        }
        Ok(answer)
    }

    /// Sends the form of a page with these fields filled in.
    async fn fill(&mut self, page: &Page, filled: &[(&str, &str)]) -> anyhow::Result<Page> {
        let action = page
            .html
            .split_once("<form")
            .and_then(|(_, tag)| attribute(tag, "action"));
        let url = page.url.join(&action.unwrap_or_default())?;
        let mut fields: Vec<(String, String)> = page
            .html
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let tag = input.split('>').next()?;
                Some((
                    attribute(tag, "name")?,
                    attribute(tag, "value").unwrap_or_default(),
                ))
            })
            .filter(|(name, _)| !filled.iter().any(|(other, _)| other == name))
            .collect();
        fields.extend(
            filled
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.go(url, Some(fields)).await
    }
}

/// The value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split_once('"')?.0;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&#39;", "'")
            .replace("&amp;", "&"),
    )
}
