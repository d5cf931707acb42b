//! The overview: how each door stands, what waits for a decision, what ends soon, what happened last.

mod doors;
mod pages;
mod soon;
#[cfg(test)]
mod tests;

pub use pages::pages;
