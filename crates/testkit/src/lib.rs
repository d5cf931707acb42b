//! For tests only: a PostgreSQL to test on.

pub mod postgres;
