//! `assent-w3c`: one JSON request per line in, one JSON answer per line out. `README.md` has the protocol.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assent_w3c::{Answer, MAX_LINE, Settings, answer};

/// Canonicalising a hostile graph can take exponential time: nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

const HELP: &str = "\
Usage: assent-w3c [--once] [--allow-did-web [--allow-loopback]]

Reads one JSON request per line on standard input, writes one JSON answer per line on standard output.

  --once            answer one request, then end: 0 yes, 3 verification says no, 1 error
  --allow-did-web   fetch did:web documents over https
  --allow-loopback  with --allow-did-web: also over http from this machine (tests)
";

fn main() -> ExitCode {
    let mut settings = Settings::default();
    let mut once = false;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--once" => once = true,
            "--allow-did-web" => settings.allow_did_web = true,
            "--allow-loopback" => settings.allow_loopback = true,
            "--help" | "-h" => {
                print!("{HELP}");
                return ExitCode::SUCCESS;
            }
            other => {
                eprintln!("there is no flag {other}\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    serve(settings, once).unwrap_or(ExitCode::FAILURE)
}

/// Answers lines until the input ends.
fn serve(settings: Settings, once: bool) -> io::Result<ExitCode> {
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    loop {
        let mut line = Vec::new();
        let read = input
            .by_ref()
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(if once {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            });
        }
        let (answer, stuck) = patiently(line, settings);
        writeln!(output, "{}", answer.to_json())?;
        output.flush()?;
        if stuck {
            // Its thread still burns a core. Ending is the only way to stop it; the caller starts us again.
            return Ok(ExitCode::FAILURE);
        }
        if answer.is_line_too_long() {
            // The rest of that line is still in the pipe and would be read as requests.
            return Ok(ExitCode::FAILURE);
        }
        if once {
            return Ok(ExitCode::from(answer.exit_code()));
        }
    }
}

/// Answers in a thread of its own, so that a request that takes too long can be given up.
fn patiently(line: Vec<u8>, settings: Settings) -> (Answer, bool) {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new()
        // JSON-LD processing recurses; inputs are bounded to a depth that fits.
        .stack_size(16 << 20)
        .spawn(move || {
            // Nobody listens any more when it took too long.
            let _ = sender.send(answer(&line, settings));
        });
    if spawned.is_err() {
        return (
            Answer::failed("", "bridge-overloaded", "no thread could be started"),
            false,
        );
    }
    match receiver.recv_timeout(PATIENCE) {
        Ok(answer) => (answer, false),
        Err(RecvTimeoutError::Timeout) => (Answer::failed("", "w3c-timeout", "checking took too long"), true),
        // The thread panicked inside a library: no statement about the credential.
        Err(RecvTimeoutError::Disconnected) => {
            (Answer::failed("", "bridge-failed", "the check broke down"), false)
        }
    }
}
