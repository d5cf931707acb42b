//! An answer on the wire.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};

use super::reply::Reply;

/// How far along the body the connection ends.
pub(crate) type Cut = Option<f64>;

/// A status and nothing else.
pub(super) fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The answer as it leaves; cut where a fault says so.
pub(crate) fn send(reply: Reply, cut: Cut) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(reply.content_type),
        );
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
    if let Some(share) = cut {
        headers.insert(
            header::CONTENT_LENGTH,
            HeaderValue::from(reply.body.len().max(1)),
        );
        *response.body_mut() = broken(&reply.body, share);
    } else {
        *response.body_mut() = Body::from(reply.body);
    }
    response
}

/// A body that ends in an error after a share of it.
fn broken(body: &Bytes, share: f64) -> Body {
    let thousandths = (0..=1000_usize)
        .rev()
        .find(|step| f64::from(u32::try_from(*step).unwrap_or(0)) <= share * 1000.0);
    let end = body
        .len()
        .saturating_sub(1)
        .min(body.len() * thousandths.unwrap_or(0) / 1000);
    let first = (share >= 0.0).then(|| Ok(body.slice(..end)));
    let last = stream::once(async {
        // The part that is to arrive must have left before the connection ends.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("cut by a fault"))
    });
    Body::from_stream(stream::iter(first).chain(last))
}
