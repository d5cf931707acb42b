//! A sandbox org in a process of its own, seen as Okta is: by HTTP.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// The org; its process ends with it.
pub(crate) struct Org {
    process: Child,
    client: Client,
    place: TempDir,
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// An API token of a super admin.
    pub(crate) token: String,
}

impl Org {
    /// Starts `keywright sandbox` with these options on a free port and waits until it says that it is ready.
    pub(crate) fn start(options: &[&str]) -> Self {
        let place = TempDir::new().expect("a folder");
        let credentials = place.path().join("org.json");
        let mut process = Command::new(crate::server::program())
            .args([
                "sandbox",
                "--listen",
                "127.0.0.1:0",
                "--no-rate-limits",
                "--credentials-out",
            ])
            .arg(&credentials)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(place.path().join("log")).expect("a log"))
            .spawn()
            .expect("the sandbox");
        let output = process.stdout.take().expect("its output");
        let ready = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("http"));
        let log = || fs::read_to_string(place.path().join("log")).unwrap_or_default();
        assert!(ready, "the sandbox did not start: {}", log());
        let said: Value =
            serde_json::from_slice(&fs::read(&credentials).expect("credentials")).expect("JSON");
        let text = |name: &str| said[name].as_str().expect(name).to_owned();
        Self {
            process,
            client: Client::builder().no_proxy().build().expect("a client"),
            url: text("url"),
            token: text("api_token"),
            place,
        }
    }

    /// The file with the address, the token and the two service apps.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.place.path().join("org.json")
    }

    /// What the credentials file says of a service app: `oauth` or `dpop`.
    pub(crate) fn app(&self, name: &str) -> Value {
        let said: Value =
            serde_json::from_slice(&fs::read(self.credentials()).expect("credentials"))
                .expect("JSON");
        said[name].clone()
    }

    /// One call as the org's super admin; gives the status and the body (null when there is none).
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header("authorization", format!("SSWS {}", self.token));
        request = match body {
            Some(body) => request.json(&body),
            None => request.header("content-length", 0), // must be said, even of nothing
        };
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let bytes = answer.bytes().await.expect("a body");
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    /// One call that must succeed.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// A list, all pages of it.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(format!("{}{path}", self.url));
        while let Some(page) = next {
            let answer = self
                .client
                .get(&page)
                .header("authorization", format!("SSWS {}", self.token))
                .send()
                .await
                .expect("an answer");
            assert!(answer.status().is_success(), "{page}: {}", answer.status());
            next = answer.headers().get_all("link").iter().find_map(|link| {
                link.to_str()
                    .ok()?
                    .strip_suffix(">; rel=\"next\"")?
                    .strip_prefix('<')
                    .map(str::to_owned)
            });
            items.extend(answer.json::<Vec<Value>>().await.expect("a list"));
        }
        items
    }

    /// Everyone who is not deactivated.
    pub(crate) async fn everyone(&self) -> Vec<Value> {
        self.list("/api/v1/users?limit=200").await
    }

    /// All groups but Everyone, as (id, name), by name.
    pub(crate) async fn groups(&self) -> Vec<(String, String)> {
        let mut groups: Vec<_> = self
            .list("/api/v1/groups?limit=200")
            .await
            .iter()
            .filter(|group| group["type"] == "OKTA_GROUP")
            .map(|group| (text(&group["id"]), text(&group["profile"]["name"])))
            .collect();
        groups.sort_by(|a, b| a.1.cmp(&b.1));
        groups
    }

    /// The ids and logins of a group's members.
    pub(crate) async fn members(&self, group: &str) -> Vec<(String, String)> {
        let members = self
            .list(&format!("/api/v1/groups/{group}/users?limit=200"))
            .await;
        members
            .iter()
            .map(|user| (text(&user["id"]), text(&user["profile"]["login"])))
            .collect()
    }

    /// How often the state file was written.
    pub(crate) async fn state_writes(&self) -> u64 {
        let health = self.done(Method::GET, "/_sandbox/health", None).await;
        health["state"]["writes"].as_u64().expect("a number")
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("a running sandbox");
        self.process.wait().expect("its end");
    }

    /// Puts a person into a group.
    pub(crate) async fn join(&self, group: &str, user: &str) {
        self.done(
            Method::PUT,
            &format!("/api/v1/groups/{group}/users/{user}"),
            None,
        )
        .await;
    }

    /// Takes a person out of a group.
    pub(crate) async fn leave(&self, group: &str, user: &str) {
        self.done(
            Method::DELETE,
            &format!("/api/v1/groups/{group}/users/{user}"),
            None,
        )
        .await;
    }
}

impl Drop for Org {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A JSON value that must be text.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
