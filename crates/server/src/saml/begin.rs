//! Beginning a sign-in: a signed question, and the cookie that binds its answer to this browser.

use http::{HeaderMap, HeaderValue};
use keywright_proto::saml::{AuthnRequest, RelayState, Signed};

use super::desk::Desk;
use super::pending::{Pending, SECONDS};
use super::refused::Refused;
use crate::app::App;

/// Longest way back that is kept.
const BACK: usize = 1_000;

/// A sign-in that was begun.
pub(super) struct Begun {
    pub(super) signed: Signed,
    pub(super) cookies: Vec<HeaderValue>,
}

/// Begins a sign-in that leads to `back`, a path of ours.
pub(super) fn begin(
    app: &App,
    desk: &Desk,
    back: &str,
    headers: &HeaderMap,
) -> Result<Begun, Refused> {
    let destination = desk.settings.destination().ok_or(Refused::NotReady)?;
    let key = desk.keys.first().ok_or(Refused::NotReady)?;
    let now = app.now();
    let addresses = &desk.addresses;
    let question = AuthnRequest::new(
        app.random(),
        now.to_jiff(),
        &addresses.entity_id,
        destination,
        &addresses.acs_url,
    );
    let relay = RelayState::from_random(app.random());
    let signed = match desk.settings.binding {
        super::Binding::Redirect => question.redirect(&relay, key),
        super::Binding::Post => question.post(&relay, key),
    }
    .map_err(super::Error::from)?;
    let pending = Pending {
        question: question.id().to_owned(),
        relay: relay.to_string(),
        back: inside(back).to_owned(),
        until: now.plus_seconds(SECONDS),
    };
    Ok(Begun {
        signed,
        cookies: desk.place(app).give(&pending, headers),
    })
}

/// `back` when it is a path of ours, else the start: never another site, however it is written.
pub(super) fn inside(back: &str) -> &str {
    let plain = back.len() <= BACK
        && back
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let mut start = back.bytes();
    let ours = start.next() == Some(b'/') && start.next() != Some(b'/');
    if plain && ours { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn x5_the_way_back_never_leaves_us() {
        for (back, want) in [
            ("/people?q=a", "/people?q=a"),
            ("", "/"),
            ("people", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example/", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example/", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(inside(back), want, "{back}");
        }
        assert_eq!(inside(&format!("/{}", "a".repeat(1_000))), "/");
    }
}
