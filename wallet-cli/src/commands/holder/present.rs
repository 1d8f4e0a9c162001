//! `assent holder present`: answers a request. Optional details stay off unless selected.

use std::collections::BTreeMap;

use assent_wallet::app::view::{DetailView, OtherCard, Outcome, RequestView, ResultView, Warning};
use assent_wallet::app::{Command, Reply};

use super::{data, link, unexpected, words};
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  assent holder present 'openid4vp://…' --dry-run           look first
  assent holder present 'openid4vp://…' --yes --select all  share everything that is asked
  assent holder present 'openid4vp://…' --decline           refuse

With --json every error says in `wasAnythingShared` whether details left the wallet: `no`, `yes`, or `unknown`
when the answer was sent and nobody confirmed that it arrived. Ask the service before you answer again then.")]
pub struct Args {
    /// The request: a link, @FILE, or - for standard input
    #[arg(value_name = "LINK")]
    link: String,
    /// Share without being asked
    #[arg(long)]
    yes: bool,
    /// Optional details to share too: their ids, or `all`
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    select: Vec<String>,
    /// The card to use for a part of the request
    #[arg(long, value_name = "PART=CARD", value_parser = choice)]
    card: Vec<(String, String)>,
    /// A warning you have read, by its code
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    understand: Vec<String>,
    /// Refuse
    #[arg(long, conflicts_with_all = ["yes", "select", "card"])]
    decline: bool,
    /// Show the request and stop; the service learns nothing more
    #[arg(long, conflicts_with_all = ["yes", "decline"])]
    dry_run: bool,
}

fn choice(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((part, card)) if !part.is_empty() && !card.is_empty() => Ok((part.to_owned(), card.to_owned())),
        _ => Err("write it as PART=CARD".to_owned()),
    }
}

impl Args {
    /// True when details may be on their way while this runs.
    pub fn may_share(&self) -> bool {
        !(self.decline || self.dry_run)
    }
}

/// Answers.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let link = link(&args.link)?;
    let reply = shell.run(Command::RequestOpen { link, scanned: false }).await?;
    let Reply::Request { request } = &reply else {
        return Err(unexpected());
    };
    if args.dry_run {
        return Ok(Answer::new(
            "assent.holder-request/1",
            data(&reply)?,
            describe(request),
        ));
    }
    output.note(&describe(request));
    if args.decline {
        let reply = shell.run(Command::RequestDecline).await?;
        return finish(&reply);
    }
    if !request.can_share {
        let missing: Vec<&str> = request.missing.iter().map(|card| card.name.as_str()).collect();
        return Err(CliError::new(
            Exit::Refused,
            "card-missing",
            format!("a card is missing: {}", missing.join(", ")),
            "Get the card first, or answer with --decline.",
        ));
    }
    let optional = selection(request, &args.select)?;
    let cards: BTreeMap<String, String> = args.card.into_iter().collect();
    check_understood(request, &optional, &cards, &args.understand)?;
    ask::agree(
        args.yes,
        &format!("Share with {}", one_line(&request.service.name)),
        output,
    )?;
    let share = Command::RequestShare {
        shown: request.shown.clone(),
        optional,
        cards: cards.into_iter().collect(),
        understood: args.understand,
    };
    let reply = shell.run(share).await?;
    finish(&reply)
}

fn finish(reply: &Reply) -> Result<Answer, CliError> {
    let Reply::Result { result } = reply else {
        return Err(unexpected());
    };
    let error = match result.outcome {
        Outcome::Shared | Outcome::Declined => None,
        Outcome::Refused => Some(CliError::new(
            Exit::Refused,
            "answer-not-accepted",
            "the service got the answer and did not accept it",
            "Ask the service why. Nothing was lost but one copy of each card.",
        )),
        Outcome::FailedBeforeSending => Some(CliError::new(
            Exit::Unreachable,
            "answer-not-sent",
            "nothing was sent",
            "Check your connection, then open the request again.",
        )),
        Outcome::UnknownWhetherReceived => Some(CliError::new(
            Exit::Unreachable,
            "answer-perhaps-sent",
            "the answer was sent; it is not known whether the service got it",
            "Look at the service's page before you answer again.",
        )),
    };
    let answer = Answer::new("assent.holder-result/1", data(reply)?, told(result)).failing(error);
    let warnings = result.warnings.iter();
    Ok(warnings.fold(answer, |answer, warning| {
        answer.warn(&warning.code, &warning.text)
    }))
}

