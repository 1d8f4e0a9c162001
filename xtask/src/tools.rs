//! The tools a step needs: installed when that is possible, named exactly when it is not.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{Cmd, env, root};

/// Node's lowest supported version: what the web build needs.
const NODE: (u32, u32) = (20, 19);

/// Makes sure that a compilation target is installed.
pub fn rust_target(target: &str) -> Result<()> {
    let installed = Cmd::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    if let Ok(list) = &installed
        && list.lines().any(|line| line == target)
    {
        return Ok(());
    }
    Cmd::new("rustup")
        .args(["target", "add", target])
        .run()
        .with_context(|| format!("needs the Rust target {target}"))
}

/// Makes sure that a rustup component of the pinned compiler is installed.
pub fn rust_component(component: &str) -> Result<()> {
    let installed = Cmd::new("rustup")
        .args(["component", "list", "--installed"])
        .output();
    if let Ok(list) = &installed
        && list.lines().any(|line| line == component)
    {
        return Ok(());
    }
    Cmd::new("rustup")
        .args(["component", "add", component])
        .run()
        .with_context(|| format!("needs the Rust component {component}"))
}

/// Makes sure that Node is there and new enough.
pub fn node() -> Result<()> {
    let (major, minor) = NODE;
    let wanted = format!("Node {major}.{minor} or newer is needed");
    let version = Cmd::new("node")
        .args(["--version"])
        .output()
        .with_context(|| format!("{wanted}: https://nodejs.org"))?;
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(found)), Some(Ok(and))) if (found, and) >= NODE => Ok(()),
        _ => bail!("{wanted}; this is {version}"),
    }
}

/// Installs a folder's npm packages from its lock file, when the lock file changed since the last time.
///
/// Install scripts never run: a package may only bring files.
pub fn npm_ci(folder: &str) -> Result<()> {
    node()?;
    let dir = root().join(folder);
    let lock = std::fs::read(dir.join("package-lock.json"))
        .with_context(|| format!("{folder} has no package-lock.json"))?;
    let stamp = dir.join("node_modules/.assent-lock");
    if std::fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    Cmd::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .dir(folder)
        .run()?;
    std::fs::create_dir_all(dir.join("node_modules"))?;
    std::fs::write(stamp, lock)?;
    Ok(())
}

/// A folder's Python environment with the packages of its requirements.txt; an empty path when there is no Python.
pub fn python_env(folder: &str) -> Result<PathBuf> {
    let Some(python) = which("python3") else {
        return Ok(PathBuf::new());
    };
    let dir = root().join(folder);
    let (venv, stamp) = (dir.join(".venv"), dir.join(".venv/requirements.txt"));
    let wanted = std::fs::read(dir.join("requirements.txt"))?;
    let program = venv.join("bin/python");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    let python = python.display().to_string();
    let made = Cmd::new(&python).args(["-m", "venv", ".venv"]).dir(folder).run();
    if made.is_err() {
        // Debian keeps `venv` in a package of its own; what needs Python is then skipped, and says so.
        return Ok(PathBuf::new());
    }
    Cmd::new(program.display().to_string())
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--requirement",
            "requirements.txt",
        ])
        .dir(folder)
        .run()?;
    std::fs::write(stamp, wanted)?;
    Ok(program)
}

/// The Chromium that drives the browser tests.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = env("CHROMIUM") {
        return Ok(path.into());
    }
    const NAMES: &[&str] = &[
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ];
    if let Some(path) = NAMES.iter().find_map(|name| which(name)) {
        return Ok(path);
    }
    apt_install(&["chromium"], "a Chromium browser")?;
    which("chromium").context("chromium was installed but is not in PATH")
}

/// The folder with PostgreSQL's own programs (`initdb`, `postgres`).
pub fn postgres_bin() -> Result<PathBuf> {
    if let Some(found) = find_postgres() {
        return Ok(found);
    }
    apt_install(&["postgresql"], "PostgreSQL")?;
    find_postgres()
        .context("PostgreSQL was installed but its programs were not found under /usr/lib/postgresql")
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    Cmd::new("id").args(["-u"]).output().is_ok_and(|id| id == "0")
}

/// The first program of that name in PATH.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = env("PATH")?;
    path.split(':')
        .map(|dir| Path::new(dir).join(name))
        .find(|file| file.is_file())
}

fn find_postgres() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.retain(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file());
    versions.sort();
    versions.pop().or_else(|| {
        which("initdb")
            .and_then(|file| file.canonicalize().ok())
            .and_then(|file| file.parent().map(Path::to_path_buf))
    })
}

fn apt_install(packages: &[&str], what: &str) -> Result<()> {
    let line = format!(
        "apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if which("apt-get").is_none() || !is_root() {
        bail!("{what} is needed. On Debian or Ubuntu: sudo {line}");
    }
    println!("  {what} is missing; installing it");
    Cmd::new("apt-get")
        .args(["update", "-q"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    Cmd::new("apt-get")
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}
