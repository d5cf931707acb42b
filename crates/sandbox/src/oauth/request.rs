//! An authorize request: its checks, in Okta's words. What cannot be sent to the client is shown to the person.

use serde_json::Value;

use super::fail::OAuthFail;
use super::issuer::Issuer;
use super::scopes;
use super::token::configured;
use crate::apps::App;
use crate::http::{Call, Query};
use crate::org::Org;

/// How the answer goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    Fragment,
    FormPost,
    PostMessage,
}

/// A client and an address that answers may be sent to.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) app: u32,
    pub(super) redirect_uri: String,
    pub(super) mode: Mode,
    pub(super) state: Option<String>,
}

/// What a request wants.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) code: bool,
    pub(super) token: bool,
    pub(super) id_token: bool,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) max_age: Option<i64>,
    pub(super) login_hint: String,
}

fn bad(text: impl Into<std::borrow::Cow<'static, str>>) -> OAuthFail {
    OAuthFail::bad("invalid_request", text)
}

fn filled<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.get(name).filter(|text| !text.is_empty())
}

/// The parameters of a request, from the query, the body, or what was pushed before.
pub(super) fn parameters(org: &Org, call: &Call) -> Result<Query, OAuthFail> {
    let mut given = call.query.clone();
    if call.method == http::Method::POST {
        given
            .0
            .extend(Query::parse(&String::from_utf8_lossy(&call.body)).0);
    }
    super::form::single(&given)?;
    let Some(uri) = filled(&given, "request_uri") else {
        return Ok(given);
    };
    let pushed = org
        .sign_ins
        .pushed
        .get(uri)
        .filter(|(_, _, until)| *until > call.now);
    let (app, parameters, _) = pushed.ok_or_else(|| {
        OAuthFail::bad(
            "invalid_request_uri",
            "The authorize request_uri is invalid.",
        )
    })?;
    if filled(&given, "client_id").and_then(|id| org.apps.by_client_id(org, id)) != Some(*app) {
        return Err(OAuthFail::client(
            "The 'client_id' parameter does not match the expected value for the provided request_uri.",
        ));
    }
    Ok(Query(parameters.clone()))
}

/// Whom and where to answer. Nothing may be sent to a client or an address that is not known.
pub(super) fn way(org: &Org, query: &Query) -> Result<Way, OAuthFail> {
    let serial = filled(query, "client_id").and_then(|id| org.apps.by_client_id(org, id));
    let app = serial
        .and_then(|serial| Some((serial, org.apps.get(serial)?)))
        .filter(|(_, app)| app.active);
    let (serial, app) = app.ok_or_else(|| {
        OAuthFail::bad("invalid_client", "Invalid value for 'client_id' parameter.")
    })?;
    if app.oauth("application_type").and_then(Value::as_str) == Some("service") {
        return Err(bad(
            "Clients with 'application_type' of 'service' are not allowed to access the 'authorize' endpoint.",
        ));
    }
    let uri = filled(query, "redirect_uri");
    if !uri.is_some_and(|uri| registered(app, "redirect_uris", uri)) {
        return Err(bad(
            "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
        ));
    }
    let implicit = query
        .get("response_type")
        .is_some_and(|types| types.split(' ').any(|one| one != "code"));
    // What cannot be answered as wanted is answered in the usual way.
    let asked = filled(query, "response_mode")
        .filter(|_| response_mode(query, has_code(query), implicit).is_ok());
    let mode = match asked {
        Some("query") => Mode::Query,
        Some("fragment") => Mode::Fragment,
        Some("form_post") => Mode::FormPost,
        Some("okta_post_message") => Mode::PostMessage,
        _ if implicit => Mode::Fragment,
        _ => Mode::Query,
    };
    Ok(Way {
        app: serial,
        redirect_uri: uri.unwrap_or_default().to_owned(),
        mode,
        state: filled(query, "state").map(str::to_owned),
    })
}

fn has_code(query: &Query) -> bool {
    query
        .get("response_type")
        .is_some_and(|types| types.split(' ').any(|one| one == "code"))
}

/// Whether an address is among those of an app: letter for letter.
pub(super) fn registered(app: &App, list: &str, uri: &str) -> bool {
    let known = app.oauth(list).and_then(Value::as_array);
    known.is_some_and(|known| known.iter().any(|one| one.as_str() == Some(uri)))
}

