//! The default password policy, and temporary passwords.

use crate::http::Call;

/// What is wrong with a password by the default policy, in Okta's words.
pub(crate) fn fault(text: &str) -> Option<String> {
    let short = text.chars().count() < 8;
    let long = text.chars().count() > 72;
    (short || long).then(|| {
        "password: Password requirements were not met. Password requirements: at least 8 characters, maximum 72 \
         characters, a lowercase letter, an uppercase letter, a number, no parts of your username."
            .to_owned()
    })
}

/// A password that holds until the next sign-in.
pub(crate) fn temporary(call: &Call) -> String {
    call.opaque(8)
}
