//! What the directory says of a key's owner.

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
