//! Making tokens: access tokens as JWT, and id tokens.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::issuer::Issuer;
use super::jws::encode;
use crate::clock::Time;
use crate::http::Call;
use crate::org::Org;
use crate::servers::{Lives, Wish, claims_for};
use crate::store::Kind;

/// An id token lives so long, in seconds.
const ID_TOKEN: i64 = 3600;

/// For whom tokens are made, and of what kind.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) issuer: Issuer,
    pub(super) wish: Wish<'a>,
    pub(super) lives: Lives,
    pub(super) jkt: Option<&'a str>,
    /// What the user granted; its tokens die with it.
    pub(super) grant: Option<u32>,
}

/// The body of a token answer, without a refresh token.
pub(super) fn tokens(org: &mut Org, call: &Call, subject: Subject<'_>) -> Value {
    let access = access_token(org, call, subject);
    let kind = if subject.jkt.is_some() {
        "DPoP"
    } else {
        "Bearer"
    };
    let mut body = json!({
        "token_type": kind, "expires_in": subject.lives.access, "access_token": access,
        "scope": subject.wish.scopes.join(" "),
    });
    if subject.wish.user.is_some() && subject.wish.scopes.iter().any(|scope| scope == "openid") {
        let grant = subject.grant.and_then(|serial| org.sign_ins.grant(serial));
        let said = grant.map(|grant| (grant.nonce.clone(), grant.auth_time));
        let (nonce, auth_time) = said.unwrap_or((None, call.now));
        let facts = Facts {
            nonce,
            auth_time,
            access: access.as_deref(),
            code: None,
        };
        body["id_token"] = id_token(org, call, subject, &facts).into();
    }
    body
}

/// The signed access token, noted with its grant.
pub(super) fn access_token(org: &mut Org, call: &Call, subject: Subject<'_>) -> Option<String> {
    let Subject { issuer, wish, .. } = subject;
    let client = crate::apps::Apps::client_id(org, wish.app);
    let now = call.now.seconds();
    let id = format!("AT.{}", call.opaque(43));
    let mut claims = json!({
        "ver": 1, "jti": id, "iss": issuer.url(org, call), "aud": issuer.audience(org, call), "sub": client,
        "iat": now, "exp": now + subject.lives.access, "cid": client, "scp": wish.scopes,
    });
    if let Some(user) = wish.user {
        claims["uid"] = org.tail.id(Kind::USER, user).into();
        claims["sub"] = org
            .people
            .get(user)
            .map(|person| person.profile.login.to_string())
            .into();
        let since = subject
            .grant
            .and_then(|serial| org.sign_ins.grant(serial))
            .map(|grant| grant.auth_time);
        claims["auth_time"] = since.unwrap_or(call.now).seconds().into();
    }
    if let Some(server) = issuer.server() {
        add(&mut claims, claims_for(org, server, "RESOURCE", wish));
    }
    if let Some(jkt) = subject.jkt {
        claims["cnf"] = json!({ "jkt": jkt });
    }
    if let Some(serial) = subject.grant {
        org.sign_ins.note(serial, &id, call.now);
    }
    let key = issuer.key(org)?;
    let mut header = json!({ "alg": "RS256", "kid": key.kid });
    if issuer == Issuer::Org {
        header["typ"] = "application/okta-internal-at+jwt".into();
    }
    Some(key.sign(&header, &claims))
}

fn add(claims: &mut Value, more: Map<String, Value>) {
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(more);
    }
}

/// What an id token says of the sign-in beside who it was.
pub(super) struct Facts<'a> {
    pub(super) nonce: Option<String>,
    pub(super) auth_time: Time,
    pub(super) access: Option<&'a str>,
    pub(super) code: Option<&'a str>,
}

/// Half the digest of a token, as `at_hash` and `c_hash` are made (OpenID Connect Core section 3.3.2.11).
fn half(text: &str) -> String {
    encode(
        Sha256::digest(text.as_bytes())
            .get(..16)
            .unwrap_or_default(),
    )
}

