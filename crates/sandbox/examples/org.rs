//! Runs a sandbox for people who work on it: `org [PORT] [PEOPLE] [GROUPS]`.

use std::net::SocketAddr;

use keywright_sandbox::{Sandbox, SandboxOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let mut next = |default: u32| numbers.next().unwrap_or(Ok(default));
    let mut options = SandboxOptions::default();
    options.listen = SocketAddr::from(([127, 0, 0, 1], u16::try_from(next(8790)?)?));
    options.people = next(0)?;
    options.groups = next(0)?;
    options.rate_limits = false;
    let sandbox = Sandbox::start(options).await?;
    let mut out = std::io::stdout();
    std::io::Write::write_all(
        &mut out,
        format!("{} {}\n", sandbox.url(), sandbox.api_token()).as_bytes(),
    )?;
    sandbox.wait().await;
    Ok(())
}
