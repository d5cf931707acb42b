//! Lists, page by page, to their end.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::marker::PhantomData;

use http::{HeaderMap, Method, header};
use jiff::Timestamp;
use keywright_model::{
    ApiToken, App, Group, User, app, authenticator, factor, group, hook, iam, idp, log, org,
    policy, provisioning, role, user, zone,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::Error;
use crate::call::{Call, decode};
use crate::client::Client;
use crate::wire::Answer;

/// The page size asked for where Okta has no better advice.
pub const PAGE_SIZE: u32 = 200;

/// Something with an id by which a list must not show it twice.
pub trait Listed: DeserializeOwned {
    /// The id.
    fn key(&self) -> &str;
}

macro_rules! listed {
    ($($kind:ty),* $(,)?) => { $(
        impl Listed for $kind {
            fn key(&self) -> &str {
                self.id.as_ref()
            }
        }
    )* };
}

listed!(
    User,
    Group,
    App,
    ApiToken,
    app::Grant,
    app::AppUser,
    app::AppGroup,
    app::AppToken,
    role::RoleAssignment
);
listed!(
    authenticator::Authenticator,
    factor::Factor,
    policy::Policy,
    policy::PolicyRule,
    hook::EventHook
);
listed!(
    group::GroupRule,
    group::GroupOwner,
    user::UserType,
    user::AppLink,
    idp::IdentityProvider,
    iam::CustomRole
);
listed!(
    provisioning::GroupPushMapping,
    provisioning::ProfileMapping,
    org::Feature,
    org::PrincipalRateLimit
);
listed!(zone::NetworkZone, zone::TrustedOrigin);

impl Listed for log::LogEvent {
    fn key(&self) -> &str {
        self.uuid.as_str()
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it, without what earlier pages showed.
    pub items: Vec<T>,
    /// How many were left out because an earlier page showed them.
    pub repeated: usize,
    /// When Okta answered, by its own `Date`.
    pub date: Option<Timestamp>,
    /// Okta's request id.
    pub request_id: Option<String>,
    /// Which page, from 1.
    pub number: usize,
}

/// A list being read. Ask for pages until there are no more; an error ends it, and what was read must then not be
/// taken for the whole.
#[derive(Debug)]
#[must_use = "nothing is read until a page is asked for"]
pub struct Pages<T> {
    client: Client,
    next: Option<Url>,
    visited: HashSet<String>,
    seen: HashSet<Box<str>>,
    number: usize,
    first: String,
    endless: bool,
    items: PhantomData<fn() -> T>,
}

impl<T: Listed> Pages<T> {
    pub(crate) fn new(client: &Client, path: &str, query: &[(&str, &str)]) -> Result<Self, Error> {
        let call = client.call(Method::GET, path, query)?;
        Ok(Self::starting_at(client, call.url))
    }

    fn starting_at(client: &Client, url: Url) -> Self {
        Self {
            client: client.clone(),
            first: format!("GET {}", url.path()),
            next: Some(url),
            visited: HashSet::new(),
            seen: HashSet::new(),
            number: 0,
            endless: false,
            items: PhantomData,
        }
    }

    /// Goes on at a link kept from an earlier [`Pages::cursor`]. Refused if it is not the org's.
    pub fn resume(client: &Client, cursor: &Url) -> Result<Self, Error> {
        if !client.org().covers(cursor) {
            return Err(Error::ForeignHost {
                call: format!("GET {}", cursor.path()),
                host: host_of(cursor),
            });
        }
        Ok(Self::starting_at(client, cursor.clone()))
    }

    /// For lists that always name a next page (polling the log): the end is an empty page, and the cursor stays.
    pub(crate) fn until_empty(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Where the next page is: to go on later. `None` at the end of a list.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Url> {
        self.next.as_ref()
    }

    /// The next page; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Error> {
        let Some(url) = self.next.clone() else {
            return Ok(None);
        };
        // Whatever goes wrong from here on, the list has no more pages.
        let cursor = self.next.take();
        self.number += 1;
        self.visited.insert(url.as_str().to_owned());
        let call = Call::new(Method::GET, url);
        let answer = self.client.send(&call).await?;
        let all: Vec<T> = decode(&call, &answer)?;
        let next = self.follow(&answer)?;
        let found = all.len();
        let items: Vec<T> = all
            .into_iter()
            .filter(|item| self.seen.insert(item.key().into()))
            .collect();
        if self.endless && found == 0 {
            self.next = next.or(cursor);
            return Ok(None);
        }
        if found > 0 && items.is_empty() && self.number > 1 {
            return Err(self.in_a_circle());
        }
        self.next = next;
        Ok(Some(Page {
            repeated: found - items.len(),
            items,
            date: answer.date,
            request_id: answer.request_id(),
            number: self.number,
        }))
    }

    /// All that is left, in one list. For lists known to be short.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page.items);
        }
        Ok(all)
    }

    fn follow(&self, answer: &Answer) -> Result<Option<Url>, Error> {
        let Some(link) = next_link(&answer.headers) else {
            return Ok(None);
        };
        let url = Url::parse(&link).map_err(|_| Error::Malformed {
            call: self.first.clone(),
            cause: "the link to the next page is no address".to_owned(),
            request_id: answer.request_id(),
        })?;
        if !self.client.org().covers(&url) {
            return Err(Error::ForeignHost {
                call: self.first.clone(),
                host: host_of(&url),
            });
        }
        if self.visited.contains(url.as_str()) && !self.endless {
            return Err(self.in_a_circle());
        }
        Ok(Some(url))
    }

    fn in_a_circle(&self) -> Error {
        Error::PagingLoop {
            call: self.first.clone(),
            page: self.number,
        }
    }
}

fn host_of(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The target of `rel="next"` (RFC 8288). Okta sends a `Link` header per relation; several in one are read too.
fn next_link(headers: &HeaderMap) -> Option<String> {
    let values = headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(links)
        .find(|(_, relation)| relation == "next")
        .map(|(target, _)| target)
}

/// The links of one header: `<target>; rel="relation"; …, <target>; …`. Targets may hold commas and semicolons.
fn links(mut rest: &str) -> VecDeque<(String, String)> {
    let mut found = VecDeque::new();
    while let Some((_, opened)) = rest.split_once('<') {
        let Some((target, after)) = opened.split_once('>') else {
            break;
        };
        let (parameters, left) = after
            .split_once('<')
            .map_or((after, ""), |(parameters, _)| {
                (parameters, &after[parameters.len()..])
            });
        let relation = parameters.split([';', ',']).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("rel")
                .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        if let Some(relation) = relation {
            found.push_back((target.to_owned(), relation));
        }
        rest = left;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_all_shapes() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::LINK, value.parse().unwrap());
            }
            next_link(&headers)
        };
        let (me, more) = (
            r#"<https://a/b?limit=2>; rel="self""#,
            r#"<https://a/b?after=x,y;z&limit=2>; rel="next""#,
        );
        let want = Some("https://a/b?after=x,y;z&limit=2".to_owned());
        assert_eq!(of(&[me, more]), want);
        assert_eq!(of(&[&format!("{me}, {more}")]), want);
        assert_eq!(
            of(&[r#"<https://a/b?after=x,y;z&limit=2>; title="t"; REL=next"#]),
            want
        );
        assert_eq!(of(&[me]), None);
        assert_eq!(of(&["garbage", "<unclosed"]), None);
    }

    proptest::proptest! {
        #[test]
        fn never_fails(header in "\\PC{0,60}") {
            let _ = links(&header);
        }
    }
}
