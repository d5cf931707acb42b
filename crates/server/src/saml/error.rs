//! Why something about the settings of SAML was refused.

use keywright_proto::saml::{CertificateError, IdpError, KeyError};

use crate::actor::{Forbidden, Permission};
use crate::web::Problem;
use crate::{connections, db, directory, outgoing, vault};

/// The result of a call of this slice.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something about the settings of SAML was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection has no SAML settings yet.
    #[error("SAML is not set up for this connection: keywright saml set")]
    NotSetUp,
    /// There is no such certificate.
    #[error("there is no such certificate")]
    NoSuchCertificate,
    /// Without it nobody could sign in.
    #[error("this is the last certificate: add the new one first, then remove this one")]
    LastCertificate,
    /// A certificate is pinned already. Holds its fingerprint.
    #[error("the certificate {0} is there already")]
    CertificateThere(String),
    /// The identity provider's values will not do.
    #[error(transparent)]
    Idp(#[from] IdpError),
    /// A certificate will not do.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Another value will not do; says which and why.
    #[error("{0}")]
    Invalid(String),
    /// The metadata could not be fetched.
    #[error("the metadata could not be fetched: {0}")]
    Fetch(#[from] outgoing::Error),
    /// There is no metadata at the address.
    #[error("the metadata could not be fetched: its address answered with status {0}")]
    FetchStatus(u16),
    /// The settings name no address of metadata.
    #[error("no address of metadata is set; paste the metadata, or set its address")]
    NoMetadataUrl,
    /// Who sets the identity provider can sign in as anybody.
    #[error("who sets the identity provider could sign in as anybody, so it takes every permission; you lack {}", names(.0))]
    NotEverything(Vec<Permission>),
    /// No new key waits.
    #[error("no new key waits to take over: begin with keywright saml rotate")]
    NothingToFinish,
    /// A key could not be made.
    #[error("no key could be made")]
    KeyMaking(#[source] rcgen::Error),
    /// A stored key cannot be used.
    #[error("the key of this connection cannot be used")]
    Key(#[from] KeyError),
    /// A sealed key did not open.
    #[error(transparent)]
    Vault(#[from] vault::Error),
    /// The connection refused.
    #[error(transparent)]
    Connection(#[from] connections::Error),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

fn names(permissions: &[Permission]) -> String {
    let names: Vec<&str> = permissions.iter().map(|one| one.wire()).collect();
    names.join(", ")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotSetUp => Self::not_found("SAML setting").detail(error.to_string()),
            Error::NoSuchCertificate => Self::not_found("certificate"),
            Error::LastCertificate
            | Error::CertificateThere(_)
            | Error::NothingToFinish
            | Error::NoMetadataUrl => Self::conflict(error.to_string()),
            Error::Idp(_) | Error::Certificate(_) | Error::Invalid(_) => {
                Self::invalid(error.to_string())
            }
            Error::Fetch(ref why) if !why.is_passing() => Self::invalid(error.to_string()),
            Error::Fetch(_) | Error::FetchStatus(_) => Self::upstream(error.to_string()),
            Error::NotEverything(ref lacking) => {
                let lacking: Vec<_> = lacking.iter().map(|one| one.wire()).collect();
                Self::forbidden(error.to_string()).with("permissions", lacking)
            }
            Error::KeyMaking(_) | Error::Key(_) | Error::Vault(_) => Self::internal(&error),
            Error::Connection(error) => error.into(),
            Error::Directory(error) => error.into(),
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::Db(error) => error.into(),
        }
    }
}
