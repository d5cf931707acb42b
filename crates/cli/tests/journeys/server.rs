//! A running server, and the SCIM side of it as Okta and an auditor see it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::{org::text, site::Site};

/// The program: the one just built, or another, such as a release build.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("KEYWRIGHT_TEST_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_keywright").into(), PathBuf::from)
}

/// A server; it is killed when this goes.
pub(crate) struct Server {
    process: Child,
    /// Its address.
    pub(crate) url: String,
}

impl Server {
    /// Starts one on a free port and waits until it says that it is ready.
    pub(crate) fn start(site: &Site) -> Self {
        let mut process = site
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let output = process.stdout.take().expect("its output");
        let ready = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("http"))
            .expect("a line with the address");
        let url = ready.split_whitespace().last().expect("an address");
        let url = url.trim_end_matches('/').to_owned();
        Self { process, url }
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("its end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The SCIM server of the connection `acme`.
#[derive(Clone)]
pub(crate) struct Scim {
    client: Client,
    /// Its base URL.
    pub(crate) base: String,
    /// A bearer token.
    pub(crate) token: String,
}

/// A person as the server has them: user name, first name, last name, mail, title, department.
pub(crate) type Person = [String; 6];

impl Scim {
    /// With a new token, at a running server.
    pub(crate) fn new(site: &Site, server: &Server) -> Self {
        let made = site.done(&[
            "scim", "token", "create", "--name", "test", "--output", "json",
        ]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let base = text(&made["base_url"]);
        let path = base.split_once("/connections/").expect("a base URL").1;
        Self {
            client: Client::builder().no_proxy().build().expect("a client"),
            base: format!("{}/connections/{path}", server.url),
            token: text(&made["secret"]),
        }
    }

    /// The same connection at a server that was started anew.
    pub(crate) fn at(&self, server: &Server) -> Self {
        let path = self.base.split_once("/connections/").expect("a base URL").1;
        Self {
            base: format!("{}/connections/{path}", server.url),
            ..self.clone()
        }
    }

    /// One request; `None` when no answer came.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        Some((
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }

    /// All resources of a kind.
    pub(crate) async fn all(&self, kind: &str) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let path = format!("/{kind}?startIndex={}&count=200", found.len() + 1);
            let (status, page) = self.ask(Method::GET, &path, None).await.expect("an answer");
            assert_eq!(status, StatusCode::OK, "{page}");
            let resources = page["Resources"].as_array().expect("a list");
            if resources.is_empty() {
                return found;
            }
            found.extend(resources.iter().cloned());
        }
    }

    /// Okta id to what is known, of everybody who is active or of everybody who is not.
    pub(crate) async fn people(&self, active: bool) -> BTreeMap<String, Person> {
        let part = |one: &Value, path: &str| {
            let value = one.pointer(path).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let enterprise = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut people = BTreeMap::new();
        for one in self.all("Users").await {
            if one["active"].as_bool() != Some(active) {
                continue;
            }
            let person = [
                part(&one, "/userName"),
                part(&one, "/name/givenName"),
                part(&one, "/name/familyName"),
                part(&one, "/emails/0/value"),
                part(&one, "/title"),
                part(&one, &format!("{enterprise}/department")),
            ];
            let twice = people.insert(text(&one["externalId"]), person);
            assert!(twice.is_none(), "somebody is there twice: {one}");
        }
        people
    }

    /// The name of each group with the Okta ids of its members.
    pub(crate) async fn groups(&self) -> BTreeMap<String, BTreeSet<String>> {
        let ids: BTreeMap<String, String> = self
            .all("Users")
            .await
            .iter()
            .map(|one| (text(&one["id"]), text(&one["externalId"])))
            .collect();
        let mut groups = BTreeMap::new();
        for group in self.all("Groups").await {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            let members = members
                .iter()
                .map(|member| ids[member["value"].as_str().expect("an id")].clone())
                .collect();
            let twice = groups.insert(text(&group["displayName"]), members);
            assert!(twice.is_none(), "a group is there twice: {group}");
        }
        groups
    }
}
