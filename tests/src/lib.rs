//! What tests of the whole system share: the real programs, as `cargo test --workspace` and `cargo build` leave them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something unexpected happens"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program of ours, beside the test that asks.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let folder = here.parent().and_then(Path::parent).unwrap();
    let program = folder.join(name);
    assert!(program.is_file(), "{} is missing: cargo build", program.display());
    program
}

/// A sandbox server in a process of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its address.
    pub base: String,
}

impl Server {
    /// Starts one on a free port and waits until it answers. It keeps its data in `folder`.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::try_at(folder, "0").expect("the server did not start")
    }

    /// The same on this port, which another program may have as its own end of a connection for a moment.
    #[must_use]
    pub fn start_at(folder: &Path, port: &str) -> Self {
        let started = (0..100).find_map(|_| {
            let server = Self::try_at(folder, port);
            if server.is_none() {
                std::thread::sleep(Duration::from_millis(300));
            }
            server
        });
        started.expect("the server did not start")
    }

    fn try_at(folder: &Path, port: &str) -> Option<Self> {
        let mut child = Command::new(program("assent-server"))
            .args(["serve", "--sandbox", "--listen"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("--data")
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = lines.find_map(|line| line.unwrap().strip_prefix("Assent is at ").map(str::to_owned));
        let Some(base) = base else {
            child.wait().unwrap();
            return None;
        };
        // Whoever writes to a closed pipe ends.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, base })
    }

    /// Id of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
