//! Writing the state soon after each change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::StateFile;
use crate::orgs::Orgs;

/// Changes that come so close together are written together.
const AT_LEAST: Duration = Duration::from_millis(200);

/// Writes the state for the first time, so that it is kept from the start on.
pub(crate) async fn first(file: &Arc<StateFile>, orgs: &Arc<Orgs>) {
    write(file, orgs).await;
}

/// Writes the state soon after each change, and at the end.
///
/// A large state takes a while to write; it is then written less often, so that at most a fifth of the time goes into it.
pub(crate) async fn keep(file: Arc<StateFile>, orgs: Arc<Orgs>, stop: CancellationToken) {
    let mut pause = AT_LEAST;
    loop {
        tokio::select! {
            () = orgs.changed() => {}
            () = stop.cancelled() => break,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => break,
        }
        pause = write(&file, &orgs).await;
    }
    write(&file, &orgs).await;
}

/// Writes once; gives how long to wait before the next time.
async fn write(file: &Arc<StateFile>, orgs: &Arc<Orgs>) -> Duration {
    let state = orgs.snapshot();
    let file = Arc::clone(file);
    let began = Instant::now();
    let written = tokio::task::spawn_blocking(move || file.write(state)).await;
    let error = match written {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = &error {
        tracing::error!(%why, "the state file could not be written");
    }
    orgs.state_written(error);
    AT_LEAST.max(began.elapsed() * 4)
}
