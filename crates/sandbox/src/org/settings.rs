//! Settings of the org: name, contacts, preferences, protection against attacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Org;
use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::store::Kind;

/// What an admin may set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    members: Map<String, Value>,
    footer: bool,
    updated: Time,
    /// Who is to be told: kind of contact, and user where it is not the first admin.
    contacts: BTreeMap<String, u32>,
    /// Settings of one switch each, by the member's name.
    switches: BTreeMap<String, bool>,
}

const FIELDS: [&str; 11] = [
    "companyName",
    "website",
    "phoneNumber",
    "endUserSupportHelpURL",
    "supportPhoneNumber",
    "address1",
    "address2",
    "city",
    "state",
    "country",
    "postalCode",
];

impl Settings {
    /// The settings of a new org.
    pub(crate) fn new(name: &str, now: Time) -> Self {
        let mut members: Map<String, Value> = FIELDS
            .iter()
            .map(|field| ((*field).to_owned(), Value::Null))
            .collect();
        members.insert("companyName".to_owned(), name.into());
        for blank in [
            "website",
            "phoneNumber",
            "endUserSupportHelpURL",
            "supportPhoneNumber",
        ] {
            members.insert(blank.to_owned(), "".into());
        }
        Self {
            members,
            footer: true,
            updated: now.whole(),
            contacts: BTreeMap::new(),
            switches: BTreeMap::new(),
        }
    }
}

/// The routes of settings.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/org", read)
        .post("/api/v1/org", update)
        .put("/api/v1/org", update)
        .get("/api/v1/org/contacts", contacts)
        .get("/api/v1/org/contacts/{contactType}", contact)
        .put("/api/v1/org/contacts/{contactType}", set_contact)
        .get("/api/v1/org/preferences", preferences)
        .post("/api/v1/org/preferences/hideEndUserFooter", |org, call| {
            footer(org, call, false)
        })
        .post("/api/v1/org/preferences/showEndUserFooter", |org, call| {
            footer(org, call, true)
        })
        .get(
            "/attack-protection/api/v1/user-lockout-settings",
            |org, _| switch(org, LOCKOUT),
        )
        .put(
            "/attack-protection/api/v1/user-lockout-settings",
            |org, call| turn(org, call, LOCKOUT),
        )
        .get(
            "/attack-protection/api/v1/authenticator-settings",
            |org, _| switch(org, SECOND),
        )
        .put(
            "/attack-protection/api/v1/authenticator-settings",
            |org, call| turn(org, call, SECOND),
        )
        .get("/api/v1/org/settings/clientPrivilegesSetting", |org, _| {
            switch(org, PRIVILEGES)
        })
        .put(
            "/api/v1/org/settings/clientPrivilegesSetting",
            |org, call| turn(org, call, PRIVILEGES),
        )
        .get(
            "/api/v1/org/orgSettings/thirdPartyAdminSetting",
            |org, _| switch(org, THIRD_PARTY),
        )
        .post(
            "/api/v1/org/orgSettings/thirdPartyAdminSetting",
            |org, call| turn(org, call, THIRD_PARTY),
        );
}

const LOCKOUT: &str = "preventBruteForceLockoutFromUnknownDevices";
const SECOND: &str = "verifyKnowledgeSecondWhen2faRequired";
const PRIVILEGES: &str = "clientPrivilegesSetting";
const THIRD_PARTY: &str = "thirdPartyAdmin";

/// A setting that is on or off, at first off.
fn switch(org: &Org, name: &str) -> Answer {
    let on = org.settings.switches.get(name).copied().unwrap_or(false);
    let mut body = Map::new();
    body.insert(name.to_owned(), on.into());
    Ok(Reply::json(&body))
}

fn turn(org: &mut Org, call: &Call, name: &str) -> Answer {
    let on = call.object()?.get(name).and_then(Value::as_bool);
    let why = || Fail::validation(name, [format!("{name}: The field cannot be left blank")]);
    let on = on.ok_or_else(why)?;
    org.settings.switches.insert(name.to_owned(), on);
    switch(org, name)
}

fn read(org: &Org, call: &Call) -> Answer {
    let mut body = json!({
        "id": org.tail.id(Kind::ORG, 0), "subdomain": org.subdomain(), "status": "ACTIVE", "expiresAt": null,
        "created": org.created, "lastUpdated": org.settings.updated,
    });
    if let Some(map) = body.as_object_mut() {
        map.extend(org.settings.members.clone());
    }
    let link = |path: &str| json!({ "href": call.url(&format!("/api/v1/org/{path}")) });
    body["_links"] = json!({
        "preferences": link("preferences"),
        "uploadLogo": { "href": call.url("/api/v1/org/logo"), "hints": { "allow": ["POST"] } },
        "oktaCommunication": link("privacy/oktaCommunication"),
        "logo": { "href": "https://ok12static.oktacdn.com/assets/img/logos/okta-logo.png" }, "oktaSupport": link("privacy/oktaSupport"), "contacts": link("contacts"),
    });
    Ok(Reply::json(&body))
}

fn update(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    for field in FIELDS {
        if let Some(value) = body.get(field) {
            org.settings.members.insert(field.to_owned(), value.clone());
        }
    }
    org.settings.updated = call.now.whole();
    read(org, call)
}

const CONTACTS: [&str; 2] = ["BILLING", "TECHNICAL"];

fn contacts(_org: &Org, call: &Call) -> Answer {
    let link = |kind: &str| json!({ "contactType": kind, "_links": { kind.to_lowercase(): { "href": call.url(&format!("/api/v1/org/contacts/{kind}")) } } });
    Ok(Reply::json(&CONTACTS.map(link)))
}

fn contact(org: &Org, call: &Call) -> Answer {
    let kind = call.param("contactType");
    if !CONTACTS.contains(&kind) {
        return Err(Fail::not_found(kind, "OrgContactType"));
    }
    let user = org.settings.contacts.get(kind).copied().unwrap_or(0);
    let user = org.tail.id(Kind::USER, user);
    Ok(Reply::json(
        &json!({ "userId": user, "_links": { "user": { "href": call.url(&format!("/api/v1/users/{user}")) } } }),
    ))
}

fn set_contact(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let id = body
        .get("userId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let user = crate::users::find(org, call, id)?;
    let kind = call.param("contactType");
    if CONTACTS.contains(&kind) {
        org.settings.contacts.insert(kind.to_owned(), user);
    }
    contact(org, call)
}

fn preferences(org: &Org, call: &Call) -> Answer {
    let shown = org.settings.footer;
    let name = if shown {
        "hideEndUserFooter"
    } else {
        "showEndUserFooter"
    };
    let mut links = json!({});
    links[name] = json!({ "href": call.url(&format!("/api/v1/org/preferences/{name}")), "hints": { "allow": ["POST"] } });
    Ok(Reply::json(
        &json!({ "showEndUserFooter": shown, "_links": links }),
    ))
}

fn footer(org: &mut Org, call: &Call, shown: bool) -> Answer {
    org.settings.footer = shown;
    preferences(org, call)
}
