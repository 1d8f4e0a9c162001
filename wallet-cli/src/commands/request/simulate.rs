//! `assent request simulate`: evaluates a DCQL query over cards given as plain claims, as a wallet would.

use std::path::{Path, PathBuf};

use assent_core::dcql::{Authorities, Candidate, CredentialType, DcqlQuery, Evaluation, evaluate};
use assent_core::encoding::json::{self, Limits};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The cards are a JSON array of {\"id\", \"vct\", \"claims\"} (SD-JWT VC) or {\"id\", \"doctype\", \"claims\"} (mdoc).
Ends with 5 when the cards cannot answer what is required.")]
pub struct Args {
    /// File with the DCQL query, or - for standard input
    #[arg(value_name = "FILE")]
    query: PathBuf,
    /// File with the cards
    #[arg(long, value_name = "FILE")]
    cards: PathBuf,
}

const LINT: &str = "`assent request lint FILE` says what is wrong with a query, and where.";

/// Simulates.
pub fn run(args: Args) -> Result<Answer, CliError> {
    let query = read(&args.query)?;
    let query = query.get("dcql_query").unwrap_or(&query);
    let query = DcqlQuery::parse(query).map_err(|error| CliError::from_core(Exit::Refuted, &error, LINT))?;
    let cards = read(&args.cards)?;
    let cards = cards.as_array().ok_or_else(bad_cards)?;
    let candidates = cards
        .iter()
        .map(candidate)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(bad_cards)?;
    let found =
        evaluate(&query, &candidates).map_err(|error| CliError::from_core(Exit::Refused, &error, LINT))?;
    Ok(report(&found))
}

fn report(found: &Evaluation) -> Answer {
    let queries: Vec<Value> = found
        .queries()
        .iter()
        .map(|query| {
            let matches: Vec<Value> = query
                .matches
                .iter()
                .map(|m| json!({ "card": m.candidate, "claim_set": m.claim_set, "disclose": m.disclose }))
                .collect();
            json!({ "id": query.id, "multiple": query.multiple, "matches": matches })
        })
        .collect();
    let sets: Vec<Value> = found
        .sets()
        .iter()
        .map(|set| json!({ "required": set.required, "options": set.options, "option": set.first_satisfiable }))
        .collect();
    let answerable = found
        .sets()
        .iter()
        .all(|set| !set.required || set.first_satisfiable.is_some());
    let mut lines = vec![format!("Can answer: {}", if answerable { "yes" } else { "no" })];
    for query in found.queries() {
        for m in &query.matches {
            let paths: Vec<String> = m.disclose.iter().map(ToString::to_string).collect();
            lines.push(format!("{} <- {}: {}", query.id, m.candidate, paths.join(" ")));
        }
        if query.matches.is_empty() {
            lines.push(format!("{} <- no card fits", query.id));
        }
    }
    let data = json!({ "can_answer": answerable, "queries": queries, "sets": sets });
    let answer = Answer::new("assent.request-simulation/1", data, lines.join("\n"));
    if answerable {
        return answer;
    }
    answer.failing(CliError::new(
        Exit::Refused,
        "query-not-answerable",
        "the cards cannot answer what the query requires",
        "Look in `queries` for the one without matches.",
    ))
}

fn candidate(card: &Value) -> Option<Candidate<'_>> {
    let text = |name: &str| card.get(name).and_then(Value::as_str);
    let credential_type = match (text("vct"), text("doctype")) {
        (Some(vct), None) => CredentialType::SdJwtVc { vct, extends: &[] },
        (None, Some(doctype)) => CredentialType::MsoMdoc { doctype },
        _ => return None,
    };
    Some(Candidate {
        id: text("id")?,
        credential_type,
        claims: card.get("claims").filter(|claims| claims.is_object())?,
        holder_bound: card.get("holder_bound").is_none_or(|bound| bound == true),
        authorities: Authorities::default(),
    })
}

fn read(path: &Path) -> Result<Value, CliError> {
    let text = files::read_text(path)?;
    json::parse(text.as_bytes(), Limits::MESSAGE).map_err(|error| {
        CliError::new(
            Exit::Configuration,
            "file-not-json",
            format!("{}: {error}", path.display()),
            "Give a file with JSON text, of at most 1 MiB.",
        )
    })
}

fn bad_cards() -> CliError {
    CliError::new(
        Exit::Configuration,
        "cards-malformed",
        "the cards are not an array of {id, vct, claims} or {id, doctype, claims}",
        "Run `assent request simulate --help`.",
    )
}
