//! What to do about an error, in plain words, naming the places in Okta's admin console.

use super::Error;

impl Error {
    /// What to do about it: for a person who can open Okta's admin console, without a word about our insides.
    #[must_use]
    pub fn mend(&self) -> String {
        self.mend_credentials()
            .or_else(|| self.mend_permission())
            .or_else(|| self.mend_request())
            .unwrap_or_else(|| self.mend_way())
    }

    fn mend_credentials(&self) -> Option<String> {
        let text = match self {
            Self::TokenInvalid(_) => {
                "Make a new API token in Okta (Security > API > Tokens) and give it to the connection. \
                 With OAuth: check that the app is active and belongs to this org."
            }
            Self::TokenExpired(_) => {
                "Make a new API token in Okta (Security > API > Tokens) and give it to the connection. \
                 A token ends 30 days after its last use."
            }
            Self::AuthenticationFailed(_) => {
                "Check in Okta that the person behind the API token is still active and an admin, then make a new token."
            }
            Self::ClientUnknown(_) => {
                "Check the client id: open the app in Okta (Applications > Applications), copy its Client ID, \
                 see that the app is active and that the domain is this org's."
            }
            Self::ClientNotAllowed(_) => {
                "The app must be an API Services app with client authentication Public key / Private key. \
                 In Okta make one (Applications > Create App Integration > API Services) and use its Client ID."
            }
            Self::KeyRejected(_) => {
                "Add our public key to the app in Okta (app > General > Client Credentials > Public Keys > Add key), \
                 see that the key is active, and save."
            }
            Self::AssertionRejected(_) => {
                "Okta did not take the signed request. Check that domain and Client ID belong together; \
                 with a custom domain, try the org's okta.com domain."
            }
            Self::DpopRequired(_) => {
                "The app demands DPoP (app > General > Require Demonstrating Proof of Possession). \
                 Switch the connection to oauth_dpop; nothing needs to change in Okta."
            }
            Self::InvalidDpopProof(_) => {
                "Okta did not take the proof of possession. If a proxy stands between, it must not change \
                 the address or the DPoP header; otherwise make a new DPoP key for the connection."
            }
            Self::GrantRejected(_) => {
                "Sign in to Okta again for this connection; the earlier consent has ended."
            }
            Self::ConsentEnded(crate::Ended::Reused) => {
                "Look in Okta's system log for app.oauth2.token.detect_reuse, make a new client secret for the app, and \
                 sign in to Okta again for this connection."
            }
            Self::ConsentEnded(_) => {
                "Sign in to Okta again for this connection (keywright connection consent)."
            }
            Self::NotAHeader => {
                "Copy the token again: it must be one line of letters, digits, - and _."
            }
            Self::CannotSign => {
                "Make a new key for the connection and add its public half to the app in Okta."
            }
            Self::ClockSkew { skew, .. } => {
                return Some(format!(
                    "The clock of this machine and Okta's differ by {} seconds. Set this machine's clock by NTP.",
                    skew.as_secs().abs()
                ));
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn mend_permission(&self) -> Option<String> {
        let text = match self {
            Self::ScopeMissing { scopes, .. } => {
                return Some(format!(
                    "Grant {} to the app in Okta (app > Okta API Scopes > Grant), then test again.",
                    if scopes.is_empty() {
                        "the scope this call needs".to_owned()
                    } else {
                        scopes.join(" or ")
                    }
                ));
            }
            Self::ScopeNotGranted { missing, .. } => {
                return Some(format!(
                    "Grant these to the app in Okta (app > Okta API Scopes > Grant): {}. Only a super admin can.",
                    missing.join(", ")
                ));
            }
            Self::RoleMissing(_) => {
                "Give the app an admin role in Okta (app > Admin roles > Edit assignments), such as Read-Only \
                 Administrator. With an API token: the person who made it needs the role."
            }
            Self::FeatureMissing(_) => {
                "This org's subscription does not have the feature. Ask Okta to switch it on, or leave it unused."
            }
            Self::NetworkNotAllowed(_) => {
                "Add this machine's address to the network zone that the app or token is limited to \
                 (Security > Networks), or lift that limit."
            }
            Self::Forbidden(_) => {
                "Okta forbids this call. Look up the request id in Okta's system log for the reason."
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn mend_request(&self) -> Option<String> {
        let text = match self {
            Self::NotFound(_) => {
                "It is not in Okta, or this credential may not see it. Check the id and the admin role."
            }
            Self::Validation(_) | Self::Unprintable(_) => {
                "Okta refused what was asked, for the reason it gives. Change the request."
            }
            Self::WrongState(_) => {
                "Bring it into another state first, as Okta's text says, then try again."
            }
            Self::Stale(_) => "Someone changed it meanwhile. Read it again, then repeat.",
            Self::NoSuchCall(_) => "This org's Okta does not have this call. Check the domain.",
            Self::BadPath(_) => "Use a path of the org's own API, such as /api/v1/users.",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn mend_way(&self) -> String {
        let text = match self {
            Self::RateLimited { .. } => {
                "Other programs use up the org's rate limit (Reports > Rate limits). Wait, ask them for less, \
                 or raise the percentage of the token or app (Security > API, or the app's Rate limits)."
            }
            Self::Unreachable { host, .. } => {
                return format!(
                    "Check that {host} is spelt right, and that DNS, proxy and firewall let this machine reach it."
                );
            }
            Self::NoHttpClient(_) => {
                "Check this machine's certificate store and its proxy variables (HTTPS_PROXY)."
            }
            Self::Store(_) => {
                "Look at this machine's disk and database; it is tried again by itself."
            }
            Self::Timeout { .. } | Self::Truncated { .. } => {
                "The way to Okta is slow or broken. Nothing was changed here; it is tried again by itself."
            }
            Self::Busy(_) | Self::ServerFault(_) => {
                "Okta has a problem of its own (status.okta.com). Nothing was changed here; it is tried again by itself."
            }
            Self::Malformed { .. } | Self::TooLarge { .. } | Self::Redirected { .. } => {
                "What answered does not look like Okta. Check the domain, and whether a proxy answers in Okta's place."
            }
            Self::PagingLoop { .. } => {
                "Okta's list did not come to an end. Nothing was changed here; if it stays so, tell Okta's support."
            }
            Self::ForeignHost { .. } => {
                "Okta's list leads to another host, which is never followed. Use the org's okta.com domain, and check \
                 whether a proxy rewrites answers."
            }
            _ => "Note the request id and look it up in Okta's system log (Reports > System Log).",
        };
        text.to_owned()
    }
}
