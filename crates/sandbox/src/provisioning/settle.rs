//! What came of a task, noted in the org.

use super::client::Trouble;
use super::job::{Deed, Job, Outcome};
use super::side::{Failure, Pause, Subject};
use crate::clock::Time;
use crate::http::Call;
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// 429: how long Okta waits when the server does not say, in seconds.
const WAIT_SECONDS: i64 = 300;
/// 429: how often Okta tries.
const TRIES: u32 = 10;

/// Notes the outcome of a job.
pub(super) fn settle(org: &mut Org, call: &Call, job: &Job, outcome: Outcome) {
    let now = call.now;
    let Some(side) = org.provisioning.of_mut(job.app) else {
        return;
    };
    side.running = side.running.saturating_sub(1);
    side.requests += job.client.requests;
    side.struck += job.client.struck;
    if let Err(Trouble::TooMany(wait)) = &outcome {
        // Those that were on their way together count once.
        let tries = match side.pause {
            Some(pause) if pause.until > now => pause.tries,
            Some(pause) => pause.tries + 1,
            None => 1,
        };
        if tries <= TRIES {
            let seconds = wait.unwrap_or(WAIT_SECONDS) << (tries - 1).min(9);
            side.pause = Some(Pause {
                until: now.plus(seconds),
                tries,
            });
            // It keeps its place.
            side.queue.push_front(job.subject);
            return;
        }
    }
    side.pause = None;
    match outcome {
        Ok(id) => {
            side.done += 1;
            well(org, job, id, now);
            told(org, call, job, None);
        }
        Err(trouble) => {
            let text = text(org, job, &trouble);
            failed(org, job, &text, now);
            told(org, call, job, Some(text));
        }
    }
}

fn well(org: &mut Org, job: &Job, id: Option<String>, now: Time) {
    let Some(side) = org.provisioning.of_mut(job.app) else {
        return;
    };
    match job.subject {
        Subject::Person(user) => {
            if let Some(account) = side.accounts.get_mut(&user) {
                account.external_id = id;
                account.active = !matches!(job.deed, Deed::Deactivate { .. });
                account.said = job.digest;
                account.last_sync = Some(now.whole());
                (account.busy, account.uncertain, account.failed) = (false, false, None);
                account.tries += 1;
            }
        }
        Subject::Group(mapping) => {
            let Some(id) = id else {
                side.links.remove(&mapping);
                return;
            };
            if let Some(link) = side.links.get_mut(&mapping) {
                link.external_id = Some(id);
                link.name.clone_from(&job.name);
                link.members.clone_from(&job.serials);
                link.last_push = Some(now.whole());
                (link.busy, link.uncertain, link.failed) = (false, false, None);
                link.tries += 1;
            }
        }
    }
}

fn failed(org: &mut Org, job: &Job, text: &str, now: Time) {
    let failure = Some(Failure {
        wanted: job.task,
        text: text.to_owned(),
        at: now,
    });
    let Some(side) = org.provisioning.of_mut(job.app) else {
        return;
    };
    match job.subject {
        Subject::Person(user) => {
            if let Some(account) = side.accounts.get_mut(&user) {
                (account.busy, account.uncertain, account.failed) = (false, true, failure);
                account.tries += 1;
            }
        }
        Subject::Group(mapping) => {
            if let Some(link) = side.links.get_mut(&mapping) {
                (link.busy, link.uncertain, link.failed) = (false, true, failure);
                link.tries += 1;
            }
        }
    }
}

/// The error as Okta shows it on the assignment or the pushed group.
fn text(org: &Org, job: &Job, trouble: &Trouble) -> String {
    let why = trouble.text();
    let app = org
        .apps
        .get(job.app)
        .map(|app| app.label.clone())
        .unwrap_or_default();
    let login = &job.name;
    if let Subject::Person(user) = job.subject {
        let name = org.user_target(user).name;
        return match job.deed {
            Deed::Create => format!(
                "Automatic provisioning of user {name} to app {app} failed: Error while creating user {login}: {why}"
            ),
            Deed::Deactivate { .. } => format!(
                "Automatic deprovisioning of user {name} from app {app} failed: Error while trying to push user deactivation for {login}: {why}"
            ),
            Deed::Reactivate { .. } => format!(
                "Automatic reactivation of user {name} to app {app} failed: Error while trying to push user reactivation for {login}: {why}"
            ),
            _ => format!(
                "Automatic profile push of user {name} to app {app} failed: Error while trying to push profile update for {login}: {why}"
            ),
        };
    }
    let doing = match job.deed {
        Deed::Push { id: None } => "creating",
        Deed::Delete { .. } => "deleting",
        _ => "updating",
    };
    format!(
        "Unable to update Group Push mapping target App group {login}: Error while {doing} user group {login}: {why}"
    )
}

fn told(org: &mut Org, call: &Call, job: &Job, failure: Option<String>) {
    let name = match job.deed {
        Deed::Create => "application.provision.user.push",
        Deed::Update { .. } => "application.provision.user.push_profile",
        Deed::Deactivate { .. } => "application.provision.user.deactivate",
        Deed::Reactivate { .. } => "application.provision.user.reactivate",
        Deed::Push { .. } => "application.provision.group_push.pushed",
        Deed::Change(_) => "application.provision.group_push.updated",
        Deed::Delete { .. } => "application.provision.group_push.deleted_appgroup",
    };
    let mut event = Event::new(name).target(org.app_target(job.app));
    event = match job.subject {
        Subject::Person(user) => event.target(org.user_target(user).with_kind("AppUser")),
        Subject::Group(mapping) => {
            let app = org.apps.get(job.app);
            let push = app.and_then(|app| app.pushes.get(mapping));
            let source =
                push.and_then(|push| org.tail.serial(Kind::GROUP, push.text("sourceGroupId")));
            match source {
                Some(group) => event.target(org.group_target(group)),
                None => event,
            }
        }
    };
    if let Some(reason) = failure {
        event = event.failed(reason);
    }
    org.record(call, event);
}
