//! `doctor`: what is wrong, with cause and mend.

use clap::Args;
use owo_colors::{OwoColorize, Stream};
use serde_json::{Value, json};

use crate::api::Api;
use crate::exit::Exit;
use crate::output::{Printer, at, items, print_json, say, spinner, text};

/// Find what is wrong or has drifted, with cause and mend.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 1 when something critical is found.\n\nExamples:\n  keywright doctor\n  keywright doctor --repair"
)]
pub(crate) struct Doctor {
    /// Mend what is safe to mend.
    #[arg(long)]
    repair: bool,
}

impl Doctor {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let path = if self.repair {
            "/doctor/repair"
        } else {
            "/doctor"
        };
        let waiting = spinner("looking at both sides");
        let answer = api.post(path, &json!({})).await;
        waiting.finish_and_clear();
        let answer = answer?;
        if printer.is_json() {
            print_json(&answer);
        } else {
            show(&answer);
        }
        let critical = items(&answer)
            .iter()
            .any(|finding| finding["severity"] == "critical");
        Ok(if critical { Exit::Failed } else { Exit::Done })
    }
}

fn show(answer: &Value) {
    for tried in at(answer, "tried").as_array().into_iter().flatten() {
        let word = if tried["mended"] == true {
            "mended"
        } else {
            "not mended"
        };
        say(&format!(
            "{word}: {}: {}",
            text(at(tried, "finding.what")),
            text(at(tried, "outcome"))
        ));
    }
    let findings = items(answer);
    if findings.is_empty() {
        say("nothing is wrong");
    }
    for finding in findings {
        let severity = text(at(finding, "severity"));
        let word = format!("{severity:<9}");
        let word = match severity.as_str() {
            "critical" => word
                .if_supports_color(Stream::Stdout, |word| word.red())
                .to_string(),
            "warning" => word
                .if_supports_color(Stream::Stdout, |word| word.yellow())
                .to_string(),
            _ => word,
        };
        say(&format!(
            "{word} {}: {}",
            text(at(finding, "about")),
            text(at(finding, "what"))
        ));
        for part in ["evidence", "cause", "mend"] {
            say(&format!("{:>18}: {}", part, text(at(finding, part))));
        }
    }
}
