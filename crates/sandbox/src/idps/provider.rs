//! What an identity provider is made of, by its type.

use serde_json::{Map, Value, json};

use super::id;
use crate::http::{Answer, Call, Fail, Reply};
use crate::org::Org;
use crate::store::{Doc, Kind, members, under};

/// Social providers: type, authorization and token address.
const SOCIAL: [(&str, &str, &str); 8] = [
    (
        "GOOGLE",
        "https://accounts.google.com/o/oauth2/auth",
        "https://www.googleapis.com/oauth2/v3/token",
    ),
    (
        "FACEBOOK",
        "https://www.facebook.com/dialog/oauth",
        "https://graph.facebook.com/v2.8/oauth/access_token",
    ),
    (
        "MICROSOFT",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    ),
    (
        "LINKEDIN",
        "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken",
    ),
    (
        "GITHUB",
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
    ),
    (
        "GITLAB",
        "https://gitlab.com/oauth/authorize",
        "https://gitlab.com/oauth/token",
    ),
    (
        "APPLE",
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
    ),
    (
        "AMAZON",
        "https://www.amazon.com/ap/oa",
        "https://api.amazon.com/auth/o2/token",
    ),
];

const ALGORITHMS: [&str; 9] = [
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512",
];

/// The members of an identity provider, completed as Okta does.
pub(super) fn complete(
    org: &Org,
    call: &Call,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Fail> {
    let kind = given
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let social = SOCIAL.iter().find(|(name, ..)| *name == kind);
    if social.is_none() && !["OIDC", "SAML2", "X509", "AgentlessDSSO"].contains(&kind.as_str()) {
        return Err(Fail::validation(
            "type",
            ["type: The identity provider type is not valid"],
        ));
    }
    let policy = json!({
        "accountLink": { "filter": null }, "subject": { "filter": null, "matchAttribute": null },
        "transformedUsernameMatchingEnabled": false,
    });
    let mut policy = under(policy, given.get("policy").unwrap_or(&Value::Null));
    if social.is_none() && policy.get("trustClaims").is_none() {
        policy["trustClaims"] = false.into();
    }
    if !policy.is_object() {
        return Err(Fail::validation(
            "policy",
            ["policy: The field cannot be left blank"],
        ));
    }
    let mut protocol = given.get("protocol").cloned().unwrap_or_default();
    if !protocol.is_object() {
        return Err(Fail::validation(
            "protocol",
            ["protocol: The field cannot be left blank"],
        ));
    }
    if let Some((_, authorization, token)) = social {
        protocol["endpoints"] = json!({
            "authorization": { "url": authorization, "binding": "HTTP-REDIRECT" },
            "token": { "url": token, "binding": "HTTP-POST" },
        });
    }
    match kind.as_str() {
        "OIDC" => open_id(&mut protocol),
        "SAML2" => saml(org, call, &mut protocol),
        _ => {}
    }
    forget_null_pkce(&mut protocol);
    let mut body =
        json!({ "type": kind, "name": given.get("name"), "protocol": protocol, "policy": policy });
    if kind != "SAML2" {
        body["issuerMode"] = given
            .get("issuerMode")
            .cloned()
            .unwrap_or_else(|| "DYNAMIC".into());
    }
    Ok(members(body))
}

fn forget_null_pkce(protocol: &mut Value) {
    if let Some(Value::Object(client)) = protocol.pointer_mut("/credentials/client")
        && client.get("pkce_required").is_some_and(Value::is_null)
    {
        client.shift_remove("pkce_required");
    }
}

fn open_id(protocol: &mut Value) {
    if let Some(Value::Object(slo)) = protocol.pointer_mut("/endpoints/slo") {
        slo.entry("binding")
            .or_insert_with(|| "HTTP-REDIRECT".into());
    }
    let algorithm = protocol
        .pointer("/algorithms/request/signature/algorithm")
        .and_then(Value::as_str);
    if !algorithm.is_some_and(|algorithm| ALGORITHMS.contains(&algorithm)) {
        // An algorithm that Okta does not know is dropped without a word.
        if let Some(map) = protocol.as_object_mut() {
            map.shift_remove("algorithms");
        }
    }
    let mut settings = protocol
        .get("settings")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(settings) = settings.as_object_mut() {
        settings.shift_remove("honorPersistentNameId");
        settings.entry("nameFormat").or_insert(Value::Null);
    }
    protocol["settings"] = settings;
}

fn saml(org: &Org, call: &Call, protocol: &mut Value) {
    let audience = match protocol
        .pointer("/credentials/trust/audience")
        .and_then(Value::as_str)
    {
        Some(kept) => kept.to_owned(),
        None => format!(
            "https://www.okta.com/saml2/service-provider/sp{}",
            call.opaque(18).to_lowercase().replace(['_', '-'], "x")
        ),
    };
    let defaults = json!({ "credentials": {
        "trust": { "audience": audience, "revocation": null, "revocationCacheLifetime": 0 },
        "signing": { "kid": org.tail.id(Kind("kid"), 0) },
    } });
    *protocol = under(defaults, protocol);
}

/// An identity provider as JSON.
pub(super) fn print(org: &Org, call: &Call, serial: u32, idp: &Doc) -> Value {
    let id = id(org, serial);
    let mut body = json!({ "id": id });
    if let Some(mode) = idp.body.get("issuerMode") {
        body["issuerMode"] = mode.clone();
    }
    body["name"] = idp.text("name").into();
    body["status"] = idp.status().into();
    body["created"] = json!(idp.created);
    body["lastUpdated"] = json!(idp.last_updated);
    body["protocol"] = idp.body.get("protocol").cloned().unwrap_or_default();
    body["policy"] = idp.body.get("policy").cloned().unwrap_or_default();
    body["type"] = idp.text("type").into();
    body["_links"] = links(call, idp, &id);
    body
}

fn links(call: &Call, idp: &Doc, id: &str) -> Value {
    let here = call.url(&format!("/api/v1/idps/{id}"));
    if idp.text("type") == "SAML2" {
        let name = if idp.active { "deactivate" } else { "activate" };
        let mut links = json!({
            "metadata": { "href": format!("{here}/metadata.xml"), "type": "application/xml", "hints": { "allow": ["GET"] } },
            "acs": { "href": call.url(&format!("/sso/saml2/{id}")), "type": "application/xml", "hints": { "allow": ["POST"] } },
            "users": { "href": format!("{here}/users"), "hints": { "allow": ["GET"] } },
        });
        links[name] =
            json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
        return links;
    }
    let query = "&client_id={clientId}&response_type={responseType}&response_mode={responseMode}&scope={scopes}\
                 &redirect_uri={redirectUri}&state={state}&nonce={nonce}";
    json!({
        "authorize": {
            "href": call.url(&format!("/oauth2/v1/authorize?idp={id}{query}")), "templated": true,
            "hints": { "allow": ["GET"] },
        },
        "clientRedirectUri": { "href": call.url("/oauth2/v1/authorize/callback"), "hints": { "allow": ["POST"] } },
    })
}

/// What the org tells a SAML identity provider of itself.
pub(super) fn metadata(org: &Org, call: &Call) -> Answer {
    let serial = super::find(org, call)?;
    let idp = org
        .idps
        .get(serial)
        .filter(|idp| idp.text("type") == "SAML2");
    let idp = idp.ok_or_else(|| Fail::not_found(call.param("idpId"), "IdpTrust"))?;
    let entity = idp
        .at(&["protocol", "credentials", "trust", "audience"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let acs = call.url(&format!("/sso/saml2/{}", id(org, serial)));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor entityID=\"{entity}\" \
         xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"><md:SPSSODescriptor AuthnRequestsSigned=\"true\" \
         WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs}\" \
         index=\"0\" isDefault=\"true\"/></md:SPSSODescriptor></md:EntityDescriptor>"
    );
    let mut reply = Reply::raw(body.into_bytes());
    reply.content_type = "application/xml;charset=ISO-8859-1";
    Ok(reply)
}
