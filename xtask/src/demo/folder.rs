//! The demo's folder: one demo at a time, its ports remembered, and wiped only when it is really ours.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Says that a folder is a demo's, and holds the ports of its last run.
const MARKER: &str = "demo.ports";
const LOCK: &str = "demo.lock";

/// A folder that this process alone uses.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes it, takes it, and wipes it when `fresh`.
    pub(super) fn take(path: PathBuf, fresh: bool) -> Result<Self> {
        if fresh {
            check_ours(&path)?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let lock = File::create(path.join(LOCK))?;
        if lock.try_lock().is_err() {
            let ports = read_ports(&path);
            let at = ports.map_or_else(String::new, |(port, _)| format!(" at http://localhost:{port}/"));
            bail!(
                "a demo already runs on {}{at}. Stop it with Ctrl-C in its terminal, or give another folder with --data",
                path.display()
            );
        }
        if fresh {
            for entry in std::fs::read_dir(&path)?.flatten() {
                if entry.file_name() == LOCK {
                    continue;
                }
                let entry = entry.path();
                if entry.is_dir() {
                    std::fs::remove_dir_all(&entry)?;
                } else {
                    std::fs::remove_file(&entry)?;
                }
            }
        }
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Server's and library's port of the last run.
    pub(super) fn ports(&self) -> Option<(u16, u16)> {
        read_ports(&self.path)
    }

    /// Keeps them for the next run: a wallet in a browser belongs to one address.
    pub(super) fn keep_ports(&self, server: u16, library: u16) -> Result<()> {
        std::fs::write(self.path.join(MARKER), format!("{server} {library}\n"))?;
        Ok(())
    }
}

/// `--fresh` deletes everything in the folder, so it must be a demo's folder, or empty.
fn check_ours(path: &Path) -> Result<()> {
    let Ok(mut entries) = std::fs::read_dir(path) else {
        return Ok(());
    };
    if path.join(MARKER).is_file() || entries.next().is_none() {
        return Ok(());
    }
    // A demo that never came up leaves its lock and perhaps the server's folder.
    let known = |name: &str| {
        matches!(
            name,
            LOCK | "server" | "library" | "server.log" | "library.log" | "server.toml"
        )
    };
    let all_known = std::fs::read_dir(path)?
        .flatten()
        .all(|entry| entry.file_name().to_str().is_some_and(known));
    if all_known {
        return Ok(());
    }
    bail!(
        "{} is not a folder of the demo: --fresh will not empty it",
        path.display()
    )
}

fn read_ports(path: &Path) -> Option<(u16, u16)> {
    let text = std::fs::read_to_string(path.join(MARKER)).ok()?;
    let (server, library) = text.trim().split_once(' ')?;
    Some((server.parse().ok()?, library.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = crate::process::target_dir().join(format!("xtask-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn fresh_empties_only_what_is_ours() {
        let path = scratch("ours");
        std::fs::write(path.join("letter.txt"), "mine").unwrap();
        assert!(Folder::take(path.clone(), true).is_err());
        assert!(path.join("letter.txt").is_file());
        std::fs::remove_file(path.join("letter.txt")).unwrap();

        let folder = Folder::take(path.clone(), false).unwrap();
        folder.keep_ports(1, 2).unwrap();
        std::fs::create_dir(path.join("server")).unwrap();
        // One at a time.
        assert!(Folder::take(path.clone(), true).is_err());
        assert!(path.join("server").is_dir());
        drop(folder);
        let folder = Folder::take(path.clone(), false).unwrap();
        assert_eq!(folder.ports(), Some((1, 2)), "data stays");
        drop(folder);
        let folder = Folder::take(path.clone(), true).unwrap();
        assert!(folder.ports().is_none() && !path.join("server").exists());
        std::fs::remove_dir_all(path).unwrap();
    }
}
