//! The calls a run makes, counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream};
use jiff::SignedDuration;
use keywright_model::{Group, OktaGroupId, User};
use keywright_okta::{Client, Error, GroupQuery, Page, UserQuery};

/// Ids of one filter: at 36 characters each, its address stays below the 8 KiB that servers commonly take.
const IDS: usize = 200;

/// The longest wait for a second to be over: a stamp further ahead of Okta's own `Date` is no present second.
const MOST_WAIT: Duration = Duration::from_millis(1_100);

/// One org as a run sees it.
#[derive(Clone)]
pub(super) struct Org {
    client: Client,
    calls: Arc<AtomicU64>,
    /// The latest that Okta told of its time, and when.
    told: Arc<Mutex<Option<(jiff::Timestamp, Instant)>>>,
}

/// The mapped groups as listed at one moment.
pub(super) struct Listing {
    pub(super) groups: HashMap<Box<str>, Group>,
    /// Okta's time of the first page: what was changed before that second is in it.
    pub(super) date: jiff::Timestamp,
    /// How many groups the org has, if all were listed.
    pub(super) org_groups: Option<i64>,
}

impl Org {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            calls: Arc::default(),
            told: Arc::default(),
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// The groups with these ids, by whichever way takes fewer calls. `org_groups` is how many the org had lately.
    pub(super) async fn list(
        &self,
        ids: &[&str],
        org_groups: Option<i64>,
    ) -> Result<Listing, Error> {
        let by_id = ids.len().div_ceil(IDS);
        let all = org_groups
            .and_then(|groups| usize::try_from(groups).ok())
            .map_or(usize::MAX, |groups| groups / IDS + 1);
        if all < by_id {
            return self.list_all(ids).await;
        }
        match self.list_by_id(ids).await {
            // Whatever stands in the way of so long a filter, all groups can still be listed.
            Err(Error::Validation(_) | Error::Unexpected(_)) => self.list_all(ids).await,
            listed => listed,
        }
    }

    async fn list_by_id(&self, ids: &[&str]) -> Result<Listing, Error> {
        let mut listing = Listing {
            groups: HashMap::with_capacity(ids.len()),
            date: self.now(),
            org_groups: None,
        };
        for (number, ids) in ids.chunks(IDS).enumerate() {
            let filter = ids
                .iter()
                .map(|id| format!("id eq \"{id}\""))
                .collect::<Vec<_>>()
                .join(" or ");
            let pages = self.client.groups(&GroupQuery {
                filter: Some(filter),
                ..GroupQuery::default()
            })?;
            self.take(pages, number == 0, &mut listing, |_| true)
                .await?;
        }
        Ok(listing)
    }

    async fn list_all(&self, ids: &[&str]) -> Result<Listing, Error> {
        let wanted: std::collections::HashSet<&str> = ids.iter().copied().collect();
        let mut listing = Listing {
            groups: HashMap::with_capacity(ids.len()),
            date: self.now(),
            org_groups: None,
        };
        let pages = self.client.groups(&GroupQuery::default())?;
        let found = self
            .take(pages, true, &mut listing, |group| {
                wanted.contains(group.id.as_str())
            })
            .await?;
        listing.org_groups = i64::try_from(found).ok();
        Ok(listing)
    }

    async fn take(
        &self,
        mut pages: keywright_okta::Pages<Group>,
        first: bool,
        listing: &mut Listing,
        wanted: impl Fn(&Group) -> bool,
    ) -> Result<usize, Error> {
        let mut found = 0;
        while let Some(page) = self.next(&mut pages).await? {
            if first && page.number == 1 {
                listing.date = self.date(page.date);
            }
            found += page.items.len();
            let kept = page.items.into_iter().filter(|group| wanted(group));
            listing
                .groups
                .extend(kept.map(|group| (group.id.as_str().into(), group)));
        }
        Ok(found)
    }

