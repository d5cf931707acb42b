//! A full disk in the middle of a run: told in words, nothing half done, and well again when there is room.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{org::Org, setup::World, site::Site};

/// A small file system in memory, which takes root to make.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mounted(place: &'a Path, size: &str) -> Self {
        fs::create_dir_all(place).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(place)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a small file system could not be made (this test needs root)"
        );
        Self(place)
    }

    /// Fills it up to the last byte.
    fn fill(&self) {
        let ballast = self.0.join("ballast");
        let mut size = 1 << 20;
        let mut content = Vec::new();
        while size >= 512 {
            content.resize(content.len() + size, b'.');
            if fs::write(&ballast, &content).is_err() {
                content.truncate(content.len() - size);
                size /= 2;
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).expect("removed");
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        Command::new("umount")
            .arg("--lazy")
            .arg(self.0)
            .status()
            .ok();
    }
}

/// Joins an org, fills the disk, runs, makes room, runs again.
async fn a_full_disk_ends_well(site: &Site, disk: &Small<'_>) {
    let org = Org::start(&["--people", "2000", "--groups", "8", "--random-seed", "3"]);
    let world = World::joined(site, &org, 6).await;
    site.guard_off().await;
    disk.fill();

    let ended = site.run(&["sync", "run"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let said = format!("{}{}", ended.out, ended.err).to_lowercase();
    assert!(
        said.contains("full") || said.contains("no space"),
        "it does not say that the disk is full: {ended:?}"
    );
    disk.make_room();
    assert!(site.grants().await.is_empty(), "half a run");

    site.leases_run_out().await;
    site.done(&["sync", "run"]);
    assert_eq!(site.grants().await, world.expected());
}

#[tokio::test]
async fn on_sqlite() {
    let site = Site::sqlite();
    let data = site.data();
    let disk = Small::mounted(&data, "16m");
    a_full_disk_ends_well(&site, &disk).await;
}

#[tokio::test]
async fn on_postgres() {
    let space = TempDir::new().expect("a folder");
    let disk = Small::mounted(space.path(), "32m");
    // Made after the disk, so that it leaves before it.
    let mut site = Site::postgres();
    site.tables_in(space.path());
    a_full_disk_ends_well(&site, &disk).await;
}
