//! For tests only: a PostgreSQL to test on, a mail server.

pub mod mail;
pub mod postgres;
