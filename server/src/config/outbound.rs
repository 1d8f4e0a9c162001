//! `[outbound]`: what the server's own calls trust.

use std::path::PathBuf;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};

use super::Issue;

/// Calls to status lists, webhooks and the login provider.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundConfig {
    /// PEM file with authorities to trust for https, beside those of this machine.
    pub ca_file: Option<PathBuf>,
}

impl OutboundConfig {
    /// The authorities; none when no file is given.
    ///
    /// # Errors
    /// An [`Issue`] when the file cannot be read, or holds no certificate or something else.
    pub fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, Issue> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let found = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| Issue::new("outbound.ca_file", format!("cannot be read: {error}")))?;
        let mut usable = RootCertStore::empty();
        if found.is_empty() || found.iter().any(|one| usable.add(one.clone()).is_err()) {
            return Err(Issue::new(
                "outbound.ca_file",
                "must hold certificates and nothing else",
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<usize, Issue> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, content).unwrap();
        let config = OutboundConfig { ca_file: Some(path) };
        config.authorities().map(|found| found.len())
    }

    #[test]
    fn reads_every_certificate_or_says_what_is_wrong() {
        let pem = || {
            let key = rcgen::KeyPair::generate().unwrap();
            rcgen::CertificateParams::default()
                .self_signed(&key)
                .unwrap()
                .pem()
        };
        assert_eq!(read(&format!("{}{}", pem(), pem())), Ok(2));
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for wrong in ["", "no pem", no_certificate] {
            assert_eq!(read(wrong).unwrap_err().setting, "outbound.ca_file", "{wrong}");
        }
        assert_eq!(OutboundConfig::default().authorities().unwrap().len(), 0);
        let absent = OutboundConfig {
            ca_file: Some("absent.pem".into()),
        };
        assert!(absent.authorities().is_err());
    }
}
