//! Asks the org what a test wants to know. Reads only; nothing in Okta is changed.

use keywright_okta::model::policy::Policy;
use keywright_okta::{Client, Error as OktaError, GroupQuery, TokenScheme, UserQuery};
use serde_json::Value;

use super::diagnose::{About, diagnose};
use super::observed::{Answer, Entry, Observed, Reach, Refusal, Webauthn};
use super::report::{Capability, Check};
use super::{Authentication, Connection, Error, Job, Report, client, consent, find, status, view};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::ConnectionId;

/// Tests a connection: asks Okta, concludes, and keeps report and status.
pub async fn test(app: &App, actor: &Actor, id: ConnectionId) -> Result<Report, Error> {
    let work = app.read(actor).await?;
    let connection = find(&work, id).await?;
    let checks = match entrance(&work, &connection).await {
        Ok(client) => {
            drop(work);
            let seen = look(&client, &connection).await;
            diagnose(
                &About {
                    connection: &connection,
                    jwks_url: view::jwks_url(app, id),
                },
                &seen,
            )
        }
        Err(Error::Missing {
            field: "client_id", ..
        }) => vec![no_client_id(&connection)],
        Err(Error::Missing {
            field: "client_secret",
            ..
        }) => vec![no_secret(&connection)],
        Err(Error::NoConsent) => vec![no_consent(&connection)],
        Err(error) => return Err(error),
    };
    let report = Report::new(app.now(), checks);
    let mut work = app.begin(actor).await?;
    status::tested(&mut work, id, &report).await?;
    work.commit().await?;
    Ok(report)
}

/// The client of a test, if there is all that it needs.
async fn entrance(work: &Work, connection: &Connection) -> Result<Client, Error> {
    let client = client::for_test(work, connection).await?;
    consent::must_be(work, connection).await?;
    Ok(client)
}

fn no_consent(connection: &Connection) -> Check {
    Check::failed(
        Capability::Authenticated,
        "nobody has consented at Okta yet",
        format!(
            "as an administrator of Okta: keywright connection consent {}",
            connection.name
        ),
    )
}

fn no_client_id(connection: &Connection) -> Check {
    Check::failed(
        Capability::Authenticated,
        "no client id is given yet",
        format!(
            "in {} open Applications > Applications > Create App Integration > API Services, add the key that \
             `keywright connection show {name} --jwk` prints, copy the Client ID, then: keywright connection set {name} --client-id CLIENT_ID",
            connection.domain.admin_url(),
            name = connection.name
        ),
    )
}

fn no_secret(connection: &Connection) -> Check {
    Check::failed(
        Capability::Authenticated,
        "no client secret is given yet",
        format!(
            "in {} open Applications > Applications, choose the web app, copy its Client secret from the General tab, then: \
             keywright connection set {name} --secret-file -",
            connection.domain.admin_url(),
            name = connection.name
        ),
    )
}

