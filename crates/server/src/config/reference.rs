//! The page `docs/reference/configuration.md`, made from the table of keys.

use std::fmt::Write as _;

use super::keys::{KEYS, Kind, Secrecy};

/// The reference of all keys as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for key in KEYS {
        let kind = match key.kind {
            Kind::Text => "text",
            Kind::Bool => "`true` or `false`",
            Kind::Number => "whole number",
            Kind::List => "list of texts",
        };
        let default = key
            .default
            .map_or_else(|| "none".to_owned(), |text| format!("`{text}`"));
        let variable = key.variable();
        let secret = match key.secrecy {
            Secrecy::Plain => String::new(),
            Secrecy::Address => format!(" (or `{variable}_FILE`, a file that holds it)"),
        };
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n- Kind: {kind}\n- Default: {default}\n- Environment: `{variable}`{secret}\n- Example: `{} = {}`\n",
            key.name, key.about, key.name, key.example
        );
    }
    page
}

const INTRODUCTION: &str = "# Configuration

Made from `crates/server/src/config/keys.rs`; a test keeps it so. Run `UPDATE_REFERENCE=1 cargo nextest run --workspace reference` to renew it.

Keywright needs no configuration to start. Values are taken from, the later the stronger:

1. the defaults below;
2. one TOML file: `--config FILE`, else the file that `KEYWRIGHT_CONFIG` names, else `keywright.toml` in the working folder;
3. environment variables: `KEYWRIGHT_` and the key in capitals with `_` for the dot (`__` does as well);
4. flags of the command line, such as `--listen`.

A key or a `KEYWRIGHT_` variable that does not exist is refused, with the nearest known one. An empty variable counts as unset.
`keywright config check` prints the effective values, secrets masked, and where each came from.
";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn reference_is_current() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(&path, reference()).unwrap();
        }
        let page = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            page,
            reference(),
            "run with UPDATE_REFERENCE=1 to renew docs/reference/configuration.md"
        );
    }
}
