//! `assent`: tools for operators and developers, and a headless wallet.

mod anchors;
mod bridge;
mod cli;
mod commands;
mod error;
mod exit;
mod files;
mod http;
mod output;
mod system;
mod wallet;

use std::process::ExitCode;

use clap::Parser as _;

use cli::Cli;
use error::CliError;
use exit::Exit;
use output::{Color, Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error).into(),
    };
    let output = Output::new(cli.json, cli.color);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(async {
            tokio::select! {
                result = commands::run(cli.command, output) => result,
                _ = tokio::signal::ctrl_c() => Err(CliError::new(Exit::Interrupted, "interrupted", "stopped by Ctrl-C", "")),
            }
        }),
        Err(error) => Err(CliError::new(Exit::Failed, "runtime", error.to_string(), "")),
    };
    output.finish(result).into()
}

/// Help and version are answers; anything else is a wrong command line, in JSON when that was asked for.
fn usage(error: &clap::Error) -> Exit {
    let wants_json = std::env::args_os().any(|arg| arg == "--json");
    if !error.use_stderr() || !wants_json {
        let _ = error.print();
        return if error.use_stderr() {
            Exit::Usage
        } else {
            Exit::Done
        };
    }
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let error = CliError::new(Exit::Usage, "usage", message, "Run the command with --help.");
    Output::new(true, Color::Never).finish(Err(error))
}
