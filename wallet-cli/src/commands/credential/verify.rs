//! `assent credential verify`: SD-JWT VCs against trust anchors here, W3C credentials through the bridge.

use std::path::PathBuf;

use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use assent_core::sd_jwt::{KeyBinding, KeyBindingCheck, VcCheck, VerifiedSdJwtVc};
use assent_core::trust::{VerifiedCredential, verify_credential};
use serde_json::{Value, json};

use crate::anchors;
use crate::bridge::Bridge;
use crate::commands::status::list;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::http::NetworkArgs;
use crate::output::{Answer, sentence};
use crate::system;

const SCHEMA: &str = "assent.credential-verdict/1";

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 0 when every check passed, with 3 when one says no.

An SD-JWT VC needs --anchors. With --nonce and --audience it is checked as a presentation, with its key binding.
A W3C credential (JWT, or JSON with a proof) is checked by the assent-w3c program.")]
pub struct Args {
    /// File with the credential, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Trust anchors: a file, or the address of a registry
    #[arg(long, value_name = "FILE|URL")]
    anchors: Option<String>,
    /// The nonce of the request this presentation answers
    #[arg(long, value_name = "TEXT", requires = "audience", allow_hyphen_values = true)]
    nonce: Option<String>,
    /// Who the presentation is for: the client identifier with its prefix
    #[arg(long, value_name = "TEXT", requires = "nonce")]
    audience: Option<String>,
    /// The status list token, when the credential has a status: a file
    #[arg(long, value_name = "FILE")]
    status_list: Option<PathBuf>,
    /// The time to check at, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
    /// The assent-w3c program, if it is not beside this one
    #[arg(long, value_name = "PATH")]
    bridge: Option<PathBuf>,
    /// Let the bridge fetch did:web documents
    #[arg(long)]
    allow_did_web: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

const NO: &str = "Do not accept the credential. Ask its holder for a fresh one; when none passes, check the trust anchors.";

/// Verifies.
pub async fn run(args: Args) -> Result<Answer, CliError> {
    let text = files::read_text(&args.file)?;
    let now = args.at.map_or_else(system::now, Timestamp);
    if text.contains('~') {
        return sd_jwt_vc(&args, &text, now).await;
    }
    w3c(args, &text, now)
}

async fn sd_jwt_vc(args: &Args, text: &str, now: Timestamp) -> Result<Answer, CliError> {
    let Some(source) = &args.anchors else {
        return Err(CliError::new(
            Exit::Usage,
            "anchors-missing",
            "an SD-JWT VC is checked against trust anchors",
            "Add --anchors FILE, or --anchors http://localhost:8470 for a server's registry.",
        ));
    };
    let anchors = anchors::load(source, &args.network).await?;
    let check = match (&args.nonce, &args.audience) {
        (Some(nonce), Some(audience)) => VcCheck::presentation(
            now,
            KeyBindingCheck::Required(KeyBinding::new(nonce, audience, now)),
        ),
        _ => VcCheck::presentation(now, KeyBindingCheck::NotRequired),
    };
    let verified = match verify_credential(text, &anchors, &check, &RustCrypto) {
        Ok(verified) => verified,
        Err(error) => return Ok(refuted("dc+sd-jwt", error.code(), &error.to_string())),
    };
    let status = match (&verified.vc.status, &args.status_list) {
        (None, _) => Status::None,
        (Some(_), None) => Status::Unchecked,
        (Some(reference), Some(file)) => {
            let token = list::read(file)?;
            match list::status(&token, reference, &verified.chain.anchor_sha256, &anchors, now) {
                Ok(status) => Status::Known(status),
                Err((code, message)) => return Ok(refuted("dc+sd-jwt", code, &message)),
            }
        }
    };
    if let Status::Known(name) = &status
        && name != "valid"
    {
        return Ok(refuted(
            "dc+sd-jwt",
            "credential-status",
            &format!("the credential's status is `{name}`"),
        ));
    }
    Ok(good(&verified, &status))
}

enum Status {
    None,
    Unchecked,
    Known(String),
}

fn good(verified: &VerifiedCredential, status: &Status) -> Answer {
    let VerifiedCredential { vc, chain } = verified;
    let status_name = match status {
        Status::None => None,
        Status::Unchecked => Some("unchecked"),
        Status::Known(name) => Some(name.as_str()),
    };
    let data = json!({
        "verified": true,
        "format": "dc+sd-jwt",
        "vct": vc.vct,
        "issuer": {
            "name": chain.subject.display_name(),
            "country": chain.subject.country,
            "anchor": chain.anchor_name,
        },
        "claims": vc.claims,
        "disclosed": vc.disclosed,
        "holder_bound": vc.holder_key.is_some(),
        "possession_proven": vc.possession_proven,
        "status": status_name,
        "expires_at": vc.expires_at,
        "errors": [],
    });
    let answer = Answer::new(
        SCHEMA,
        data,
        summary(vc, chain.subject.display_name(), status_name),
    );
    match (status, vc.possession_proven, &vc.holder_key) {
        (Status::Unchecked, ..) => answer.warn(
            "status-unchecked",
            "The status was not checked. Give the list with --status-list.",
        ),
        (_, false, Some(_)) => answer.warn(
            "possession-not-proven",
            "Nobody proved to hold this card. Add --nonce and --audience to check a presentation.",
        ),
        _ => answer,
    }
}

fn summary(vc: &VerifiedSdJwtVc, issuer: Option<&str>, status: Option<&str>) -> String {
    let mut lines = vec![
        "Verified: yes".to_owned(),
        format!("Type:     {}", sentence(&vc.vct)),
        format!("Issuer:   {}", issuer.unwrap_or("(no name)")),
    ];
    if let Some(until) = vc.expires_at.and_then(Timestamp::to_rfc3339) {
        lines.push(format!("Until:    {until}"));
    }
    if let Some(status) = status {
        lines.push(format!("Status:   {status}"));
    }
    lines.push(format!("Details:  {:#}", vc.claims));
    lines.join("\n")
}

fn w3c(args: Args, text: &str, now: Timestamp) -> Result<Answer, CliError> {
    let credential = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|_| {
            CliError::new(
                Exit::Failed,
                "credential-format-unknown",
                "this is not JSON",
                "Give an SD-JWT VC, a W3C credential as JSON, or one as a JWT.",
            )
        })?
    } else {
        Value::from(text)
    };
    let verdict = Bridge::find(args.bridge)?
        .allow_did_web(args.allow_did_web)
        .verify(&credential, now.0)?;
    if verdict["verified"] != true {
        let error = &verdict["errors"][0];
        let lines = format!(
            "Verified: no\nReason:   {} ({})",
            sentence(error["message"].as_str().unwrap_or("unknown")),
            error["code"].as_str().unwrap_or("unknown")
        );
        let text = |name: &str| error[name].as_str().unwrap_or("unknown").to_owned();
        let no = CliError::refuted(text("code"), text("message"), NO);
        return Ok(Answer::new(SCHEMA, verdict, lines).failing(no));
    }
    let lines = format!(
        "Verified: yes\nFormat:   {}\nIssuer:   {}\nDetails:  {:#}",
        verdict["format"].as_str().unwrap_or_default(),
        sentence(verdict["issuer"].as_str().unwrap_or_default()),
        verdict["subject"]
    );
    let warnings = verdict["warnings"].as_array().cloned().unwrap_or_default();
    let answer = Answer::new(SCHEMA, verdict, lines);
    Ok(warnings.iter().fold(answer, |answer, warning| {
        let text = |name: &str| warning[name].as_str().unwrap_or_default().to_owned();
        answer.warn(text("code"), text("message"))
    }))
}

fn refuted(format: &str, code: &str, message: &str) -> Answer {
    let data = json!({
        "verified": false,
        "format": format,
        "claims": null,
        "errors": [{ "code": code, "message": message }],
    });
    let text = format!("Verified: no\nReason:   {} ({code})", sentence(message));
    Answer::new(SCHEMA, data, text).failing(CliError::refuted(code.to_owned(), message, NO))
}
