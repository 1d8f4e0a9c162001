//! Fuzzing: every target of `fuzz/`, each for a while. Needs a nightly compiler and cargo-fuzz.

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::process::{Cmd, root};

pub const HELP: &str = "\
Needs: rustup toolchain install nightly && cargo install cargo-fuzz --locked
Targets run with AddressSanitizer, except those that spend their time on elliptic curves: pure safe Rust, and thirty
times as many inputs without it.";

/// Targets whose inputs cost key agreements or signatures. Unsafe code is forbidden in ours and in the curves we use, so
/// the sanitizer finds nothing there that a panic would not show, and it makes each input many times slower.
const CURVES: &[&str] = &["credential_messages", "jwe", "vault"];

/// Runs the targets; a plain word picks those with it in their name.
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
    let wanted = |target: &&str| {
        args.words
            .first()
            .is_none_or(|word| target.contains(word.as_str()))
    };
    let targets: Vec<&str> = list.lines().filter(wanted).collect();
    if targets.is_empty() {
        bail!("there is no such target; there are:\n{list}");
    }
    if args.flag("list") {
        println!("{}", targets.join("\n"));
        return Ok(());
    }
    for target in targets {
        println!("\n── {target}, {seconds} s");
        std::fs::create_dir_all(root().join("fuzz/corpus").join(target))?;
        // Where there are none, what the fuzzer finds by itself is enough to get in.
        let seeds = format!("seeds/{target}");
        let seeds = root().join("fuzz").join(&seeds).is_dir().then_some(seeds);
        let words = format!("dictionaries/{target}.dict");
        let words = root().join("fuzz").join(&words).is_file().then_some(words);
        let sanitizer = if CURVES.contains(&target) {
            "none"
        } else {
            "address"
        };
        Cmd::new("cargo")
            .args([
                "+nightly",
                "fuzz",
                "run",
                "--release",
                "--sanitizer",
                sanitizer,
                target,
                &format!("corpus/{target}"),
            ])
            .args(seeds)
            .args(["--"])
            .args(words.map(|words| format!("-dict={words}")))
            .args([
                format!("-max_total_time={seconds}"),
                "-max_len=65536".to_owned(),
                "-timeout=10".to_owned(),
                "-print_final_stats=1".to_owned(),
            ])
            .dir("fuzz")
            .run()?;
    }
    Ok(())
}
