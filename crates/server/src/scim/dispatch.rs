//! One SCIM request as data: what an address and a method do. Bulk runs its operations through here too.

use keywright_proto::scim::list::{Query, response};
use keywright_proto::scim::patch;
use keywright_proto::scim::projection::Projection;
use keywright_proto::scim::schemas::{GROUP, ResourceType, USER};
use keywright_proto::scim::{self, discovery, etag};
use serde_json::Value;

use super::error::Error;
use super::store::Row;
use super::tokens::Client;
use super::{bulk, collisions, groups, list, settle, users};
use crate::app::{App, Work};
use crate::web::Bounds;

/// A group with more members than this answers a PATCH with 204.
const MANY_MEMBERS: i64 = 1_000;

/// A request below the base of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// `/Users/{id}`
    pub(super) path: String,
    /// The parameters of the query.
    pub(super) query: Vec<(String, String)>,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    /// `null` when there was none.
    pub(super) body: Value,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) etag: Option<String>,
    pub(super) location: Option<String>,
    /// The id of the resource, for the operations of a bulk request that come after.
    pub(super) id: Option<String>,
    /// Whether roles or access may follow from what was written.
    pub(super) is_news: bool,
}

impl Answer {
    fn with(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            ..Self::default()
        }
    }
}

/// Where a client is, and what of a resource it wants to see.
struct At<'a> {
    app: &'a App,
    client: &'a Client,
    base: &'a str,
}

/// Does what a request asks for. A collision is noted for an admin; a change asks for the job that settles it.
pub(super) async fn dispatch(
    app: &App,
    client: &Client,
    base: &str,
    request: Request,
) -> Result<Answer, Error> {
    let answer = route(app, client, base, request).await;
    match &answer {
        Err(Error::Taken(clash)) => collisions::note(app, client, clash).await,
        Ok(answer) if answer.is_news => settle::ask(app, client).await,
        _ => {}
    }
    answer
}

async fn route(app: &App, client: &Client, base: &str, request: Request) -> Result<Answer, Error> {
    let at = At { app, client, base };
    let path = request.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let method = request.method.clone();
    match (parts.as_slice(), method.as_str()) {
        (["Users" | "Groups"], "GET") => at.list(kind(&parts), &request).await,
        (["Users" | "Groups"], "POST") => at.create(kind(&parts), &request).await,
        (["Users" | "Groups", ".search"], "POST") => at.search(&[kind(&parts)], &request).await,
        ([".search"], "POST") => at.search(&[&USER, &GROUP], &request).await,
        (["Users" | "Groups", id], "GET") => at.get(kind(&parts), id, &request).await,
        (["Users" | "Groups", id], "PUT" | "PATCH") => at.change(kind(&parts), id, request).await,
        (["Users" | "Groups", id], "DELETE") => at.delete(kind(&parts), id, &request).await,
        (["Bulk"], "POST") => Box::pin(bulk::run(app, client, base, request.body)).await,
        (["Me"], _) => Err(Error::NotOffered(
            "a token stands for a connection, not for a person: there is no /Me",
        )),
        (["ServiceProviderConfig" | "ResourceTypes" | "Schemas", ..], "GET") => {
            discover(base, &parts)
        }
        (
            ["Users" | "Groups", _]
            | [
                "Users"
                | "Groups"
                | ".search"
                | "Bulk"
                | "ServiceProviderConfig"
                | "ResourceTypes"
                | "Schemas",
            ],
            _,
        ) => Err(Error::Method(request.method)),
        _ => Err(Error::NoAddress(request.path)),
    }
}

fn kind(parts: &[&str]) -> &'static ResourceType {
    if parts.first() == Some(&"Groups") {
        &GROUP
    } else {
        &USER
    }
}

fn discover(base: &str, parts: &[&str]) -> Result<Answer, Error> {
    let body = match parts {
        ["ServiceProviderConfig"] => Some(discovery::service_provider_config(
            base,
            Bounds::default().body_bytes,
        )),
        ["ResourceTypes"] => Some(discovery::resource_types(base)),
        ["Schemas"] => Some(discovery::schemas(base)),
        ["ResourceTypes", name] => discovery::TYPES
            .iter()
            .find(|of| of.name == *name)
            .map(|of| of.document(base)),
        ["Schemas", urn] => {
            let known = discovery::SCHEMAS
                .iter()
                .find(|schema| schema.id.eq_ignore_ascii_case(urn));
            known.map(|schema| schema.document(base))
        }
        _ => None,
    };
    body.map(|body| Answer::with(200, body))
        .ok_or_else(|| Error::NoAddress(format!("/{}", parts.join("/"))))
}

