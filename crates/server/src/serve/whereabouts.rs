//! Where the server of an installation is, for commands on the same machine: a link that they print must lead there, also
//! when the server was started on another port than the configuration's.
//!
//! The port stands in `server.port` in the data folder while a server runs. What a killed one left is not believed when
//! nobody answers there.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Config;

/// How long a server on this machine may take to be there.
const PATIENCE: Duration = Duration::from_millis(200);

/// The note of a running server; it goes with it.
pub(super) struct Noted {
    file: PathBuf,
    port: u16,
}

/// Notes where this process listens. An installation without a data folder keeps no note.
pub(super) fn note(config: &Config) -> Option<Noted> {
    let file = file(config);
    let port = config.listen.port();
    fs::write(&file, port.to_string()).ok()?;
    Some(Noted { file, port })
}

impl Drop for Noted {
    fn drop(&mut self) {
        // Another server may have come meanwhile.
        if read(&self.file) == Some(self.port) {
            fs::remove_file(&self.file).ok();
        }
    }
}

/// Sets the port to that of the server that runs here, if one does.
pub fn find_server(config: &mut Config) {
    let Some(port) = read(&file(config)) else {
        return;
    };
    let there = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if TcpStream::connect_timeout(&there, PATIENCE).is_ok() {
        config.listen.set_port(port);
    }
}

fn file(config: &Config) -> PathBuf {
    config.data_dir.join("server.port")
}

fn read(file: &PathBuf) -> Option<u16> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
