//! Features that an admin can switch on.

use serde_json::{Value, json};

use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Docs, Kind};

const FEATURE: Kind = Kind("ftr");

/// What can be switched on here: name, description, page of help.
const KNOWN: [(&str, &str, &str); 4] = [
    (
        "Android Device Trust",
        "Collect a deeper set of device posture signals for Device Assurance by leveraging native Android Device Trust capabilities.",
        "csh-edr-integration-azt",
    ),
    (
        "Import Safeguard Event Hook",
        "Sends an event when an import would remove more users than its safeguard allows.",
        "ext-import-safeguard",
    ),
    (
        "Unified look and feel for Okta Dashboard",
        "Shows the dashboard in the new design.",
        "ext-dashboard-look",
    ),
    (
        "Workday writeback of phone numbers",
        "Writes phone numbers back to Workday.",
        "ext-workday-writeback",
    ),
];

/// The features of a new org, all off.
pub(crate) fn initial(now: Time) -> Docs {
    let mut docs = Docs::default();
    for (name, description, help) in KNOWN {
        let mut doc = Doc::system(
            json!({ "name": name, "description": description, "help": help }),
            now,
        );
        doc.active = false;
        docs.push(doc);
    }
    docs
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/features", list)
        .get("/api/v1/features/{featureId}", one)
        .get("/api/v1/features/{featureId}/dependencies", none)
        .get("/api/v1/features/{featureId}/dependents", none)
        .post("/api/v1/features/{featureId}/{lifecycle}", switch);
}

fn print(org: &Org, call: &Call, serial: u32, feature: &Doc) -> Value {
    let id = org.tail.id(FEATURE, serial);
    let here = call.url(&format!("/api/v1/features/{id}"));
    let name = if feature.active { "disable" } else { "enable" };
    let help = format!(
        "https://help.okta.com/okta_help.htm?type=oie&locale=en&id={}",
        feature.text("help")
    );
    let mut links = json!({ "helpDoc": { "href": help } });
    links[name] = json!({ "href": format!("{here}/{name}"), "hints": { "allow": ["POST"] } });
    links["self"] = json!({ "href": here });
    links["dependents"] = json!({ "href": format!("{here}/dependents") });
    links["dependencies"] = json!({ "href": format!("{here}/dependencies") });
    json!({
        "id": id, "type": "self-service", "status": if feature.active { "ENABLED" } else { "DISABLED" },
        "name": feature.text("name"), "description": feature.text("description"), "stage": { "value": "EA" },
        "_links": links,
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("featureId");
    let serial = org
        .tail
        .serial(FEATURE, id)
        .filter(|serial| org.features.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "Feature"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let feature = org
        .features
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("featureId"), "Feature"))?;
    Ok(Reply::json(&print(org, call, serial, feature)))
}

fn list(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(
        &org.features
            .iter()
            .map(|(serial, one)| print(org, call, serial, one))
            .collect::<Vec<_>>(),
    ))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn none(org: &Org, call: &Call) -> Answer {
    find(org, call)?;
    Ok(Reply::json(&json!([])))
}

fn switch(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let on = match call.param("lifecycle").to_uppercase().as_str() {
        "ENABLE" => true,
        "DISABLE" => false,
        _ => return Err(Fail::not_found(call.param("lifecycle"), "Lifecycle")),
    };
    if let Some(feature) = org.features.get_mut(serial) {
        feature.active = on;
    }
    shown(org, call, serial)
}
