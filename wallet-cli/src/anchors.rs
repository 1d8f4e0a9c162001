//! Trust anchors from a file, or from a server's registry.

use std::path::Path;

use assent_core::encoding::json::{self, Limits};
use assent_core::trust::TrustAnchors;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::http::{Client, NetworkArgs};

/// Largest list accepted, in bytes.
const MAX_LIST: usize = 1 << 20;

/// Loads anchors from a path, or from `<address>/v1/registry/anchors`.
pub async fn load(source: &str, network: &NetworkArgs) -> Result<TrustAnchors, CliError> {
    let text = if source.starts_with("https://") || source.starts_with("http://") {
        let base = source.trim_end_matches('/');
        let url = if base.ends_with("/anchors") {
            base.to_owned()
        } else {
            format!("{base}/v1/registry/anchors")
        };
        Client::new(network)?
            .get(&url, "application/json", MAX_LIST)
            .await?
            .body
    } else {
        files::read_text(Path::new(source))?
    };
    parse(&text)
}

const FORM: &str =
    "It is a JSON object with `access`, `issuers` and `status`, as a server's registry gives it.";

/// Reads the JSON form.
pub fn parse(text: &str) -> Result<TrustAnchors, CliError> {
    let limits = Limits {
        bytes: MAX_LIST,
        depth: 8,
    };
    let list = json::parse(text.as_bytes(), limits).map_err(|error| {
        CliError::new(
            Exit::Configuration,
            "trust-anchors-malformed",
            format!("the list of trust anchors cannot be read: {error}"),
            FORM,
        )
    })?;
    TrustAnchors::from_json(&list).map_err(|error| CliError::from_core(Exit::Configuration, &error, FORM))
}
