//! `assent holder details list`.

use assent_wallet::app::view::{CardDetail, HolderView, OwnDetail, SharingState};
use assent_wallet::app::{Command, Reply};

use super::super::{data, unexpected};
use super::words::{self, Question};
use crate::error::CliError;
use crate::output::{Answer, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only details with these words in name, value, card or service; accents and capitals do not matter
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Also deleted ones that can be brought back
    #[arg(long)]
    deleted: bool,
}

/// Shows.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = shell.run(Command::Details).await?;
    let Reply::Details {
        mut own,
        mut on_cards,
        unreadable,
    } = reply
    else {
        return Err(unexpected());
    };
    let question = Question::new(args.search.as_deref().unwrap_or_default());
    own.retain(|detail| (args.deleted || detail.deleted_at.is_none()) && question.finds(detail));
    own.sort_by_key(|detail| (words::place(&detail.kind), detail.entered_at));
    on_cards.retain(|detail| question.finds_on_card(detail));
    let mut lines: Vec<String> = own.iter().map(own_line).collect();
    lines.extend(on_cards.iter().map(card_line));
    if lines.is_empty() {
        lines.push("No details.".to_owned());
    }
    let found = Reply::Details {
        own,
        on_cards,
        unreadable,
    };
    let mut answer = Answer::new("assent.holder-details/1", data(&found)?, lines.join("\n"));
    if unreadable > 0 {
        answer = answer.warn(
            "details-unreadable",
            format!("{unreadable} details cannot be read"),
        );
    }
    Ok(answer)
}

fn own_line(detail: &OwnDetail) -> String {
    let mut line = format!(
        "{}  {}: {}",
        detail.id,
        words::name(detail),
        words::text(&detail.kind, &detail.parts)
    );
    if let Some(origin) = &detail.origin {
        line.push_str(&one_line(&format!("  [from {}]", origin.card)));
    }
    if detail.others > 0 {
        line.push_str("  [other versions: see history]");
    }
    if detail.deleted_at.is_some() {
        line.push_str("  [deleted]");
    }
    line + &holders(&detail.holders)
}

fn card_line(item: &CardDetail) -> String {
    let value = match item.detail.value.0.as_str() {
        picture if picture.starts_with("data:") => "(picture)",
        value => value,
    };
    let line = one_line(&format!(
        "{}  {}: {value}  [on {}]",
        item.card_id, item.detail.label, item.card
    ));
    line + &holders(&item.holders)
}

fn holders(holders: &[HolderView]) -> String {
    let active = holders
        .iter()
        .filter(|holder| holder.state == Some(SharingState::Active));
    let mut names: Vec<&str> = active.map(|holder| holder.service.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names[..] {
        [] => String::new(),
        _ => one_line(&format!("  [shared with {}]", names.join(", "))),
    }
}
