//! `assent request lint`: mistakes and bad habits in a request, found before wallets find them.

mod consent;
mod dcql;
mod finding;
mod parameters;

use std::path::PathBuf;

use assent_core::encoding::form;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::jws::UnverifiedJws;
use assent_core::error::ErrorCode as _;
use assent_core::oid4vp::{AuthorizationRequestLink, RequestSource};
use assent_core::profile::Profile;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Answer;
use finding::{Finding, Level};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Understands: a DCQL query, request parameters, a consent request (all JSON), a signed request object, and a link.
Everything is offline; signatures are not verified. Ends with 3 when there is an error.")]
pub struct Args {
    /// File with the request, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Accept http addresses on this machine
    #[arg(long)]
    sandbox: bool,
}

/// Lints.
pub fn run(args: Args) -> Result<Answer, CliError> {
    if args.file.to_string_lossy().contains("://") && !args.file.exists() {
        return Err(CliError::new(
            Exit::Usage,
            "file-is-a-link",
            "a link is given where a file is wanted",
            "Give it on standard input: printf %s 'LINK' | assent request lint -",
        ));
    }
    let text = files::read_text(&args.file)?;
    let found = |profile: &Profile| -> Result<(&str, Vec<Finding>), CliError> {
        let mut findings = Vec::new();
        let kind = lint(&text, profile, &mut findings).ok_or_else(unknown)?;
        Ok((kind, findings))
    };
    let (kind, mut findings) = match args.sandbox {
        true => found(&Profile::BASELINE.sandbox())?,
        false => found(&Profile::BASELINE)?,
    };
    let has_errors = |findings: &[Finding]| findings.iter().any(|finding| finding.level == Level::Error);
    if has_errors(&findings) && !args.sandbox && !has_errors(&found(&Profile::BASELINE.sandbox())?.1) {
        findings.push(Finding::advice(
            "only-for-a-sandbox",
            "",
            "Only a sandbox on this machine may ask so.",
            "If it is one, add --sandbox.",
        ));
    }
    findings.sort_by_key(|finding| finding.level);
    Ok(report(kind, &findings))
}

/// Fills `findings` and says what kind of request it is; `None` when it is none.
fn lint(text: &str, profile: &Profile, findings: &mut Vec<Finding>) -> Option<&'static str> {
    if text.starts_with('{') {
        return lint_json(text, profile, findings);
    }
    if text.contains('?') && text.contains(':') {
        lint_link(text, profile, findings);
        return Some("link");
    }
    if text.matches('.').count() == 2 {
        lint_signed(text, profile, findings);
        return Some("request_object");
    }
    None
}

fn lint_json(text: &str, profile: &Profile, findings: &mut Vec<Finding>) -> Option<&'static str> {
    let value = match json::parse(text.as_bytes(), Limits::MESSAGE) {
        Ok(value) => value,
        Err(error) => {
            findings.push(Finding::error("json", "", error.to_string()));
            return Some("json");
        }
    };
    let object = value.as_object()?;
    if object.contains_key("credentials") {
        dcql::lint(&value, "", findings);
        Some("dcql_query")
    } else if object.contains_key("required") || object.contains_key("purpose") {
        consent::lint(object, profile, findings);
        Some("consent_request")
    } else if object.contains_key("client_id") || object.contains_key("dcql_query") {
        parameters::lint(object, profile, findings);
        Some("request_parameters")
    } else {
        None
    }
}

fn lint_link(link: &str, profile: &Profile, findings: &mut Vec<Finding>) {
    let parsed = match AuthorizationRequestLink::parse(link, profile) {
        Ok(parsed) => parsed,
        Err(error) => return findings.push(Finding::error(error.code(), "", error.to_string())),
    };
    let query = link.split_once('?').map_or("", |(_, query)| query);
    for (name, _) in form::decode(query).unwrap_or_default() {
        parameters::lint_name(&name, findings);
    }
    match parsed.source() {
        RequestSource::Reference { .. } => findings.push(Finding::advice(
            "request-by-reference",
            "request_uri",
            "The request itself was not looked at.",
            "Fetch it and give the answer to this command.",
        )),
        RequestSource::Value(jwt) => lint_signed(jwt, profile, findings),
        RequestSource::Parameters(object) => parameters::lint(object, profile, findings),
    }
}

fn lint_signed(jwt: &str, profile: &Profile, findings: &mut Vec<Finding>) {
    let jws = match UnverifiedJws::parse(jwt) {
        Ok(jws) => jws,
        Err(error) => return findings.push(Finding::error("request-signature", "", error.to_string())),
    };
    // OpenID4VP 1.0 §5: wallets must not process another type.
    if !jws.header().is_type("oauth-authz-req+jwt") {
        findings.push(Finding::error(
            "request-type",
            "typ",
            "The header's `typ` is not oauth-authz-req+jwt; wallets must refuse it.",
        ));
    }
    match jws.unverified_claims() {
        Ok(object) => {
            parameters::lint_signed(&object, jws.header(), findings);
            parameters::lint(&object, profile, findings);
        }
        Err(error) => findings.push(Finding::error("request-malformed", "", error.to_string())),
    }
}

fn report(kind: &str, findings: &[Finding]) -> Answer {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let mut lines: Vec<String> = findings.iter().map(Finding::line).collect();
    let so_many = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    lines.push(format!(
        "{kind}: {}, {}, {}",
        so_many(errors, "error"),
        so_many(warnings, "warning"),
        so_many(count(Level::Advice), "hint")
    ));
    let data = json!({
        "kind": kind,
        "errors": errors,
        "findings": findings.iter().map(Finding::json).collect::<Vec<Value>>(),
    });
    // Sorted: the first one is the worst.
    let worst = findings.iter().find(|finding| finding.level == Level::Error);
    let error = worst.map(|finding| {
        CliError::refuted(
            finding.code.clone(),
            finding.message.clone(),
            "Correct the findings marked as errors, then check again.",
        )
    });
    Answer::new("assent.request-lint/1", data, lines.join("\n")).failing(error)
}

fn unknown() -> CliError {
    CliError::new(
        Exit::Failed,
        "request-format-unknown",
        "this is not a request",
        "Give a DCQL query, request parameters, a consent request, a request object or a link.",
    )
}