/// Checks the rest of a request.
pub(super) fn wanted(
    org: &Org,
    issuer: Issuer,
    app: u32,
    query: &Query,
) -> Result<Wanted, OAuthFail> {
    let types: Vec<&str> = filled(query, "response_type")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let allowed = configured(org, app, "response_types");
    let known = |one: &&str| {
        ["code", "token", "id_token"].contains(one) && allowed.iter().any(|other| other == one)
    };
    if types.is_empty() || !types.iter().all(known) {
        let text = format!(
            "The response type is not supported by the authorization server. Configured response types: [{}].",
            allowed.join(", ")
        );
        return Err(OAuthFail::bad("unsupported_response_type", text));
    }
    let (code, token, id_token) = (
        types.contains(&"code"),
        types.contains(&"token"),
        types.contains(&"id_token"),
    );
    response_mode(query, code, token || id_token)?;
    let asked: Vec<String> = filled(query, "scope")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if id_token && !asked.iter().any(|scope| scope == "openid") {
        let text = "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.";
        return Err(invalid_scope(text));
    }
    let scopes = match issuer {
        Issuer::Org => scopes::org_scopes(org, app, &asked)?,
        Issuer::Custom(_) => scopes::custom_scopes(org, issuer, asked, false)?,
    };
    let openid =
        |scope: &String| ["profile", "email", "address", "phone"].contains(&scope.as_str());
    if scopes.iter().any(openid) && !scopes.iter().any(|scope| scope == "openid") {
        let text = "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.";
        return Err(invalid_scope(text));
    }
    let nonce = filled(query, "nonce").map(str::to_owned);
    if (token || id_token) && nonce.is_none() {
        return Err(bad(
            "The 'nonce' parameter is required for authorize requests with either the 'id_token' or 'token' response types..",
        ));
    }
    Ok(Wanted {
        code,
        token,
        id_token,
        scopes,
        nonce,
        challenge: challenge(org, app, query, code)?,
        prompt: prompt(query)?,
        max_age: max_age(query)?,
        login_hint: query.get("login_hint").unwrap_or_default().to_owned(),
    })
}

fn invalid_scope(text: &'static str) -> OAuthFail {
    OAuthFail::bad("invalid_scope", text)
}

fn response_mode(query: &Query, code: bool, tokens: bool) -> Result<(), OAuthFail> {
    let text = match filled(query, "response_mode") {
        None | Some("fragment" | "form_post") => return Ok(()),
        Some("query") if tokens => {
            "'query' response mode cannot be used with either the 'id_token' or 'token' response types."
        }
        Some("okta_post_message") if code && !tokens => {
            "'okta_post_message' response mode cannot be used with the 'code' response type."
        }
        Some("query" | "okta_post_message") => return Ok(()),
        Some(_) => {
            "The response mode is not supported by the authorization server. Valid response modes: [query, fragment, form_post, okta_post_message]."
        }
    };
    Err(OAuthFail::bad("unsupported_response_mode", text))
}

fn challenge(org: &Org, app: u32, query: &Query, code: bool) -> Result<Option<String>, OAuthFail> {
    let app = org.apps.get(app);
    let client = app
        .and_then(|app| app.body.get("credentials"))
        .and_then(|one| one.get("oauthClient"));
    let member = |name: &str| client.and_then(|one| one.get(name));
    let public = member("token_endpoint_auth_method").and_then(Value::as_str) == Some("none");
    let required = public || member("pkce_required") == Some(&Value::Bool(true));
    let Some(text) = filled(query, "code_challenge") else {
        return if required && code {
            Err(bad("PKCE code challenge is required by the application."))
        } else {
            Ok(None)
        };
    };
    if filled(query, "code_challenge_method") != Some("S256") {
        return Err(bad(
            "PKCE code challenge method is not supported. Valid values: [S256]",
        ));
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    {
        return Err(bad("PKCE code challenge contains illegal characters."));
    }
    Ok(Some(text.to_owned()))
}

fn prompt(query: &Query) -> Result<Option<String>, OAuthFail> {
    let values = ["none", "consent", "login", "create", "enroll_authenticator"];
    match filled(query, "prompt") {
        Some(text) if text.split(' ').any(|one| !values.contains(&one)) => Err(bad(format!(
            "Invalid value for 'prompt' parameter. Supported values: [{}]",
            values.join(", ")
        ))),
        other => Ok(other.map(str::to_owned)),
    }
}

fn max_age(query: &Query) -> Result<Option<i64>, OAuthFail> {
    let Some(text) = filled(query, "max_age") else {
        return Ok(None);
    };
    let age = text
        .parse::<i64>()
        .ok()
        .filter(|age| (0..=i64::from(i32::MAX)).contains(age));
    age.map(Some).ok_or_else(|| {
        bad("Invalid value for 'max_age' parameter. It should be within range 0 - 2^31-1.")
    })
}

/// Refuses users to whom the app is not assigned.
pub(super) fn assigned(org: &Org, app: u32, user: u32) -> Result<(), OAuthFail> {
    if is_assigned(org, app, user) {
        Ok(())
    } else {
        Err(OAuthFail::bad(
            "access_denied",
            "User is not assigned to the client application.",
        ))
    }
}

/// Whether a user has an app: by itself, by a group, or because everybody has it.
pub(crate) fn is_assigned(org: &Org, app: u32, user: u32) -> bool {
    let mine = org
        .people
        .get(user)
        .map(|person| person.groups.as_slice())
        .unwrap_or_default();
    org.apps.get(app).is_some_and(|app| {
        app.users.contains_key(&user)
            || app.groups.contains_key(&crate::groups::EVERYONE)
            || mine.iter().any(|group| app.groups.contains_key(group))
            || app.setting(&["implicitAssignment"]) == Some(&Value::Bool(true))
    })
}
