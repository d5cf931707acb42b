//! A PostgreSQL to test on: each test gets a schema of its own, dropped at its end.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

/// A fresh, empty schema in the test cluster.
#[derive(Debug)]
pub struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// Makes one in the cluster of `TEST_DATABASE_URL`, or else in the one that `scripts/postgres` starts.
    pub fn new() -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests run side by side: their schemas must differ"
        )]
        let name = format!("t_{}", Uuid::new_v4().simple());
        let schema = Self { url: url()?, name };
        schema.psql(&format!("CREATE SCHEMA {}", schema.name))?;
        Ok(schema)
    }

    /// The cluster's address, without the schema.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The schema's name, for the search path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An address that puts the schema first in the search path, for programs of their own.
    #[must_use]
    pub fn own_url(&self) -> String {
        format!("{}?options=-c%20search_path%3D{}", self.url, self.name)
    }

    fn psql(&self, sql: &str) -> Result<()> {
        let status = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--command", sql, &self.url])
            .env("PGOPTIONS", "-c client_min_messages=error")
            .stdin(Stdio::null())
            .status()
            .context("psql, of the package postgresql-client, could not be run")?;
        ensure!(status.success(), "psql failed: {sql}");
        Ok(())
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Err(error) = self.psql(&format!("DROP SCHEMA {} CASCADE", self.name)) {
            eprintln!("{error:#}");
        }
    }
}

fn url() -> Result<String> {
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        return Ok(url);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
    let output = Command::new(&script)
        .arg("url")
        .stdin(Stdio::null())
        .output()
        .context("scripts/postgres could not be run")?;
    ensure!(
        output.status.success(),
        "scripts/postgres failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
