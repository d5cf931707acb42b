//! The id of the request at work, known to everything that runs for it.

use std::future::Future;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The header that carries it, in and out.
pub const HEADER: &str = "x-request-id";

/// The id of the request this runs for; `None` outside of one.
#[must_use]
pub fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Runs `work` as part of the request `id`.
pub async fn scope<F: Future>(id: String, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}

/// A foreign id is taken over when it is short and plain; what else it holds could forge log lines.
pub(super) fn acceptable(id: &str) -> bool {
    (8..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
