//! A mail server to test with: it speaks SMTP (RFC 5321) on a port of its own and keeps what it is sent.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One message as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Header and body, dots unstuffed.
    pub data: String,
}

/// A mail server. Recipients whose name begins with `reject` are refused for good (550), those that begin with
/// `later` for now (451) until [`MailServer::recover`].
#[derive(Debug, Clone)]
pub struct MailServer {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    recovered: bool,
}

impl MailServer {
    /// Starts one on loopback; it ends with the runtime.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let state = Arc::<Mutex<State>>::default();
        let kept = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, kept.clone()));
            }
        });
        Ok(Self { url, state })
    }

    /// Its address, as `mail.smtp_url` takes it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was sent so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.state
            .lock()
            .map(|state| state.mails.clone())
            .unwrap_or_default()
    }

    /// From now on `later` recipients are taken.
    pub fn recover(&self) {
        if let Ok(mut state) = self.state.lock() {
            state.recovered = true;
        }
    }
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> Result<()> {
    let mut stream = BufReader::new(stream);
    reply(&mut stream, "220 testkit ESMTP").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        match verb.as_str() {
            "EHLO" => reply(&mut stream, "250-testkit\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "MAIL" => {
                from = address(command);
                to.clear();
                reply(&mut stream, "250 ok").await?;
            }
            "RCPT" => {
                let recipient = address(command);
                let recovered = state.lock().is_ok_and(|state| state.recovered);
                if recipient.starts_with("reject") {
                    reply(&mut stream, "550 5.1.1 no such mailbox").await?;
                } else if recipient.starts_with("later") && !recovered {
                    reply(&mut stream, "451 4.3.0 try again later").await?;
                } else {
                    to.push(recipient);
                    reply(&mut stream, "250 ok").await?;
                }
            }
            "DATA" => {
                reply(&mut stream, "354 go on").await?;
                let data = read_data(&mut stream).await?;
                if let Ok(mut state) = state.lock() {
                    state.mails.push(Mail {
                        from: from.clone(),
                        to: to.clone(),
                        data,
                    });
                }
                reply(&mut stream, "250 taken").await?;
            }
            "RSET" | "NOOP" => reply(&mut stream, "250 ok").await?,
            "QUIT" => return reply(&mut stream, "221 bye").await,
            _ => reply(&mut stream, "502 not known here").await?,
        }
    }
}

/// RFC 5321 section 4.5.2: a lone dot ends the data, a doubled one at a line's start is one.
async fn read_data(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let (mut data, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn address(command: &str) -> String {
    let inside = command
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

async fn reply(stream: &mut BufReader<TcpStream>, text: &str) -> Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    Ok(stream.flush().await?)
}
