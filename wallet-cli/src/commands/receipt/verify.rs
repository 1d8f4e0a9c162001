//! `assent receipt verify`: offline, without account and without asking anybody.

use std::path::PathBuf;

use assent_core::consent::{EffectiveState, ReceiptBundle, VerifiedBundle};
use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use assent_core::profile::Profile;
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};

use crate::anchors;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Answer, sentence};
use crate::system;

const SCHEMA: &str = "assent.receipt-verdict/1";

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Checks the person's signature, that the receipt answers the service's signed request, the service's countersignature
and certificate, and every event since. No network. Ends with 3 when something is wrong.")]
pub struct Args {
    /// File with the receipt, as the wallet or the service saved it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File with trust anchors, as a server gives them at /v1/registry/anchors
    #[arg(long, value_name = "FILE")]
    anchors: PathBuf,
    /// The time to check at, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
    /// Accept http addresses on this machine
    #[arg(long)]
    sandbox: bool,
}

/// Verifies.
pub fn run(args: Args) -> Result<Answer, CliError> {
    let text = files::read_text(&args.file)?;
    let anchors = anchors::parse(&files::read_text(&args.anchors)?)?;
    let now = args.at.map_or_else(system::now, Timestamp);
    let Ok(bundle) = serde_json::from_str::<ReceiptBundle>(&text) else {
        return Err(CliError::new(
            Exit::Failed,
            "receipt-bundle-format",
            "this is not a saved receipt",
            "Save one with `assent holder receipt ID --output FILE`, or from the app.",
        ));
    };
    Ok(check(&bundle, &anchors, now, args.sandbox))
}

fn check(bundle: &ReceiptBundle, anchors: &TrustAnchors, now: Timestamp, sandbox: bool) -> Answer {
    let profile = if sandbox {
        Profile::BASELINE.sandbox()
    } else {
        Profile::BASELINE
    };
    match bundle.verify(anchors, now, &profile, &RustCrypto) {
        Ok(verified) => good(&verified, now),
        Err(error) => {
            let (code, message) = (error.code(), error.to_string());
            let data = json!({ "verified": false, "errors": [{ "code": code, "message": message }] });
            let text = format!("Verified: no\nReason:   {} ({code})", sentence(&message));
            let in_a_sandbox = Profile::BASELINE.sandbox();
            let hint = if !sandbox && bundle.verify(anchors, now, &in_a_sandbox, &RustCrypto).is_ok() {
                "Only a sandbox on this machine gives such receipts. If it is one, add --sandbox."
            } else {
                "Do not rely on this receipt. The other party holds the same bytes: ask for its copy and check that one."
            };
            let text = format!("{text}\n{hint}");
            Answer::new(SCHEMA, data, text).failing(CliError::refuted(code, message, hint))
        }
    }
}

fn good(verified: &VerifiedBundle, now: Timestamp) -> Answer {
    let receipt = verified.receipt.receipt();
    let states: Vec<(String, String)> = verified
        .states(now)
        .into_iter()
        .map(|(id, state)| (id, name(state)))
        .collect();
    let service = verified.service.subject.display_name().unwrap_or("(no name)");
    let mut lines = vec![
        "Verified: yes".to_owned(),
        format!("Receipt:  {}", receipt.receipt_id),
        format!("Service:  {service}"),
        format!("Agreed:   {}", date(verified.receipt.issued_at())),
        match verified.countersigned_at {
            Some(at) => format!("Service signed: {}", date(at)),
            None => "Service signed: no".to_owned(),
        },
    ];
    lines.extend(states.iter().map(|(id, state)| format!("  {id}: {state}")));
    let purposes: Vec<Value> = states
        .iter()
        .map(|(id, state)| json!({ "id": id, "state": state }))
        .collect();
    let data = json!({
        "verified": true,
        "receipt_id": receipt.receipt_id,
        "receipt_sha256": verified.receipt.sha256(),
        "service": { "name": service, "client_id": receipt.evidence.client_id },
        "issued_at": verified.receipt.issued_at(),
        "countersigned_at": verified.countersigned_at,
        "purposes": purposes,
        "errors": [],
    });
    let answer = Answer::new(SCHEMA, data, lines.join("\n"));
    if verified.countersigned_at.is_some() {
        answer
    } else {
        answer.warn("not-countersigned", "The service has not signed this receipt.")
    }
}

/// The words of the state, in the form of its serialisation.
fn name(state: EffectiveState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| format!("{state:?}").to_lowercase())
}

fn date(at: Timestamp) -> String {
    at.to_rfc3339().unwrap_or_else(|| at.0.to_string())
}
