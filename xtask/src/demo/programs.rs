//! The started programs: watched while they run, asked to stop, and stopped.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::process::{Cmd, now};

/// How long a program may take to stop by itself.
const GRACE: Duration = Duration::from_secs(10);

/// Stopped when dropped, however this program ends, except by SIGKILL.
pub(super) struct Programs {
    running: Vec<Program>,
    stop: Arc<AtomicBool>,
}

struct Program {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

impl Programs {
    /// None yet. From here on Ctrl-C, `kill` and a closed terminal stop the programs and then this one.
    pub(super) fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, stop.clone()).context("cannot listen for Ctrl-C")?;
        }
        Ok(Self {
            running: Vec::new(),
            stop,
        })
    }

    pub(super) fn add(&mut self, name: &'static str, log: PathBuf, child: Child) {
        self.running.push(Program { name, log, child });
    }

    /// Waits until `GET path` on the port answers 200.
    pub(super) fn wait_for(&mut self, port: u16, path: &str) -> Result<()> {
        let start = now();
        while start.elapsed() < Duration::from_secs(60) {
            self.check()?;
            if status(port, path) == Some(200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("http://localhost:{port}{path} did not answer within 60 s; see the logs")
    }

    /// Runs until somebody wants it to stop; fails when a program stops by itself.
    pub(super) fn wait(&mut self) -> Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            self.check()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        println!("\nStopping.");
        Ok(())
    }

    fn check(&mut self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            bail!("stopped");
        }
        for program in &mut self.running {
            let Some(status) = program.child.try_wait()? else {
                continue;
            };
            // Ctrl-C reaches the whole process group: a program may be gone before we saw the signal.
            std::thread::sleep(Duration::from_millis(50));
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let log = std::fs::read_to_string(&program.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
            bail!(
                "{} stopped ({status}). The end of {}:\n{}",
                program.name,
                program.log.display(),
                tail.join("\n")
            );
        }
        Ok(())
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.running {
            // SIGTERM first: the server then finishes what it has acknowledged.
            let pid = program.child.id().to_string();
            if matches!(program.child.try_wait(), Ok(None)) {
                let _ = Cmd::new("kill").args(["-TERM", &pid]).quiet().output();
            }
        }
        let start = now();
        for program in &mut self.running {
            while matches!(program.child.try_wait(), Ok(None)) {
                if start.elapsed() > GRACE {
                    let _ = program.child.kill();
                    let _ = program.child.wait();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The status of a plain HTTP GET; no client library for one line.
fn status(port: u16, path: &str) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head)
        .ok()?
        .strip_prefix("HTTP/1.1 ")?
        .parse()
        .ok()
}
