//! cargo-deny, pinned and built here: licences, bans and sources of all three workspaces, and RustSec advisories.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::{Cmd, target_dir};

pub const HELP: &str = "\
The first run builds cargo-deny into target/tools: about ninety CPU seconds, once per target folder.
Advisories need github.com, for the RustSec database.";

const VERSION: &str = "0.20.2";

/// Manifest and rules of each workspace.
const WORKSPACES: &[(&str, &str)] = &[
    ("Cargo.toml", "deny.toml"),
    ("fuzz/Cargo.toml", "deny.toml"),
    ("interop/Cargo.toml", "interop/deny.toml"),
];

/// Everything; an unreachable database is an error here.
pub fn run() -> Result<()> {
    check()?;
    match advisories()? {
        Advisories::Clean => Ok(()),
        Advisories::Unreachable => {
            bail!("the RustSec database cannot be reached, so advisories were not checked")
        }
    }
}

/// Licences, bans and sources; needs no network.
pub fn check() -> Result<()> {
    for (manifest, rules) in WORKSPACES {
        deny(manifest, rules, &["bans", "licenses", "sources"])?.run()?;
    }
    Ok(())
}

/// What the RustSec database says.
pub enum Advisories {
    /// Nothing against what we use, save what deny.toml excuses with a reason.
    Clean,
    /// There is no database here and none can be fetched.
    Unreachable,
}

/// Looks every workspace up.
pub fn advisories() -> Result<Advisories> {
    for (manifest, rules) in WORKSPACES {
        let (text, ok) = deny(manifest, rules, &["advisories"])?.outcome()?;
        if text.contains("failed to fetch advisory database") {
            return Ok(Advisories::Unreachable);
        }
        if !ok {
            bail!("{manifest}:\n{text}");
        }
    }
    Ok(Advisories::Clean)
}

fn deny(manifest: &str, rules: &str, checks: &[&str]) -> Result<Cmd> {
    let options = ["--manifest-path", manifest, "--config", rules, "--workspace"];
    Ok(Cmd::new(program()?)
        .args(["--log-level", "error"])
        .args(options)
        .args(["check", "--hide-inclusion-graph"])
        .args(checks))
}

/// The pinned program, built when it is not there. A prebuilt one would be a stranger's binary.
fn program() -> Result<PathBuf> {
    let root = target_dir().join("tools");
    let program = root.join("bin/cargo-deny");
    let version = Cmd::new(&program).args(["--version"]).output();
    if version.is_ok_and(|text| text.ends_with(VERSION)) {
        return Ok(program);
    }
    println!("  building cargo-deny {VERSION}: about ninety CPU seconds, once");
    let build = root.join("build");
    Cmd::new("cargo")
        .args([
            "install",
            "cargo-deny",
            "--locked",
            "--quiet",
            "--debug",
            "--version",
            VERSION,
            "--root",
        ])
        .args([&root])
        .args(["--target-dir"])
        .args([&build])
        // It runs for seconds: its own release profile, the whole program optimised at once, costs more than it gives back.
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .run()
        .context("cargo-deny could not be installed")?;
    // The program is all that is needed again.
    let _ = std::fs::remove_dir_all(build);
    Ok(program)
}
