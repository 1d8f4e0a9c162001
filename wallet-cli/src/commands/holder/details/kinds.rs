//! `assent holder details kinds`.

use assent_wallet::details::{KINDS, OwnName};
use serde_json::json;

use super::words::kind_name;
use crate::error::CliError;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Shows.
pub fn run(_: Args) -> Result<Answer, CliError> {
    let kinds: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            let parts: Vec<_> = kind
                .parts
                .iter()
                .map(|part| json!({ "name": part.name, "check": part.check.name(), "needed": part.needed }))
                .collect();
            let own_name = match kind.own_name {
                OwnName::None => "none",
                OwnName::Possible => "possible",
                OwnName::Needed => "needed",
            };
            json!({
                "id": kind.id, "name": kind_name(kind.id), "group": kind.group, "parts": parts, "many": kind.many,
                "sensitive": kind.sensitive, "own_name": own_name, "oidc": kind.oidc(), "pid": kind.pid, "dpv": kind.dpv(),
            })
        })
        .collect();
    let lines: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            let part = |part: &assent_wallet::details::Part| {
                let mark = if part.needed { "" } else { "?" };
                format!("{}{mark}", part.name)
            };
            let mut parts: Vec<_> = kind.parts.iter().map(part).collect();
            match kind.own_name {
                OwnName::None => {}
                OwnName::Possible => parts.push("own_name?".to_owned()),
                OwnName::Needed => parts.push("own_name".to_owned()),
            }
            format!("{:<18} {:<28} {}", kind.id, kind_name(kind.id), parts.join(", "))
        })
        .collect();
    Ok(Answer::new(
        "assent.holder-detail-kinds/1",
        json!({ "kinds": kinds }),
        lines.join("\n"),
    ))
}
