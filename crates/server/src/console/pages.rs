//! Pages declare what they need, as the API's operations do; the router's guard reads it here.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{get, post};
use http::Method;

use crate::app::App;
use crate::web::Need;

/// Pages and forms with what each needs. Every slice gives its own.
#[derive(Default)]
pub struct Pages {
    router: Router<App>,
    declared: Vec<(Method, &'static str, Need)>,
}

impl Pages {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page at `path`.
    #[must_use]
    pub fn get<H, T>(mut self, path: &'static str, need: impl Into<Need>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.declared.push((Method::GET, path, need.into()));
        self.router = self.router.route(path, get(handler));
        self
    }

    /// What a form sends to `path`.
    #[must_use]
    pub fn post<H, T>(mut self, path: &'static str, need: impl Into<Need>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.declared.push((Method::POST, path, need.into()));
        self.router = self.router.route(path, post(handler));
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    /// The routes, and what each needs.
    pub fn split(self) -> (Router<App>, Declared) {
        let Self { router, declared } = self;
        let needs = declared
            .into_iter()
            .map(|(method, path, need)| ((method, path), need));
        (router, Declared(Arc::new(needs.collect())))
    }
}

/// What each page and form needs.
#[derive(Debug, Clone, Default)]
pub struct Declared(Arc<HashMap<(Method, &'static str), Need>>);

impl Declared {
    /// What the page at the route `path` needs; `None` when it takes no such method.
    #[must_use]
    pub fn need(&self, method: &Method, path: &str) -> Option<Need> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self
            .0
            .iter()
            .find(|((known, at), _)| known == method && *at == path);
        found.map(|(_, need)| *need)
    }

    /// Whether there is a page at this very address.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.need(&Method::GET, path).is_some()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Method, &'static str, Need)> {
        self.0
            .iter()
            .map(|((method, path), need)| (method, *path, *need))
    }
}
