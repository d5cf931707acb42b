//! Which scopes a request gets, and how long its tokens live.

use super::fail::OAuthFail;
use super::issuer::{Issuer, OPENID};
use crate::http::{Query, all_scopes};
use crate::org::Org;
use crate::servers::{self, Denied, Lives, Wish};

/// An access token of the org server lives so long, and an unused refresh token.
const LIFE: i64 = 3600;
const WINDOW: i64 = 7 * 86_400;

fn invalid_scope(text: &'static str) -> OAuthFail {
    OAuthFail::bad("invalid_scope", text)
}

/// The scopes that a form names.
pub(super) fn asked(form: &Query) -> Vec<String> {
    form.get("scope")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// The scopes that a client gets for itself.
pub(super) fn client_credentials_scopes(
    org: &Org,
    issuer: Issuer,
    app: u32,
    form: &Query,
) -> Result<Vec<String>, OAuthFail> {
    let asked = asked(form);
    if issuer != Issuer::Org {
        return custom_scopes(org, issuer, asked, true);
    }
    let known = all_scopes();
    if asked.is_empty() {
        return Err(invalid_scope("No scopes were requested."));
    }
    if asked.iter().any(|scope| OPENID.contains(&scope.as_str())) {
        return Err(invalid_scope(
            "Cannot request 'openid' scopes using client credentials.",
        ));
    }
    if asked
        .iter()
        .any(|scope| scope.split('.').next_back() == Some("self"))
    {
        let text = "The 'client_credentials' grant type may not request .self scopes.";
        return Err(OAuthFail::bad(
            "client_credentials_self_scope_requested",
            text,
        ));
    }
    if asked.iter().any(|scope| !scope.starts_with("okta.")) {
        return Err(invalid_scope(
            "Custom scopes are not allowed for this request.",
        ));
    }
    if asked.iter().any(|scope| !known.contains(&scope.as_str())) {
        return Err(invalid_scope(
            "One or more scopes are not configured for the authorization server resource.",
        ));
    }
    let grants = org
        .apps
        .get(app)
        .map(|app| app.grants.as_slice())
        .unwrap_or_default();
    let missing: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|scope| !grants.iter().any(|grant| grant.scope == *scope))
        .collect();
    if missing.len() == asked.len() && asked.len() > 1 {
        return Err(OAuthFail::bad(
            "consent_required",
            "You are not allowed any of the requested scopes.",
        ));
    }
    if !missing.is_empty() {
        let text = format!(
            "The following scopes require user consent and cannot be granted for the client credentials grant type: [{}].",
            missing.join(", ")
        );
        return Err(OAuthFail::bad("consent_required", text));
    }
    Ok(asked)
}

/// The scopes of a custom server that a request asks for, or its default ones.
pub(super) fn custom_scopes(
    org: &Org,
    issuer: Issuer,
    asked: Vec<String>,
    machine: bool,
) -> Result<Vec<String>, OAuthFail> {
    let known = issuer.scopes(org);
    if machine && asked.iter().any(|scope| OPENID.contains(&scope.as_str())) {
        return Err(invalid_scope(
            "Cannot request 'openid' scopes using client credentials.",
        ));
    }
    if asked.is_empty() {
        let defaults: Vec<String> = known
            .into_iter()
            .filter(|(_, default)| *default)
            .map(|(name, _)| name)
            .collect();
        return if defaults.is_empty() {
            Err(invalid_scope(
                "The authorization server resource does not have any configured default scopes, 'scope' must be provided.",
            ))
        } else {
            Ok(defaults)
        };
    }
    if asked
        .iter()
        .any(|scope| !known.iter().any(|(name, _)| name == scope))
    {
        return Err(invalid_scope(
            "One or more scopes are not configured for the authorization server resource.",
        ));
    }
    Ok(asked)
}

/// How long the tokens of a wish live: by the server's policies, or by the org's fixed times.
pub(super) fn lives(org: &Org, issuer: Issuer, wish: Wish<'_>) -> Result<Lives, OAuthFail> {
    let Some(server) = issuer.server() else {
        return Ok(Lives {
            access: LIFE,
            refresh: None,
            window: WINDOW,
        });
    };
    servers::evaluate(org, server, wish).map_err(|denied| match denied {
        Denied::NoPolicy => OAuthFail::new(
            401,
            "access_denied",
            "Policy evaluation failed for this request, please check the policy configurations.",
        ),
        Denied::AllScopes => OAuthFail::bad(
            "access_denied",
            "Policy evaluation succeeded, but all the requested scopes were rejected.",
        ),
        Denied::Scopes(scopes) => OAuthFail::bad(
            "access_denied",
            format!(
                "Some of the requested scopes were denied by the policy. Denied scopes: [{}].",
                scopes.join(", ")
            ),
        ),
    })
}

/// The scopes of the org server that a user's request gets: of `okta.*`, silently those that the app was granted
/// (Okta: Implement OAuth for Okta, Silent downscoping).
pub(super) fn org_scopes(org: &Org, app: u32, asked: &[String]) -> Result<Vec<String>, OAuthFail> {
    if asked.is_empty() {
        return Err(invalid_scope("No scopes were requested."));
    }
    let known = all_scopes();
    let plain = |scope: &str| OPENID.contains(&scope) || scope == "groups";
    if asked
        .iter()
        .any(|scope| !plain(scope) && !scope.starts_with("okta."))
    {
        return Err(invalid_scope(
            "Custom scopes are not allowed for this request.",
        ));
    }
    let stem = |scope: &str| scope.strip_suffix(".self").unwrap_or(scope).to_owned();
    if asked
        .iter()
        .any(|scope| !plain(scope) && !known.contains(&stem(scope).as_str()))
    {
        return Err(invalid_scope(
            "One or more scopes are not configured for the authorization server resource.",
        ));
    }
    let grants = org
        .apps
        .get(app)
        .map(|app| app.grants.as_slice())
        .unwrap_or_default();
    let own = |scope: &String| plain(scope) || grants.iter().any(|grant| grant.scope == *scope);
    let kept: Vec<String> = asked.iter().filter(|scope| own(scope)).cloned().collect();
    if asked.iter().any(|scope| !plain(scope)) && kept.iter().all(|scope| plain(scope)) {
        return Err(OAuthFail::bad(
            "consent_required",
            "You are not allowed any of the requested scopes.",
        ));
    }
    Ok(kept)
}
