mod client;
mod filters;
mod keeping;
mod okta;
mod protocol;
mod tokens;
