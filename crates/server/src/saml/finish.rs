//! The answer of an identity provider: judged, used once, and turned into a session.

use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp as Instant};
use keywright_proto::saml::{
    self, Expectation, Identity, IdentityProvider, Refusal, RelayState, SpKey, decode_post,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::pending::{Pending, SECONDS};
use super::refused::Refused;
use super::{person, store, traces};
use crate::actor::{Actor, ActorKind};
use crate::app::{App, Work};
use crate::audit;
use crate::directory::User;
use crate::sessions::{self, Limit};
use crate::web::Browser;

/// So many refused answers to one question are borne.
const TRIES: i64 = 10;
/// So many refused answers that nobody asked for are traced from one place.
const STRAYS: i64 = 60;
/// So many questions of one browser may stay open while answers come that nobody asked for.
const ROUNDS: usize = 3;

/// How a session that was begun here says it began.
pub(super) const METHOD: &str = "saml";

/// What a browser brought.
pub(super) struct Brought<'a> {
    pub(super) saml_response: &'a str,
    pub(super) relay_state: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) browser: &'a Browser,
}

/// What came of it.
pub(super) enum Finished {
    /// Signed in: the session's token, where to go, and the question's cookie taken away.
    SignedIn {
        token: SecretString,
        back: String,
        cookie: Option<HeaderValue>,
    },
    /// Nobody asked (Okta's tile): begin from here.
    Unsolicited,
}

/// Judges what was brought. A refusal leaves a trace, unless there were too many from there.
pub(super) async fn finish(
    app: &App,
    desk: Desk,
    brought: Brought<'_>,
) -> Result<Finished, Refused> {
    let place = desk.place(app);
    let relay = RelayState::parse(brought.relay_state);
    let pending = relay.and_then(|relay| place.find(&relay, brought.headers));
    // Where the identity provider never says what it answers, beginning anew would go round for ever.
    let round = pending.is_some() || place.open(brought.headers) >= ROUNDS;
    let (actor, connection) = (desk.actor(), desk.connection);
    let limits = [limit(pending.as_ref(), brought.browser)];
    let over = sessions::refused_for(&app.read(&actor).await?, &limits).await?;
    if let (Some(seconds), Some(_)) = (over, &pending) {
        return Err(Refused::TooMany(seconds));
    }
    match answered(app, desk, &brought, pending).await {
        Err(Refused::Answer(Refusal::Unsolicited)) if !round => Ok(Finished::Unsolicited),
        Err(refused) if refused.is_about_a_person() || refused.is_fault() => Err(refused),
        Err(_) if let Some(seconds) = over => Err(Refused::TooMany(seconds)),
        Err(refused) => {
            let refused = refused.when_asked();
            let work = app.begin(&actor).await?;
            traces::keep(&work, connection, &refused, brought.browser).await?;
            sessions::failed(&work, &limits).await?;
            work.commit().await?;
            Err(refused)
        }
        Ok(finished) => Ok(finished),
    }
}

/// What refusals count against: the question, where this browser asked one, so that nobody uses up the tries of others at
/// the same place; else the place.
fn limit(pending: Option<&Pending>, browser: &Browser) -> Limit {
    match pending {
        Some(pending) => Limit {
            name: format!("saml-question:{}", pending.relay),
            most: TRIES,
        },
        None => Limit {
            name: format!("saml:{}", browser.place()),
            most: STRAYS,
        },
    }
}

/// No transaction is open until the answer is verified and it is known who is meant.
async fn answered(
    app: &App,
    desk: Desk,
    brought: &Brought<'_>,
    pending: Option<Pending>,
) -> Result<Finished, Refused> {
    let xml = decode_post(brought.saml_response).map_err(Refusal::from)?;
    let question = pending.as_ref().map(|pending| pending.question.clone());
    let (desk, judged) = judge(desk, xml, question, app.now().to_jiff()).await?;
    // An answer is only taken to an open question, which the cookie holds.
    let (identity, pending) = (judged?, pending.ok_or(Refusal::NoQuestion)?);
    let okta_id = person::okta_id(app, &desk, &identity).await;
    let mut work = app.begin(&desk.actor()).await?;
    once(&work, &desk, &pending, &identity).await?;
    let admitted = match okta_id {
        Ok(okta_id) => person::admit(&mut work, &desk, &okta_id, &identity).await,
        Err(refused) => Err(refused),
    };
    match admitted {
        Ok(user) => {
            let token = sign_in(&mut work, &desk, &user, &identity, brought.browser).await?;
            work.commit().await?;
            let cookie = desk.place(app).take_away(&pending);
            let back = pending.back;
            Ok(Finished::SignedIn {
                token,
                back,
                cookie,
            })
        }
        Err(refused) if refused.is_about_a_person() => {
            turned_away(&mut work, &desk, &refused).await?;
            traces::keep(&work, desk.connection, &refused, brought.browser).await?;
            work.commit().await?;
            Err(refused)
        }
        Err(fault) => Err(fault),
    }
}

