//! `assent status verify`: a status list token, offline.

use std::path::PathBuf;

use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use assent_core::status::StatusReference;
use serde_json::json;

use super::list;
use crate::anchors;
use crate::error::CliError;
use crate::http::NetworkArgs;
use crate::output::{Answer, sentence};
use crate::system;

const SCHEMA: &str = "assent.status-verdict/1";

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 0 when the token is right and, with --index, the status is valid; with 3 when not.")]
pub struct Args {
    /// File with the status list token (JWT form), or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Trust anchors: a file, or the address of a registry
    #[arg(long, value_name = "FILE|URL")]
    anchors: String,
    /// Also look this entry up
    #[arg(long, value_name = "NUMBER")]
    index: Option<u64>,
    /// The address the list must be for; by default the one it names
    #[arg(long, value_name = "URL")]
    uri: Option<String>,
    /// The time to check at, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Verifies.
pub async fn run(args: Args) -> Result<Answer, CliError> {
    let now = args.at.map_or_else(system::now, Timestamp);
    let token = list::read(&args.file)?;
    let anchors = anchors::load(&args.anchors, &args.network).await?;
    let list = match list::verify(&token, &anchors, now) {
        Ok(list) => list,
        Err((code, message)) => return Ok(refuted(code, &message)),
    };
    let reference = StatusReference {
        // Without --index, entry 0 is looked up only to check the token's dates and address.
        idx: args.index.unwrap_or(0),
        uri: args.uri.unwrap_or_else(|| list.subject().to_owned()),
    };
    let status = match list.status(&reference, now) {
        Ok(status) => list::name(status),
        Err(error) => return Ok(refuted(error.code(), &error.to_string())),
    };
    let status = args.index.is_some().then_some(status);
    let data = json!({
        "verified": true,
        "uri": list.subject(),
        "index": args.index,
        "status": status,
        "expires_at": list.expires_at(),
        "errors": [],
    });
    let mut text = format!("Verified: yes\nList:     {}", list.subject());
    if let Some(status) = &status {
        text.push_str(&format!("\nStatus:   {status}"));
    }
    let error = match status.as_deref() {
        None | Some("valid") => None,
        Some(status) => Some(CliError::refuted(
            "credential-status",
            format!("the credential's status is `{status}`"),
            "Do not accept the credential: its issuer says that it does not hold now.",
        )),
    };
    Ok(Answer::new(SCHEMA, data, text).failing(error))
}

fn refuted(code: &str, message: &str) -> Answer {
    let data = json!({ "verified": false, "status": null, "errors": [{ "code": code, "message": message }] });
    Answer::new(
        SCHEMA,
        data,
        format!("Verified: no\nReason:   {} ({code})", sentence(message)),
    )
    .failing(CliError::refuted(
        code.to_owned(),
        message,
        "Fetch the list anew, and check that the trust anchors are those of its issuer.",
    ))
}
