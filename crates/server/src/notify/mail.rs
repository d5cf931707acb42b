//! Mail by SMTP.

use std::time::{Duration, SystemTime};

use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;

use super::deliver::Refusal;
use super::store::Due;
use crate::config;

/// Sends mail by the configured server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why the mail settings will not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailerError {
    /// `mail.smtp_url` cannot be read.
    #[error("`mail.smtp_url` will not do")]
    Url(#[source] lettre::transport::smtp::Error),
    /// `mail.from` is no sender.
    #[error("`mail.from` is no sender such as `Keywright <keywright@example.com>`")]
    From(#[source] AddressError),
}

impl Mailer {
    /// A mailer by the settings; `None` when no server is set.
    pub fn new(config: &config::Mail) -> Result<Option<Self>, MailerError> {
        let (Some(url), Some(from)) = (&config.smtp_url, &config.from) else {
            return Ok(None);
        };
        let from = from.parse().map_err(MailerError::From)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(MailerError::Url)?
            .timeout(Some(Duration::from_secs(20)))
            .build();
        Ok(Some(Self { transport, from }))
    }

    /// Sends one delivery.
    pub(super) async fn send(&self, due: &Due, public_url: &str) -> Result<(), Refusal> {
        let message = self.message(due, public_url).map_err(|why| Refusal {
            why,
            passing: false,
        })?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal {
                why: crate::web::chain(&error),
                passing: !error.is_permanent(),
            }),
        }
    }

    fn message(&self, due: &Due, public_url: &str) -> Result<Message, String> {
        let to = due
            .target
            .parse::<Mailbox>()
            .map_err(|error| format!("`{}` is no mail address: {error}", due.target))?;
        let link = if due.path.is_empty() {
            String::new()
        } else {
            format!("\n\n{public_url}{}", due.path)
        };
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(due.subject.replace(['\r', '\n'], " "))
            .date(SystemTime::from(due.created_at.to_jiff()))
            // The same when it is tried again, so that a mailbox keeps it once.
            .message_id(Some(format!("<{}@{}>", due.id, self.from.email.domain())))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}{link}\n", due.body))
            .map_err(|error| error.to_string())
    }
}
