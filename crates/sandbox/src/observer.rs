//! Whoever wants to see each answer as it leaves, such as a judge of the sandbox.

use std::sync::OnceLock;

use bytes::Bytes;

/// An answer that no fault spoiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The method of the call.
    pub method: String,
    /// Its path, without a query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Its content type; empty without a body.
    pub content_type: &'static str,
    /// Its body.
    pub body: Bytes,
}

/// Who looks.
type Observer = Box<dyn Fn(&Exchange) + Send + Sync>;

/// A place for one observer.
#[derive(Default)]
pub(crate) struct Observed(OnceLock<Observer>);

impl Observed {
    /// Takes the observer. Gives whether there was none before.
    pub(crate) fn set(&self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> bool {
        self.0.set(Box::new(observer)).is_ok()
    }

    /// Shows an answer, if anybody looks.
    pub(crate) fn show(&self, make: impl FnOnce() -> Exchange) {
        if let Some(observer) = self.0.get() {
            observer(&make());
        }
    }
}
