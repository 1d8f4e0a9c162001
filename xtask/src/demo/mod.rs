//! `cargo xtask demo`: the whole journey on one machine, from nothing to "open this address".

mod folder;
mod ports;
mod programs;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::process::{Cmd, duration, now, root, target_dir};
use crate::{bridge, tools, web};
use folder::Folder;
use programs::Programs;

pub const HELP: &str = "\
The first run compiles everything, the browser package optimised: some minutes on four cores. Later runs start within
seconds. Data stays between runs; so do the ports, because a wallet in a browser belongs to one address.
Ctrl-C stops all programs. Logs are in the data folder.";

/// Builds, starts, waits, explains, and stops both programs on Ctrl-C.
pub fn run(args: &Args) -> Result<()> {
    let start = now();
    let data = match args.option("data") {
        Some(path) => std::path::absolute(path)?,
        None => root().join(".assent/demo"),
    };
    let folder = Folder::take(data, args.flag("fresh"))?;
    let (port, library_port) = choose_ports(args, &folder)?;
    let w3c = build(args)?;

    let data = folder.path();
    let base = format!("http://localhost:{port}");
    let library = format!("http://localhost:{library_port}");
    let mut programs = Programs::new()?;
    let log = data.join("server.log");
    programs.add(
        "the server",
        log.clone(),
        server(data, port, w3c.as_deref(), &log)?,
    );
    programs.wait_for(port, "/readyz")?;
    let log = data.join("library.log");
    programs.add(
        "the library",
        log.clone(),
        example(data, &base, &library, library_port, &log)?,
    );
    programs.wait_for(library_port, "/healthz")?;
    folder.keep_ports(port, library_port)?;

    println!(
        "\nReady after {}. Everything runs on this machine; data and logs are in {}.\n",
        duration(start.elapsed()),
        data.display()
    );
    println!("  Your wallet      {base}/");
    println!("  Test cards       {base}/sandbox");
    println!("  City library     {library}/");
    println!("  API reference    {base}/docs\n");
    println!("A short tour:");
    println!("  1. Open your wallet. Choose a passphrase, write down the recovery code.");
    println!("  2. Open the test cards page. Add the identity card and the residence card.");
    println!("  3. Open the library. Choose \"Show that I am 16 or over\", then \"On this device\".");
    println!("  4. In the wallet, see who asks, for what and why. Share, or don't.");
    println!("  5. Back at the library, see exactly what it received.");
    println!("  6. In the wallet, choose \"Stop sharing\". The library's page is empty again.\n");
    println!("Press Ctrl-C to stop. The data stays; `cargo xtask demo --fresh` begins anew.");
    std::io::stdout().flush()?;
    if args.flag("open") {
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let opened = Cmd::new(opener)
            .args([format!("{base}/")])
            .quiet()
            .spawn(Some(&data.join("open.log")));
        if opened.is_err() {
            println!("No browser could be opened from here; open {base}/ yourself.");
        }
    }
    programs.wait()
}

/// The ports asked for; else those of the last run; else the first free ones.
fn choose_ports(args: &Args, folder: &Folder) -> Result<(u16, u16)> {
    let asked = |name: &str| -> Result<Option<u16>> {
        let Some(text) = args.option(name) else {
            return Ok(None);
        };
        let port = text.parse().ok().filter(|port| *port > 0);
        Ok(Some(port.with_context(|| {
            format!("--{name} takes a port, 1 to 65535, not `{text}`")
        })?))
    };
    let last = folder.ports();
    let (first, first_library) = last.unwrap_or((8470, 8471));
    let port = ports::choose(asked("port")?, first, "port", None)?;
    let library_port = ports::choose(asked("library-port")?, first_library, "library-port", Some(port))?;
    for (option, wanted, chosen) in [
        ("port", first, port),
        ("library-port", first_library, library_port),
    ] {
        if wanted != chosen && args.option(option).is_none() {
            println!("Port {wanted} is in use; taking {chosen} instead (--{option} chooses another).");
        }
    }
    if last.is_some_and(|(last, _)| last != port) {
        println!(
            "Wallets made at the old address stay there: run again with --port {first} to use them, or open the\n\
             vault at the new one with its address and passphrase."
        );
    }
    Ok((port, library_port))
}

/// Builds what is not current, and says how long each part took. Gives the W3C bridge when there is one.
fn build(args: &Args) -> Result<Option<PathBuf>> {
    tools::node()?;
    if !target_dir().join("debug/assent-server").is_file() {
        println!("First run: everything is compiled once. That takes some minutes; later runs take seconds.");
    }
    timed("the web apps", || web::run(&Args::default()))?;
    timed("the server", || {
        Cmd::new("cargo")
            .args(["build", "--package", "assent-server"])
            .run()
    })?;
    // Its 400 crates are not needed to try things out; whoever built it once gets a current one.
    if args.flag("w3c") || bridge::was_built() {
        return timed("the bridge for W3C credentials", bridge::build).map(Some);
    }
    Ok(None)
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("── {what}");
    let start = now();
    let done = work()?;
    println!("── {what}: {}", duration(start.elapsed()));
    Ok(done)
}

fn server(data: &Path, port: u16, w3c: Option<&Path>, log: &Path) -> Result<Child> {
    let mut server = Cmd::new(target_dir().join("debug/assent-server"))
        .args([
            "serve",
            "--sandbox",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--data",
        ])
        .args([data.join("server")])
        .args(["--wallet"])
        .args([root().join("web/wallet/dist")])
        .quiet();
    if let Some(program) = w3c {
        server = server.args(["--config"]).args([settings(data, port, program)?]);
    }
    server.spawn(Some(log))
}

/// A settings file that names the W3C bridge.
fn settings(data: &Path, port: u16, program: &Path) -> Result<PathBuf> {
    let file = data.join("server.toml");
    let program = program.display();
    // With a file, the server no longer guesses its address and roles.
    let text = format!(
        "public_url = \"http://localhost:{port}\"\n\n[roles]\nissuer = true\n\n[w3c_bridge]\nprogram = '''{program}'''\n"
    );
    std::fs::write(&file, text)?;
    Ok(file)
}

fn example(data: &Path, base: &str, origin: &str, port: u16, log: &Path) -> Result<Child> {
    Cmd::new("node")
        .args(["src/main.mjs"])
        .dir("examples/library")
        .env("ASSENT_URL", base)
        .env("ASSENT_KEY_FILE", data.join("server/library.key"))
        .env("ASSENT_WEBHOOK_SECRET_FILE", data.join("server/library.webhook"))
        .env("LIBRARY_ORIGIN", origin)
        .env("LIBRARY_PORT", port.to_string())
        .env("LIBRARY_DATA", data.join("library"))
        .quiet()
        .spawn(Some(log))
}
