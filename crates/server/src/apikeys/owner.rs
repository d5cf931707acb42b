//! What the directory says of a key's owner.

use std::collections::HashMap;

use crate::app::Work;
use crate::db::{self, UserId};
use crate::directory::{self, Access};

/// The owner as they are now; `None` when they may not sign in, or when there is no such user.
pub(super) async fn find(work: &Work, id: UserId) -> db::Result<Option<Access>> {
    Ok(directory::access(work, id)
        .await?
        .filter(|access| !access.blocked))
}

/// Where to write to; empty when that is not known.
pub(super) async fn mail(work: &Work, id: UserId) -> db::Result<String> {
    match directory::find_user(work, id).await {
        Ok(user) => Ok(user.email),
        Err(directory::Error::Db(error)) => Err(error),
        Err(_) => Ok(String::new()),
    }
}

/// The logins of the keys' owners, in one query.
pub(super) async fn logins(
    work: &Work,
    keys: &[super::ApiKey],
) -> db::Result<HashMap<UserId, String>> {
    let mut ids: Vec<UserId> = keys.iter().map(|key| key.owner_id).collect();
    ids.sort_unstable();
    ids.dedup();
    directory::logins_of(work, &ids).await
}
