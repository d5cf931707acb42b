//! From what a test saw to findings with the exact mend. Pure.

use super::observed::{Answer, Entry, Observed, Reach, Refusal, Webauthn};
use super::report::{Capability, Check};
use super::{Authentication, Connection, Job, authentication};

/// From here on, seconds, a person should look at the clock. Calls still work: what is signed carries Okta's time.
const SKEW_NOTABLE_S: i64 = 30;

/// What the findings speak of.
pub(super) struct About<'c> {
    pub(super) connection: &'c Connection,
    pub(super) jwks_url: String,
}

/// All checks, in the order they build on each other.
pub(super) fn diagnose(about: &About<'_>, seen: &Observed) -> Vec<Check> {
    let mut checks = vec![about.reach(seen.org.as_ref())];
    checks.extend(seen.skew_s.map(clock));
    if !matches!(seen.org, Some(Reach::Org { .. })) {
        checks.push(Check::skipped(
            Capability::Authenticated,
            "not asked: the org is not reached",
        ));
        return checks;
    }
    checks.push(about.entry(seen));
    checks.extend(about.scopes(seen));
    if matches!(seen.entry, Some(Entry::Welcome { .. })) {
        checks.push(about.role(seen));
        checks.push(about.answers(seen));
    } else {
        checks.push(Check::skipped(
            Capability::Role,
            "not asked: Okta does not take us in",
        ));
    }
    checks.extend(
        seen.webauthn
            .as_ref()
            .map(|webauthn| about.webauthn(webauthn)),
    );
    checks
}

fn clock(skew_s: i64) -> Check {
    let off = skew_s.abs();
    let direction = if skew_s > 0 { "ahead of" } else { "behind" };
    let finding = format!("our clock is {off} s {direction} Okta's");
    let mend = "set this machine's clock by NTP (`timedatectl set-ntp true`)";
    if off >= SKEW_NOTABLE_S {
        Check::warning(Capability::Clock, finding, mend)
    } else {
        Check::ok(
            Capability::Clock,
            format!("our clock agrees with Okta's to {} s", off.max(1)),
        )
    }
}

