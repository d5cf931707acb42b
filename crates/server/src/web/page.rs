//! Paging of lists: `limit` and an opaque `after`, with the next page as a `Link` (RFC 8288).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::LINK;
use http::request::Parts;
use http::{HeaderValue, Uri};
use serde::Serialize;

use super::Problem;

/// Items of a page when the caller asks for no number.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most items of a page.
pub const MAX_LIMIT: u32 = 200;

/// Which page of a list is asked for: `?limit=50&after=...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many items at most, from 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Where the page before ended: the key its maker gave to [`Page::cut`].
    pub after: Option<String>,
    uri: Uri,
}

/// One page of a list as JSON; the next one stands in `next` and as a `Link` header.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Paged<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip)]
    link: Option<HeaderValue>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut page = Self {
            limit: DEFAULT_LIMIT,
            after: None,
            uri: parts.uri.clone(),
        };
        for (name, value) in
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        {
            match &*name {
                "limit" => {
                    page.limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                        .ok_or_else(|| {
                            Problem::bad_request(format!(
                                "`limit` must be a number from 1 to {MAX_LIMIT}"
                            ))
                        })?;
                }
                "after" => {
                    let key = URL_SAFE_NO_PAD
                        .decode(value.as_bytes())
                        .ok()
                        .and_then(|key| String::from_utf8(key).ok());
                    page.after = Some(key.ok_or_else(|| {
                        Problem::bad_request("`after` must be taken from the page before")
                    })?);
                }
                _ => {}
            }
        }
        Ok(page)
    }
}

impl Page {
    /// How many rows to ask the database for: one more than fits shows whether there is a next page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes the page of what a query of [`Page::rows`] rows found; `key` gives the sort key that `after` is compared with.
    #[must_use]
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Paged<T> {
        let fits = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > fits;
        items.truncate(fits);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        let link = next.as_deref().and_then(|after| self.link(after));
        Paged { items, next, link }
    }

    fn link(&self, after: &str) -> Option<HeaderValue> {
        let query = self.uri.query().unwrap_or_default();
        let kept =
            url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "after");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("after", after)
            .finish();
        HeaderValue::from_str(&format!("<{}?{query}>; rel=\"next\"", self.uri.path())).ok()
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(mut self) -> Response {
        let link = self.link.take();
        let mut response = axum::Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn page(uri: &str) -> Result<Page, Problem> {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        Page::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn pages_follow_each_other_to_the_end() {
        let all = ["a", "b", "c", "d", "e"];
        let (mut uri, mut seen) = ("/api/v1/things?limit=2&q=x+y".to_owned(), Vec::new());
        for _ in 0..5 {
            let page = page(&uri).await.unwrap();
            let behind = all
                .iter()
                .filter(|item| page.after.as_deref().is_none_or(|after| **item > after));
            let rows: Vec<&str> = behind
                .copied()
                .take(usize::try_from(page.rows()).unwrap())
                .collect();
            let paged = page.cut(rows, |item| (*item).to_owned());
            seen.extend(paged.items.clone());
            let Some(link) = paged.into_response().headers().get(LINK).cloned() else {
                break;
            };
            let link = link.to_str().unwrap();
            assert!(
                link.starts_with("</api/v1/things?limit=2&q=x+y&after="),
                "{link}"
            );
            uri = link
                .trim_start_matches('<')
                .split('>')
                .next()
                .unwrap()
                .to_owned();
        }
        assert_eq!(seen, all);
    }

    #[tokio::test]
    async fn wrong_values_are_refused() {
        for query in ["limit=0", "limit=201", "limit=x", "after=%00", "after=_w"] {
            assert_eq!(
                page(&format!("/?{query}")).await.unwrap_err().status(),
                400,
                "{query}"
            );
        }
        assert_eq!(page("/").await.unwrap().limit, DEFAULT_LIMIT);
    }
}