/// Verifies the answer on a thread where it may take its time.
async fn judge(
    desk: Desk,
    xml: Vec<u8>,
    question: Option<String>,
    now: Instant,
) -> Result<(Desk, Result<Identity, Refusal>), Refused> {
    let judging = tokio::task::spawn_blocking(move || {
        let judged = by_each_key(&desk, &xml, question.as_deref(), now);
        (desk, judged)
    });
    judging
        .await
        .map_err(|defect| Refused::Fault(Box::new(defect)))
}

/// While a new key of ours takes over, assertions may come encrypted for either.
fn by_each_key(
    desk: &Desk,
    xml: &[u8],
    question: Option<&str>,
    now: Instant,
) -> Result<Identity, Refusal> {
    let mut judged = Err(Refusal::NoDecryptionKey);
    for key in &desk.keys {
        judged = saml::verify(xml, &expectation(desk, &desk.provider, key, question), now);
        if !matches!(judged, Err(Refusal::Undecryptable)) {
            break;
        }
    }
    judged
}

fn expectation<'a>(
    desk: &'a Desk,
    idp: &'a IdentityProvider,
    key: &'a SpKey,
    question: Option<&'a str>,
) -> Expectation<'a> {
    Expectation {
        entity_id: &desk.addresses.entity_id,
        acs: &desk.addresses.acs_url,
        idp,
        request_id: question,
        decryption: Some(key),
        demand: desk.settings.demand.into(),
        skew: SignedDuration::from_secs(i64::from(desk.settings.skew_seconds)),
    }
}

/// Uses up the question and the assertion: each stands for one sign-in.
async fn once(
    work: &Work,
    desk: &Desk,
    pending: &Pending,
    identity: &Identity,
) -> Result<(), Refused> {
    let question = hash(&["question", &pending.question]);
    let assertion = hash(&["assertion", &identity.issuer, &identity.assertion_id]);
    // Longer than the cookie lives and the clocks differ: later both are refused by their time.
    let until = pending.until.plus_seconds(SECONDS);
    let remember = crate::db::Timestamp::from_jiff(identity.remember_until);
    let fresh = store::first_use(work, desk.connection, &question, until).await?
        && store::first_use(work, desk.connection, &assertion, remember).await?;
    if fresh {
        Ok(())
    } else {
        Err(Refusal::Replayed.into())
    }
}

/// Parts are kept apart by a character that no id holds.
fn hash(parts: &[&str]) -> Vec<u8> {
    Sha256::digest(parts.join("\n")).to_vec()
}

async fn sign_in(
    work: &mut Work,
    desk: &Desk,
    user: &User,
    identity: &Identity,
    browser: &Browser,
) -> Result<SecretString, Refused> {
    let names: Vec<String> = identity.attributes.keys().take(200).cloned().collect();
    store::signed_in(work, desk.connection, &names).await?;
    work.actor = Actor {
        kind: ActorKind::Person(user.id),
        name: user.login.clone(),
        ..desk.actor()
    };
    let (_, token) = sessions::begin(work, user.id, user.access_epoch, METHOD, browser).await?;
    Ok(token)
}

/// Somebody whom Okta vouches for was not let in: that belongs into the audit trail.
async fn turned_away(work: &mut Work, desk: &Desk, refused: &Refused) -> Result<(), Refused> {
    let target = ("connection", desk.connection.to_string());
    let entry = audit::Entry::new("session.refused", target, refused.to_string())
        .detail(serde_json::json!({ "code": refused.code(), "login": refused.login() }));
    Ok(audit::record(work, entry).await?)
}
