//! The activity page: the audit trail in the words of people, as it grows; export and verification.

mod export;
mod pages;
mod shown;
#[cfg(test)]
mod tests;

pub use pages::pages;
pub use shown::{Shown, all as in_words};
