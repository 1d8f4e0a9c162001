//! What `serve --sandbox` makes on its first start, so that a newcomer needs no certificates and no keys.
//!
//! In the data directory: three certificate authorities (access certificates, card issuers, wallet providers), a document
//! signer, a wallet provider, a
//! ready service `library` with its access certificate, its API key (`library.key`) and webhook secret
//! (`library.webhook`), and the server's sealing key. Files are made once and kept; private files are readable
//! by their owner only. Chains follow HAIP 1.0 §6.1.1: leaf first, no anchor, leaf not self-signed.

mod authority;
mod files;

use std::path::Path;

use assent_core::encoding::base64url;
use serde_json::json;

use crate::config::{Config, ServiceConfig};
use authority::{Authority, Leaf};

/// The id of the sandbox's ready-made service.
pub const LIBRARY: &str = "library";

/// Why the sandbox could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file could not be written or read.
    #[error("cannot use the data directory")]
    File(#[from] std::io::Error),
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// A file in the data directory is not what we wrote.
    #[error("{0} in the data directory is damaged; delete the directory to start afresh")]
    Damaged(String),
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random(#[from] assent_core::env::RandomUnavailable),
}

/// Makes what is missing in the data directory and points the configuration at it.
///
/// # Errors
/// See [`SandboxError`].
pub fn prepare(config: &mut Config) -> Result<(), SandboxError> {
    let data = config.data_dir.clone();
    let keys = data.join("sandbox");
    files::private_directory(&data)?;
    files::private_directory(&keys)?;
    let host = url::Url::parse(&config.public_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".into());

    let access = Authority::load_or_make(&keys, "access-ca", "Assent Sandbox Access Certificate Authority")?;
    let issuers = Authority::load_or_make(&keys, "issuer-ca", "Assent Sandbox Card Issuer Authority")?;

    let signer = Leaf {
        common_name: "Assent Sandbox Card Issuer",
        organization: "Municipality of Voorbeeld (sandbox)",
        organization_identifier: "NTRNL-00000001",
        host: &host,
    };
    issuers.leaf(&keys, "issuer", &signer)?;
    config
        .issuer
        .certificate_file
        .get_or_insert(keys.join("issuer.pem"));
    config.issuer.key_file.get_or_insert(keys.join("issuer.key.pem"));

    let wallet_providers =
        Authority::load_or_make(&keys, "wallet-ca", "Assent Sandbox Wallet Provider Authority")?;
    let provider = Leaf {
        common_name: "Assent Sandbox Wallet Provider",
        organization: "Assent Sandbox",
        organization_identifier: "NTRNL-00000003",
        host: &host,
    };
    wallet_providers.leaf(&keys, "wallet-provider", &provider)?;
    let settings = &mut config.wallet_provider;
    settings
        .certificate_file
        .get_or_insert(keys.join("wallet-provider.pem"));
    settings
        .key_file
        .get_or_insert(keys.join("wallet-provider.key.pem"));

    let library = Leaf {
        common_name: "City Library of Voorbeeld",
        organization: "City Library of Voorbeeld",
        organization_identifier: "NTRNL-00000002",
        host: &host,
    };
    access.leaf(&keys, LIBRARY, &library)?;
    files::private_secret(&data.join("library.key"))?;
    files::private_secret(&data.join("library.webhook"))?;
    files::private_secret(&keys.join("sealing.key"))?;
    config.sealing.key_file.get_or_insert(keys.join("sealing.key"));
    if !config
        .verifier
        .services
        .iter()
        .any(|service| service.id == LIBRARY)
    {
        config.verifier.services.push(ServiceConfig {
            api_key_file: Some(data.join("library.key")),
            webhook_secret_file: Some(data.join("library.webhook")),
            ..ServiceConfig::new(LIBRARY, keys.join("library.pem"), keys.join("library.key.pem"))
        });
    }

    let anchors = json!({
        "access": [{
            "name": "Assent sandbox register of services",
            "certificate": base64url::encode_standard(&access.certificate),
        }],
        "issuers": [{
            "name": "Assent sandbox card issuers",
            "certificate": base64url::encode_standard(&issuers.certificate),
            "vct": ["urn:eudi:pid:1", "urn:assent:residence:1"],
        }],
        "wallet_providers": [{
            "name": "Assent sandbox wallet providers",
            "certificate": base64url::encode_standard(&wallet_providers.certificate),
        }],
    });
    let path = keys.join("anchors.json");
    std::fs::write(&path, format!("{anchors:#}\n"))?;
    config.registry.anchors_file.get_or_insert(path);
    config.registry.name.get_or_insert("Assent sandbox".into());
    config.database.migrate_on_start.get_or_insert(true);
    Ok(())
}

/// The file the sandbox keeps the library's API key in.
#[must_use]
pub fn library_key_file(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("library.key")
}
