//! Starting other programs: from the project's root, with a readable error when one is missing or fails.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::count::Counts;
use crate::failing::Failing;

/// The project's root folder.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    env("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// An environment variable. The one place where this program reads one.
pub fn env(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool is configured by its environment"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The clock. The one place where this program reads it.
pub fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool reports how long a step took"
    )]
    Instant::now()
}

/// `1 min 02 s` or `3.4 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// A program to start.
#[derive(Debug)]
pub struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: PathBuf,
    quiet: bool,
}

impl Cmd {
    /// Starts in the project's root.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            dir: root(),
            quiet: false,
        }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Starts in `dir`, relative to the root.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = root().join(dir);
        self
    }

    /// Does not print the command before it runs.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Runs it; its output goes to ours.
    pub fn run(self) -> Result<()> {
        self.announce();
        let status = self.command().status().with_context(|| self.missing())?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown());
        }
        Ok(())
    }

    /// Runs it, passes its output on, and counts the tests it reports. A runner that reports none is an error: it looked
    /// in the wrong place, or its words changed, and either would stay green for ever.
    pub fn run_counted(self) -> Result<(Counts, bool)> {
        self.announce();
        let mut child = self
            .command()
            .env("NO_COLOR", "1")
            .env("FORCE_COLOR", "0")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| self.missing())?;
        let (mut counts, mut failing) = (Counts::default(), Failing::default());
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                counts.read(&line);
                failing.read(&line);
            }
        }
        counts.failing = failing.names();
        let passed = child.wait()?.success();
        if passed && counts.passed == 0 {
            bail!("`{}` reported no test that ran", self.shown());
        }
        Ok((counts, passed))
    }

    /// Runs it and returns everything it printed, on both streams, and whether it succeeded.
    pub fn outcome(self) -> Result<(String, bool)> {
        self.announce();
        let output = self.command().output().with_context(|| self.missing())?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok((text, output.status.success()))
    }

    /// Runs it and returns what it printed. Fails when it fails.
    pub fn output(self) -> Result<String> {
        let output = self.command().output().with_context(|| self.missing())?;
        if !output.status.success() {
            bail!(
                "`{}` failed:\n{}",
                self.shown(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Starts it and does not wait; standard output and error go to `log` when one is given.
    pub fn spawn(self, log: Option<&Path>) -> Result<Child> {
        let mut command = self.command();
        command.stdin(Stdio::null());
        if let Some(path) = log {
            let file =
                std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            command.stdout(file.try_clone()?).stderr(file);
        }
        command.spawn().with_context(|| self.missing())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.dir)
            .envs(self.env.iter().map(|(k, v)| (k, v)));
        command
    }

    fn shown(&self) -> String {
        let mut text = self.program.to_string_lossy().into_owned();
        for arg in &self.args {
            text.push(' ');
            text.push_str(&arg.to_string_lossy());
        }
        text
    }

    fn announce(&self) {
        if !self.quiet {
            // Not among the results of those commands that have some.
            eprintln!("  $ {}", self.shown());
        }
    }

    fn missing(&self) -> String {
        format!(
            "cannot start `{}`; is it installed?",
            self.program.to_string_lossy()
        )
    }
}
