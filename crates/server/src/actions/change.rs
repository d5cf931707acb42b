//! A change, done once: claimed, called, read back where Okta is vague, settled.

use std::time::Duration;

use keywright_okta::Error as OktaError;
use serde_json::{Value, json};

use super::action::{Back, Change};
use super::claim::{self, Claim, Claimed};
use super::look::{self, Seen, look};
use super::run::{Ready, not_there};
use super::{Answer, Error, output};
use crate::audit;

/// How often whoever runs a change says that it is still at it.
const BEAT: Duration = Duration::from_secs(10);

/// What reading back says of a change.
enum Settled {
    Reached(Seen),
    NotReached,
    Unclear,
}

impl Ready {
    /// Does it, or gives what came of it when it was done under this key.
    pub(super) async fn change(
        &self,
        change: &'static Change,
        key: Option<&str>,
    ) -> Result<Answer, Error> {
        let claimed = claim::claim(
            &self.app,
            &self.actor,
            self.connection.id,
            self.action,
            &self.input,
            key,
        );
        match claimed.await? {
            Claimed::Done(kept) => Ok(answer(&kept, true)),
            Claimed::New(claim) => {
                let kept = self
                    .leased(&claim, self.perform(claim.clone(), change))
                    .await?;
                Ok(answer(&kept, false))
            }
            Claimed::Begun(claim) => {
                let kept = self
                    .leased(&claim, self.go_on(claim.clone(), change))
                    .await?;
                Ok(answer(&kept, false))
            }
        }
    }

    /// Does something while the lease is kept.
    async fn leased<T>(
        &self,
        claim: &Claim,
        what: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::pin!(what);
        loop {
            match tokio::time::timeout(BEAT, &mut what).await {
                Ok(done) => return done,
                Err(_) => claim.keep(&self.app, &self.actor).await?,
            }
        }
    }

    /// What was begun and not ended: read back, and done only if it was not.
    async fn go_on(&self, claim: Claim, change: &'static Change) -> Result<Value, Error> {
        match self.settle(&claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(&claim, change, now).await,
            Ok(Settled::NotReached) => self.perform(claim, change).await,
            Ok(Settled::Unclear) => {
                self.unclear(&claim, "it cannot be seen at Okta whether it was done")
                    .await
            }
            Err(error) => {
                self.unclear(&claim, &format!("Okta could not be asked: {error}"))
                    .await
            }
        }
    }

    async fn perform(&self, mut claim: Claim, change: &'static Change) -> Result<Value, Error> {
        if change.looks_first {
            match look(&self.client, &self.input, change.things).await {
                Ok(seen) => {
                    if let Some(what) = seen.lacks(change.things) {
                        let error = not_there(what);
                        self.give_back(&claim, &error).await?;
                        return Err(error);
                    }
                    claim.saw(&self.app, &self.actor, &seen).await?;
                }
                Err(error) => {
                    let error = self.refused(error);
                    self.give_back(&claim, &error).await?;
                    return Err(error);
                }
            }
        }
        // From here on the call may be done: whoever finds the claim without an end reads back.
        claim.keep(&self.app, &self.actor).await?;
        match look::send(&self.client, &(change.call)(&self.input)).await {
            Ok(said) => self.answered(&claim, change, said).await,
            Err(error) if look::may_be_done(&error) => self.unanswered(&claim, change, error).await,
            Err(error) => {
                let error = self.refused(error);
                self.give_back(&claim, &error).await?;
                Err(error)
            }
        }
    }

    /// Okta said that it was done.
    async fn answered(
        &self,
        claim: &Claim,
        change: &'static Change,
        said: Value,
    ) -> Result<Value, Error> {
        let now = match change.back {
            Back::User(_) | Back::Deleted => look(&self.client, &self.input, change.things)
                .await
                .map(Some),
            Back::Rule if said.is_null() => look(&self.client, &self.input, change.things)
                .await
                .map(Some),
            _ => Ok(None),
        };
        let (now, notes) = match now {
            Ok(now) => (now, Vec::new()),
            Err(error) => (
                None,
                vec![format!("it was done, but could not be read back: {error}")],
            ),
        };
        let before = claim.before.as_ref();
        let vague = matches!(change.back, Back::User(_) | Back::Deleted);
        if let Some(now) = now.as_ref().filter(|_| vague)
            && (change.reached)(&self.input, before, now) == Some(false)
        {
            let why = "Okta answered that it was done, but what is read back shows otherwise";
            return self.unclear(claim, why).await;
        }
        self.keep(claim, change, Some(&said), now.as_ref(), notes)
            .await
    }

