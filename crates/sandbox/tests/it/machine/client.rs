//! One client: what it asks, what it holds to be so, and what it was answered.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use super::Step;
use super::table::{self, Outcome, VERBS};
use crate::client::ask;
use crate::judge::watched::Watched;

static TIME: AtomicUsize = AtomicUsize::new(0);

/// One call and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) at: usize,
    client: usize,
    method: Method,
    path: String,
    body: Option<Value>,
    pub(crate) status: u16,
    pub(crate) request_id: String,
    /// The entry in the log that it must have.
    pub(crate) event: Option<&'static str>,
}

impl Line {
    /// The call as a line for a shell.
    pub(crate) fn curl(&self) -> String {
        let body = self
            .body
            .as_ref()
            .map(|body| format!(" -d '{body}'"))
            .unwrap_or_default();
        format!(
            "curl -X {} -H \"Authorization: SSWS $TOKEN\" -H 'Content-Type: application/json' \"$URL{}\"{body}   # client {}: {}",
            self.method, self.path, self.client, self.status
        )
    }
}

/// A user that a client made.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) status: &'static str,
    pub(crate) password: bool,
    pub(crate) groups: BTreeSet<String>,
    /// Whether its memberships are known for sure: Okta does not say what becomes of them when it is deprovisioned.
    pub(crate) sure: bool,
}

