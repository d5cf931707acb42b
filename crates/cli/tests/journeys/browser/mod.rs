//! The console in Chromium: what people do there from the first link to signing in by SAML, with script and without, and
//! every page as it looks, by keyboard, and to who cannot see it.
//!
//! These take Chromium and its driver: `scripts/prepare browser` installs them, `scripts/test` runs these with it.

mod axe;
mod chromium;
mod consent;
mod first;
mod keys;
mod pages;

/// Makes an ignored test of an `async fn(Site)` on each database.
macro_rules! in_chromium {
    ($name:ident) => {
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "takes Chromium"]
            async fn on_sqlite() {
                super::$name(crate::site::Site::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "takes Chromium"]
            async fn on_postgres() {
                super::$name(crate::site::Site::postgres()).await;
            }
        }
    };
}
use in_chromium;
