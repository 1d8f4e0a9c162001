//! An S3-compatible server for the tests: `moto`, from the Python packages of the peers.

use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::{Cmd, now};
use crate::tools;

/// A busy machine takes its time.
const LONGEST: Duration = Duration::from_secs(120);
/// What the server says before its port.
const AT: &str = "Running on http://127.0.0.1:";

/// A running server. Stops when dropped.
#[derive(Debug)]
pub struct S3 {
    server: Child,
    port: u16,
    log: PathBuf,
}

impl S3 {
    /// Starts one, on any free port; `None` where there is no Python to run it.
    pub fn start() -> Result<Option<Self>> {
        let python = tools::python_env("tests/peers")?;
        if python.as_os_str().is_empty() {
            return Ok(None);
        }
        let log = std::env::temp_dir().join(format!("assent-s3-{}.log", std::process::id()));
        let server = Cmd::new(python.display().to_string())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .spawn(Some(&log))?;
        let mut s3 = Self { server, port: 0, log };
        s3.port = s3.wait()?;
        Ok(Some(s3))
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port, which the system chose and nobody else can have: the server names it when it listens.
    fn wait(&mut self) -> Result<u16> {
        let start = now();
        while start.elapsed() < LONGEST {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            let line = said.split_once(AT).and_then(|(_, rest)| rest.split_once('\n'));
            if let Some(port) = line.and_then(|(port, _)| port.trim().parse().ok()) {
                return Ok(port);
            }
            if let Some(status) = self.server.try_wait()? {
                bail!("the S3 server ended with {status}; see {}", self.log.display());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("the S3 server does not answer; see {}", self.log.display())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}