/// A client with its own users and groups.
pub(crate) struct Client {
    number: usize,
    url: String,
    token: String,
    http: reqwest::Client,
    shared: Vec<String>,
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

/// Two groups that all clients use.
pub(crate) async fn shared_groups(org: &Watched) -> Vec<String> {
    let mut ids = Vec::new();
    for name in ["Shared one", "Shared two"] {
        let body = json!({ "profile": { "name": name, "description": "of all clients" } });
        let (status, made) = ask(org, Method::POST, "/api/v1/groups", Some(body)).await;
        assert_eq!(status, 200, "{made}");
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

type Broken = Result<(), String>;

impl Client {
    pub(crate) fn new(org: &Watched, number: usize, shared: Vec<String>) -> Self {
        let (users, groups, lines) = (Vec::new(), Vec::new(), Vec::new());
        let (url, token) = (org.url(), org.api_token().to_owned());
        Self {
            number,
            url,
            token,
            http: crate::client::http(),
            shared,
            users,
            groups,
            lines,
        }
    }

    pub(crate) async fn play(&mut self, steps: &[Step]) -> Broken {
        for step in steps {
            self.step(step).await?;
        }
        Ok(())
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        event: &'static str,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        request = request.header("authorization", format!("SSWS {}", self.token));
        request = match &body {
            Some(body) => request.json(body),
            None => request.header("content-length", "0"),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let request_id = answer.headers()["x-okta-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        self.lines.push(Line {
            at: TIME.fetch_add(1, Ordering::Relaxed),
            client: self.number,
            method,
            path: path.to_owned(),
            body,
            status,
            request_id,
            event: (status < 300 && !event.is_empty()).then_some(event),
        });
        (status, answer.json().await.unwrap_or_default())
    }

    /// One of the client's users.
    fn user(&self, pick: u8) -> Option<usize> {
        (!self.users.is_empty()).then(|| usize::from(pick) % self.users.len())
    }

    /// One of the client's groups, or one that all share.
    fn group(&self, pick: u8) -> String {
        let all: Vec<&String> = self.shared.iter().chain(&self.groups).collect();
        all[usize::from(pick) % all.len()].clone()
    }

    async fn step(&mut self, step: &Step) -> Broken {
        match step {
            Step::Create {
                login,
                password,
                activate,
            } => self.create(*login, *password, *activate).await,
            Step::Lifecycle { user, verb } => self.lifecycle(*user, *verb).await,
            Step::Login { user, login } => {
                let profile = json!({ "profile": { "login": login_of(*login) } });
                self.update(*user, profile).await
            }
            Step::Title { user, text } => {
                self.update(
                    *user,
                    json!({ "profile": { "title": format!("Title {text}") } }),
                )
                .await
            }
            Step::DeleteUser { user } => self.delete_user(*user).await,
            Step::Group { name } => self.make_group(*name).await,
            Step::Rename { group, name } => self.rename(*group, *name).await,
            Step::DeleteGroup { group } => self.delete_group(*group).await,
            Step::Join { group, user } => self.join(*group, *user).await,
            Step::Leave { group, user } => self.leave(*group, *user).await,
            Step::Look { user } => self.look(*user).await,
        }
    }

    async fn create(&mut self, login: u8, password: bool, activate: bool) -> Broken {
        let login = login_of(login);
        let mut body = json!({ "profile": { "login": login, "email": login, "firstName": "Soak", "lastName": "Test" } });
        if password {
            body["credentials"] = json!({ "password": { "value": "Correct-Horse-7" } });
        }
        let path = format!("/api/v1/users?activate={activate}");
        let (status, made) = self
            .call(Method::POST, &path, Some(body), "user.lifecycle.create")
            .await;
        if status == 400 {
            return taken(&made);
        }
        let wanted = match (activate, password) {
            (false, _) => "STAGED",
            (true, true) => "ACTIVE",
            (true, false) => "PROVISIONED",
        };
        same(
            "statuses: create",
            (status, made["status"].as_str()),
            (200, Some(wanted)),
        )?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        self.users.push(User {
            id,
            status: wanted,
            password,
            groups: BTreeSet::new(),
            sure: true,
        });
        Ok(())
    }

    async fn lifecycle(&mut self, user: u8, verb: u8) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let verb = VERBS[usize::from(verb) % VERBS.len()];
        let user = self.users[at].clone();
        let outcome = table::outcome(user.status, verb, user.password);
        if outcome == Outcome::Unknown {
            return Ok(());
        }
        let (status, body) = self
            .call(
                Method::POST,
                &table::path(&user.id, verb),
                None,
                table::event(verb),
            )
            .await;
        match outcome {
            Outcome::Refused(code) => same(
                &format!("statuses: {verb} of {}: {body}", user.status),
                status,
                code,
            )?,
            Outcome::Becomes(next) => {
                same(
                    &format!("statuses: {verb} of {}: {body}", user.status),
                    status,
                    200,
                )?;
                self.users[at].status = next;
                self.users[at].sure &= next != "DEPROVISIONED";
            }
            Outcome::Unknown => {}
        }
        self.look(u8::try_from(at).unwrap_or(0)).await
    }

    async fn look(&mut self, user: u8) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let user = self.users[at].clone();
        let (status, body) = self
            .call(Method::GET, &format!("/api/v1/users/{}", user.id), None, "")
            .await;
        same(
            "statuses: get",
            (status, body["status"].as_str()),
            (200, Some(user.status)),
        )
    }

    async fn update(&mut self, user: u8, body: Value) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let user = self.users[at].clone();
        if user.status == "DEPROVISIONED" {
            return Ok(());
        }
        let path = format!("/api/v1/users/{}", user.id);
        let (status, answer) = self
            .call(
                Method::POST,
                &path,
                Some(body),
                "user.account.update_profile",
            )
            .await;
        if status == 400 {
            return taken(&answer);
        }
        same(
            "statuses: update",
            (status, answer["status"].as_str()),
            (200, Some(user.status)),
        )
    }

