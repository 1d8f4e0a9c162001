//! Flags of every command that works on a wallet, and opening it.

use std::path::PathBuf;

use assent_wallet::app::Command;

use super::Shell;
use crate::error::CliError;
use crate::exit::Exit;
use crate::http::NetworkArgs;
use crate::output::Output;
use crate::{ask, system};

/// Where they stand in the help.
const WALLET: &str = "Which wallet";

/// Which wallet, and how it is opened.
#[derive(Debug, clap::Args)]
pub struct WalletArgs {
    /// The wallet file
    #[arg(long, global = true, value_name = "FILE", help_heading = WALLET)]
    pub state: Option<PathBuf>,
    /// File with the passphrase on its first line, or - for standard input
    #[arg(long, global = true, value_name = "FILE", help_heading = WALLET)]
    pub passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub network: NetworkArgs,
}

impl WalletArgs {
    /// Where the wallet file is.
    pub fn path(&self) -> Result<PathBuf, CliError> {
        let path = self.state.clone().or_else(system::default_state);
        path.ok_or_else(|| {
            CliError::new(
                Exit::Configuration,
                "wallet-file-unknown",
                "there is no home folder for the wallet file",
                "Give it with --state FILE.",
            )
        })
    }

    /// The wallet, unlocked.
    pub async fn open(&self, output: Output) -> Result<Shell, CliError> {
        let mut shell = Shell::open(&self.path()?, &self.network, output)?;
        let passphrase = ask::passphrase(self.passphrase_file.as_deref(), output)?;
        let unlock = Command::Unlock {
            passphrase: Some(passphrase),
            recovery_code: None,
            passkey: None,
            device: None,
        };
        shell.run(unlock).await?;
        Ok(shell)
    }
}
