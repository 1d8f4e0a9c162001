//! Reading certificates (RFC 5280 §4). Nothing here decides about trust.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAltName};
use x509_cert::name::Name;

use super::ChainError;
use crate::crypto::PublicKey;
use crate::encoding::record::{FromJson, ToJson};
use crate::env::Timestamp;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// ETSI EN 319 412-1 §5.1.4 gives its form, e.g. `NTRNL-12345678`.
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// Longest name kept, in characters.
const MAX_NAME: usize = 200;

/// Who a certificate is for. Texts are cleaned for display: no control or direction-changing characters, at most
/// 200 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct CertificateSubject {
    /// `commonName`.
    pub common_name: Option<String>,
    /// `organizationName`: the legal name.
    pub organization: Option<String>,
    /// `organizationIdentifier`, e.g. `NTRNL-12345678`.
    pub organization_identifier: Option<String>,
    /// `countryName`, two letters.
    pub country: Option<String>,
}

impl CertificateSubject {
    /// The name to show: the organisation, else the common name.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.organization.as_deref().or(self.common_name.as_deref())
    }
}

/// The key identifiers of the authorities named in `x5c`, in the form DCQL's `aki` compares: the `keyIdentifier` of
/// the AuthorityKeyIdentifier extension of each certificate (OpenID4VP 1.0 §6.1.1.1). Certificates that cannot be
/// read or have none add nothing. The chain is not verified.
#[must_use]
pub fn authority_key_identifiers(x5c: &[Vec<u8>]) -> Vec<Vec<u8>> {
    x5c.iter()
        .filter_map(|der| Certificate::read(der).ok()?.authority_key_identifier())
        .collect()
}

/// The DNS names in a certificate (RFC 5280 §4.2.1.6), as written; none when it cannot be read. Nothing is verified:
/// for whoever looks at a certificate of their own.
#[must_use]
pub fn dns_names(certificate_der: &[u8]) -> Vec<String> {
    Certificate::read(certificate_der).map_or_else(|_| Vec::new(), |certificate| certificate.dns_names())
}

/// The key in a certificate, when it is one we use. Nothing is verified.
#[must_use]
pub fn certified_key(certificate_der: &[u8]) -> Option<PublicKey> {
    let der = Certificate::read(certificate_der).ok()?.public_key_der().ok()?;
    PublicKey::from_spki_der(&der).ok()
}

/// True when a certificate names itself as its issuer, so that wallets and verifiers refuse it as a leaf (HAIP 1.0 §5,
/// §6.1.1). False when it cannot be read.
#[must_use]
pub fn is_self_issued(certificate_der: &[u8]) -> bool {
    Certificate::read(certificate_der).is_ok_and(|certificate| certificate.is_self_issued())
}

/// When a certificate is valid, both ends included (RFC 5280 §4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Validity {
    /// The time both are valid.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }

    pub(super) fn includes(self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// A certificate that can be read.
pub(super) struct Certificate(x509_cert::Certificate);

impl Certificate {
    /// Reads DER, with nothing after it.
    pub(super) fn read(der: &[u8]) -> Result<Self, ChainError> {
        x509_cert::Certificate::from_der(der)
            .map(Self)
            .map_err(|_| ChainError::Malformed)
    }

    pub(super) fn validity(&self) -> Validity {
        let validity = self.0.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| {
            Timestamp(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
        };
        Validity {
            not_before: seconds(validity.not_before),
            not_after: seconds(validity.not_after),
        }
    }

    pub(super) fn is_self_issued(&self) -> bool {
        let tbs = self.0.tbs_certificate();
        tbs.subject() == tbs.issuer()
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(super) fn public_key_der(&self) -> Result<Vec<u8>, ChainError> {
        self.0
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .map_err(|_| ChainError::Malformed)
    }

    /// True when it may sign certificates (RFC 5280 §4.2.1.9, §4.2.1.3).
    pub(super) fn is_authority(&self) -> bool {
        let tbs = self.0.tbs_certificate();
        let basic = tbs.get_extension::<BasicConstraints>();
        let usage = tbs.get_extension::<KeyUsage>();
        let signs = match usage {
            Ok(None) => true,
            Ok(Some((_, usage))) => usage.key_cert_sign(),
            Err(_) => false,
        };
        signs && matches!(basic, Ok(Some((_, BasicConstraints { ca: true, .. }))))
    }

    /// True when it may sign what is not a certificate (RFC 5280 §4.2.1.3).
    pub(super) fn may_sign(&self) -> bool {
        match self.0.tbs_certificate().get_extension::<KeyUsage>() {
            Ok(None) => true,
            Ok(Some((_, usage))) => usage.digital_signature(),
            Err(_) => false,
        }
    }

    pub(super) fn subject(&self) -> CertificateSubject {
        let subject = self.0.tbs_certificate().subject();
        CertificateSubject {
            common_name: attribute(subject, COMMON_NAME),
            organization: attribute(subject, ORGANIZATION),
            organization_identifier: attribute(subject, ORGANIZATION_IDENTIFIER),
            country: attribute(subject, COUNTRY),
        }
    }

    /// The `dNSName`s of the subject alternative name (RFC 5280 §4.2.1.6).
    pub(super) fn dns_names(&self) -> Vec<String> {
        let Ok(Some((_, names))) = self.0.tbs_certificate().get_extension::<SubjectAltName>() else {
            return Vec::new();
        };
        let dns = |name: GeneralName| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        };
        names.0.into_iter().filter_map(dns).collect()
    }

    /// The `keyIdentifier` of the AuthorityKeyIdentifier (RFC 5280 §4.2.1.1).
    pub(super) fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let found = self.0.tbs_certificate().get_extension::<AuthorityKeyIdentifier>();
        let (_, identifier) = found.ok()??;
        Some(identifier.key_identifier?.as_bytes().to_vec())
    }
}

fn attribute(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    let text = name.by_oid::<DirectoryString>(oid).ok()??;
    // Names are shown next to trust marks: nothing in them may move or hide text.
    let shown = |c: &char| {
        !c.is_control()
            // Marks of direction, characters without width, and separators of lines.
            && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let text: String = text.value().chars().filter(shown).take(MAX_NAME).collect();
    (!text.is_empty()).then_some(text)
}
