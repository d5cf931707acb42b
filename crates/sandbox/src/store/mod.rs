//! How the org is kept in memory: tables whose copy is cheap, and Okta's ids.
//!
//! A copy of a whole table costs one pointer per 256 rows; a write after it copies only the page it touches. That is what
//! makes `reset` quick however many people there are.

mod doc;
mod id;
mod index;
pub(crate) mod keep;
mod table;

pub(crate) use doc::{Doc, Docs, members, under};
pub(crate) use id::{Kind, Tail, mix};
pub(crate) use index::Index;
pub(crate) use table::Table;
