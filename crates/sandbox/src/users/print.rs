//! A user as JSON. Printed by hand, as lists of thousands are what a sandbox is asked for most.

use crate::clock::Time;
use crate::org::Org;
use crate::store::Kind;

use super::{Person, Provider, Status};

/// How much of a user is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As an element of a list: only the link to itself.
    Listed,
    /// Alone: with the links of what can be done with it in its status.
    Whole,
}

fn text(out: &mut Vec<u8>, value: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

fn time(out: &mut Vec<u8>, name: &str, at: Option<Time>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    match at {
        None => out.extend_from_slice(b"\":null"),
        Some(at) => {
            out.extend_from_slice(b"\":\"");
            out.extend_from_slice(&at.bytes());
            out.push(b'"');
        }
    }
}

/// Writes a user.
pub(crate) fn print(
    out: &mut Vec<u8>,
    org: &Org,
    serial: u32,
    person: &Person,
    base: &str,
    form: Form,
) {
    let id = org.tail.id(Kind::USER, serial);
    out.extend_from_slice(b"{\"id\":\"");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\",\"status\":\"");
    out.extend_from_slice(person.status.text().as_bytes());
    out.push(b'"');
    time(out, "created", Some(person.created));
    time(out, "activated", person.activated);
    time(out, "statusChanged", person.status_changed);
    time(out, "lastLogin", person.last_login);
    time(out, "lastUpdated", Some(person.last_updated));
    time(out, "passwordChanged", person.password_changed);
    let own = org.realm_of.get(&serial).cloned();
    let realm = own.or_else(|| org.realms.then(|| org.tail.id(Kind::REALM, 0)));
    if let Some(realm) = &realm {
        out.extend_from_slice(b",\"realmId\":");
        text(out, realm);
    }
    out.extend_from_slice(b",\"type\":{\"id\":\"");
    out.extend_from_slice(org.tail.id(Kind::USER_TYPE, person.user_type).as_bytes());
    out.extend_from_slice(b"\"},\"profile\":");
    profile(out, person);
    out.extend_from_slice(b",\"credentials\":");
    credentials(out, person, realm.is_none());
    out.extend_from_slice(b",\"_links\":{");
    if form == Form::Whole {
        actions(out, org, person, &format!("{base}/api/v1/users/{id}"), base);
    }
    out.extend_from_slice(b"\"self\":{\"href\":\"");
    out.extend_from_slice(base.as_bytes());
    out.extend_from_slice(b"/api/v1/users/");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\"}}}");
}

fn profile(out: &mut Vec<u8>, person: &Person) {
    let profile = &person.profile;
    out.extend_from_slice(b"{\"firstName\":");
    text(out, &profile.first_name);
    out.extend_from_slice(b",\"lastName\":");
    text(out, &profile.last_name);
    for unset in ["mobilePhone", "secondEmail"] {
        if !profile.more.contains(unset) {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(unset.as_bytes());
            out.extend_from_slice(b"\":null");
        }
    }
    if !profile.more.is_empty() {
        out.push(b',');
        out.extend_from_slice(profile.more.as_bytes());
    }
    out.extend_from_slice(b",\"login\":");
    text(out, &profile.login);
    out.extend_from_slice(b",\"email\":");
    text(out, &profile.email);
    out.push(b'}');
}

/// Writes the `credentials` member, which is also the whole answer of the credential calls.
///
/// Outside of realms the mail addresses of users who have a password are told as well.
pub(crate) fn credentials(out: &mut Vec<u8>, person: &Person, mails: bool) {
    out.push(b'{');
    if person.has_password() {
        out.extend_from_slice(b"\"password\":{},");
        if mails {
            out.extend_from_slice(b"\"emails\":[{\"value\":");
            text(out, &person.profile.email);
            out.extend_from_slice(b",\"status\":\"VERIFIED\",\"type\":\"PRIMARY\"}],");
        }
    }
    if let Some(question) = person
        .secrets
        .as_ref()
        .and_then(|secrets| secrets.question.as_ref())
    {
        out.extend_from_slice(b"\"recovery_question\":{\"question\":");
        text(out, question);
        out.extend_from_slice(b"},");
    }
    let (kind, name) = match &person.provider {
        Provider::Okta => ("OKTA", "OKTA"),
        Provider::Other(kind, name) => (kind.as_ref(), name.as_ref()),
    };
    out.extend_from_slice(b"\"provider\":{\"type\":");
    text(out, kind);
    out.extend_from_slice(b",\"name\":");
    text(out, name);
    out.extend_from_slice(b"}}");
}

/// The links that a user shows in its status, as name, path beneath the user, and whether it is a call.
pub(crate) fn links_of(person: &Person) -> Vec<(&'static str, &'static str)> {
    let mut links: Vec<(&str, &str)> = match person.status {
        Status::Staged => vec![("activate", "/lifecycle/activate")],
        Status::Provisioned => vec![
            ("suspend", "/lifecycle/suspend"),
            ("resetPassword", "/lifecycle/reset_password"),
            ("reactivate", "/lifecycle/reactivate"),
            ("deactivate", "/lifecycle/deactivate"),
        ],
        Status::Active | Status::PasswordExpired => vec![
            ("suspend", "/lifecycle/suspend"),
            ("resetPassword", "/lifecycle/reset_password"),
            ("forgotPassword", "/credentials/forgot_password"),
            ("expirePassword", "/lifecycle/expire_password"),
            (
                "changeRecoveryQuestion",
                "/credentials/change_recovery_question",
            ),
            ("changePassword", "/credentials/change_password"),
            ("deactivate", "/lifecycle/deactivate"),
        ],
        Status::Recovery => vec![
            ("suspend", "/lifecycle/suspend"),
            ("resetPassword", "/lifecycle/reset_password"),
            ("reactivate", "/lifecycle/reactivate"),
            ("deactivate", "/lifecycle/deactivate"),
        ],
        Status::LockedOut => vec![
            ("unlock", "/lifecycle/unlock"),
            ("resetPassword", "/lifecycle/reset_password"),
            ("deactivate", "/lifecycle/deactivate"),
        ],
        Status::Suspended => vec![
            ("unsuspend", "/lifecycle/unsuspend"),
            ("deactivate", "/lifecycle/deactivate"),
        ],
        Status::Deprovisioned => vec![("activate", "/lifecycle/activate"), ("delete", "")],
    };
    links.push(("resetFactors", "/lifecycle/reset_factors"));
    links
}

fn actions(out: &mut Vec<u8>, org: &Org, person: &Person, user: &str, base: &str) {
    for (name, path) in links_of(person) {
        let method = if name == "delete" { "DELETE" } else { "POST" };
        out.extend_from_slice(
            format!("\"{name}\":{{\"href\":\"{user}{path}\",\"method\":\"{method}\"}},").as_bytes(),
        );
    }
    let schema = org.tail.id(Kind::SCHEMA, person.user_type);
    let kind = org.tail.id(Kind::USER_TYPE, person.user_type);
    out.extend_from_slice(
        format!(
            "\"schema\":{{\"href\":\"{base}/api/v1/meta/schemas/user/{schema}\"}},\
             \"type\":{{\"href\":\"{base}/api/v1/meta/types/user/{kind}\"}},"
        )
        .as_bytes(),
    );
}
