//! `assent doctor`: one page about this machine and a server, with what to do where something is wrong.

mod check;
mod here;
mod server;

use std::path::PathBuf;

use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::http::NetworkArgs;
use crate::output::{Answer, Output};
use crate::progress::Progress;
use check::{Check, Mark};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
ok: as it should be. absent: not there, which is allowed. look: works, but not for long or not for all.
BAD: something will fail; the command ends with 1.")]
pub struct Args {
    /// The server to look at; by default the one of the wallet file
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Wallet file to look at
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The assent-w3c program, if it is not beside this one
    #[arg(long, value_name = "PATH")]
    bridge: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Runs every check; ends with 1 when one is bad.
pub async fn run(args: Args, output: Output) -> Result<Answer, CliError> {
    let progress = Progress::start("Looking around", output);
    let (wallet, home) = here::wallet(args.state);
    let mut checks = vec![
        here::version(),
        here::clock(),
        here::randomness(),
        here::bridge(args.bridge),
        wallet,
    ];
    let server = args.server.or(home);
    if let Some(server) = &server {
        checks.extend(server::look(server, &args.network).await?);
    }
    drop(progress);
    let data = json!({ "checks": checks.iter().map(Check::json).collect::<Vec<_>>() });
    let mut lines: Vec<String> = checks.iter().map(Check::lines).collect();
    if server.is_none() {
        lines.push("\nNext: assent doctor --server http://localhost:8470".to_owned());
    }
    let bad: Vec<&str> = checks
        .iter()
        .filter(|check| check.mark == Mark::Bad)
        .map(|check| check.name)
        .collect();
    let error = (!bad.is_empty()).then(|| {
        CliError::new(
            Exit::Failed,
            "doctor-found-faults",
            format!("something will fail: {}", bad.join(", ")),
            "Each line says what to do.",
        )
    });
    Ok(Answer::new("assent.doctor/1", data, lines.join("\n")).failing(error))
}
