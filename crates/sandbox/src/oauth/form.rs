//! Forms at the endpoints, and who sends them: client authentication in all ways that Okta takes.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::assertion::{self, Setting};
use super::fail::OAuthFail;
use super::issuer::Issuer;
use super::nonces::Memory;
use crate::apps::App;
use crate::http::{Call, Query};
use crate::org::Org;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Reads the body as a form; each parameter may come once.
pub(super) fn form(call: &Call) -> Result<Query, OAuthFail> {
    let kind = call.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        let text =
            "The request content type is invalid. Expected 'application/x-www-form-urlencoded'.";
        return Err(OAuthFail::bad("invalid_request", text));
    }
    let form = Query::parse(&String::from_utf8_lossy(&call.body));
    if ["client_secret", "client_assertion"]
        .iter()
        .any(|name| call.query.get(name).is_some())
    {
        return Err(OAuthFail::bad(
            "invalid_request",
            "Client credentials cannot be supplied via query parameters.",
        ));
    }
    single(&form)?;
    Ok(form)
}

/// Refuses parameters that come twice.
pub(super) fn single(form: &Query) -> Result<(), OAuthFail> {
    let mut twice: Vec<&str> = Vec::new();
    for (at, (name, _)) in form.0.iter().enumerate() {
        let before = form.0.iter().take(at).any(|(other, _)| other == name);
        if before && !twice.contains(&name.as_str()) {
            twice.push(name);
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let text = format!(
        "Duplicate parameter provided in request. Duplicated parameters: [{}].",
        twice.join(", ")
    );
    Err(OAuthFail::bad("invalid_request", text))
}

/// How a client proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Basic,
    Post,
    Assertion,
    /// A public client has nothing to prove itself with.
    None,
}

/// A client that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) app: u32,
    pub(super) way: Way,
}

fn method(app: &App) -> &str {
    let found = app
        .body
        .get("credentials")
        .and_then(|one| one.pointer("/oauthClient/token_endpoint_auth_method"));
    found
        .and_then(Value::as_str)
        .unwrap_or("client_secret_basic")
}

/// Finds out which client calls.
pub(super) fn client(
    org: &Org,
    issuer: Issuer,
    call: &Call,
    form: &Query,
    memory: &mut Memory,
) -> Result<Client, OAuthFail> {
    let header = call.header("authorization").filter(|text| {
        text.get(..6)
            .is_some_and(|head| head.eq_ignore_ascii_case("basic "))
    });
    let ways = [
        header.is_some(),
        form.get("client_secret").is_some(),
        form.get("client_assertion").is_some(),
    ];
    if ways.iter().filter(|way| **way).count() > 1 {
        let text = "Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.";
        return Err(OAuthFail::new(401, "invalid_request", text));
    }
    if let Some(text) = form.get("client_assertion") {
        if form.get("client_assertion_type") != Some(TYPE) {
            return Err(OAuthFail::bad(
                "invalid_request",
                "The client_assertion_type is invalid.",
            ));
        }
        let endpoint = call.url(&call.path);
        let setting = Setting {
            org,
            endpoint: &endpoint,
            now: call.now,
        };
        let app = assertion::check(text, form.get("client_id"), setting, memory)?;
        return Ok(Client {
            app,
            way: Way::Assertion,
        });
    }
    by_secret(org, issuer, header, form)
}

fn by_secret(
    org: &Org,
    issuer: Issuer,
    header: Option<&str>,
    form: &Query,
) -> Result<Client, OAuthFail> {
    let (id, secret, way) = if let Some(header) = header {
        let text = "Found Authentication header but was not valid client credentials.";
        let (id, secret) = basic(header).ok_or_else(|| OAuthFail::client(text))?;
        (Some(id), Some(secret), Way::Basic)
    } else {
        let secret = form.get("client_secret").map(str::to_owned);
        let way = if secret.is_some() {
            Way::Post
        } else {
            Way::None
        };
        (form.get("client_id").map(str::to_owned), secret, way)
    };
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Err(OAuthFail::client("No client credentials found."));
    };
    let serial = org.apps.by_client_id(org, &id);
    let app = serial
        .and_then(|serial| Some((serial, org.apps.get(serial)?)))
        .filter(|(_, app)| app.active);
    let (serial, app) =
        app.ok_or_else(|| OAuthFail::client("Invalid value for 'client_id' parameter."))?;
    if way != Way::None
        && issuer == Issuer::Org
        && form.get("grant_type") == Some("client_credentials")
    {
        return Err(OAuthFail::client(
            "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.",
        ));
    }
    match (method(app), way) {
        ("none", Way::None) => {}
        ("none", _) | ("client_secret_jwt" | "private_key_jwt", Way::Basic | Way::Post) => {
            return Err(OAuthFail::client(
                "Client authentication failed. Either the client or the client credentials are invalid.",
            ));
        }
        (_, Way::None) => return Err(OAuthFail::client("No client credentials found.")),
        _ => {
            let given = secret.unwrap_or_default();
            let same =
                |one: &str| verify_slices_are_equal(one.as_bytes(), given.as_bytes()).is_ok();
            if !app
                .secrets
                .iter()
                .any(|secret| secret.active && same(&secret.text))
            {
                return Err(OAuthFail::client(
                    "The client secret supplied for a confidential client is invalid.",
                ));
            }
        }
    }
    Ok(Client { app: serial, way })
}

/// Name and secret of an `Authorization: Basic` header; both are form encoded (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(header.get(6..)?.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let pair = format!("x={}", text.replace('&', "%26"));
        url::form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}
