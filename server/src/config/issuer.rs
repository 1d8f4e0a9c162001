//! `[issuer]`: keys, lists, and what is asked of wallets.

use std::path::PathBuf;

use assent_core::issuer::sandbox as cards;
use assent_core::oid4vci::encryption::EncryptionRule;
use serde::{Deserialize, Serialize};

use super::{ClientConfig, Issue};

/// The issuer's keys and lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerConfig {
    /// PEM chain of the document signer, leaf first, without the anchor (HAIP 1.0 §6.1.1).
    pub certificate_file: Option<PathBuf>,
    /// PEM private key of the document signer.
    pub key_file: Option<PathBuf>,
    /// Places of a new status list. The more, the less a place says about who and when.
    pub status_list_size: u32,
    /// Wallets that may sign people in, beside those that are known without settings. Only the sandbox has a person to
    /// sign in.
    pub clients: Vec<ClientConfig>,
    /// Whether wallets authenticate themselves with an attestation of their provider.
    pub client_attestation: ClientAttestation,
    /// Cards, by configuration id, whose keys a trusted wallet provider must vouch for (OpenID4VCI 1.0 Appendix D).
    pub attested_keys: Vec<String>,
    /// Whether access tokens are bound to a key of the wallet (DPoP).
    pub dpop: DpopRule,
    /// Whether credential requests and responses are encrypted.
    pub encryption: EncryptionRule,
}

/// Whether access tokens are bound to a key of the wallet (RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", expecting = "\"offered\" or \"required\"")]
pub enum DpopRule {
    /// When the wallet sends a proof.
    #[default]
    Offered,
    /// Always; there are no bearer tokens.
    Required,
}

/// Whether wallets authenticate themselves with an attestation of their provider (OpenID4VCI 1.0 Appendix E).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", expecting = "\"off\", \"offered\" or \"required\"")]
pub enum ClientAttestation {
    /// It is not looked at.
    Off,
    /// A wallet that brings one must bring a good one.
    #[default]
    Offered,
    /// Every wallet must bring one, also with a pre-authorised code.
    Required,
}

impl Default for IssuerConfig {
    fn default() -> Self {
        Self {
            certificate_file: None,
            key_file: None,
            status_list_size: 1 << 17,
            clients: Vec::new(),
            client_attestation: ClientAttestation::default(),
            attested_keys: Vec::new(),
            dpop: DpopRule::default(),
            encryption: EncryptionRule::default(),
        }
    }
}

impl IssuerConfig {
    /// Settings without a meaning where no wallet provider is trusted.
    pub(crate) fn need_wallet_providers(&self) -> impl Iterator<Item = &'static str> {
        let wallets = self.client_attestation == ClientAttestation::Required;
        [
            (wallets, "issuer.client_attestation"),
            (!self.attested_keys.is_empty(), "issuer.attested_keys"),
        ]
        .into_iter()
        .filter_map(|(needs, setting)| needs.then_some(setting))
    }

    /// What is wrong with it. `known` are the wallets that need no settings.
    pub(super) fn issues(&self, runs: bool, sandbox: bool, known: &[ClientConfig]) -> Vec<Issue> {
        let mut out = Vec::new();
        if runs && !sandbox {
            for (name, file) in [
                ("issuer.certificate_file", &self.certificate_file),
                ("issuer.key_file", &self.key_file),
            ] {
                if file.is_none() {
                    out.push(Issue::new(name, "missing: the issuer role needs it"));
                }
            }
        }
        if sandbox {
            out.extend(super::half("issuer", &self.certificate_file, &self.key_file));
        }
        let least = if sandbox { 8 } else { 1 << 14 };
        if !(least..=1 << 24).contains(&self.status_list_size) || !self.status_list_size.is_multiple_of(8) {
            out.push(Issue::new(
                "issuer.status_list_size",
                format!("must be a multiple of 8 from {least} to {}", 1 << 24),
            ));
        }
        for (i, id) in self.attested_keys.iter().enumerate() {
            let cards = cards::configurations();
            if !cards.contains_key(id) {
                let known: Vec<_> = cards.keys().map(String::as_str).collect();
                out.push(Issue::new(
                    format!("issuer.attested_keys.{i}"),
                    format!("is not a card of this issuer: those are {}", known.join(" and ")),
                ));
            }
        }
        out.extend(super::clients::issues(&self.clients, known, sandbox));
        out
    }
}