fn told(result: &ResultView) -> String {
    let service = &one_line(&result.service);
    let mut lines = vec![match result.outcome {
        Outcome::Shared => format!("Shared {} with {service}.", words::details(result.count)),
        Outcome::Declined => format!("Refused. {service} got nothing."),
        Outcome::FailedBeforeSending => "Nothing was sent.".to_owned(),
        Outcome::Refused => format!("{service} got the answer and did not accept it."),
        Outcome::UnknownWhetherReceived => format!("Sent. It is not known whether {service} got it."),
    }];
    if let Some(id) = &result.receipt_id {
        let signed = if result.countersigned {
            "signed by both"
        } else {
            "signed by you"
        };
        lines.push(format!("Receipt: {id} ({signed})"));
    }
    if let Some(id) = &result.sharing_id {
        lines.push(format!("To stop: assent holder withdraw {id}"));
    }
    if let Some(uri) = &result.redirect_uri {
        lines.push(format!("Go on at: {uri}"));
    }
    lines.join("\n")
}

/// What must be understood first is never agreed to by `--yes`: about the request, and about the cards that are shown.
fn check_understood(
    request: &RequestView,
    selected: &[String],
    cards: &BTreeMap<String, String>,
    understood: &[String],
) -> Result<(), CliError> {
    let of_card = |query: &String, others: &'_ [OtherCard]| {
        let chosen = cards.get(query)?;
        let other = others.iter().find(|other| other.id == *chosen)?;
        Some(other.warnings.clone())
    };
    let required = request
        .required
        .iter()
        .map(|block| (block.query_id.clone(), &block.other_cards, &block.warnings));
    let optional = request
        .optional
        .iter()
        .filter(|set| selected.contains(&set.set_id))
        .filter_map(|set| Some((set.query_ids.first()?.clone(), &set.other_cards, &set.warnings)));
    let mut open: Vec<String> = required
        .chain(optional)
        .flat_map(|(query, others, proposed)| of_card(&query, others).unwrap_or_else(|| proposed.clone()))
        .chain(request.warnings.clone())
        .filter(|warning| warning.must_understand && !understood.contains(&warning.code))
        .map(|warning| warning.code)
        .collect();
    open.sort();
    open.dedup();
    if open.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        Exit::Refused,
        "warning-not-understood",
        format!("there are warnings to read first: {}", open.join(", ")),
        format!("Read them, then add --understand {}.", open.join(",")),
    ))
}

fn selection(request: &RequestView, wanted: &[String]) -> Result<Vec<String>, CliError> {
    let available = || request.optional.iter().filter(|set| set.available);
    if wanted.iter().any(|id| id == "all") {
        return Ok(available().map(|set| set.set_id.clone()).collect());
    }
    match wanted
        .iter()
        .find(|id| !available().any(|set| set.set_id == **id))
    {
        None => Ok(wanted.to_vec()),
        Some(id) => Err(CliError::new(
            Exit::Usage,
            "select-unknown",
            format!("there is no optional part `{id}` to share"),
            "Look at the request with --dry-run.",
        )),
    }
}

fn describe(request: &RequestView) -> String {
    let mut lines = vec![format!(
        "{} ({}, {}) asks:",
        one_line(&request.service.name),
        one_line(&request.service.domain),
        words::trust(request.service.trust)
    )];
    if let Some(purpose) = &request.purpose {
        lines.push(format!("  why: {}", one_line(purpose)));
    }
    for block in &request.required {
        lines.push(format!(
            "  needed, from {} [{}]:",
            one_line(&block.card.name),
            block.query_id
        ));
        lines.extend(block.details.iter().map(shown));
        lines.extend(block.warnings.iter().map(|warning| warned("    ", warning)));
    }
    for set in &request.optional {
        let state = if set.available { "" } else { ", no card" };
        lines.push(format!("  optional [{}]{state}:", set.set_id));
        lines.extend(set.details.iter().map(shown));
        lines.extend(set.warnings.iter().map(|warning| warned("    ", warning)));
    }
    for card in &request.missing {
        lines.push(format!(
            "  missing: {} ({})",
            one_line(&card.name),
            one_line(&card.vct)
        ));
    }
    if let Some(retention) = &request.retention {
        lines.push(format!(
            "  kept for: {} (the service states this)",
            words::period(&retention.text)
        ));
    }
    lines.push(format!(
        "  they will know you: {}",
        words::recognisability(request.recognisability.level)
    ));
    lines.extend(request.warnings.iter().map(|warning| warned("  ", warning)));
    lines.join("\n")
}

fn warned(indent: &str, warning: &Warning) -> String {
    format!("{indent}warning: {} ({})", warning.text, warning.code)
}

fn shown(detail: &DetailView) -> String {
    format!("    {}", words::detail(detail))
}
