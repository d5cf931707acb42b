//! `docs/reference/cli.md` is what the program itself says with `-h`.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
};

use super::source::root;

/// What a command says of itself.
fn help(path: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_keywright"))
        .args(path)
        .arg("-h")
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    assert!(
        output.status.success(),
        "{path:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// A help text without the part that is the same for every command.
fn own(help: &str) -> String {
    let mut shared = false;
    let lines = help.lines().filter(|line| {
        shared = *line == "Where:" || (shared && !line.is_empty());
        !shared
    });
    lines
        .collect::<Vec<_>>()
        .join("\n")
        .replace("\n\n\n", "\n\n")
        .trim()
        .to_owned()
}

/// Writes a command and all below it.
fn write(path: &[&str], page: &mut String) {
    let text = help(path);
    let level = "#".repeat(path.len().min(2) + 1);
    let title = [&["keywright"], path].concat().join(" ");
    let shown = if path.is_empty() {
        text.clone()
    } else {
        own(&text)
    };
    write!(page, "\n{level} {title}\n\n```text\n{shown}\n```\n").expect("a string takes all");
    for name in commands(&text) {
        write(&[path, &[name.as_str()]].concat(), page);
    }
}

#[test]
fn the_command_line_is_as_documented() {
    let mut page =
        String::from("<!-- Made from `keywright … -h`: UPDATE_REFERENCE=1 renews it. -->\n");
    write(&[], &mut page);
    let place = root().join("docs/reference/cli.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(&place, &page).expect("written");
    }
    let written = fs::read_to_string(&place).unwrap_or_default();
    let differs = page
        .lines()
        .zip(written.lines().chain(std::iter::repeat("")))
        .find(|(now, then)| now != then);
    assert!(
        page == written,
        "docs/reference/cli.md is old ({differs:?}); UPDATE_REFERENCE=1 renews it"
    );
}
