//! `audit list|verify|export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, print_json, say, text};

/// The audit log.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List entries, newest first.
    #[command(after_help = "Example:\n  keywright audit list --action role.granted")]
    List {
        /// Only this action.
        #[arg(long)]
        action: Option<String>,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Verify the chain: no entry was changed, added or taken out.
    #[command(
        after_help = "Example:\n  keywright audit verify\n  keywright audit verify --anchor anchor.json   # one kept from an earlier time"
    )]
    Verify {
        /// An anchor kept from an earlier verify: the log must still lead to it.
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
    },
    /// Print every entry, one JSON object a line, newest first.
    #[command(after_help = "Example:\n  keywright audit export > audit.jsonl")]
    Export,
}

const COLUMNS: &[Column] = &[
    ("WHEN", "at"),
    ("WHO", "actor.name"),
    ("WHAT", "action"),
    ("ON", "target.kind"),
    ("ID", "target.id"),
    ("WHY", "reason"),
];

impl Audit {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List { action, after } => {
                let mut path = "/audit?limit=50".to_owned();
                for (name, value) in [("action", action), ("after", after)] {
                    if let Some(value) = value {
                        path = format!("{path}&{name}={}", encode(&value));
                    }
                }
                printer.list(&api.get(&path).await?, COLUMNS);
                Ok(Exit::Done)
            }
            Action::Verify { anchor } => verify(api, printer, anchor).await,
            Action::Export => {
                say(api.text("/audit/export").await?.trim_end());
                Ok(Exit::Done)
            }
        }
    }
}

async fn verify(api: &Api, printer: Printer, anchor: Option<PathBuf>) -> anyhow::Result<Exit> {
    let body = match anchor {
        None => json!({}),
        Some(path) => {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let kept: Value = serde_json::from_str(&text).context("the anchor is no JSON")?;
            json!({ "anchor": kept.get("anchor").unwrap_or(&kept) })
        }
    };
    let report = api.post("/audit/verify", &body).await?;
    let breaks = at(&report, "breaks")
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if printer.is_json() {
        print_json(&report);
    } else if breaks.is_empty() {
        say(&format!(
            "{} entries under {} seals, none changed, none missing",
            text(at(&report, "entries")),
            text(at(&report, "seals"))
        ));
        say(&format!(
            "anchor to keep elsewhere: {}",
            at(&report, "anchor")
        ));
    } else {
        for one in breaks {
            say(&format!("BROKEN {one}"));
        }
    }
    Ok(if breaks.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}