/// The signed id token.
pub(super) fn id_token(
    org: &Org,
    call: &Call,
    subject: Subject<'_>,
    facts: &Facts<'_>,
) -> Option<String> {
    let Subject { issuer, wish, .. } = subject;
    let user = wish.user?;
    let now = call.now.seconds();
    let mut claims = json!({
        "sub": org.tail.id(Kind::USER, user), "ver": 1, "iss": issuer.url(org, call),
        "aud": crate::apps::Apps::client_id(org, wish.app), "iat": now, "exp": now + ID_TOKEN,
        "jti": format!("ID.{}", call.opaque_for(4, 42)), "amr": ["pwd"], "idp": org.tail.id(Kind::ORG, 0),
        "auth_time": facts.auth_time.seconds(),
    });
    if let Some(nonce) = &facts.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    if let Some(access) = facts.access {
        claims["at_hash"] = half(access).into();
    }
    if let Some(code) = facts.code {
        claims["c_hash"] = half(code).into();
    }
    // With an access token beside it, an id token is thin: the rest is at userinfo (Okta: Scope-dependent claims).
    let mut known = who(org, user, wish.scopes);
    if facts.access.is_some() {
        known.retain(|name, _| ["name", "preferred_username", "email"].contains(&name.as_str()));
    }
    known.shift_remove("sub");
    add(&mut claims, known);
    if let Some(server) = issuer.server() {
        add(&mut claims, claims_for(org, server, "IDENTITY", wish));
    }
    let key = issuer.key(org)?;
    Some(key.sign(&json!({ "alg": "RS256", "kid": key.kid }), &claims))
}

/// What scopes tell of a user (OpenID Connect Core section 5.4).
pub(super) fn who(org: &Org, user: u32, scopes: &[String]) -> Map<String, Value> {
    let mut known = Map::new();
    let Some(person) = org.people.get(user) else {
        return known;
    };
    let has = |scope: &str| scopes.iter().any(|one| one == scope);
    let member = |name: &str| person.profile.member(name).filter(|value| !value.is_null());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            known.insert(name.to_owned(), value);
        }
    };
    put("sub", Some(org.tail.id(Kind::USER, user).into()));
    if has("profile") {
        put(
            "name",
            Some(format!("{} {}", person.profile.first_name, person.profile.last_name).into()),
        );
        for (claim, name) in [
            ("nickname", "nickName"),
            ("profile", "profileUrl"),
            ("given_name", "firstName"),
            ("middle_name", "middleName"),
            ("family_name", "lastName"),
            ("preferred_username", "login"),
        ] {
            put(claim, member(name));
        }
        put(
            "locale",
            Some(member("locale").unwrap_or_else(|| "en_US".into())),
        );
        put(
            "zoneinfo",
            Some(member("timezone").unwrap_or_else(|| "America/Los_Angeles".into())),
        );
        put("updated_at", Some(person.last_updated.seconds().into()));
    }
    if has("email") {
        put("email", member("email"));
        put("email_verified", Some(true.into()));
    }
    if has("phone") {
        put("phone_number", member("mobilePhone"));
    }
    if has("address") {
        let mut address = Map::new();
        for (claim, name) in [
            ("street_address", "streetAddress"),
            ("locality", "city"),
            ("region", "state"),
            ("postal_code", "zipCode"),
            ("country", "countryCode"),
        ] {
            if let Some(value) = member(name) {
                address.insert(claim.to_owned(), value);
            }
        }
        put(
            "address",
            (!address.is_empty()).then(|| Value::Object(address)),
        );
    }
    if has("groups") {
        let all = std::iter::once(crate::groups::EVERYONE).chain(person.groups.iter().copied());
        let names = all
            .filter_map(|serial| org.groups.get(serial))
            .map(|group| group.name.to_string());
        put("groups", Some(names.collect()));
    }
    known
}