impl At<'_> {
    /// To look at what one statement tells, or at several things of one moment.
    async fn look(&self, at_one_thing: bool) -> Result<Work, Error> {
        let (app, actor) = (self.app, &self.client.actor);
        Ok(if at_one_thing {
            app.glance(actor).await?
        } else {
            app.read(actor).await?
        })
    }

    async fn list(&self, of: &'static ResourceType, request: &Request) -> Result<Answer, Error> {
        let query = Query::from_pairs(of, pairs(request))?;
        let work = self.look(*of == USER && list::names_one(&query)).await?;
        let page = list::page(&work, self.client.connection, of, &query, self.base).await?;
        Ok(Answer::with(
            200,
            response(page.total, query.start, &page.shown),
        ))
    }

    /// POST to `.search`, over one kind of resource or over both, people first.
    async fn search(
        &self,
        kinds: &[&'static ResourceType],
        request: &Request,
    ) -> Result<Answer, Error> {
        let work = self.app.read(&self.client.actor).await?;
        let (mut before, mut start, mut shown) = (0, 1, Vec::new());
        let (mut read, mut refusal) = (false, None);
        for of in kinds {
            // An attribute that one kind does not have finds nothing there, if the other kind has it.
            let mut query = match Query::from_search(of, &request.body) {
                Ok(query) => query,
                Err(error) => {
                    refusal.get_or_insert(error);
                    continue;
                }
            };
            read = true;
            start = query.start;
            query.start = query.start.saturating_sub(before).max(1);
            query.count -= u64::try_from(shown.len()).unwrap_or(0).min(query.count);
            let page = list::page(&work, self.client.connection, of, &query, self.base).await?;
            before += page.total;
            shown.extend(page.shown);
        }
        match refusal {
            Some(refusal) if !read => Err(refusal.into()),
            _ => Ok(Answer::with(200, response(before, start, &shown))),
        }
    }

    async fn get(
        &self,
        of: &'static ResourceType,
        id: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let projection = projection(of, request)?;
        // A person with their groups is one statement; a group's members are a second one.
        let work = self.look(*of == USER).await?;
        let row = find(&work, self.client, of, id).await?;
        if request
            .if_none_match
            .as_deref()
            .is_some_and(|header| etag::names(header, row.version))
        {
            let etag = Some(etag::of(row.version));
            return Ok(Answer {
                status: 304,
                etag,
                ..Answer::default()
            });
        }
        self.answer(&work, 200, &row, &projection).await
    }

    async fn create(&self, of: &'static ResourceType, request: &Request) -> Result<Answer, Error> {
        let projection = projection(of, request)?;
        let mut work = self.app.begin(&self.client.actor).await?;
        let connection = self.client.connection;
        let row = if *of == USER {
            users::create(&mut work, connection, &request.body).await?
        } else {
            groups::create(&mut work, connection, &request.body).await?
        };
        let answer = self.answer(&work, 201, &row, &projection).await?;
        work.commit().await?;
        Ok(answer)
    }

    async fn change(
        &self,
        of: &'static ResourceType,
        id: &str,
        mut request: Request,
    ) -> Result<Answer, Error> {
        let projection = projection(of, &request)?;
        let patching = request.method == "PATCH";
        // A body may have 16 MiB: it is gone before the answer is made.
        let body = std::mem::take(&mut request.body);
        let operations = if patching {
            patch::parse(of, &body)?
        } else {
            Vec::new()
        };
        let (connection, if_match) = (self.client.connection, request.if_match.as_deref());
        let mut work = self.app.begin(&self.client.actor).await?;
        let row = match (*of == USER, patching) {
            (true, true) => users::patch(&mut work, connection, id, &operations, if_match).await?,
            (true, false) => users::replace(&mut work, connection, id, &body, if_match).await?,
            (false, true) => groups::patch(&mut work, connection, id, operations, if_match).await?,
            (false, false) => groups::replace(&mut work, connection, id, &body, if_match).await?,
        };
        drop(body);
        let answer = if patching && row.members > MANY_MEMBERS {
            Answer {
                status: 204,
                etag: Some(etag::of(row.version)),
                is_news: row.is_news,
                ..Answer::default()
            }
        } else {
            self.answer(&work, 200, &row, &projection).await?
        };
        work.commit().await?;
        Ok(Answer {
            location: Some(list::location(&row, self.base)),
            ..answer
        })
    }

    async fn delete(
        &self,
        of: &'static ResourceType,
        id: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let mut work = self.app.begin(&self.client.actor).await?;
        let (connection, if_match) = (self.client.connection, request.if_match.as_deref());
        if *of == USER {
            users::delete(&mut work, connection, id, if_match).await?;
        } else {
            groups::delete(&mut work, connection, id, if_match).await?;
        }
        work.commit().await?;
        Ok(Answer {
            status: 204,
            is_news: true,
            ..Answer::default()
        })
    }

    async fn answer(
        &self,
        work: &Work,
        status: u16,
        row: &Row,
        projection: &Projection,
    ) -> Result<Answer, Error> {
        let rows = std::slice::from_ref(row);
        let connection = self.client.connection;
        let shown = list::shown(work, connection, row.of, rows, projection, self.base).await?;
        Ok(Answer {
            status,
            body: shown.into_iter().next(),
            etag: Some(etag::of(row.version)),
            location: Some(list::location(row, self.base)),
            id: Some(row.id.to_string()),
            is_news: row.is_news,
        })
    }
}

async fn find(
    work: &Work,
    client: &Client,
    of: &'static ResourceType,
    id: &str,
) -> Result<Row, Error> {
    if *of == USER {
        users::find(work, client.connection, id).await
    } else {
        groups::find(work, client.connection, id).await
    }
}

fn pairs(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    request
        .query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

fn projection(of: &'static ResourceType, request: &Request) -> Result<Projection, scim::Error> {
    let named = |wanted: &'static str| {
        pairs(request)
            .filter(move |(name, _)| name.eq_ignore_ascii_case(wanted))
            .flat_map(|(_, value)| value.split(','))
    };
    Projection::parse(of, named("attributes"), named("excludedAttributes"))
}
