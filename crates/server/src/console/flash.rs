//! What is told once on the next page, carried by a cookie of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};

use super::parts::{State, Tone};
use crate::sessions::cookie;

const NAME: &str = "flash";
/// Longest text, characters.
const LONGEST: usize = 400;

/// A message after an act: `Removed row 3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// Its tone and words.
    pub state: State,
}

impl Flash {
    /// A message of this tone.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        let text: String = text.into().chars().take(LONGEST).collect();
        Self {
            state: State::new(tone, text),
        }
    }

    /// The cookie that carries it to the next page.
    pub(crate) fn cookie(&self, https: bool) -> Option<HeaderValue> {
        let text = format!("{}:{}", self.state.tone, self.state.word);
        cookie::set(NAME, &URL_SAFE_NO_PAD.encode(text), Some(60), https)
    }

    /// Takes it from the cookies of a request.
    pub(crate) fn read(headers: &HeaderMap, https: bool) -> Option<Self> {
        let value = cookie::read(headers, NAME, https)?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        let (tone, text) = text.split_once(':')?;
        let tone = match tone {
            "ok" => Tone::Ok,
            "held" => Tone::Held,
            "fail" => Tone::Fail,
            _ => Tone::Note,
        };
        Some(Self::new(tone, text))
    }

    /// The cookie that ends it.
    pub(crate) fn clear(https: bool) -> Option<HeaderValue> {
        cookie::set(NAME, "", Some(0), https)
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn a_message_survives_its_cookie() {
        for https in [true, false] {
            let flash = Flash::new(Tone::Held, "Run 12 is held; Zoë must decide");
            let set = flash.cookie(https).unwrap();
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(pair).unwrap());
            assert_eq!(Flash::read(&headers, https), Some(flash));
        }
    }
}
