//! A PostgreSQL to test on: each test gets a schema of its own, dropped at its end.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

/// A fresh, empty schema in the test cluster, owned by a role that row security binds.
#[derive(Debug)]
pub struct Schema {
    cluster: String,
    name: String,
}

/// The role that tests act as: no superuser, so that row security binds it.
const ROLE: &str = "keywright_tests";

impl Schema {
    /// Makes one in the cluster of `TEST_DATABASE_URL`, or else in the one that `scripts/postgres` starts.
    pub fn new() -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests run side by side: their schemas must differ"
        )]
        let name = format!("t_{}", Uuid::new_v4().simple());
        let schema = Self {
            cluster: cluster()?,
            name,
        };
        schema.psql(&format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
             CREATE SCHEMA {} AUTHORIZATION {ROLE}",
            schema.name
        ))?;
        Ok(schema)
    }

    /// The cluster's address for the tests' role, without the schema.
    pub fn url(&self) -> Result<String> {
        let (before, after) = self
            .cluster
            .split_once("://")
            .context("TEST_DATABASE_URL is no address")?;
        let host = after.split_once('@').map_or(after, |(_, host)| host);
        Ok(format!("{before}://{ROLE}@{host}"))
    }

    /// The schema's name, for the search path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An address that puts the schema first in the search path, for programs of their own.
    pub fn own_url(&self) -> Result<String> {
        let url = self.url()?;
        Ok(format!("{url}?options=-c%20search_path%3D{}", self.name))
    }

    /// Makes every query that touches a row of another tenant fail, and gives it such rows to stumble over: each row
    /// inserted from now on is copied to a tenant that no test knows. The tenant at work is the setting
    /// `keywright.tenant`; unset or nil, every row may be touched (migrations, the job queue).
    pub fn forbid_other_tenants(&self) -> Result<()> {
        self.psql(&include_str!("tenancy.sql").replace("{schema}", &self.name))
    }

    /// Runs statements as the cluster's superuser.
    pub fn psql(&self, sql: &str) -> Result<()> {
        let output = Command::new("psql")
            .args([
                "--quiet",
                "--no-psqlrc",
                "--set",
                "ON_ERROR_STOP=1",
                "--command",
                sql,
                &self.cluster,
            ])
            .env("PGOPTIONS", "-c client_min_messages=error")
            .stdin(Stdio::null())
            .output()
            .context("psql, of the package postgresql-client, could not be run")?;
        ensure!(
            output.status.success(),
            "psql failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
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

fn cluster() -> Result<String> {
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
