//! The W3C bridge of `interop/`, a workspace of its own.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{Cmd, target_dir};

/// `cargo <command>` in `interop/`, quietly.
pub fn cargo(command: &str) -> Cmd {
    // A target folder of its own: the two workspaces switch on different features of the same crates.
    Cmd::new("cargo")
        .args([command, "--quiet"])
        .env("CARGO_TARGET_DIR", target_dir().join("interop"))
        .dir("interop")
}

/// Builds the program, or finds it current: only cargo knows which.
pub fn build() -> Result<PathBuf> {
    cargo("build").run()?;
    Ok(program())
}

/// Whether somebody built it here before.
pub fn was_built() -> bool {
    program().is_file()
}

fn program() -> PathBuf {
    target_dir().join("interop/debug/assent-w3c")
}
