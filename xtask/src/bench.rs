//! Measurements, optimised, one after the other: `tests/benches/*.rs`, and the wallet in a browser.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::process::{Cmd, root, target_dir};
use crate::{tools, wasm};

pub const HELP: &str = "\
verify, response: one thread, with shares of raw cryptography from the same run.
http: a server process under load, and its memory at rest before, after, and a while after the load.
seal: sealing, opening and unlocking, beside raw AES-256-GCM and the `age` crate.
vault: the vault service over HTTP: reading a vault of 10,000 records, and records one by one.
wasm: the wallet in Chromium, or with --node in Node, which has the same engine.
Figures are of this machine and this run: compare shares, not numbers of two machines.";

/// The one that is not a Rust program.
const BROWSER: &str = "wasm";

/// Runs them all; a plain word picks those with it in their name.
pub fn run(args: &Args) -> Result<()> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/benches"))?
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .chain([BROWSER.to_owned()])
        .collect();
    names.sort();
    if let Some(filter) = args.words.first() {
        names.retain(|name| name.contains(filter.as_str()));
    }
    if names.is_empty() {
        bail!("there is no such benchmark in tests/benches");
    }
    if args.flag("list") {
        println!("{}", names.join("\n"));
        return Ok(());
    }
    // Nothing but results on standard output when a program reads it.
    let json = args.flag("json");
    let heading = |name: &str| {
        if !json {
            println!("\n── {name}");
        }
    };
    let server = server()?;
    for name in names {
        heading(&name);
        if name == BROWSER {
            in_browser(args, &server)?.run()?;
            continue;
        }
        let mut bench = Cmd::new("cargo")
            .args([
                "bench",
                "--quiet",
                "--package",
                "assent-tests",
                "--bench",
                &name,
                "--",
            ])
            .args(["--server"])
            .args([&server])
            .args(["--idle", args.option("idle").unwrap_or("300")]);
        if json {
            bench = bench.args(["--json"]);
        }
        bench.run()?;
    }
    Ok(())
}

/// The optimised server.
fn server() -> Result<PathBuf> {
    Cmd::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "assent-server"])
        .run()?;
    Ok(target_dir().join("release/assent-server"))
}

fn in_browser(args: &Args, server: &PathBuf) -> Result<Cmd> {
    tools::node()?;
    wasm::build(wasm::Mode::Release)?;
    let mut cmd = Cmd::new("node")
        .args(["tests/benches/browser/run.mjs", "--server"])
        .args([server])
        .args(["--runs", args.option("runs").unwrap_or("200")]);
    if !args.flag("node") {
        tools::npm_ci("tests/e2e")?;
        cmd = cmd.args(["--chromium"]).args([tools::chromium()?]);
    }
    if args.flag("json") {
        cmd = cmd.args(["--json"]);
    }
    Ok(cmd)
}
