//! TLS is verified: a server with a certificate nobody vouches for is not talked to.

use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use keywright_okta::{Client, Credentials, Error, OrgUrl};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(|| async { "{}" });
    let server =
        axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config)));
    tokio::spawn(server.unwrap().serve(app.into_make_service()));

    let org = OrgUrl::parse(&format!("https://localhost:{}", address.port())).unwrap();
    let client = Client::builder(org, Credentials::ApiToken("00secret".into()))
        .build()
        .unwrap();
    let error = client.me().await.unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { cause, .. } if cause.contains("certificate")),
        "{error:?}"
    );
}