    async fn delete_user(&mut self, user: u8) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let user = self.users[at].clone();
        let gone = user.status == "DEPROVISIONED";
        let event = if gone {
            "user.lifecycle.delete.initiated"
        } else {
            "user.lifecycle.deactivate"
        };
        let path = format!("/api/v1/users/{}", user.id);
        let (status, body) = self.call(Method::DELETE, &path, None, event).await;
        same(&format!("statuses: delete: {body}"), status, 204)?;
        if !gone {
            self.users[at].status = "DEPROVISIONED";
            self.users[at].sure = false;
            return Ok(());
        }
        self.users.remove(at);
        let (status, _) = self.call(Method::GET, &path, None, "").await;
        same("statuses: what is deleted is gone", status, 404)
    }

    async fn make_group(&mut self, name: u8) -> Broken {
        let body = json!({ "profile": { "name": name_of(name), "description": "soak" } });
        let (status, made) = self
            .call(
                Method::POST,
                "/api/v1/groups",
                Some(body),
                "group.lifecycle.create",
            )
            .await;
        if status == 400 {
            return taken(&made);
        }
        same("groups: create", status, 200)?;
        self.groups
            .push(made["id"].as_str().unwrap_or_default().to_owned());
        Ok(())
    }

    fn own_group(&self, pick: u8) -> Option<String> {
        (!self.groups.is_empty())
            .then(|| self.groups[usize::from(pick) % self.groups.len()].clone())
    }

    async fn rename(&mut self, group: u8, name: u8) -> Broken {
        let Some(id) = self.own_group(group) else {
            return Ok(());
        };
        let body = json!({ "profile": { "name": name_of(name), "description": "renamed" } });
        let (status, answer) = self
            .call(
                Method::PUT,
                &format!("/api/v1/groups/{id}"),
                Some(body),
                "group.profile.update",
            )
            .await;
        if status == 400 {
            taken(&answer)
        } else {
            same("groups: rename", status, 200)
        }
    }

    async fn delete_group(&mut self, group: u8) -> Broken {
        let Some(id) = self.own_group(group) else {
            return Ok(());
        };
        let (status, _) = self
            .call(
                Method::DELETE,
                &format!("/api/v1/groups/{id}"),
                None,
                "group.lifecycle.delete",
            )
            .await;
        self.groups.retain(|one| *one != id);
        for user in &mut self.users {
            user.groups.remove(&id);
        }
        same("groups: delete", status, 204)
    }

    async fn join(&mut self, group: u8, user: u8) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let (id, user) = (self.group(group), self.users[at].clone());
        if user.status == "DEPROVISIONED" {
            return Ok(());
        }
        let event = if user.groups.contains(&id) || !user.sure {
            ""
        } else {
            "group.user_membership.add"
        };
        let path = format!("/api/v1/groups/{id}/users/{}", user.id);
        let (status, body) = self.call(Method::PUT, &path, None, event).await;
        self.users[at].groups.insert(id);
        same(&format!("memberships: join: {body}"), status, 204)
    }

    async fn leave(&mut self, group: u8, user: u8) -> Broken {
        let Some(at) = self.user(user) else {
            return Ok(());
        };
        let (id, user) = (self.group(group), self.users[at].clone());
        let event = if user.groups.contains(&id) && user.sure {
            "group.user_membership.remove"
        } else {
            ""
        };
        let path = format!("/api/v1/groups/{id}/users/{}", user.id);
        let (status, body) = self.call(Method::DELETE, &path, None, event).await;
        self.users[at].groups.remove(&id);
        same(&format!("memberships: leave: {body}"), status, 204)
    }
}

fn login_of(number: u8) -> String {
    // The pool holds each name twice, in small and in large letters.
    let name = format!("soak.{}@example.com", number / 2);
    if number.is_multiple_of(2) {
        name
    } else {
        name.to_uppercase().replace("EXAMPLE.COM", "example.com")
    }
}

fn name_of(number: u8) -> String {
    format!("Soak group {number}")
}

/// The only reason to refuse is that a name is taken.
fn taken(body: &Value) -> Broken {
    let text = body.to_string();
    let known = body["errorCode"] == "E0000001" && text.contains("already exists");
    if known {
        Ok(())
    } else {
        Err(format!("uniqueness: refused for another reason: {text}"))
    }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Broken {
    if got == want {
        Ok(())
    } else {
        Err(format!("{what}: {got:?} instead of {want:?}"))
    }
}
