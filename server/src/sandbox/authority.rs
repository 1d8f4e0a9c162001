//! A certificate authority of the sandbox and the leaf certificates it signs.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use time::OffsetDateTime;

use super::{SandboxError, files};

/// A leaf is replaced when its file is older than this, well before it expires.
const LEAF_RENEWAL: Duration = Duration::from_secs(300 * 24 * 3600);

/// A root of the sandbox.
pub(super) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    /// The root certificate in DER.
    pub(super) certificate: Vec<u8>,
}

/// What a leaf certificate says about its owner (ETSI EN 319 412-3 names).
pub(super) struct Leaf<'a> {
    pub(super) common_name: &'a str,
    pub(super) organization: &'a str,
    pub(super) organization_identifier: &'a str,
    /// DNS name or address of this server.
    pub(super) host: &'a str,
}

impl Authority {
    /// Reads `<name>.pem` and `<name>.key.pem`, or makes them.
    pub(super) fn load_or_make(dir: &Path, name: &str, common_name: &str) -> Result<Self, SandboxError> {
        let (certificate_path, key_path) = paths(dir, name);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Assent Sandbox");
        params.distinguished_name.push(DnType::CountryName, "NL");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let now = OffsetDateTime::now_utc();
        params.not_before = now - Duration::from_secs(3600);
        params.not_after = now + Duration::from_secs(3650 * 24 * 3600);
        if certificate_path.exists() && key_path.exists() {
            let key = KeyPair::from_pem(&std::fs::read_to_string(&key_path)?)?;
            let certificate = CertificateDer::from_pem_file(&certificate_path)
                .map_err(|_| SandboxError::Damaged(certificate_path.display().to_string()))?;
            return Ok(Self {
                params,
                key,
                certificate: certificate.to_vec(),
            });
        }
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        files::private_file(&key_path, &key.serialize_pem())?;
        std::fs::write(&certificate_path, certificate.pem())?;
        Ok(Self {
            params,
            key,
            certificate: certificate.der().to_vec(),
        })
    }

    /// Makes `<name>.pem` and `<name>.key.pem` when missing or old.
    pub(super) fn leaf(&self, dir: &Path, name: &str, leaf: &Leaf<'_>) -> Result<(), SandboxError> {
        let (certificate_path, key_path) = paths(dir, name);
        if let (true, Ok(meta)) = (key_path.exists(), certificate_path.metadata()) {
            let age = OffsetDateTime::now_utc() - OffsetDateTime::from(meta.modified()?);
            if age < LEAF_RENEWAL {
                return Ok(());
            }
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let dn = &mut params.distinguished_name;
        dn.push(DnType::CommonName, leaf.common_name);
        dn.push(DnType::OrganizationName, leaf.organization);
        // organizationIdentifier (2.5.4.97), the semantics identifier of ETSI EN 319 412-1 §5.1.4.
        dn.push(
            DnType::CustomDnType(vec![2, 5, 4, 97]),
            leaf.organization_identifier,
        );
        dn.push(DnType::CountryName, "NL");
        params.subject_alt_names = vec![match leaf.host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(leaf.host.try_into()?),
        }];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let now = OffsetDateTime::now_utc();
        params.not_before = now - Duration::from_secs(3600);
        params.not_after = now + Duration::from_secs(365 * 24 * 3600);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key))?;
        if key_path.exists() {
            std::fs::remove_file(&key_path)?;
        }
        files::private_file(&key_path, &key.serialize_pem())?;
        std::fs::write(&certificate_path, certificate.pem())?;
        Ok(())
    }
}

fn paths(dir: &Path, name: &str) -> (std::path::PathBuf, std::path::PathBuf) {
    (
        dir.join(format!("{name}.pem")),
        dir.join(format!("{name}.key.pem")),
    )
}
