//! Logs and metrics.
//!
//! ```text
//! tracing events -> fmt (text | json) -> Redacting writer -> standard error
//! metrics!       -> Prometheus recorder -> /metrics on its own listener
//! ```
//!
//! Every line goes through [`redact`] just before it is written, whatever module or level it comes from.

mod redact;

use std::io::{self, Write};
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

pub use redact::{MASK, redact};

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `log.level` is neither a level nor a filter.
    #[error("`log.level`: `{0}` is neither a level nor a filter by module")]
    Level(String),
    /// Another subscriber was set before.
    #[error("logging was already started")]
    Twice,
    /// The metrics recorder could not be made.
    #[error("metrics could not be started")]
    Metrics(#[source] metrics_exporter_prometheus::BuildError),
}

/// Starts logging for this process, to standard error.
pub fn start(log: &Log) -> Result<(), Error> {
    subscriber(log, io::stderr)
        .and_then(|subscriber| subscriber.try_init().map_err(|_| Error::Twice))
}

/// A subscriber as [`start`] sets it, with another place to write to.
pub fn subscriber<W>(log: &Log, to: W) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(&log.level)
        .map_err(|_| Error::Level(log.level.clone()))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Redacting(to))
        .with_target(true);
    let registry = tracing_subscriber::registry().with(filter);
    Ok(match log.format {
        LogFormat::Text => Box::new(registry.with(layer.with_ansi(false))),
        LogFormat::Json => {
            Box::new(registry.with(layer.json().with_current_span(true).with_span_list(false)))
        }
    })
}

/// The metrics of this process; the recorder is made once.
pub fn metrics() -> Result<&'static PrometheusHandle, Error> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[
            0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
        ])
        .map_err(Error::Metrics)?
        .build_recorder();
    let handle = recorder.handle();
    // A second caller at the same moment loses this race and takes the winner's handle below.
    let _ = metrics::set_global_recorder(recorder);
    Ok(HANDLE.get_or_init(|| handle))
}

/// Makes writers that mask secrets in each event.
struct Redacting<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Redacting<W> {
    type Writer = RedactingWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactingWriter(self.0.make_writer())
    }
}

/// Writes one event; the formatter hands it over in one piece.
struct RedactingWriter<W>(W);

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, act: impl FnOnce()) -> String {
        let sink = Sink::default();
        let to = sink.clone();
        let log = Log {
            level: level.to_owned(),
            format,
        };
        let subscriber = subscriber(&log, move || to.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn secrets_are_masked_in_both_forms_at_trace_level() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format, "trace", || {
                let span = tracing::info_span!("call", api_token = "planted-in-span");
                let _entered = span.enter();
                tracing::trace!(
                    client_secret = "planted-in-field",
                    "sent Authorization: SSWS planted-in-message"
                );
                tracing::info!(
                    "pem -----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY----- end"
                );
            });
            assert!(text.contains(MASK), "{text}");
            assert!(text.contains(" end"), "{text}");
            assert!(!text.contains("planted"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_client_at_trace_level_tells_no_secret() {
        let sink = Sink::default();
        let to = sink.clone();
        let log = Log {
            level: "trace".to_owned(),
            format: LogFormat::Text,
        };
        let subscriber = subscriber(&log, move || to.clone()).unwrap();
        let _default = tracing::subscriber::set_default(subscriber);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://me:planted-password@{}/token",
            listener.local_addr().unwrap()
        );
        let refuse = async || {
            (
                http::StatusCode::BAD_REQUEST,
                [("dpop-nonce", "n")],
                "{\"access_token\":\"planted-answer\"}",
            )
        };
        let router = axum::Router::new().fallback(refuse);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client
            .post(url)
            .header("authorization", "SSWS planted-token")
            .header("cookie", "sid=planted-cookie")
            .form(&[("client_secret", "planted-form"), ("scope", "a b")])
            .send()
            .await
            .unwrap();
        tracing::info!(?answer, "answered");
        tracing::info!(body = answer.text().await.unwrap(), "told");
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("TRACE") && text.contains("told"), "{text}");
        assert!(!text.contains("planted"), "{text}");
    }

    #[test]
    fn json_stays_json_and_levels_hold() {
        let text = logged(LogFormat::Json, "info", || {
            tracing::debug!("not shown");
            tracing::info!(password = "hunter2", count = 3, "shown");
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["fields"]["password"], MASK);
        assert_eq!(line["fields"]["count"], 3);
    }

    #[test]
    fn a_wrong_level_is_refused() {
        let log = Log {
            level: "a=b=c".to_owned(),
            format: LogFormat::Text,
        };
        assert!(matches!(subscriber(&log, io::sink), Err(Error::Level(_))));
    }
}
