//! `cargo xtask demo`: the whole journey on one machine, from nothing to "open this address".

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::process::{Cmd, duration, now, root, target_dir};
use crate::{bridge, tools, web};

/// Builds, starts, waits, explains, and stops both programs on Ctrl-C.
pub fn run(args: &Args) -> Result<()> {
    let start = now();
    let port = port(args, "port", 8470)?;
    let library_port = port_of_library(args)?;
    for port in [port, library_port] {
        if answers(port) {
            bail!("port {port} is already in use; choose another with --port or --library-port");
        }
    }
    build()?;
    let data = root().join(args.option("data").unwrap_or(".assent/demo"));
    if args.flag("fresh") && data.is_dir() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;

    let base = format!("http://localhost:{port}");
    let library = format!("http://localhost:{library_port}");
    let mut programs = Programs::default();
    let log = data.join("server.log");
    programs.add("the server", log.clone(), server(&data, port, &log)?);
    programs.wait_for(port, "/readyz")?;
    let log = data.join("library.log");
    programs.add(
        "the library",
        log.clone(),
        example(&data, &base, &library, library_port, &log)?,
    );
    programs.wait_for(library_port, "/healthz")?;

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
    println!("  3. Open the library. Choose \"Borrow films for 16 and over\".");
    println!("  4. In the wallet, see who asks, for what and why. Share, or don't.");
    println!("  5. Back at the library, see exactly what it received.");
    println!("  6. In the wallet, choose \"Stop sharing\". The library's page is empty again.\n");
    println!("Press Ctrl-C to stop.");
    std::io::stdout().flush()?;
    if args.flag("open") {
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let _ = Cmd::new(opener)
            .args([format!("{base}/")])
            .quiet()
            .spawn(Some(&data.join("open.log")));
    }
    programs.wait()
}

fn build() -> Result<()> {
    tools::node()?;
    println!("── the web apps");
    web::run(&Args::default())?;
    println!("── the server");
    Cmd::new("cargo")
        .args(["build", "--package", "assent-server"])
        .run()
}

fn server(data: &Path, port: u16, log: &Path) -> Result<Child> {
    Cmd::new(target_dir().join("debug/assent-server"))
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
        .args(settings(data, port)?)
        .quiet()
        .spawn(Some(log))
}

/// `--config <file>` when the W3C bridge happens to be built: without it there is nothing to configure.
fn settings(data: &Path, port: u16) -> Result<Vec<OsString>> {
    let program = bridge::program();
    if !program.is_file() {
        return Ok(Vec::new());
    }
    let file = data.join("server.toml");
    let program = program.display();
    // With a file, the server no longer guesses its address and roles.
    let text = format!(
        "public_url = \"http://localhost:{port}\"\n\n[roles]\nissuer = true\n\n[w3c_bridge]\nprogram = '''{program}'''\n"
    );
    std::fs::write(&file, text)?;
    Ok(vec!["--config".into(), file.into()])
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

fn port(args: &Args, name: &str, default: u32) -> Result<u16> {
    u16::try_from(args.number(name, default)?).with_context(|| format!("--{name} is not a port"))
}

fn port_of_library(args: &Args) -> Result<u16> {
    port(args, "library-port", 8471)
}

/// The started programs; stopped when dropped.
#[derive(Default)]
struct Programs(Vec<Program>);

struct Program {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

impl Programs {
    fn add(&mut self, name: &'static str, log: PathBuf, child: Child) {
        self.0.push(Program { name, log, child });
    }

    /// Waits until `GET path` on the port answers 200.
    fn wait_for(&mut self, port: u16, path: &str) -> Result<()> {
        let start = now();
        while start.elapsed() < Duration::from_secs(60) {
            self.check()?;
            if status(port, path) == Some(200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("http://localhost:{port}{path} did not answer within 60 s; see the logs")
    }

    /// Fails when one of them stopped.
    fn check(&mut self) -> Result<()> {
        for program in &mut self.0 {
            if let Some(status) = program.child.try_wait()? {
                let log = std::fs::read_to_string(&program.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                let tail: Vec<&str> = tail.into_iter().rev().collect();
                bail!(
                    "{} stopped ({status}). The end of {}:\n{}",
                    program.name,
                    program.log.display(),
                    tail.join("\n")
                );
            }
        }
        Ok(())
    }

    /// Runs until one stops. Ctrl-C reaches the whole process group: both end with us.
    fn wait(&mut self) -> Result<()> {
        loop {
            self.check()?;
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.0 {
            let _ = program.child.kill();
            let _ = program.child.wait();
        }
    }
}

fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(
        &SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        Duration::from_millis(300),
    )
    .is_ok()
}

/// The status of a plain HTTP GET; no client library for one line.
fn status(port: u16, path: &str) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head)
        .ok()?
        .strip_prefix("HTTP/1.1 ")?
        .parse()
        .ok()
}
