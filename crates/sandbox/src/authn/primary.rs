//! The first step: name and password, and a password that is over.

use http::StatusCode;

use super::state::{State, Step};
use super::{failed, go_on, keep, not_now, stated, text};
use crate::http::{Answer, Call, Fail};
use crate::oauth::{self, Refused};
use crate::org::Org;
use crate::users;

pub(super) fn begin(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let relay = text(&body, "relayState").map(str::to_owned);
    let (Some(name), Some(password)) = (text(&body, "username"), text(&body, "password")) else {
        return Err(failed());
    };
    match oauth::verify(org, call, name, password) {
        Ok(user) => go_on(org, call, user, relay),
        Err(Refused::Expired) => {
            let user = org.people.find(&org.tail, name).ok_or_else(failed)?;
            let state = State::new(user, Step::Password, relay, call.now);
            Ok(keep(org, call, &state))
        }
        // Who is locked out is not told so, unless the password policy says otherwise.
        Err(Refused::Wrong | Refused::Locked) => Err(failed()),
    }
}

pub(super) fn change_password(org: &mut Org, call: &Call) -> Answer {
    let (token, state, body) = stated(org, call)?;
    if state.step != Step::Password {
        return Err(not_now());
    }
    let (old, new) = (text(&body, "oldPassword"), text(&body, "newPassword"));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    if !users::is_password(org, state.user, old) {
        let text = "Update of credentials failed";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000014", text)
            .because("oldPassword: Old Password is not correct"));
    }
    if users::set_password(org, call, state.user, new).is_err() {
        let text = "The password does not meet the complexity requirements of the current password policy.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000080", text));
    }
    org.authn.forget(&token);
    go_on(org, call, state.user, state.relay)
}
