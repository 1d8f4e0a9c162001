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

/// Where the program is after the step `interop`, or after [`build_if_missing`].
pub fn program() -> PathBuf {
    target_dir().join("interop/debug/assent-w3c")
}

/// Builds the program unless it is there. The step `interop`, which comes first in a full run, rebuilds an old one.
pub fn build_if_missing() -> Result<PathBuf> {
    let program = program();
    if !program.is_file() {
        cargo("build").run()?;
    }
    Ok(program)
}
