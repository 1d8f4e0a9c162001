//! A PostgreSQL of our own for the tests: temporary folder, a socket in it and no port that anything else could take,
//! unprivileged user, gone afterwards. It lets every local user in and does not sync: there is nothing in it but test data.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{Cmd, now};
use crate::tools;

/// A busy machine takes its time.
const LONGEST: Duration = Duration::from_secs(120);

/// A running PostgreSQL. Stops and disappears when dropped.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    server: Child,
}

impl Postgres {
    /// Creates an empty cluster and starts it.
    pub fn start() -> Result<Self> {
        let bin = tools::postgres_bin()?;
        let folder = std::env::temp_dir().join(format!("assent-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        // PostgreSQL refuses to run as root; `postgres` exists wherever the package is installed, `nobody` everywhere.
        let user = if tools::is_root() {
            Some(unprivileged_user()?)
        } else {
            None
        };
        if let Some(user) = &user {
            Cmd::new("chown")
                .args([user.as_str()])
                .args([&folder])
                .quiet()
                .run()?;
        }
        let data = folder.join("data");
        run_as(user.as_deref(), &bin.join("initdb"))
            .args([
                "-A",
                "trust",
                "-U",
                "assent",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
                "-D",
            ])
            .args([&data])
            .dir(&folder)
            .output()?;
        let log = folder.join("postgres.log");
        let server = run_as(user.as_deref(), &bin.join("postgres"))
            .args(["-D"])
            .args([&data])
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
            ])
            .args(["-k"])
            .args([&folder])
            .dir(&folder)
            .spawn(Some(&log))?;
        let mut postgres = Self { folder, server };
        postgres.wait(&bin, &log)?;
        Ok(postgres)
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        format!(
            "postgres://assent@localhost/postgres?host={}",
            self.folder.display()
        )
    }

    fn wait(&mut self, bin: &Path, log: &Path) -> Result<()> {
        let start = now();
        while start.elapsed() < LONGEST {
            let ready = Cmd::new(bin.join("pg_isready"))
                .args(["-q", "-h"])
                .args([&self.folder])
                .quiet()
                .output();
            if ready.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                bail!(
                    "PostgreSQL stopped ({status}):\n{}",
                    std::fs::read_to_string(log).unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("PostgreSQL did not answer within {} s", LONGEST.as_secs())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT asks for a fast shutdown; `kill` of the standard library would leave its children behind.
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))
            .ok()
            .and_then(|text| text.lines().next().map(str::to_owned));
        if let Some(pid) = pid {
            let _ = Cmd::new("kill").args(["-INT", &pid]).quiet().output();
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn unprivileged_user() -> Result<String> {
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| Cmd::new("id").args(["-u", user]).output().is_ok())
        .map(str::to_owned)
        .context("no unprivileged user to run PostgreSQL as")
}

fn run_as(user: Option<&str>, program: &Path) -> Cmd {
    match user {
        Some(user) => Cmd::new("setpriv")
            .args(["--reuid", user, "--regid", user, "--clear-groups"])
            .args([program])
            .quiet(),
        None => Cmd::new(program).quiet(),
    }
}
