//! Tells each step: what it did, and how long it took.

use std::fmt::Display;
use std::time::{Duration, Instant};

use owo_colors::{OwoColorize, Stream};
use serde_json::{Value, json};

use crate::output::{Format, print_json, say, spinner};

/// Prints the steps of a demo, or collects them for JSON.
pub(super) struct Teller {
    format: Format,
    began: Instant,
    steps: Vec<Value>,
}

impl Teller {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            began: Instant::now(),
            steps: Vec::new(),
        }
    }

    /// Does one step under a title; tells what came of it, or that it failed.
    pub(super) async fn step<T>(
        &mut self,
        title: &str,
        work: impl Future<Output = anyhow::Result<Told<T>>>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        let waiting = spinner(title);
        let done = work.await;
        waiting.finish_and_clear();
        let took = began.elapsed();
        match done {
            Ok(told) => {
                self.tell(title, took, "done", &told.lines);
                Ok(told.value)
            }
            Err(error) => {
                self.tell(title, took, "failed", &[format!("{error:#}")]);
                Err(error.context(format!("the step `{title}` failed")))
            }
        }
    }

    fn tell(&mut self, title: &str, took: Duration, outcome: &str, lines: &[String]) {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.steps
            .push(json!({"step": title, "outcome": outcome, "ms": took_ms, "did": lines}));
        if self.format == Format::Json {
            return;
        }
        let number = self.steps.len();
        let head = format!("{number:>2}. {title}");
        let time = format!("{took_ms} ms");
        let head = head
            .if_supports_color(Stream::Stdout, |head| head.bold())
            .to_string();
        let time = time
            .if_supports_color(Stream::Stdout, |time| time.dimmed())
            .to_string();
        say(&format!("{head}  {time}"));
        for line in lines {
            say(&format!("    {line}"));
        }
    }

    /// The report's last words.
    pub(super) fn end(&self, well: bool) {
        let took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.format == Format::Json {
            print_json(&json!({"well": well, "ms": took_ms, "steps": self.steps}));
        } else if well {
            say(&format!(
                "\nall {} steps done in {:.1} s",
                self.steps.len(),
                self.began.elapsed().as_secs_f32()
            ));
        }
    }

    /// Words beside the steps.
    pub(super) fn say(&self, line: impl Display) {
        if self.format != Format::Json {
            say(&line.to_string());
        }
    }
}

/// What a step did, in lines, and what it gives to the next ones.
pub(super) struct Told<T> {
    value: T,
    lines: Vec<String>,
}

impl<T> Told<T> {
    pub(super) fn new(value: T, lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            value,
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }
}
