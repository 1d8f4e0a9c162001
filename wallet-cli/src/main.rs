//! `assent`: tools for operators and developers, and a headless wallet.

mod anchors;
mod ask;
mod bridge;
mod browser;
mod cli;
mod commands;
mod error;
mod exit;
mod files;
mod http;
mod loopback;
mod output;
mod progress;
mod system;
mod trace;
mod wallet;

use std::process::ExitCode;

use assent_wallet::app::Shared;
use clap::FromArgMatches as _;

use cli::Cli;
use error::CliError;
use exit::Exit;
use output::{Color, Output};

fn main() -> ExitCode {
    let matches = cli::command().color(parser_color()).try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage(&error).into(),
    };
    let output = Output::new(cli.json, cli.color, cli.verbose > 0);
    if let Err(error) = trace::start(cli.verbose, cli.trace.as_deref()) {
        return output.finish(Err(error)).into();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let may_share = cli.command.may_share();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(async {
            tokio::select! {
                result = commands::run(cli.command, output) => result,
                _ = tokio::signal::ctrl_c() => Err(interrupted(may_share)),
            }
        }),
        Err(error) => Err(CliError::new(
            Exit::Failed,
            "runtime",
            error.to_string(),
            "The system gives this program too little: look at the limits of memory and open files (ulimit -a).",
        )),
    };
    output.finish(result).into()
}

/// The colour of the parser's own help and errors, which it prints before `--color` has been read.
fn parser_color() -> clap::ColorChoice {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let given = words
        .iter()
        .enumerate()
        .find_map(|(at, word)| match word.to_str()? {
            "--color" => words.get(at + 1)?.to_str(),
            word => word.strip_prefix("--color="),
        });
    match given {
        Some("never") => clap::ColorChoice::Never,
        Some("always") => clap::ColorChoice::Always,
        _ => clap::ColorChoice::Auto,
    }
}

fn interrupted(may_share: bool) -> CliError {
    let error = CliError::new(
        Exit::Interrupted,
        "interrupted",
        "stopped by Ctrl-C",
        "Run the command again when you want to go on.",
    );
    if may_share {
        error.sharing(Shared::Unknown)
    } else {
        error
    }
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
    // Up to the usage: which arguments are missing stands on lines of its own.
    let lines: Vec<&str> = message
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let message = lines.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let error = CliError::new(Exit::Usage, "usage", message, "Run the command with --help.");
    Output::new(true, Color::Never, false).finish(Err(error))
}
