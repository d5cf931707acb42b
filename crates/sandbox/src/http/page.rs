//! Lists in pages, and the `Link` headers that lead through them (FACTS section 3).

use http::header;

use super::{Call, Fail, Reply};

/// The page that a call asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) after: Option<String>,
    /// How many elements this page may hold.
    pub(crate) limit: usize,
}

impl Page {
    /// Reads `limit` and `after`.
    ///
    /// A missing limit is the list's default; one above the most the list gives is cut down to it; one below 1 or no
    /// number is refused with `E0000001`.
    pub(crate) fn of(call: &Call, default: usize, most: usize) -> Result<Self, Fail> {
        let limit = match call.query.get("limit") {
            None => default,
            Some(text) => match text.parse::<i64>() {
                Ok(-1) if default == usize::MAX => usize::MAX,
                Ok(number) if number >= 1 => usize::try_from(number).unwrap_or(most).min(most),
                _ => {
                    return Err(Fail::validation(
                        "limit",
                        [format!("limit: The limit '{text}' is invalid.")],
                    ));
                }
            },
        };
        Ok(Self {
            after: call
                .query
                .get("after")
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            limit,
        })
    }

    /// Adds the links of this page: `self`, and `next` when a cursor is given.
    ///
    /// Okta writes the query anew: cursor, limit, then the parameters it knows in the order of the call.
    pub(crate) fn links(
        &self,
        reply: Reply,
        call: &Call,
        known: &[&str],
        next: Option<&str>,
    ) -> Reply {
        let here = self.address(call, known, self.after.as_deref());
        let reply = reply.link(&here, "self");
        match next {
            Some(cursor) => reply.link(&self.address(call, known, Some(cursor)), "next"),
            None => reply,
        }
    }

    fn address(&self, call: &Call, known: &[&str], after: Option<&str>) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        if let Some(cursor) = after {
            form.append_pair("after", cursor);
        }
        form.append_pair("limit", &self.limit.to_string());
        for name in known {
            if let Some(value) = call.query.get(name) {
                form.append_pair(name, value);
            }
        }
        format!("{}{}?{}", call.base, call.path, form.finish())
    }
}

/// Takes the `next` relation out of an answer, or points it elsewhere.
pub(crate) fn rewrite_next(reply: &mut Reply, change: impl Fn(&str) -> Option<String>) {
    for (name, value) in &mut reply.headers {
        if *name == header::LINK && value.ends_with("rel=\"next\"") {
            let url = value
                .trim_start_matches('<')
                .split('>')
                .next()
                .unwrap_or_default();
            if let Some(new) = change(url) {
                *value = format!("<{new}>; rel=\"next\"");
            }
        }
    }
}