impl About<'_> {
    fn reach(&self, org: Option<&Reach>) -> Check {
        let domain = &self.connection.domain;
        let name = &self.connection.name;
        match org {
            Some(Reach::Org { id, pipeline }) => {
                let engine = if pipeline == "idx" {
                    "Identity Engine"
                } else {
                    "Classic Engine"
                };
                Check::ok(
                    Capability::Reachable,
                    format!("{domain} is the org {id} ({engine})"),
                )
            }
            Some(Reach::NotOkta { status }) => Check::failed(
                Capability::Reachable,
                format!("{domain} answers with {status}, but is no Okta org"),
                format!(
                    "look up the org's address in the menu at the top right of Okta's admin console, then join that one: \
                     keywright connection remove {name}; keywright connect ADDRESS"
                ),
            ),
            Some(Reach::Broken(why)) => Check::failed(
                Capability::Reachable,
                format!("{domain} answers with an error: {why}"),
                "look at https://status.okta.com, then test again",
            ),
            Some(Reach::Silent(why)) => Check::failed(
                Capability::Reachable,
                format!("{domain} does not answer: {why}"),
                self.open_the_way(),
            ),
            None => Check::skipped(Capability::Reachable, "not asked"),
        }
    }

    fn open_the_way(&self) -> String {
        let domain = &self.connection.domain;
        if domain.is_loopback() {
            return format!("start what listens on {domain}: keywright sandbox --listen {domain}");
        }
        format!(
            "open {} on this machine; if it does not open, allow outgoing TCP 443 to it or set `outgoing.proxy`, and check the \
             spelling of the address",
            domain.org_url()
        )
    }

    fn entry(&self, seen: &Observed) -> Check {
        match &seen.entry {
            Some(Entry::Welcome { bound }) => self.welcome(*bound),
            Some(Entry::Refused(refusal)) => self.refused(refusal),
            Some(Entry::Failed(why)) => Check::failed(
                Capability::Authenticated,
                format!("Okta did not say whether it knows us: {why}"),
                "test again in a minute; if it stays, look at https://status.okta.com",
            ),
            None => Check::skipped(Capability::Authenticated, "not asked"),
        }
    }

    fn welcome(&self, bound: bool) -> Check {
        match self.connection.authentication {
            Authentication::ApiToken => Check::ok(Capability::Authenticated, "Okta takes the API token"),
            Authentication::Oauth => {
                Check::ok(Capability::Authenticated, format!("Okta knows the app {}", self.client()))
            }
            Authentication::AuthorizationCode => {
                Check::ok(Capability::Authenticated, format!("Okta takes the consent given to the app {}", self.client()))
            }
            Authentication::OauthDpop if bound => {
                Check::ok(Capability::Authenticated, format!("Okta knows the app {} and binds its tokens by DPoP", self.client()))
            }
            Authentication::OauthDpop => Check::warning(
                Capability::Authenticated,
                format!("Okta knows the app {}, but does not bind its tokens by DPoP", self.client()),
                self.in_app("General > General Settings > Edit: switch on `Require Demonstrating Proof of Possession (DPoP) header in token requests`, Save"),
            ),
        }
    }

    fn refused(&self, refusal: &Refusal) -> Check {
        let name = &self.connection.name;
        let client = self.client();
        let (finding, mend) = match refusal {
            Refusal::UnknownClient => (
                format!("Okta knows no active app with the client id {client}"),
                format!(
                    "in {} open Applications > Applications, choose the API Services app (make it active if it is not), copy its \
                     Client ID from the General tab, then: keywright connection set {name} --client-id CLIENT_ID",
                    self.connection.domain.admin_url()
                ),
            ),
            Refusal::WrongKey => (
                format!("the app {client} is there, but our key is not among its public keys"),
                self.in_app(&self.put_key()),
            ),
            Refusal::NoKeys => (
                format!("the app {client} does not authenticate by a key"),
                self.in_app(&format!(
                    "General > Client Credentials > Edit: choose `Public key / Private key`, Save; then {}",
                    self.put_key()
                )),
            ),
            Refusal::NotService => (
                format!("the app {client} may not use client credentials: it is no API Services app"),
                format!(
                    "in {} open Applications > Applications > Create App Integration, choose `API Services`, copy its Client ID, \
                     then: keywright connection set {name} --client-id CLIENT_ID",
                    self.connection.domain.admin_url()
                ),
            ),
            Refusal::DpopRequired => (
                format!("the app {client} requires DPoP, and this connection is set to do without"),
                format!(
                    "nothing needs to change in Okta, leave DPoP on there; here: keywright connection set {name} --auth oauth_dpop"
                ),
            ),
            Refusal::Times => (
                "Okta does not take the times in what we signed: the clocks differ".to_owned(),
                "set this machine's clock by NTP (`timedatectl set-ntp true`)".to_owned(),
            ),
            Refusal::Zone => (
                "Okta refuses this machine's address: a network zone does not include it".to_owned(),
                self.in_app("General > Network zones (or Security > Networks): allow the address of this machine"),
            ),
            Refusal::BadToken => (
                "Okta does not know the API token (any more): it was revoked, or not used for 30 days".to_owned(),
                format!(
                    "in {} open Security > API > Tokens > Create token, as an administrator who stays; then: keywright connection \
                     rotate {name} --token-file -",
                    self.connection.domain.admin_url()
                ),
            ),
            Refusal::Other { said, mend } => (format!("Okta refuses us: {said}"), mend.clone()),
        };
        Check::failed(Capability::Authenticated, finding, mend)
    }

    fn scopes(&self, seen: &Observed) -> Vec<Check> {
        let wanted = authentication::scopes(&self.connection.jobs);
        seen.scopes
            .iter()
            .map(|(name, granted)| {
                let scope = wanted.iter().find(|scope| scope.name == name);
                let purpose = scope.map_or("", |scope| scope.purpose);
                let mend = || self.in_app(&format!("Okta API Scopes: press Grant beside {name}"));
                let check = match (granted, scope.is_none_or(|scope| scope.needed)) {
                    (true, _) => Check::ok(Capability::Scope, format!("{name} is granted")),
                    (false, true) => Check::failed(
                        Capability::Scope,
                        format!("{name} is not granted; it is needed to {purpose}"),
                        mend(),
                    ),
                    (false, false) => Check::warning(
                        Capability::Scope,
                        format!("{name} is not granted; with it we would {purpose}"),
                        mend(),
                    ),
                };
                check.of_scope(name)
            })
            .collect()
    }

    fn role(&self, seen: &Observed) -> Check {
        let answers = [seen.groups.as_ref(), seen.users.as_ref()];
        let shown = |wanted: &Answer| answers.iter().flatten().any(|answer| *answer == wanted);
        if shown(&Answer::NoRole) || (shown(&Answer::Empty) && !shown(&Answer::Full)) {
            let what = match self.connection.authentication {
                Authentication::ApiToken => {
                    "the owner of the API token has no administrator role that sees people and groups"
                }
                Authentication::AuthorizationCode => {
                    "the person who consented has no administrator role: Okta hides everything"
                }
                Authentication::Oauth | Authentication::OauthDpop => {
                    "the app has its scopes but no administrator role: Okta hides everything from it"
                }
            };
            return Check::failed(Capability::Role, what, self.give_role());
        }
        if shown(&Answer::Full) {
            return Check::ok(
                Capability::Role,
                "an administrator role is there: Okta shows people or groups",
            );
        }
        Check::skipped(
            Capability::Role,
            "cannot be seen without a scope that reads groups or people",
        )
    }

    fn answers(&self, seen: &Observed) -> Check {
        let parts = [
            ("groups", seen.groups.as_ref()),
            ("people", seen.users.as_ref()),
        ];
        let empty: Vec<&str> = parts
            .iter()
            .filter(|(_, answer)| *answer == Some(&Answer::Empty))
            .map(|(what, _)| *what)
            .collect();
        let failed = parts.iter().find_map(|(what, answer)| match answer {
            Some(Answer::Failed(why)) => Some((*what, why)),
            _ => None,
        });
        if let Some((what, why)) = failed {
            return Check::failed(
                Capability::Answers,
                format!("the list of {what} could not be read: {why}"),
                "test again in a minute; if it stays, look at https://status.okta.com",
            );
        }
        if !empty.is_empty() {
            return Check::failed(
                Capability::Answers,
                format!(
                    "Okta answers `200 []` for {}, though every org has some",
                    empty.join(" and ")
                ),
                self.give_role(),
            );
        }
        let full: Vec<&str> = parts
            .iter()
            .filter(|(_, answer)| *answer == Some(&Answer::Full))
            .map(|(what, _)| *what)
            .collect();
        if full.is_empty() {
            return Check::skipped(Capability::Answers, "no list could be read");
        }
        Check::ok(
            Capability::Answers,
            format!("Okta shows {}", full.join(" and ")),
        )
    }

    fn webauthn(&self, webauthn: &Webauthn) -> Check {
        let admin = self.connection.domain.admin_url();
        match webauthn {
            Webauthn::Allowed => Check::ok(
                Capability::Webauthn,
                "an enrolment policy allows passkeys (FIDO2 WebAuthn)",
            ),
            Webauthn::NoAuthenticator => Check::failed(
                Capability::Webauthn,
                "the org has no active authenticator for passkeys (FIDO2 WebAuthn)",
                format!(
                    "in {admin} open Security > Authenticators > Setup > Add authenticator, and add `Passkey (FIDO2 WebAuthn)`"
                ),
            ),
            Webauthn::NotInPolicy => Check::failed(
                Capability::Webauthn,
                "no active enrolment policy allows passkeys (FIDO2 WebAuthn)",
                format!(
                    "in {admin} open Security > Authenticators > Enrollment, edit the policy that applies to these people and set \
                     `Passkey (FIDO2 WebAuthn)` to Optional or Required"
                ),
            ),
            Webauthn::Unknown(why) => Check::skipped(
                Capability::Webauthn,
                format!("the enrolment policy could not be read: {why}"),
            ),
        }
    }

    fn client(&self) -> &str {
        self.connection
            .client_id
            .as_deref()
            .unwrap_or("(none given)")
    }

    /// The way to the app in the admin console, then what to do there.
    fn in_app(&self, then: &str) -> String {
        format!(
            "in {} open Applications > Applications > the app with client id {} > {then}",
            self.connection.domain.admin_url(),
            self.client()
        )
    }

    fn put_key(&self) -> String {
        format!(
            "General > Public Keys > Edit: Add key and paste the JWK that `keywright connection show {} --jwk` prints, or give the \
             URL {} where Okta can reach it; Save",
            self.connection.name, self.jwks_url
        )
    }

    /// The least standard role that the switched-on jobs need (Okta: Standard administrator roles and permissions).
    fn give_role(&self) -> String {
        let writes = [Job::Keys, Job::Passkeys, Job::Actions]
            .iter()
            .any(|job| self.connection.does(*job));
        let role = if writes {
            "Group Administrator"
        } else {
            "Read-Only Administrator"
        };
        match self.connection.authentication {
            Authentication::ApiToken => format!(
                "in {} open Security > Administrators > Add administrator, and give the token's owner the role {role}",
                self.connection.domain.admin_url()
            ),
            Authentication::AuthorizationCode => format!(
                "in {} open Security > Administrators > Add administrator, and give the person who consented the role {role}",
                self.connection.domain.admin_url()
            ),
            Authentication::Oauth | Authentication::OauthDpop => self.in_app(&format!(
                "Admin roles > Edit assignments > Add assignment: choose {role}, Save changes"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::report::Outcome;

    fn connection(authentication: Authentication) -> Connection {
        crate::connections::tests::sample(authentication)
    }

    fn good() -> Observed {
        Observed {
            org: Some(Reach::Org {
                id: "00o1".into(),
                pipeline: "idx".into(),
            }),
            skew_s: Some(0),
            entry: Some(Entry::Welcome { bound: true }),
            scopes: vec![
                ("okta.groups.read".into(), true),
                ("okta.users.read".into(), true),
            ],
            groups: Some(Answer::Full),
            users: Some(Answer::Full),
            webauthn: None,
        }
    }

    fn run(authentication: Authentication, seen: &Observed) -> Vec<Check> {
        let connection = connection(authentication);
        diagnose(
            &About {
                connection: &connection,
                jwks_url: "https://k.example/jwks.json".into(),
            },
            seen,
        )
    }

    /// The first thing that failed, with its mend.
    fn first(authentication: Authentication, seen: &Observed) -> (Capability, String) {
        let check = run(authentication, seen)
            .into_iter()
            .find(|check| check.outcome == Outcome::Failed)
            .unwrap();
        (check.capability, check.mend.unwrap())
    }

    #[test]
    fn a_good_org_passes_everywhere() {
        assert!(
            run(Authentication::OauthDpop, &good())
                .iter()
                .all(|check| check.outcome == Outcome::Ok)
        );
    }

    #[test]
    fn four_faults_four_mends() {
        let refused = |refusal| Observed {
            entry: Some(Entry::Refused(refusal)),
            groups: None,
            users: None,
            scopes: vec![],
            ..good()
        };
        let (capability, mend) = first(Authentication::OauthDpop, &refused(Refusal::WrongKey));
        assert_eq!(capability, Capability::Authenticated);
        assert!(
            mend.contains("Public Keys") && mend.contains("--jwk"),
            "{mend}"
        );

        let (capability, mend) = first(Authentication::Oauth, &refused(Refusal::DpopRequired));
        assert_eq!(capability, Capability::Authenticated);
        assert!(
            mend.contains("--auth oauth_dpop") && mend.contains("leave DPoP on"),
            "{mend}"
        );

        let no_scope = Observed {
            scopes: vec![("okta.groups.read".into(), false)],
            groups: None,
            ..good()
        };
        let (capability, mend) = first(Authentication::OauthDpop, &no_scope);
        assert_eq!(capability, Capability::Scope);
        assert!(
            mend.contains("Okta API Scopes") && mend.contains("okta.groups.read"),
            "{mend}"
        );

        let no_role = Observed {
            groups: Some(Answer::Empty),
            users: Some(Answer::Empty),
            ..good()
        };
        let (capability, mend) = first(Authentication::OauthDpop, &no_role);
        assert_eq!(capability, Capability::Role);
        assert!(
            mend.contains("Admin roles") && mend.contains("Read-Only Administrator"),
            "{mend}"
        );
    }

    #[test]
    fn a_helpful_scope_only_warns() {
        let seen = Observed {
            scopes: vec![
                ("okta.groups.read".into(), true),
                ("okta.users.read".into(), false),
            ],
            users: None,
            ..good()
        };
        let outcomes: Vec<Outcome> = run(Authentication::OauthDpop, &seen)
            .iter()
            .map(|check| check.outcome)
            .collect();
        assert!(outcomes.contains(&Outcome::Warning) && !outcomes.contains(&Outcome::Failed));
    }

    #[test]
    fn clocks_are_judged_by_what_okta_bears() {
        let outcome = |skew| clock(skew).outcome;
        assert_eq!(outcome(-3), Outcome::Ok);
        assert_eq!(outcome(45), Outcome::Warning);
        assert_eq!(outcome(-600), Outcome::Warning);
    }

    #[test]
    fn behind_a_closed_door_nothing_is_guessed() {
        let seen = Observed {
            org: Some(Reach::Silent("no such host".into())),
            ..Observed::default()
        };
        let checks = run(Authentication::ApiToken, &seen);
        assert_eq!(checks[0].outcome, Outcome::Failed);
        assert!(
            checks[1..]
                .iter()
                .all(|check| check.outcome == Outcome::Skipped)
        );
    }
}
