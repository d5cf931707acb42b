//! Whole processes: the program as people run it, beside a sandbox org, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod actions;
mod browser;
mod connection;
mod disk;
mod kill;
mod newer;
mod org;
mod push;
mod saml;
mod secrets;
mod server;
mod setup;
mod site;
mod state;
mod stop;
mod two;

/// Makes a test of an `async fn(Site)` on each database.
macro_rules! on_both {
    ($name:ident) => {
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name(crate::site::Site::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name(crate::site::Site::postgres()).await;
            }
        }
    };
}
pub(crate) use on_both;
