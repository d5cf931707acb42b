//! HTTPS with a certificate that is made at start.

use std::sync::Arc;

use axum::Router;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::options::StartError;

/// A certificate made at start, and its key.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) certificate: String,
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Secured {
    /// A certificate for the loopback addresses, `localhost` and the hosts of these orgs. As it signs itself, it is also
    /// the authority that clients are to trust.
    pub(crate) fn new(orgs: &[String]) -> Result<Self, StartError> {
        let failed = |error: rcgen::Error| StartError::Key(error.to_string());
        let mut hosts = vec!["localhost".to_owned(), "*.localhost".to_owned()];
        hosts.extend(orgs.iter().map(|name| format!("{name}.localhost")));
        let mut params = CertificateParams::new(hosts).map_err(failed)?;
        for address in [
            std::net::IpAddr::from([127, 0, 0, 1]),
            std::net::Ipv6Addr::LOCALHOST.into(),
        ] {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        let key = KeyPair::generate().map_err(failed)?;
        let made = params.self_signed(&key).map_err(failed)?;
        Ok(Self {
            certificate: made.pem(),
            der: made.der().clone(),
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        })
    }
}

/// Serves HTTPS until told to stop.
pub(crate) fn serve(
    listener: TcpListener,
    app: Router,
    stop: CancellationToken,
    secured: &Secured,
) -> Result<impl Future<Output = ()> + Send + use<>, StartError> {
    let failed = |error: rustls::Error| StartError::Key(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![secured.der.clone()], secured.key.clone_key())
        .map_err(failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(config));
    let listener = listener
        .into_std()
        .map_err(|error| StartError::Key(error.to_string()))?;
    let server = axum_server::from_tcp_rustls(listener, config)
        .map_err(|error| StartError::Key(error.to_string()))?;
    Ok(async move {
        tokio::select! {
            _ = server.serve(app.into_make_service()) => {}
            () = stop.cancelled() => {}
        }
    })
}
