//! Flags of every command that works on a wallet, and opening it.

use std::path::PathBuf;

use assent_wallet::app::{Command, Reply};
use zeroize::Zeroizing;

use super::{Shell, unexpected};
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
    /// Do not ask the vault service first what other devices did
    #[arg(long, global = true, help_heading = WALLET)]
    pub offline: bool,
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

    /// The wallet, unlocked, with what other devices did to the vault; as it was left when its service cannot be reached.
    pub async fn open(&self, output: Output) -> Result<Shell, CliError> {
        let mut shell = Shell::open(&self.path()?, &self.network, output)?;
        let passphrase = ask::passphrase(self.passphrase_file.as_deref(), output)?;
        let unlock = Command::Unlock {
            passphrase: Some(passphrase.clone()),
            recovery_code: None,
            passkey: None,
            device: None,
        };
        let unlocked = shell.run(unlock).await;
        if self.offline {
            return unlocked.map(|_| shell);
        }
        match unlocked {
            // It may have been changed on another device; then it opens what the service has.
            Err(wrong) if wrong.code == "vault-wrong-secret" => {
                let opened = from_service(&mut shell, passphrase.clone()).await;
                opened.map_err(|error| if unreachable(&error) { wrong } else { error })?;
            }
            unlocked => drop(unlocked?),
        }
        match shell.run(Command::Refresh).await {
            // Another device gave the vault new keys.
            Err(error) if error.code == "vault-unlock-again" => {
                from_service(&mut shell, passphrase).await?;
            }
            Err(error) if !unreachable(&error) => return Err(error),
            _ => {}
        }
        Ok(shell)
    }
}

/// Opens the vault by what its service has of it. What waits here goes on waiting.
async fn from_service(shell: &mut Shell, passphrase: Zeroizing<String>) -> Result<(), CliError> {
    let Reply::Status { status } = shell.run(Command::Status).await? else {
        return Err(unexpected());
    };
    let open = Command::OpenVault {
        address: status.vault_address.unwrap_or_default(),
        passphrase: Some(passphrase),
        recovery_code: None,
        fresh: false,
        passkey: None,
        device: None,
    };
    shell.run(open).await.map(drop)
}

/// There is no answer, or another device keeps writing: nothing that keeps anybody from the wallet here.
fn unreachable(error: &CliError) -> bool {
    matches!(error.exit, Exit::Unreachable | Exit::Conflict)
}
