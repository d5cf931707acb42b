//! Sessions of users. Nobody signs in yet, so there are none (the sign-in pages follow).

use crate::http::{Answer, Call, Fail, Routes};
use crate::org::Org;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/sessions/{sessionId}", unknown)
        .delete("/api/v1/sessions/{sessionId}", no_session)
        .post("/api/v1/sessions/{sessionId}/lifecycle/refresh", no_session);
}

fn unknown(_org: &Org, call: &Call) -> Answer {
    Err(Fail::not_found(call.param("sessionId"), "AppSession"))
}

fn no_session(org: &mut Org, call: &Call) -> Answer {
    unknown(org, call)
}
