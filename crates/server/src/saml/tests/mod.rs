//! The service provider through the whole router, on both databases. Names of tests begin with the security check that
//! they hold: X1 wrapping, X2 parsers, X3 signatures, X4 conditions, X5 unsolicited, X6 roll-over, X7 size, P6 cookies,
//! P7 limits.

mod corpus;
mod forge;
mod honest;
mod hostile;
mod people;
mod settings;
mod setup;
mod world;

/// A certificate of the fixtures, for tests elsewhere.
pub(crate) fn certificate(name: &str) -> String {
    forge::fixture(&format!("{name}.cert.pem"))
}
