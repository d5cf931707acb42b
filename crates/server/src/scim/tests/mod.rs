pub(crate) mod client;
mod collisions;
mod filters;
mod keeping;
mod limits;
mod okta;
mod pages;
mod protocol;
mod tokens;
