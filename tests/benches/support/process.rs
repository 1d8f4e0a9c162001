//! The server as a process of its own, in a temporary folder, without limits on how often one caller may ask.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server; stopped when dropped.
pub struct ServerProcess {
    child: Child,
    /// Where it keeps its data and the sandbox's keys.
    pub data: PathBuf,
    /// Its address.
    pub base: String,
    /// How long to rest after a load, from `--idle SECONDS`.
    pub idle_seconds: Duration,
    _folder: tempfile::TempDir,
}

/// What a process holds in memory, in MiB.
pub struct Memory {
    /// All of it (VmRSS).
    pub resident_mib: f64,
    /// Without pages of files, which the system can drop (RssAnon).
    pub own_mib: f64,
}

impl ServerProcess {
    /// Starts the program given with `--server` and waits until it is ready.
    pub fn start() -> Self {
        let program = option("--server").expect("give --server PATH, or run `cargo xtask bench`");
        let idle = option("--idle").map_or(0, |text| text.parse().expect("--idle takes seconds"));
        let folder = tempfile::tempdir().expect("folder");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|probe| probe.local_addr())
            .expect("port")
            .port();
        let (base, data) = (format!("http://localhost:{port}"), folder.path().join("data"));
        let settings = folder.path().join("assent.toml");
        let text = format!(
            "listen = \"127.0.0.1:{port}\"\npublic_url = \"{base}\"\ndata_dir = '{}'\nroles.issuer = true\n\
             log.filter = \"error\"\n[limits]\nper_address_per_minute = 4000000000\n\
             per_service_per_minute = 4000000000\nper_vault_per_minute = 4000000000\n",
            data.display()
        );
        std::fs::write(&settings, text).expect("settings");
        let child = Command::new(&program)
            .args(["serve", "--sandbox", "--config"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let server = Self {
            child,
            data,
            base,
            idle_seconds: Duration::from_secs(idle),
            _folder: folder,
        };
        for _ in 0..300 {
            if ready(port) {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server did not get ready");
    }

    /// Its memory now.
    pub fn memory(&self) -> Memory {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.unwrap_or_default() / 1024.0
        };
        Memory {
            resident_mib: mib("VmRSS:"),
            own_mib: mib("RssAnon:"),
        }
    }

    /// Its memory when the start is over.
    pub fn settled(&self) -> Memory {
        std::thread::sleep(Duration::from_secs(2));
        self.memory()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let request = format!("GET /readyz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    let mut head = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head.ends_with(b"200")
}

/// The word after `name` on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}
