//! The command line as types. Every command's own flags live beside its code.

use clap::{Parser, Subcommand};

use crate::commands::{completions, credential, doctor, holder, receipt, request, status, trust};
use crate::exit;
use crate::output::Color;

/// Tools for consent and credentials: check, decode, lint, and a headless wallet.
#[derive(Debug, Parser)]
#[command(name = "assent", version, after_help = exit::HELP, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
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
    /// Print a completion script for your shell
    Completions(completions::Args),
}
