//! `backup` and `restore`: everything in one file, which moves between SQLite and PostgreSQL.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use keywright_server::backup::{self, Summary};
use keywright_server::config::Config;
use keywright_server::db::Database;
use keywright_server::serve;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::args::Global;
use crate::exit::{Exit, bad_usage};
use crate::local::sources;
use crate::output::{Printer, complain_more, spinner};

/// Write everything into one file.
#[derive(Debug, Args)]
#[command(
    after_help = "Secrets in the file stay sealed: keep a copy of the master key file apart from it.\n\nExample:\n  keywright backup keywright-backup.jsonl.gz"
)]
pub(crate) struct Backup {
    /// The file to write; a name that ends in .gz is compressed; `-` is standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Fill an empty database from a backup.
#[derive(Debug, Args)]
#[command(
    after_help = "The master key file of the old installation is needed beside it.\n\nExample:\n  keywright restore keywright-backup.jsonl.gz --database postgres://keywright@db/keywright"
)]
pub(crate) struct Restore {
    /// The file; compressed or not; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Backup {
    pub(crate) async fn run(self, global: &Global) -> anyhow::Result<Exit> {
        refuse_server(global)?;
        let config = Config::load(&sources(global))?;
        let app = serve::open(&config).await?;
        if self.file == Path::new("-") {
            let out = std::io::stdout();
            if out.is_terminal() {
                return Err(bad_usage("standard output is a terminal: name a file"));
            }
            let summary = backup::write(app.db(), app.now(), false, out).await?;
            complain_more(&counted("wrote", &summary));
            return Ok(Exit::Done);
        }
        let zipped = self
            .file
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let mut out = BufWriter::new(private_file(&self.file)?);
        let waiting = spinner("writing");
        let summary = backup::write(app.db(), app.now(), zipped, &mut out).await;
        waiting.finish_and_clear();
        let summary = summary?;
        out.flush()?;
        out.into_inner()
            .context("the file could not be finished")?
            .sync_all()?;
        Printer::new(global.output).done(
            &json!({"file": self.file, "schema": summary.schema, "tables": summary.tables, "rows": summary.rows}),
            &format!(
                "{} into {}; keep a copy of {} apart from it: without it no secret opens",
                counted("wrote", &summary),
                self.file.display(),
                config.master_key_file().0.display()
            ),
        );
        Ok(Exit::Done)
    }
}

impl Restore {
    pub(crate) async fn run(self, global: &Global) -> anyhow::Result<Exit> {
        refuse_server(global)?;
        let config = Config::load(&sources(global))?;
        if config.database_url().expose_secret().starts_with("sqlite:") {
            std::fs::create_dir_all(&config.data_dir)?;
        }
        let database = Database::open(config.database_url().expose_secret()).await?;
        let waiting = spinner("reading");
        let summary = if self.file == Path::new("-") {
            backup::restore(&database, std::io::stdin()).await
        } else {
            let file = File::open(&self.file)
                .with_context(|| format!("cannot read {}", self.file.display()))?;
            backup::restore(&database, BufReader::new(file)).await
        };
        waiting.finish_and_clear();
        let summary = summary?;
        Printer::new(global.output).done(
            &json!({"schema": summary.schema, "tables": summary.tables, "rows": summary.rows}),
            &format!(
                "{}; its secrets open with the master key file of the old installation",
                counted("restored", &summary)
            ),
        );
        Ok(Exit::Done)
    }
}

fn counted(did: &str, summary: &Summary) -> String {
    format!("{did} {} rows of {} tables", summary.rows, summary.tables)
}

fn refuse_server(global: &Global) -> anyhow::Result<()> {
    match global.server {
        Some(_) => Err(bad_usage(
            "backups are made where the database is: leave KEYWRIGHT_SERVER out",
        )),
        None => Ok(()),
    }
}

/// A new file that only its owner may read; one that is there already is not written over.
fn private_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}
