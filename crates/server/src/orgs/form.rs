//! Fields that making and changing a connection share.

use secrecy::SecretString;

use crate::connections::{self, Authentication, GivenKey, Job};
use crate::console::Fields;
use crate::sync;
use crate::web::Problem;

/// One option of a choice.
pub(super) struct Offer {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) chosen: bool,
}

/// Intervals in words.
fn interval(minutes: i64) -> String {
    match minutes {
        60 => "1 hour".to_owned(),
        minutes if minutes > 60 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

/// The intervals to choose from, with the one in force.
pub(super) fn intervals(chosen: i64) -> Vec<Offer> {
    let option = |minutes: i64| Offer {
        value: minutes.to_string(),
        label: interval(minutes),
        hint: String::new(),
        chosen: minutes == chosen,
    };
    sync::INTERVALS.into_iter().map(option).collect()
}

/// What the jobs are called.
pub(super) fn job_label(job: Job) -> &'static str {
    match job {
        Job::Sync => "Roles from groups",
        Job::Events => "Events",
        Job::Keys => "Security keys",
        Job::Passkeys => "Passkeys for Okta",
        Job::Actions => "Connector actions",
    }
}

/// The jobs to choose from.
pub(super) fn jobs(chosen: &[Job]) -> Vec<Offer> {
    let option = |job: Job| {
        let scopes: Vec<&str> = job.scopes().iter().map(|scope| scope.name).collect();
        Offer {
            value: job.word().to_owned(),
            label: job_label(job).to_owned(),
            hint: scopes.join(", "),
            chosen: chosen.contains(&job),
        }
    };
    Job::ALL.into_iter().map(option).collect()
}

/// The jobs that a form sent.
pub(super) fn read_jobs(fields: &Fields) -> Result<Vec<Job>, Problem> {
    let job = |word: &str| {
        Job::of(word).ok_or_else(|| Problem::invalid(format!("there is no job `{word}`")))
    };
    fields.all("jobs").map(job).collect()
}

/// The way of authentication that a form sent.
pub(super) fn read_way(fields: &Fields) -> Result<Authentication, Problem> {
    Authentication::of(fields.text("auth"))
        .ok_or_else(|| Problem::invalid("choose how we sign in to Okta"))
}

/// A pasted key: none when nothing was pasted.
pub(super) fn pasted(fields: &Fields, purpose: &str) -> Option<GivenKey> {
    let private = fields.given(&format!("{purpose}_private"))?;
    Some(GivenKey {
        private_pem: SecretString::from(private),
        public: fields
            .given(&format!("{purpose}_public"))
            .map(str::to_owned),
        kid: fields.given(&format!("{purpose}_kid")).map(str::to_owned),
    })
}

/// A secret that a form sent.
pub(super) fn secret(fields: &Fields, name: &str) -> Option<SecretString> {
    fields.given(name).map(SecretString::from)
}

/// A scope that a person's consent can be asked for.
pub(super) struct ScopeOffer {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) chosen: bool,
}

/// The scopes to choose from; those that the form sent are chosen.
pub(super) fn consent_scopes(fields: Option<&Fields>) -> Vec<ScopeOffer> {
    let chosen = read_scopes(fields).unwrap_or_default();
    let offer = |scope: connections::KnownScope| ScopeOffer {
        chosen: chosen.contains(&scope.name),
        name: scope.name,
        purpose: scope.purpose,
    };
    connections::known_scopes().into_iter().map(offer).collect()
}

/// The scopes that a form sent; none when it leaves them to the jobs.
pub(super) fn read_scopes(fields: Option<&Fields>) -> Option<Vec<String>> {
    let chosen: Vec<String> = fields?.all("scope").map(str::to_owned).collect();
    (!chosen.is_empty()).then_some(chosen)
}
