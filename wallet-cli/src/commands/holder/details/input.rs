//! What a detail says, from a file or from the person: never from a flag, which others on the machine can read.

use std::path::PathBuf;

use assent_core::encoding::json::Object;
use assent_wallet::details::{DetailKind, OwnName};
use serde_json::Value;

use super::words::kind_name;
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;

/// Where the text comes from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File with lines `part=text`, or a JSON object of parts; - for standard input. Asked on a terminal when absent
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// Parts, and the person's own name for it: the part `own_name`.
pub fn read(
    args: &Args,
    kind: &DetailKind,
    before: &Object,
    own_name: &str,
    output: Output,
) -> Result<(Object, String), CliError> {
    let mut parts = match &args.from {
        Some(path) => parse(&files::read_text(path)?)?,
        None if ask::somebody_there(output) => asked(kind, before, own_name)?,
        None => {
            return Err(CliError::new(
                Exit::Usage,
                "detail-text-missing",
                "what the detail says is needed and nobody can be asked",
                "Give --from FILE, or - for standard input.",
            ));
        }
    };
    let own_name = match parts.remove("own_name") {
        Some(Value::String(name)) => name,
        _ => own_name.to_owned(),
    };
    Ok((parts, own_name))
}

fn parse(text: &str) -> Result<Object, CliError> {
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|_| malformed());
    }
    let mut parts = Object::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (part, text) = line.split_once('=').ok_or_else(malformed)?;
        parts.insert(part.trim().to_owned(), Value::String(text.trim().to_owned()));
    }
    Ok(parts)
}

fn asked(kind: &DetailKind, before: &Object, own_name: &str) -> Result<Object, CliError> {
    let mut parts = Object::new();
    let mut ask = |name: &str, prompt: String, before: &str| -> Result<(), CliError> {
        let text = ask::text_with(&prompt, before)?;
        if !text.is_empty() {
            parts.insert(name.to_owned(), Value::String(text.to_string()));
        }
        Ok(())
    };
    for part in kind.parts {
        let title = match part.name {
            "value" => kind_name(kind.id).to_owned(),
            name => name.replace('_', " "),
        };
        let prompt = if part.needed {
            title
        } else {
            format!("{title} (not needed)")
        };
        let before = before.get(part.name).and_then(Value::as_str).unwrap_or_default();
        ask(part.name, prompt, before)?;
    }
    if kind.own_name != OwnName::None {
        ask("own_name", "Your name for it".to_owned(), own_name)?;
    }
    Ok(parts)
}

fn malformed() -> CliError {
    CliError::new(
        Exit::Usage,
        "detail-text-malformed",
        "the text is neither lines of part=text nor a JSON object",
        "`assent holder details kinds` shows the parts of each kind.",
    )
}
