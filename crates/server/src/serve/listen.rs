//! Listeners: bound before anything else, with TLS when asked, ended gently.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::certificate::Certificate;
use crate::config::{Config, Source};

pub(super) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    listen().map_err(|error| Error::Listen(address, error))
}

/// The metrics' listener. When nobody asked for that port and it is taken (a second process), it is left out.
pub(super) fn bind_metrics(config: &Config) -> Result<Option<(TcpListener, SocketAddr)>, Error> {
    let Some(address) = config.metrics.listen else {
        return Ok(None);
    };
    let by_default = config
        .effective()
        .iter()
        .any(|one| one.key == "metrics.listen" && one.source == Source::Default);
    match bind(address) {
        Err(_) if by_default => {
            tracing::warn!(%address, "no metrics: the address is taken; set `metrics.listen`");
            Ok(None)
        }
        bound => bound.map(Some),
    }
}

/// Answers requests until `stop`, then those at work for at most `grace`.
pub(super) async fn answer(
    listener: TcpListener,
    tls: Option<Certificate>,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) -> Result<(), Error> {
    let handle = Handle::new();
    let stopping = handle.clone();
    let watcher = tokio::spawn(async move {
        stop.cancelled().await;
        stopping.graceful_shutdown(Some(grace));
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let outcome = if let Some(certificate) = tls {
        let mut server = axum_server::from_tcp_rustls(listener, certificate.config())
            .map_err(Error::Serve)?
            .handle(handle);
        patience(server.http_builder());
        tokio::select! {
            ended = server.serve(service) => ended,
            never = certificate.keep_current() => match never {},
        }
    } else {
        let mut server = axum_server::from_tcp(listener)
            .map_err(Error::Serve)?
            .handle(handle);
        patience(server.http_builder());
        server.serve(service).await
    };
    watcher.abort();
    outcome.map_err(Error::Serve)
}

/// Who sends the head of a request too slowly is cut off.
fn patience<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(15));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30));
}
