//! What an org tells anybody about itself.

use serde_json::json;

use super::Org;
use crate::http::{Answer, Call, Reply, Routes};
use crate::store::Kind;

/// The public documents.
pub(crate) fn routes(routes: &mut Routes) {
    routes.public("/.well-known/okta-organization", organization);
}

fn organization(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&json!({
        "id": org.tail.id(Kind::ORG, 0),
        "cell": "op3",
        "_links": { "organization": { "href": call.base } },
        "pipeline": "idx",
        "settings": {
            "analyticsCollectionEnabled": false, "bugReportingEnabled": true, "omEnabled": false, "pssoEnabled": false,
            "desktopMFAEnabled": false, "itpEnabled": false,
        },
    })))
}
