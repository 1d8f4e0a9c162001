//! `assent completions SHELL`.

use clap_complete::Shell;
use serde_json::json;

use crate::cli;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: assent completions bash > ~/.local/share/bash-completion/completions/assent"
)]
pub struct Args {
    /// Your shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: Args) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "assent", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let data = json!({ "shell": args.shell.to_string(), "script": script });
    Answer::new("assent.completions/1", data, script.trim_end())
}
