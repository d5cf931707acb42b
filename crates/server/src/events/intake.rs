//! Taking events in: whoever comes while others are being written waits, and all who wait are written together.
//!
//! A commit waits for the disk, so one commit for many deliveries is what makes thousands of events a second possible. Each
//! delivery is told when its own events are on disk, never before.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot, watch};

use super::incoming::{CameBy, Incoming};
use super::{Error, store};
use crate::actor::Actor;
use crate::app::App;
use crate::db::{self, ConnectionId, TenantId};

/// Deliveries that are written together at most.
const TOGETHER: usize = 256;
/// Deliveries that may wait; the next are told to come again.
const WAITING: usize = 2_000;

/// What the deliveries of one process share: a part of the app. Without it each is written alone.
#[derive(Clone, Debug, Default)]
pub struct Intake(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<VecDeque<Waiting>>,
    writing: Turn<()>,
    /// Changes when events were kept.
    kept: watch::Sender<u64>,
}

#[derive(Debug)]
struct Waiting {
    tenant: TenantId,
    connection: ConnectionId,
    events: Vec<(CameBy, Incoming)>,
    done: oneshot::Sender<bool>,
}

impl Intake {
    /// Of an app, or one of its own.
    pub(super) fn of(app: &App) -> Self {
        app.part::<Self>().cloned().unwrap_or_default()
    }

    /// Says that events were kept.
    pub(super) fn tell(&self) {
        self.0
            .kept
            .send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Tells when events were kept by this process.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.0.kept.subscribe()
    }

    fn wait(&self, waiting: Waiting) -> Result<(), Error> {
        let mut all = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WAITING {
            return Err(Error::Interrupted);
        }
        all.push_back(waiting);
        Ok(())
    }

    fn next(&self) -> Vec<Waiting> {
        let mut all = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() <= TOGETHER {
            return mem::take(&mut *all).into();
        }
        all.drain(..TOGETHER).collect()
    }
}

/// Keeps the events of a connection that are not there yet. When this returns well, they are on disk.
pub async fn take(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
    events: Vec<(CameBy, Incoming)>,
) -> Result<(), Error> {
    let intake = Intake::of(app);
    let (done, told) = oneshot::channel();
    intake.wait(Waiting {
        tenant,
        connection,
        events,
        done,
    })?;
    // A task of its own: a caller that goes away must not end what others wait for.
    let app = app.clone();
    tokio::spawn(async move {
        let _turn = intake.0.writing.lock().await;
        let batch = intake.next();
        if !batch.is_empty() {
            write(&app, batch).await;
            intake.tell();
        }
    });
    match told.await {
        Ok(true) => Ok(()),
        _ => Err(Error::Interrupted),
    }
}

/// Writes a batch, tenant by tenant, and tells each. Where a batch fails, each delivery is tried alone.
async fn write(app: &App, batch: Vec<Waiting>) {
    let mut tenants: BTreeMap<_, Vec<Waiting>> = BTreeMap::new();
    for one in batch {
        tenants.entry(one.tenant.0).or_default().push(one);
    }
    for waiting in tenants.into_values() {
        let whole = together(app, &waiting).await.is_ok();
        for one in waiting {
            let kept = whole || alone(app, &one).await;
            // Who asked may be gone; the events stay.
            let _ = one.done.send(kept);
        }
    }
}

async fn alone(app: &App, one: &Waiting) -> bool {
    let kept = together(app, std::slice::from_ref(one)).await;
    if let Err(error) = &kept {
        let error = crate::web::chain(error);
        tracing::error!(connection = %one.connection, %error, "events could not be kept");
    }
    kept.is_ok()
}

/// Writes what is of one tenant in one transaction.
async fn together(app: &App, waiting: &[Waiting]) -> db::Result<()> {
    let Some(first) = waiting.first() else {
        return Ok(());
    };
    // In the order of their ids, so that two processes never wait for each other.
    let mut connections: BTreeMap<_, Vec<&(CameBy, Incoming)>> = BTreeMap::new();
    for one in waiting {
        let events = connections.entry(one.connection.0).or_default();
        events.extend(&one.events);
    }
    let work = app.begin(&Actor::system(first.tenant, "events")).await?;
    for (connection, events) in connections {
        store::keep(&work, ConnectionId(connection), &events).await?;
    }
    work.commit().await
}