/// Whether Okta takes us in at all, with whatever scopes.
pub(super) async fn enter(client: &Client) -> Result<(), OktaError> {
    match client.sign_in().await {
        Ok(_) | Err(OktaError::ScopeNotGranted { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn look(client: &Client, connection: &Connection) -> Observed {
    let mut seen = Observed {
        org: Some(reach(client).await),
        ..Observed::default()
    };
    if matches!(seen.org, Some(Reach::Org { .. })) {
        let granted = knock(client, connection, &mut seen).await;
        if let Some(client) = granted {
            read(&client, connection, &mut seen).await;
        }
    }
    if client.clock().has_met_okta() {
        // The client tells how far Okta is ahead of us.
        seen.skew_s = Some(-client.skew().as_secs());
    }
    seen
}

async fn reach(client: &Client) -> Reach {
    match client.well_known_org().await {
        Ok(org) => Reach::Org {
            id: org.id.as_str().to_owned(),
            pipeline: org.pipeline.get().cloned().unwrap_or_default(),
        },
        Err(OktaError::Unreachable { cause, .. }) => Reach::Silent(cause),
        Err(OktaError::Timeout { .. }) => Reach::Silent("no answer in time".to_owned()),
        Err(error) if error.is_transient() => Reach::Broken(error.to_string()),
        Err(OktaError::Malformed { .. }) => Reach::NotOkta { status: 200 },
        Err(OktaError::Redirected { .. }) => Reach::NotOkta { status: 302 },
        Err(error) => Reach::NotOkta {
            status: error.said().map_or(0, |said| said.status),
        },
    }
}

/// Signs in; gives a client with the scopes that are granted, or none when Okta does not take us in.
async fn knock(client: &Client, connection: &Connection, seen: &mut Observed) -> Option<Client> {
    if connection.authentication == Authentication::ApiToken {
        let answer = client.me().await;
        let refused = matches!(
            answer,
            Err(OktaError::TokenInvalid(_)
                | OktaError::TokenExpired(_)
                | OktaError::AuthenticationFailed(_))
        );
        seen.entry = Some(match answer {
            Ok(_) | Err(OktaError::RoleMissing(_)) => Entry::Welcome { bound: false },
            Err(error) => not_taken_in(&error),
        });
        return (!refused).then(|| client.clone());
    }
    if connection.authentication == Authentication::AuthorizationCode {
        return consented(client, connection, seen).await;
    }
    match client.sign_in().await {
        Ok(signed_in) => {
            seen.entry = Some(Entry::Welcome {
                bound: signed_in.scheme == TokenScheme::Dpop,
            });
            seen.scopes = client
                .scopes()
                .iter()
                .map(|name| (name.clone(), true))
                .collect();
            Some(client.clone())
        }
        Err(OktaError::ScopeNotGranted { .. }) => {
            seen.entry = Some(Entry::Welcome {
                bound: connection.authentication == Authentication::OauthDpop,
            });
            seen.scopes = one_by_one(client).await;
            let granted: Vec<String> = seen
                .scopes
                .iter()
                .filter(|(_, granted)| *granted)
                .map(|(name, _)| name.clone())
                .collect();
            Some(client.with_scopes(granted))
        }
        Err(error) => {
            seen.entry = Some(not_taken_in(&error));
            None
        }
    }
}

/// Signs in by a person's consent. Okta grants less than was asked without a word: what the jobs need is compared.
async fn consented(
    client: &Client,
    connection: &Connection,
    seen: &mut Observed,
) -> Option<Client> {
    match client.sign_in().await {
        Ok(signed_in) => {
            seen.entry = Some(Entry::Welcome { bound: false });
            let has = |name: &str| {
                let wider = name
                    .strip_suffix(".read")
                    .map(|front| format!("{front}.manage"));
                let granted = &signed_in.scopes;
                granted
                    .iter()
                    .any(|one| one == name || Some(one) == wider.as_ref())
            };
            seen.scopes = super::authentication::scopes(&connection.jobs)
                .iter()
                .map(|scope| (scope.name.to_owned(), has(scope.name)))
                .collect();
            Some(client.clone())
        }
        Err(error) => {
            seen.entry = Some(not_taken_in(&error));
            None
        }
    }
}

/// Which scopes are granted: Okta refuses a set without saying which of it is missing.
async fn one_by_one(client: &Client) -> Vec<(String, bool)> {
    let mut scopes = Vec::new();
    for name in client.scopes() {
        let granted = client.with_scopes([name.as_str()]).sign_in().await.is_ok();
        scopes.push((name.clone(), granted));
    }
    scopes
}

fn not_taken_in(error: &OktaError) -> Entry {
    Entry::Refused(match error {
        OktaError::ClientUnknown(_) => Refusal::UnknownClient,
        OktaError::KeyRejected(said) if said.summary.contains("JWKSet") => Refusal::NoKeys,
        OktaError::KeyRejected(_) => Refusal::WrongKey,
        OktaError::ClientNotAllowed(said) if said.summary.contains("auth_method") => {
            Refusal::NoKeys
        }
        OktaError::ClientNotAllowed(_) => Refusal::NotService,
        OktaError::DpopRequired(_) => Refusal::DpopRequired,
        OktaError::ClockSkew { .. } => Refusal::Times,
        OktaError::NetworkNotAllowed(_) => Refusal::Zone,
        OktaError::TokenInvalid(_)
        | OktaError::TokenExpired(_)
        | OktaError::AuthenticationFailed(_) => Refusal::BadToken,
        error if error.is_transient() => return Entry::Failed(error.to_string()),
        error => Refusal::Other {
            said: error.to_string(),
            mend: error.mend(),
        },
    })
}

/// Reads one group and one person, and the enrolment policy when a job needs it.
async fn read(client: &Client, connection: &Connection, seen: &mut Observed) {
    let may = |area: &str| {
        let scopes = &seen.scopes;
        connection.authentication == Authentication::ApiToken
            || scopes.iter().any(|(name, granted)| {
                *granted
                    && name.strip_prefix("okta.").is_some_and(|name| {
                        name.strip_prefix(area)
                            .is_some_and(|rest| rest.starts_with('.'))
                    })
            })
    };
    let (groups, users) = (may("groups"), may("users"));
    let factors = connection.does(Job::Keys) || connection.does(Job::Passkeys);
    let policies = factors && may("policies");
    if groups {
        let query = GroupQuery {
            limit: Some(1),
            ..GroupQuery::default()
        };
        seen.groups = Some(first(client.groups(&query)).await);
    }
    if users {
        let query = UserQuery {
            limit: Some(1),
            ..UserQuery::default()
        };
        seen.users = Some(first(client.users(&query)).await);
    }
    if policies {
        seen.webauthn = Some(
            webauthn(client)
                .await
                .unwrap_or_else(|error| Webauthn::Unknown(error.to_string())),
        );
    }
}

/// Whether the first page of a list has anything on it.
async fn first<T: keywright_okta::Listed>(
    pages: Result<keywright_okta::Pages<T>, OktaError>,
) -> Answer {
    let page = match pages {
        Ok(mut pages) => pages.next().await,
        Err(error) => Err(error),
    };
    match page {
        Ok(Some(page)) if !page.items.is_empty() => Answer::Full,
        Ok(_) => Answer::Empty,
        Err(OktaError::RoleMissing(_)) => Answer::NoRole,
        Err(OktaError::ScopeMissing { .. } | OktaError::ScopeNotGranted { .. }) => Answer::NoScope,
        Err(error) => Answer::Failed(error.to_string()),
    }
}

async fn webauthn(client: &Client) -> Result<Webauthn, OktaError> {
    let mut authenticators = client.authenticators()?;
    let mut there = false;
    while let Some(page) = authenticators.next().await? {
        there |= page.items.iter().any(|one| {
            one.key.get().is_some_and(|key| key == "webauthn")
                && one.status.get().is_some_and(|status| status == "ACTIVE")
        });
    }
    if !there {
        return Ok(Webauthn::NoAuthenticator);
    }
    let mut policies = client.policies("MFA_ENROLL")?;
    while let Some(page) = policies.next().await? {
        if page.items.iter().any(allows_webauthn) {
            return Ok(Webauthn::Allowed);
        }
    }
    Ok(Webauthn::NotInPolicy)
}

/// Identity Engine lists authenticators, Classic Engine has one member for each factor (Okta: Policies, `MFA_ENROLL`).
fn allows_webauthn(policy: &Policy) -> bool {
    let Ok(policy) = serde_json::to_value(policy) else {
        return false;
    };
    let takes = |enroll: &Value| {
        enroll["self"]
            .as_str()
            .is_some_and(|own| own != "NOT_ALLOWED")
    };
    let settings = &policy["settings"];
    let newer = settings["authenticators"].as_array().into_iter().flatten();
    policy["status"] == "ACTIVE"
        && (newer
            .into_iter()
            .any(|one| one["key"] == "webauthn" && takes(&one["enroll"]))
            || takes(&settings["factors"]["fido_webauthn"]["enroll"]))
}
