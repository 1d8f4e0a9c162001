//! The command line as types. Every command's own flags live beside its code.

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{completions, credential, doctor, holder, man, receipt, request, status, trust, vault};
use crate::exit;
use crate::output::Color;

/// The command line with everything that help, completions and manual pages need: each command's long help ends with
/// the table of exit codes.
pub fn command() -> clap::Command {
    with_exit_codes(Cli::command())
}

fn with_exit_codes(command: clap::Command) -> clap::Command {
    let help = match command.get_after_help() {
        Some(own) => format!("{own}\n\n{}", exit::HELP),
        None => exit::HELP.to_owned(),
    };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    names
        .into_iter()
        .fold(command.after_long_help(help), |command, name| {
            command.mut_subcommand(name, with_exit_codes)
        })
}

/// Where options of every command stand in its help, after its own.
const EVERYWHERE: &str = "Options of every command";

/// Tools for consent and credentials: check, decode, lint, and a headless wallet.
#[derive(Debug, Parser)]
#[command(name = "assent", version, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Print one JSON object on standard output
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = EVERYWHERE
    )]
    pub color: Color,
    /// Show what is asked, of whom, and how long it takes; twice for the form of each message. Never shows a secret
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = EVERYWHERE)]
    pub verbose: u8,
    /// Write the same, one JSON object per line, to this new file
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub trace: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check this machine: version, clock, bridge, wallet file, server
    Doctor(doctor::Args),
    /// Read and check credentials
    #[command(subcommand)]
    Credential(credential::Command),
    /// Check requests for details before they go live
    #[command(subcommand)]
    Request(request::Command),
    /// Check consent receipts, offline
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Check status lists
    #[command(subcommand)]
    Status(status::Command),
    /// Look at trust anchors
    #[command(subcommand)]
    Trust(trust::Command),
    /// A headless wallet: receive cards, share details, stop sharing
    Holder(holder::Args),
    /// Take a vault's contents out, bring them in, check a backup
    Vault(vault::Args),
    /// Print a completion script for your shell
    Completions(completions::Args),
    /// Print the manual page, or write one per command
    Man(man::Args),
}

impl Command {
    /// True when details of a card may be on their way while this runs.
    pub fn may_share(&self) -> bool {
        matches!(self, Self::Holder(args) if args.may_share())
    }
}
