//! What a demo keeps between two runs: the sandbox's port, so that the connection of the first run fits the second.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use keywright_sandbox::{Sandbox, SandboxOptions, StartError};
use serde::{Deserialize, Serialize};

use crate::exit::bad_usage;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    sandbox: Option<SocketAddr>,
}

/// The folder of a demo.
pub(super) struct Folder {
    path: PathBuf,
    kept: Kept,
}

impl Folder {
    /// Opens it, making it when it is missing.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let kept = std::fs::read_to_string(path.join("demo.json"))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            kept,
        })
    }

    /// True when a demo ran here before.
    pub(super) fn is_known(&self) -> bool {
        self.kept.sandbox.is_some()
    }

    /// Starts the org where it was before, or on a free port the first time.
    pub(super) async fn sandbox(&mut self, mut options: SandboxOptions) -> anyhow::Result<Sandbox> {
        if let Some(address) = self.kept.sandbox {
            options.listen = address;
        }
        let sandbox = Sandbox::start(options).await.map_err(|error| match (&error, self.kept.sandbox) {
            (StartError::Listen { .. }, Some(address)) => bad_usage(format!(
                "{address}, where the demo's org was before, is taken: end the other demo, or use another folder by --data"
            )),
            _ => error.into(),
        })?;
        self.kept.sandbox = Some(sandbox.address());
        let text = serde_json::to_string(&self.kept)?;
        std::fs::write(self.path.join("demo.json"), text).context("cannot write demo.json")?;
        Ok(sandbox)
    }
}
