//! `assent credential decode`: shows the parts of a credential. Tolerant, because it is a tool for looking at
//! broken ones too; nothing is verified.

use std::path::PathBuf;

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "The output contains the details in the credential. Treat it like the card itself.")]
pub struct Args {
    /// File with the credential, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Decodes.
pub fn run(args: Args) -> Result<Answer, CliError> {
    let text = files::read_text(&args.file)?;
    let data = decode(&text).ok_or_else(|| {
        CliError::new(
            Exit::Failed,
            "credential-format-unknown",
            "this is not an SD-JWT, a JWT or a JSON credential",
            "Give the compact form as it was issued, or a W3C credential as JSON.",
        )
    })?;
    let text = format!("{data:#}");
    Ok(Answer::new("assent.credential-decoded/1", data, text).warn(
        "not-verified",
        "Nothing here was verified. Use `assent credential verify`.",
    ))
}

/// The parts of a credential in any format we know; `None` when it is none.
fn decode(text: &str) -> Option<Value> {
    if text.starts_with('{') {
        let document = json::parse(text.as_bytes(), Limits::MESSAGE).ok()?;
        let format = match (&document["proof"], &document["disclosures"], &document["payload"]) {
            (Value::Object(_) | Value::Array(_), _, _) => "data_integrity",
            (_, _, Value::String(_)) => "sd-jwt+json",
            _ => return None,
        };
        return Some(json!({ "format": format, "document": document }));
    }
    let mut parts = text.split('~');
    let issuer = jws(parts.next()?)?;
    let rest: Vec<&str> = parts.collect();
    let Some((last, disclosures)) = rest.split_last() else {
        let w3c = issuer["payload"].get("vc").is_some() || issuer["payload"].get("@context").is_some();
        let format = if w3c { "w3c-jwt" } else { "jwt" };
        return Some(json!({ "format": format, "issuer_signed": issuer }));
    };
    let disclosures: Vec<Value> = disclosures.iter().map(|encoded| disclosure(encoded)).collect();
    let key_binding = if last.is_empty() { Value::Null } else { jws(last)? };
    Some(json!({
        "format": "dc+sd-jwt",
        "issuer_signed": issuer,
        "disclosures": disclosures,
        "key_binding": key_binding,
    }))
}

fn jws(compact: &str) -> Option<Value> {
    let mut parts = compact.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(json!({ "header": part(header)?, "payload": part(payload)? }))
}

fn part(encoded: &str) -> Option<Value> {
    let bytes = base64url::decode(encoded).ok()?;
    json::parse(&bytes, Limits::MESSAGE).ok()
}

/// A disclosure with its digest (RFC 9901 §4.2.3): over the encoded form, as it was sent.
fn disclosure(encoded: &str) -> Value {
    let digest = base64url::encode(&assent_core::crypto::sha256(encoded.as_bytes()));
    match part(encoded) {
        Some(Value::Array(parts)) if parts.len() == 3 => {
            json!({ "name": parts[1], "value": parts[2], "sha256": digest })
        }
        Some(Value::Array(parts)) if parts.len() == 2 => json!({ "value": parts[1], "sha256": digest }),
        _ => json!({ "malformed": encoded, "sha256": digest }),
    }
}
