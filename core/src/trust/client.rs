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
