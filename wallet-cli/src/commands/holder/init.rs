//! `assent holder init`: a new vault with two ways to unlock it, or an existing one on this machine.

use std::path::{Path, PathBuf};

use assent_wallet::app::{Command, RecoveryGroup, Reply};
use serde_json::json;
use zeroize::Zeroizing;

use super::unexpected;
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::http::NetworkArgs;
use crate::output::{Answer, Output};
use crate::wallet::{Shell, Where};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  assent holder init --operator http://localhost:8470 --sandbox
  assent holder init --local --anchors anchors.json --passphrase-file p --recovery-code-file r")]
pub struct Args {
    /// The server that keeps the vault
    #[arg(long, value_name = "URL", required_unless_present = "local")]
    operator: Option<String>,
    /// Keep the vault on this machine only
    #[arg(long, conflicts_with = "operator", requires = "anchors")]
    local: bool,
    /// Trust anchors of a local wallet, as a server gives them at /v1/registry/anchors
    #[arg(long, value_name = "FILE", requires = "local")]
    anchors: Option<PathBuf>,
    /// Accept http addresses on this machine
    #[arg(long)]
    sandbox: bool,
    /// Open this vault instead of making a new one
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with = "local",
        allow_hyphen_values = true
    )]
    address: Option<String>,
    /// Write the recovery code to this new file instead of showing it
    #[arg(long, value_name = "FILE", conflicts_with = "address")]
    recovery_code_file: Option<PathBuf>,
}

/// Makes or opens.
pub async fn run(
    args: Args,
    path: &Path,
    passphrase_file: Option<&Path>,
    network: &NetworkArgs,
    output: Output,
) -> Result<Answer, CliError> {
    let home = match (&args.operator, &args.anchors) {
        (Some(operator), _) => Where::Operator(operator.trim_end_matches('/').to_owned()),
        (None, Some(anchors)) => Where::Local {
            anchors: files::read_text(anchors)?,
        },
        (None, None) => return Err(unexpected()),
    };
    let show = args.recovery_code_file.is_none() && args.address.is_none();
    if show && !ask::somebody_there(output) {
        return Err(CliError::new(
            Exit::Usage,
            "recovery-code-nowhere",
            "the recovery code must be kept somewhere and nobody can write it down",
            "Give --recovery-code-file FILE.",
        ));
    }
    let passphrase = match args.address {
        Some(_) => ask::passphrase(passphrase_file, output)?,
        None => ask::new_passphrase(passphrase_file, output)?,
    };
    let mut shell = Shell::create(path, home, args.sandbox, network, output)?;
    if let Some(address) = args.address {
        let open = Command::OpenVault {
            address,
            passphrase: Some(passphrase),
            recovery_code: None,
            fresh: false,
            passkey: None,
            device: None,
        };
        shell.run(open).await?;
    } else {
        let Reply::VaultCreated { recovery_code, .. } = shell
            .run(Command::CreateVault {
                passphrase: Some(passphrase),
                passkey: None,
            })
            .await?
        else {
            return Err(unexpected());
        };
        let code: Vec<Zeroizing<String>> = recovery_code.into_iter().map(|g| Zeroizing::new(g.0)).collect();
        let groups = match &args.recovery_code_file {
            Some(file) => written(file, &code)?,
            None => copied(&code, output)?,
        };
        shell.run(Command::ConfirmRecovery { groups }).await?;
    }
    let Reply::Status { status } = shell.run(Command::Status).await? else {
        return Err(unexpected());
    };
    let address = status.vault_address.unwrap_or_default();
    let text = format!(
        "Your wallet is ready.\nVault address: {address}\n\nNext: assent holder receive 'openid-credential-offer://…'"
    );
    let data = json!({
        "vault_address": address,
        "unlock_methods": status.unlock_methods,
        "state": path,
        "local": args.local,
    });
    Ok(Answer::new("assent.holder-init/1", data, text))
}

/// Writes the code to a new file, and reads two groups back from there: proof that it arrived.
fn written(file: &Path, code: &[Zeroizing<String>]) -> Result<Vec<RecoveryGroup>, CliError> {
    let words: Vec<&str> = code.iter().map(|group| group.as_str()).collect();
    let line = Zeroizing::new(format!("{}\n", words.join("-")));
    files::create_private(file, line.as_bytes())?;
    let back = files::read_secret(file)?;
    let group = |index: usize| {
        let text = back.split('-').nth(index)?;
        Some(RecoveryGroup {
            index,
            text: Zeroizing::new(text.to_owned()),
        })
    };
    [0, code.len().saturating_sub(1)]
        .into_iter()
        .map(|index| group(index).ok_or_else(unexpected))
        .collect()
}

/// Shows the code and asks for two groups of it.
fn copied(code: &[Zeroizing<String>], output: Output) -> Result<Vec<RecoveryGroup>, CliError> {
    let words: Vec<&str> = code.iter().map(|group| group.as_str()).collect();
    let shown = Zeroizing::new(words.join("-"));
    output.note("Write down your recovery code. It opens your wallet if you forget the passphrase.\n");
    output.note(&format!("  {}\n", shown.as_str()));
    [2, code.len().saturating_sub(2)]
        .into_iter()
        .map(|index| {
            let text = ask::text(&format!("Type group {} of the code", index + 1))?;
            Ok(RecoveryGroup { index, text })
        })
        .collect()
}
