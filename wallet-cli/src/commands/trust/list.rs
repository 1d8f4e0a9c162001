//! `assent trust list`: the anchors with what they are trusted for.

use assent_core::crypto::sha256;
use assent_core::trust::{Anchor, Role};
use serde_json::{Value, json};

use crate::anchors;
use crate::error::CliError;
use crate::http::NetworkArgs;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: assent trust list http://localhost:8470")]
pub struct Args {
    /// Trust anchors: a file, or the address of a registry
    #[arg(value_name = "FILE|URL")]
    source: String,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Lists.
pub async fn run(args: Args) -> Result<Answer, CliError> {
    let anchors = anchors::load(&args.source, &args.network).await?;
    let roles = [
        (
            "access",
            Role::AccessCertificate,
            "may vouch for services that ask",
        ),
        ("issuers", Role::CredentialIssuer, "may vouch for issuers of"),
        ("status", Role::StatusListSigner, "may vouch for status lists"),
        (
            "wallet_providers",
            Role::WalletProvider,
            "may vouch for wallets and their keys",
        ),
    ];
    let mut data = serde_json::Map::new();
    let mut lines = Vec::new();
    for (name, role, meaning) in roles {
        let list: Vec<&Anchor> = anchors.anchors(role).collect();
        data.insert(
            name.to_owned(),
            list.iter().map(|anchor| describe(anchor)).collect(),
        );
        for anchor in list {
            let types = anchor.vct.join(", ");
            lines.push(
                format!("{}\n  {meaning} {types}", anchor.name)
                    .trim_end()
                    .to_owned(),
            );
            lines.push(format!("  sha256 {}", fingerprint(anchor)));
        }
    }
    let nobody = lines.is_empty();
    let answer = Answer::new("assent.trust-list/1", Value::Object(data), lines.join("\n"));
    Ok(if nobody {
        answer.warn("nobody-trusted", "The list is empty: nobody is trusted.")
    } else {
        answer
    })
}

fn describe(anchor: &Anchor) -> Value {
    json!({
        "name": anchor.name,
        "sha256": fingerprint(anchor),
        "vct": anchor.vct,
        "directly_trusted": anchor.directly_trusted,
    })
}

fn fingerprint(anchor: &Anchor) -> String {
    sha256(&anchor.certificate)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
