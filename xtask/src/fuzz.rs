//! Fuzzing: every target of `fuzz/`, each for a while. Needs a nightly compiler and cargo-fuzz.

use anyhow::{Context, Result};

use crate::args::Args;
use crate::process::{Cmd, root};

/// Runs the targets; a plain word picks one of them.
pub fn run(args: &Args) -> Result<()> {
    let seconds = args.number("seconds", 600)?;
    Cmd::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .output()
        .context("fuzzing needs: rustup toolchain install nightly && cargo install cargo-fuzz --locked")?;
    let list = Cmd::new("cargo")
        .args(["+nightly", "fuzz", "list"])
        .dir("fuzz")
        .output()?;
    for target in list.lines().filter(|target| {
        args.words
            .first()
            .is_none_or(|filter| target.contains(filter.as_str()))
    }) {
        println!("\n── {target}, {seconds} s");
        std::fs::create_dir_all(root().join("fuzz/corpus").join(target))?;
        Cmd::new("cargo")
            .args(["+nightly", "fuzz", "run", target, "--"])
            .args([
                format!("-max_total_time={seconds}"),
                "-max_len=65536".to_owned(),
                "-timeout=10".to_owned(),
            ])
            .dir("fuzz")
            .run()?;
    }
    Ok(())
}
