//! Lists: one page with a cursor, or all of them as they come.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream::{self, BoxStream};
use keywright_okta::model::factor::Factor;
use keywright_okta::model::group::GroupRule;
use keywright_okta::model::log::LogEvent;
use keywright_okta::model::user::AppLink;
use keywright_okta::model::{Group, User};
use keywright_okta::{Error as OktaError, Listed, Pages};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::action::{Call, Does, Items};
use super::run::Ready;
use super::{Answer, Error};

/// Calls a function for the kind of item that a list shows.
macro_rules! by_kind {
    ($items:expr, $function:ident($($argument:expr),*)) => {
        match $items {
            Items::Users => $function::<User>($($argument),*),
            Items::Groups => $function::<Group>($($argument),*),
            Items::AppLinks => $function::<AppLink>($($argument),*),
            Items::Events => $function::<LogEvent>($($argument),*),
            Items::Factors => $function::<Factor>($($argument),*),
            Items::Rules => $function::<GroupRule>($($argument),*),
        }
    };
}

/// All pages of a list, as they come; an error ends it.
pub type Pieces = BoxStream<'static, Result<Vec<Value>, Error>>;

/// One page.
pub(super) async fn page(
    ready: &Ready,
    limit: Option<u32>,
    after: Option<&str>,
) -> Result<Answer, Error> {
    let (call, items) = call(ready, limit)?;
    let from = after.map(|after| place(ready, &call, after)).transpose()?;
    let mut pieces = by_kind!(items, open(ready, &call, from))?;
    let (items, next) = (pieces.next)()
        .await
        .map_err(|error| ready.refused(error))?
        .unwrap_or_default();
    Ok(Answer::Page {
        items,
        next: next.map(|url| cursor(&url)),
    })
}

/// All pages to the end.
pub(super) fn all(ready: Ready) -> Result<Pieces, Error> {
    let (call, items) = call(&ready, Some(crate::web::MAX_LIMIT))?;
    let opened = by_kind!(items, open(&ready, &call, None))?;
    let read = move |state: Option<(Opened, Ready)>| async move {
        let (mut opened, ready) = state?;
        match (opened.next)().await {
            Ok(Some((items, _))) => Some((Ok(items), Some((opened, ready)))),
            Ok(None) => None,
            Err(error) => Some((Err(ready.refused(error)), None)),
        }
    };
    Ok(Box::pin(stream::unfold(Some((opened, ready)), read)))
}

type Read = Result<Option<(Vec<Value>, Option<Url>)>, OktaError>;

/// A list being read, whatever its kind.
struct Opened {
    next: Box<dyn FnMut() -> futures_util::future::BoxFuture<'static, Read> + Send>,
}

fn open<T: Listed + Serialize + Send + 'static>(
    ready: &Ready,
    call: &Call,
    from: Option<Url>,
) -> Result<Opened, Error> {
    let pages = match from {
        None => ready.client.list::<T>(&call.path, &call.pairs()),
        Some(url) => Pages::<T>::resume(&ready.client, &url),
    };
    let pages = pages.map_err(|error| ready.refused(error))?;
    let pages = std::sync::Arc::new(tokio::sync::Mutex::new(pages));
    let next = move || -> futures_util::future::BoxFuture<'static, Read> {
        let pages = std::sync::Arc::clone(&pages);
        Box::pin(async move {
            let mut pages = pages.lock().await;
            let Some(page) = pages.next().await? else {
                return Ok(None);
            };
            let items = page
                .items
                .iter()
                .map(|item| serde_json::json!(item))
                .collect();
            Ok(Some((items, pages.cursor().cloned())))
        })
    };
    Ok(Opened {
        next: Box::new(next),
    })
}

/// The call of a list with its page size, where Okta takes one.
fn call(ready: &Ready, limit: Option<u32>) -> Result<(Call, Items), Error> {
    let Does::List(call, items) = &ready.action.does else {
        return Err(Error::NoList(ready.action.name));
    };
    let mut call = call(&ready.input);
    let sized = call.path == "/api/v1/users"
        || call.path == "/api/v1/groups"
        || call.path == "/api/v1/groups/rules"
        || call.path == "/api/v1/logs"
        || (*items == Items::Users && call.path.ends_with("/users"));
    if sized {
        call = call.with("limit", limit.unwrap_or(crate::web::MAX_LIMIT));
    }
    Ok((call, *items))
}

/// Okta's own link to the next page, without the org: opaque to the caller.
fn cursor(url: &Url) -> String {
    URL_SAFE_NO_PAD.encode(format!(
        "{}?{}",
        url.path(),
        url.query().unwrap_or_default()
    ))
}

/// Where a cursor leads: never anywhere but on in the same list of the same org.
fn place(ready: &Ready, call: &Call, after: &str) -> Result<Url, Error> {
    let text = URL_SAFE_NO_PAD
        .decode(after)
        .map_err(|_| Error::BadCursor)?;
    let text = String::from_utf8(text).map_err(|_| Error::BadCursor)?;
    let (path, query) = text.split_once('?').ok_or(Error::BadCursor)?;
    let mut url = ready
        .client
        .org()
        .join(&call.path)
        .filter(|url| url.path() == path)
        .ok_or(Error::BadCursor)?;
    url.set_query(Some(query));
    Ok(url)
}