    /// A group by itself; `None` when the org has none with this id.
    pub(super) async fn group(&self, id: &str) -> Result<Option<Group>, Error> {
        self.count();
        match self.client.group(&OktaGroupId::from(id)).await {
            Ok(group) => Ok(Some(group)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many members Okta counts in a group, if it tells.
    pub(super) async fn member_count(&self, id: &str) -> Result<Option<u64>, Error> {
        self.count();
        let which = GroupQuery {
            filter: Some(format!("id eq \"{id}\"")),
            expand: Some("stats".to_owned()),
            ..GroupQuery::default()
        };
        let Some(page) = self.client.groups(&which)?.next().await? else {
            return Ok(None);
        };
        Ok(page.items.first().and_then(Group::users_count))
    }

    /// The pages of a group's members; the last item of the pair says whether it was the last page.
    pub(super) fn members(
        &self,
        id: &str,
    ) -> impl Stream<Item = Result<(Page<User>, bool), Error>> + Send + use<> {
        let org = self.clone();
        let pages = self.client.group_members(&OktaGroupId::from(id));
        stream::try_unfold((org, Some(pages)), |(org, pages)| async move {
            let Some(pages) = pages else { return Ok(None) };
            let mut pages = pages?;
            let Some(page) = org.next(&mut pages).await? else {
                return Ok(None);
            };
            let more = pages.cursor().is_some();
            Ok(Some(((page, !more), (org, more.then_some(Ok(pages))))))
        })
    }

    /// The people changed since `since` (Okta's time).
    pub(super) fn changed_people(
        &self,
        since: jiff::Timestamp,
    ) -> Result<keywright_okta::Pages<User>, Error> {
        let since = keywright_model::OktaTime::millis(since);
        let filter = format!("lastUpdated ge \"{}\"", since.as_str());
        self.client.users(&UserQuery {
            filter: Some(filter),
            ..UserQuery::default()
        })
    }

    /// The next page, counted.
    pub(super) async fn next<T: keywright_okta::Listed>(
        &self,
        pages: &mut keywright_okta::Pages<T>,
    ) -> Result<Option<Page<T>>, Error> {
        if pages.cursor().is_some() {
            self.count();
        }
        pages.next().await
    }

    /// The people with these ids, as far as the org has them.
    pub(super) async fn people(&self, ids: &[&str]) -> Result<Vec<User>, Error> {
        let filter = ids
            .iter()
            .map(|id| format!("id eq \"{id}\""))
            .collect::<Vec<_>>()
            .join(" or ");
        self.count();
        self.client
            .users(&UserQuery {
                filter: Some(filter),
                ..UserQuery::default()
            })?
            .all()
            .await
    }

    /// A person by themselves; `None` when the org has none with this id.
    pub(super) async fn person(&self, id: &str) -> Result<Option<User>, Error> {
        self.count();
        match self.client.user(id).await {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> jiff::Timestamp {
        self.client.clock().okta()
    }

    /// Okta's time of an answer, or a little earlier. Its `Date` has whole seconds; time that passed here since an
    /// earlier one counts too.
    pub(super) fn date(&self, told: Option<jiff::Timestamp>) -> jiff::Timestamp {
        let mut latest = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = latest.and_then(|(told, at)| {
            let passed = SignedDuration::try_from(at.elapsed()).ok()?;
            told.checked_add(passed).ok()
        });
        match (told, counted) {
            (Some(told), Some(counted)) if told <= counted => counted,
            (None, Some(counted)) => counted,
            (told, None | Some(_)) => {
                let told = told.unwrap_or_else(|| self.now());
                *latest = Some((told, Instant::now()));
                told
            }
        }
    }

    /// Waits until this second of Okta's time is over, at most [`MOST_WAIT`]; gives Okta's time then.
    pub(super) async fn wait_past(&self, second: i64) -> jiff::Timestamp {
        let over = jiff::Timestamp::from_second(second.saturating_add(1));
        let left = over.map(|over| self.date(None).duration_until(over));
        let left = left.ok().and_then(|left| Duration::try_from(left).ok());
        if let Some(left) = left {
            tokio::time::sleep(left.min(MOST_WAIT)).await;
        }
        self.date(None)
    }
}

/// People asked for by id at once.
pub(super) const BATCH: usize = IDS;