    /// Nobody said whether it was done.
    async fn unanswered(
        &self,
        claim: &Claim,
        change: &'static Change,
        error: OktaError,
    ) -> Result<Value, Error> {
        match self.settle(claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(claim, change, now).await,
            // It may still be on its way: not seen now is not the same as never.
            _ => self.unclear(claim, &error.to_string()).await,
        }
    }

    async fn settle(&self, claim: &Claim, change: &Change) -> Result<Settled, OktaError> {
        let now = look(&self.client, &self.input, change.things).await?;
        let reached = (change.reached)(&self.input, claim.before.as_ref(), &now);
        Ok(match reached {
            Some(true) => Settled::Reached(now),
            Some(false) => Settled::NotReached,
            None if change.repeatable => Settled::NotReached,
            None => Settled::Unclear,
        })
    }

    async fn settled(&self, claim: &Claim, change: &Change, now: Seen) -> Result<Value, Error> {
        let notes = vec!["there was no answer; reading back shows that it was done".to_owned()];
        self.keep(claim, change, None, Some(&now), notes).await
    }

    async fn keep(
        &self,
        claim: &Claim,
        change: &Change,
        said: Option<&Value>,
        now: Option<&Seen>,
        mut notes: Vec<String>,
    ) -> Result<Value, Error> {
        let output = output::output(change, &self.input, said, now, &mut notes);
        let kept = json!({"output": output, "notes": notes});
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.entry("action.done", claim, &output, json!({"notes": notes}));
        claim.done(&mut work, &kept, entry).await?;
        work.commit().await?;
        Ok(kept)
    }

    async fn unclear(&self, claim: &Claim, why: &str) -> Result<Value, Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.entry("action.unknown", claim, &Value::Null, json!({"why": why}));
        claim.unknown(&mut work, entry).await?;
        work.commit().await?;
        Err(Error::OutcomeUnknown {
            action: self.action,
            why: why.to_owned(),
        })
    }

    async fn give_back(&self, claim: &Claim, error: &Error) -> Result<(), Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let why = json!({"why": error.to_string()});
        let entry = self.entry("action.refused", claim, &Value::Null, why);
        claim.give_back(&mut work, entry).await?;
        Ok(work.commit().await?)
    }

    fn entry(
        &self,
        what: &'static str,
        claim: &Claim,
        output: &Value,
        mut detail: Value,
    ) -> audit::Entry {
        detail["run"] = json!(claim.id);
        self.about(what, output, detail)
    }

    /// Settles a run whose process is gone: done, or given back, or unknown. `false` when Okta could not be asked.
    pub(super) async fn settle_orphan(
        &self,
        claim: &Claim,
        change: &'static Change,
    ) -> Result<bool, Error> {
        let ended = match self.settle(claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(claim, change, now).await.map(drop),
            Ok(Settled::NotReached) => {
                let error = Error::OutcomeUnknown {
                    action: self.action,
                    why: "its process ended; reading back shows that it was not done".to_owned(),
                };
                self.give_back(claim, &error).await
            }
            Ok(Settled::Unclear) => {
                let why = "its process ended, and it cannot be seen at Okta whether it was done";
                self.unclear(claim, why).await.map(drop)
            }
            Err(_) => return Ok(false),
        };
        match ended {
            Err(Error::OutcomeUnknown { .. }) | Ok(()) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn answer(kept: &Value, replayed: bool) -> Answer {
    let notes = kept["notes"].as_array().into_iter().flatten();
    Answer::Output {
        output: kept["output"].clone(),
        notes: notes.filter_map(Value::as_str).map(str::to_owned).collect(),
        replayed,
    }
}
