//! `[[verifier.services]]`: the services (relying parties) that may ask.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::Issue;

/// One service (relying party).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Short id, e.g. `library`.
    pub id: String,
    /// PEM chain of its access certificate, leaf first, without the anchor.
    pub certificate_file: PathBuf,
    /// PEM private key of its access certificate.
    pub key_file: PathBuf,
    /// The API key it calls us with.
    pub api_key: Option<SecretString>,
    /// A file with the API key.
    pub api_key_file: Option<PathBuf>,
    /// The secret its webhooks are signed with.
    pub webhook_secret: Option<SecretString>,
    /// A file with the webhook secret.
    pub webhook_secret_file: Option<PathBuf>,
    /// An origin of its own that leads to this server, e.g. `https://library.wallet.example`. Default: the server's.
    #[serde(default)]
    pub public_url: Option<String>,
    /// The kind of DID it has.
    #[serde(default)]
    pub did_method: DidMethod,
}

/// A method of decentralised identifiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DidMethod {
    /// `did:jwk`: the key itself. Nothing to publish; a new key is a new identity.
    #[default]
    Jwk,
    /// `did:web`: an address of this server, which publishes the document. The identity stays when the key changes.
    Web,
}

impl ServiceConfig {
    /// A service with its certificate and nothing else.
    #[must_use]
    pub fn new(id: &str, certificate_file: PathBuf, key_file: PathBuf) -> Self {
        Self {
            id: id.to_owned(),
            certificate_file,
            key_file,
            api_key: None,
            api_key_file: None,
            webhook_secret: None,
            webhook_secret_file: None,
            public_url: None,
            did_method: DidMethod::default(),
        }
    }
}

/// What is wrong with them, as far as it can be seen without opening a file.
pub(super) fn issues(services: &[ServiceConfig], sandbox: bool) -> Vec<Issue> {
    let mut out = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (i, service) in services.iter().enumerate() {
        if service.id.is_empty() || !service.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            out.push(Issue::new(
                format!("verifier.services.{i}.id"),
                "letters, digits and hyphens only",
            ));
        }
        if let Some(public_url) = &service.public_url {
            let name = format!("verifier.services.{i}.public_url");
            let others = services.iter().enumerate();
            if others
                .filter(|(j, _)| *j != i)
                .any(|(_, other)| other.public_url.as_ref() == Some(public_url))
            {
                out.push(Issue::new(&name, "another service has the same"));
            }
            out.extend(origin_issue(&name, public_url, sandbox));
        }
        if !seen.insert(&service.id) {
            out.push(Issue::new(format!("verifier.services.{i}.id"), "used twice"));
        }
    }
    out
}

/// What is wrong with the address of a server or service: an origin, https outside the sandbox.
pub(super) fn origin_issue(name: &str, public_url: &str, sandbox: bool) -> Option<Issue> {
    match url::Url::parse(public_url) {
        Ok(url) if public_url.ends_with('/') || url.path() != "/" || url.query().is_some() => Some(
            Issue::new(name, "must be an origin without a path or trailing slash"),
        ),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Some(Issue::new(name, "must not have a user name"))
        }
        Ok(url) if url.scheme() == "https" || (sandbox && url.scheme() == "http") => None,
        Ok(_) => Some(Issue::new(name, "must begin with https:// outside the sandbox")),
        Err(_) => Some(Issue::new(name, "missing or not a URL")),
    }
}
