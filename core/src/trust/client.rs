//! Client identifiers made of certificates (OpenID4VP 1.0 §5.9.3).

use super::VerifiedChain;
use crate::crypto::sha256;
use crate::encoding::base64url;

/// What follows `x509_hash:` for a leaf in DER: base64url of its SHA-256.
#[must_use]
pub fn x509_hash(leaf: &[u8]) -> String {
    base64url::encode(&sha256(leaf))
}

impl VerifiedChain {
    /// True when `other` is for the same organisation under the same anchor: a renewed certificate. The organisation is
    /// known by its `organizationIdentifier` (ETSI EN 319 412-1 §5.1.4). Certificates without one are compared by whole
    /// subject and DNS names, of which there must be some; a name is no identity.
    #[must_use]
    pub fn is_same_organization(&self, other: &Self) -> bool {
        if self.anchor_sha256 != other.anchor_sha256 {
            return false;
        }
        match (
            &self.subject.organization_identifier,
            &other.subject.organization_identifier,
        ) {
            (Some(mine), Some(theirs)) => mine == theirs && self.subject.country == other.subject.country,
            (None, None) => {
                self.subject == other.subject
                    && !self.dns_names.is_empty()
                    && self.dns_names == other.dns_names
            }
            _ => false,
        }
    }

    /// What follows `x509_hash:` for this leaf.
    #[must_use]
    pub fn x509_hash(&self) -> String {
        base64url::encode(&self.leaf_sha256)
    }

    /// True when the leaf has `name` as a `dNSName`, for `x509_san_dns:`. Names are compared whole, ignoring ASCII
    /// case; wildcards never match.
    #[must_use]
    pub fn has_dns_name(&self, name: &str) -> bool {
        !name.is_empty()
            && !name.contains('*')
            && self.dns_names.iter().any(|dns| dns.eq_ignore_ascii_case(name))
    }
}
