//! Just-in-time: who is not known yet becomes a user by signing in, where a connection allows it.

use keywright_proto::saml::Identity;

use super::desk::Desk;
use super::refused::Refused;
use crate::app::Work;
use crate::directory::{self, Newcomer, User};

/// Names that identity providers use for the same thing, in the order in which they are looked for.
const EMAIL: &[&str] = &[
    "email",
    "mail",
    "Email",
    "emailAddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
];
const GIVEN: &[&str] = &["firstName", "givenName", "first_name", "urn:oid:2.5.4.42"];
const FAMILY: &[&str] = &[
    "lastName",
    "familyName",
    "surname",
    "last_name",
    "sn",
    "urn:oid:2.5.4.4",
];
const SHOWN: &[&str] = &["displayName", "name", "urn:oid:2.16.840.1.113730.3.1.241"];

/// Makes the user, and gives the role that the connection gives newcomers.
pub(super) async fn make(
    work: &mut Work,
    desk: &Desk,
    okta_id: &str,
    identity: &Identity,
) -> Result<User, Refused> {
    // Of two first sign-ins at once, the second finds the user that the first made.
    work.lock(&format!("saml-jit/{}/{okta_id}", desk.connection))
        .await?;
    if let Some(user) = directory::user_by_okta_id(work, desk.connection, okta_id).await? {
        return Ok(user);
    }
    let login = identity.name_id.trim();
    let newcomer = Newcomer {
        okta_id: cut(okta_id),
        login: cut(login),
        email: first(identity, EMAIL).unwrap_or_default(),
        given_name: first(identity, GIVEN).unwrap_or_default(),
        family_name: first(identity, FAMILY).unwrap_or_default(),
        display_name: first(identity, SHOWN).unwrap_or_default(),
    };
    let reason = "signed in for the first time (just-in-time)";
    let user = directory::welcome(work, desk.connection, &newcomer, reason).await?;
    if let Some(role) = desk.settings.jit_role {
        directory::give(work, user.id, role, None, reason).await?;
    }
    Ok(directory::find_user(work, user.id).await?)
}

fn first(identity: &Identity, names: &[&str]) -> Option<String> {
    let found = names.iter().find_map(|name| identity.attribute(name));
    found
        .map(|text| cut(text.trim()))
        .filter(|text| !text.is_empty())
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(255).collect()
}
