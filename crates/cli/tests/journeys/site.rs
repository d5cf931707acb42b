//! One installation of Keywright: a folder, a database, and commands run in it as a person runs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use keywright_server::directory::built_in_roles;
use keywright_testkit::postgres::Schema;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement};
use tempfile::TempDir;

use crate::setup::Grant;

/// The installation; its folder and its database go with it.
pub(crate) struct Site {
    place: TempDir,
    schema: Option<Schema>,
    /// More options of the connection to PostgreSQL, as they stand in its address.
    options: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        if !self.options.is_empty() {
            self.tables_back();
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Site {
    /// An installation on SQLite, as it is without any setting.
    pub(crate) fn sqlite() -> Self {
        Self {
            place: TempDir::new().expect("a folder"),
            schema: None,
            options: String::new(),
        }
    }

    /// An installation on PostgreSQL.
    pub(crate) fn postgres() -> Self {
        Self {
            place: TempDir::new().expect("a folder"),
            schema: Some(Schema::new().expect("a schema")),
            options: String::new(),
        }
    }

    /// A folder for the test's own files.
    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    /// The folder of the data.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// The file of the database, on SQLite.
    pub(crate) fn file(&self) -> PathBuf {
        self.data().join("keywright.db")
    }

    /// A command with this installation in its environment and nothing else of ours.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(crate::server::program());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYWRIGHT_")) {
            command.env_remove(name);
        }
        // Several servers live on one machine in these tests.
        command.env("KEYWRIGHT_METRICS_LISTEN", "127.0.0.1:0");
        command
            .env("KEYWRIGHT_DATA", self.data())
            .current_dir(self.place())
            .args(args);
        if self.schema.is_some() {
            command.env("KEYWRIGHT_DATABASE_URL", self.url());
        }
        command
    }

    /// The database's address.
    fn url(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}{}", schema.own_url().expect("an address"), self.options),
            None => format!("sqlite://{}", self.file().display()),
        }
    }

    /// The address of PostgreSQL and the schema in it, if that is the database.
    pub(crate) fn schema(&self) -> Option<(String, &str)> {
        self.schema
            .as_ref()
            .map(|schema| (schema.url().expect("an address"), schema.name()))
    }

    /// Puts the tables that PostgreSQL makes from now on into this folder.
    pub(crate) fn tables_in(&mut self, place: &Path) {
        // PostgreSQL runs as its own user.
        let given = Command::new("chown").arg("postgres").arg(place).status();
        assert!(
            given.is_ok_and(|status| status.success()),
            "the folder cannot be given to PostgreSQL"
        );
        self.as_superuser(&format!(
            "CREATE TABLESPACE {} LOCATION '{}'",
            self.tablespace(),
            place.display()
        ));
        self.as_superuser(&format!(
            "GRANT CREATE ON TABLESPACE {} TO PUBLIC",
            self.tablespace()
        ));
        self.options = format!("%20-c%20default_tablespace%3D{}", self.tablespace());
    }

    /// Removes the tables again, and the tablespace that held them. A tablespace that stays after its folder is gone would
    /// break the cluster for all other tests, so this also runs when a test failed.
    fn tables_back(&mut self) {
        let schema = self.schema().expect("PostgreSQL").1.to_owned();
        self.options.clear();
        self.as_superuser(&format!("DROP SCHEMA {schema} CASCADE"));
        self.as_superuser(&format!("CREATE SCHEMA {schema}"));
        self.as_superuser(&format!("DROP TABLESPACE {}", self.tablespace()));
    }

    fn as_superuser(&self, statement: &str) {
        self.schema
            .as_ref()
            .expect("PostgreSQL")
            .psql(statement)
            .expect(statement);
    }

    fn tablespace(&self) -> String {
        format!("space_{}", self.schema().expect("PostgreSQL").1)
    }

    /// What the started commands have said so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.place().join("output")).unwrap_or_default()
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, "")
    }

    /// Runs a command to its end with this on its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Ended {
        finish(&mut self.command(args), input)
    }

    /// The same with everything logged.
    pub(crate) fn run_traced(&self, args: &[&str], input: &str) -> Ended {
        finish(
            self.command(args).env("KEYWRIGHT_LOG_LEVEL", "trace"),
            input,
        )
    }

    /// Runs a command that must end well; gives its standard output.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        ended.out
    }

    /// Starts a command and leaves it running; what it says goes to a file of the installation's folder.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.place().join("output"))
            .expect("a file");
        self.command(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("the program")
    }

    /// The database itself, for what no command shows.
    pub(crate) async fn database(&self) -> DatabaseConnection {
        Database::connect(self.url()).await.expect("the database")
    }

    /// Runs a statement on the database.
    pub(crate) async fn sql(&self, statement: &str) {
        let database = self.database().await;
        database
            .execute_unprepared(statement)
            .await
            .expect(statement);
        database.close().await.expect("closed");
    }

    /// The number that a query gives as `n`.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let database = self.database().await;
        let query = Statement::from_string(database.get_database_backend(), query);
        let row = database
            .query_one_raw(query)
            .await
            .expect("an answer")
            .expect("a row");
        let number = row.try_get("", "n").expect("a number");
        database.close().await.expect("closed");
        number
    }

    /// Who has which role by which group now: login, role, group. Read past the program, so that nothing is glossed over.
    pub(crate) async fn grants(&self) -> BTreeSet<Grant> {
        let query =
            "SELECT u.login AS login, l.role_id AS role, g.name AS groupname FROM live_grants l
            JOIN live_users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id
            JOIN groups g ON g.tenant_id = l.tenant_id AND g.id = l.group_id";
        let database = self.database().await;
        let rows = database
            .query_all_raw(Statement::from_string(
                database.get_database_backend(),
                query,
            ))
            .await
            .expect("rows");
        database.close().await.expect("closed");
        let roles: BTreeMap<_, _> = built_in_roles()
            .into_iter()
            .map(|role| (role.id.0, role.name))
            .collect();
        let column = |row: &QueryResult, name: &str| row.try_get::<String>("", name).expect(name);
        let role = |row: &QueryResult| {
            roles[&row.try_get::<uuid::Uuid>("", "role").expect("a role")].clone()
        };
        rows.iter()
            .map(|row| {
                (
                    column(row, "login").to_lowercase(),
                    role(row),
                    column(row, "groupname"),
                )
            })
            .collect()
    }

    /// Opens the guard as wide as it goes, for tests that change much and are not about the guard.
    pub(crate) async fn guard_off(&self) {
        let limits = r#"{"removals_count":1000000,"removals_percent":100,"grants_count":1000000,"grants_percent":100}"#;
        self.sql(&format!("UPDATE sync_settings SET limits = '{limits}'"))
            .await;
    }

    /// Lets the leases of killed processes run out, as half a minute of waiting would.
    pub(crate) async fn leases_run_out(&self) {
        self.sql("UPDATE jobs SET lease_until = 1 WHERE state = 'running'")
            .await;
    }
}

/// Runs a command with this on its standard input.
fn finish(command: &mut Command, input: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A command that reads nothing may have closed its end already.
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(input.as_bytes())
        .ok();
    ended(&child.wait_with_output().expect("its end"))
}

/// A finished process as text.
fn ended(output: &Output) -> Ended {
    Ended {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
