//! The certificate of our own TLS listener, read again when its files change.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;

use super::Error;
use crate::config::Config;
use crate::web;

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// A certificate and its key, in files that are renewed from time to time.
pub(super) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
    // What was last read; a certificate is public, and the key is in memory anyway.
    read: (Vec<u8>, Vec<u8>),
}

impl Certificate {
    /// Reads the certificate of the configuration; `None` when TLS does not end here.
    pub(super) async fn read(config: &Config) -> Result<Option<Self>, Error> {
        let (Some(cert), Some(key)) = (&config.tls.cert, &config.tls.key) else {
            return Ok(None);
        };
        let failed = |source| Error::Tls {
            cert: cert.clone(),
            key: key.clone(),
            source,
        };
        let read = files(cert, key).map_err(failed)?;
        let config = RustlsConfig::from_pem(read.0.clone(), read.1.clone())
            .await
            .map_err(failed)?;
        Ok(Some(Self {
            cert: cert.clone(),
            key: key.clone(),
            config,
            read,
        }))
    }

    /// What the listener works with; changes when the files do.
    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Follows the files for ever.
    pub(super) async fn keep_current(mut self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            match self.renew().await {
                Ok(true) => tracing::info!("the TLS certificate was read again"),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %web::chain(&error), "the changed TLS certificate will not do; the one before stays");
                }
            }
        }
    }

    /// Reads the files again; true when they had changed. When they will not do, what was before stays.
    pub(super) async fn renew(&mut self) -> io::Result<bool> {
        let now = files(&self.cert, &self.key)?;
        if now == self.read {
            return Ok(false);
        }
        self.config
            .reload_from_pem(now.0.clone(), now.1.clone())
            .await?;
        self.read = now;
        Ok(true)
    }
}

fn files(cert: &Path, key: &Path) -> io::Result<(Vec<u8>, Vec<u8>)> {
    Ok((std::fs::read(cert)?, std::fs::read(key)?))
}
