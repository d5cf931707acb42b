//! JSON bodies: bounded in size and depth, refused as problems.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Bounds, Problem};

/// A JSON body in or out. Coming in, it must say `application/json` and keep within the bounds of size and depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
            )
            .detail("send `Content-Type: application/json`"));
        }
        let bounds = Bounds::of(request.extensions());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|refused| match refused.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(bounds.body_bytes),
                _ => Problem::bad_request("the body could not be read to its end"),
            })?;
        parse(&bytes, bounds.json_depth).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// 413 with the bound.
pub(super) fn too_large(bound: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
    )
    .detail(format!("at most {bound} bytes are taken"))
}

/// Reads JSON nested no deeper than `depth`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], depth: usize) -> Result<T, Problem> {
    if nesting(bytes) > depth {
        return Err(Problem::bad_request(format!(
            "the JSON is nested deeper than {depth} levels"
        )));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::invalid(error.to_string()),
        _ => Problem::bad_request(format!("the body is not JSON: {error}")),
    })
}

/// How deep brackets nest outside of strings.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::post;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;
    use crate::web::{Options, around};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        count: u32,
    }

    async fn post_thing(media: &str, body: impl Into<Body>) -> StatusCode {
        let options = Options {
            bounds: Bounds {
                body_bytes: 64,
                json_depth: 3,
            },
            ..Options::default()
        };
        let router = around(
            Router::new().route(
                "/",
                post(|Json(thing): Json<Thing>| async move { thing.count.to_string() }),
            ),
            Router::new(),
            &options,
        );
        let request = Request::post("/")
            .header(CONTENT_TYPE, media)
            .body(body.into())
            .unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn bodies_are_bounded_and_typed() {
        let json = "application/json; charset=utf-8";
        assert_eq!(post_thing(json, "{\"count\": 1}").await, 200);
        assert_eq!(post_thing("text/plain", "{\"count\": 1}").await, 415);
        assert_eq!(post_thing(json, "{\"count\": -1}").await, 422);
        assert_eq!(post_thing(json, "{\"count\": 1, \"more\": 2}").await, 422);
        assert_eq!(post_thing(json, "{\"count\": 1").await, 400);
        assert_eq!(post_thing(json, "[[[[1]]]]").await, 400);
        assert_eq!(
            post_thing(json, format!("{{\"count\": 1{}}}", " ".repeat(99))).await,
            413
        );
        let chunks =
            futures_util::stream::iter((0..9).map(|_| Ok::<_, std::io::Error>("          ")));
        assert_eq!(post_thing(json, Body::from_stream(chunks)).await, 413);
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(nesting(br#"{"a": "[[[[\"{{{"}"#), 1);
        assert!(parse::<Value>(b"[[1]]", 2).is_ok());
        assert!(parse::<Value>(b"[[1]]", 1).is_err());
    }
}
