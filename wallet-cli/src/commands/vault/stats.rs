//! `assent vault stats`.

use assent_wallet::app::{Command, Reply};
use assent_wallet::transfer::document_files;
use serde_json::json;

use super::export::records;
use super::{contents, documents_line, lines, unexpected};
use crate::error::CliError;
use crate::output::Answer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Counts.
pub async fn run(_: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let present = contents(shell).await?;
    let Reply::Status { status } = shell.run(Command::Status).await? else {
        return Err(unexpected());
    };
    let kinds = present.contents.kinds();
    let (count, bytes) = kinds.iter().fold((0, 0), |(count, bytes), kind| {
        (count + kind.count, bytes + kind.bytes)
    });
    let files = document_files(&present.contents);
    let file_bytes: u64 = files.iter().map(|file| file.bytes).sum();
    // Without a network everything else can be said.
    let room = match shell.run(Command::Room).await {
        Ok(Reply::Room { bytes, .. }) => bytes,
        _ => None,
    };
    let data = json!({
        "version": present.version,
        "records": records(&kinds),
        "count": count,
        "bytes": bytes,
        "documents": { "files": files.len(), "bytes": file_bytes, "room": room },
        "unlock_methods": status.unlock_methods.len(),
        "waiting": status.waiting,
        "pending_withdrawals": status.pending_withdrawals,
    });
    let text = format!(
        "{}\n{count:>7}  in all       {bytes} bytes\n{}\nVersion {}; {} ways to unlock; waiting for the vault service: {}",
        lines(&kinds),
        documents_line(files.len(), file_bytes),
        present.version,
        status.unlock_methods.len(),
        status.waiting
    );
    Ok(Answer::new("assent.vault-stats/1", data, text))
}
