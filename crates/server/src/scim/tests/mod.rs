pub(crate) mod client;
mod collisions;
mod filters;
mod keeping;
mod limits;
mod okta;
mod protocol;
mod tokens;
mod pages;
