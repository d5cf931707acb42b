//! Any other call, by path.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::decode;
use crate::client::Client;
use crate::paging::Listed;
use crate::{Error, Pages};

impl Client {
    /// `GET` of a path such as `/api/v1/zones/nzo1`, decoded.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        self.fetch(&self.call(Method::GET, path, query)?).await
    }

    /// A list by its path, to be read page by page.
    pub fn list<T: Listed>(&self, path: &str, query: &[(&str, &str)]) -> Result<Pages<T>, Error> {
        Pages::new(self, path, query)
    }

    /// `POST`, decoded; not repeated on failure.
    pub async fn post<B, T>(&self, path: &str, query: &[(&str, &str)], body: &B) -> Result<T, Error>
    where
        B: Serialize + ?Sized + Sync,
        T: DeserializeOwned,
    {
        self.fetch(&self.call(Method::POST, path, query)?.json(body)?)
            .await
    }

    /// `POST` with a body or none, whatever the answer: its JSON, or null when it is empty. Not repeated on failure.
    pub async fn post_any(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Error> {
        let mut call = self.call(Method::POST, path, query)?;
        if let Some(body) = body {
            call = call.json(body)?;
        }
        let answer = self.send(&call).await?;
        if answer.body.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        decode(&call, &answer)
    }

    /// `POST` without a body (lifecycle calls); the answer, mostly `{}` or nothing, is dropped.
    pub async fn post_empty(&self, path: &str, query: &[(&str, &str)]) -> Result<(), Error> {
        self.send(&self.call(Method::POST, path, query)?)
            .await
            .map(drop)
    }

    /// `PUT`, decoded. With `if_match`, refused ([`Error::Stale`]) if the thing has changed since.
    pub async fn put<B, T>(&self, path: &str, body: &B, if_match: Option<&str>) -> Result<T, Error>
    where
        B: Serialize + ?Sized + Sync,
        T: DeserializeOwned,
    {
        let mut call = self.call(Method::PUT, path, &[])?.json(body)?;
        if let Some(etag) = if_match {
            call = call.if_match(etag);
        }
        self.fetch(&call).await
    }

    /// `PUT` without a body (group members, role targets).
    pub async fn put_empty(&self, path: &str) -> Result<(), Error> {
        self.send(&self.call(Method::PUT, path, &[])?)
            .await
            .map(drop)
    }

    /// `DELETE`; never repeated by itself, as deleting an active user twice is not deleting once.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        self.delete_with(path, &[]).await
    }

    /// `DELETE` with a query.
    pub async fn delete_with(&self, path: &str, query: &[(&str, &str)]) -> Result<(), Error> {
        self.send(&self.call(Method::DELETE, path, query)?)
            .await
            .map(drop)
    }
}
