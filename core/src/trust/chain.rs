//! Building a chain to a configured anchor (RFC 5280 §6.1; HAIP 1.0 §4.1, §5, §6.1.1).

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::anchors::{Entry, Role, RoleAnchors};
use super::certificate::{Certificate, CertificateSubject, Validity};
use super::memo::X5cHash;
use super::{ChainError, TrustAnchors};
use crate::crypto::{CryptoProvider, PublicKey, sha256};
use crate::env::Timestamp;

/// Longest chain accepted, leaf included.
const MAX_CHAIN: usize = 8;

/// A chain that leads to a configured anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    /// The key of the leaf.
    pub leaf_key: PublicKey,
    /// Who the leaf is for.
    pub subject: CertificateSubject,
    /// The DNS names of the leaf, as written.
    pub dns_names: Vec<String>,
    /// SHA-256 over the DER of the leaf: what the `x509_hash` client identifier is made of.
    pub leaf_sha256: [u8; 32],
    /// The authority key identifiers of the certificates in the chain, leaf first (DCQL `aki`).
    pub akis: Vec<Vec<u8>>,
    /// What the operator calls the anchor.
    pub anchor_name: String,
    /// SHA-256 over the DER of the anchor's certificate: its identity.
    pub anchor_sha256: [u8; 32],
    /// The credential types the anchor may issue; empty for other roles.
    pub vcts: Vec<String>,
    /// When the first certificate on the path expires, the anchor's included. The result must not be used after.
    pub valid_until: Timestamp,
}

/// Verifies `x5c` (DER, leaf first) at `now` up to an anchor of `role`.
///
/// A configured anchor inside `x5c` and what follows it are left out first: HAIP forbids sending it, many do
/// (and "always build to a configured anchor" stays true). Extended key usages are not restricted: the profiles
/// name none for these roles. `anchors` remember the chains verified last, so a known issuer costs no signature.
///
/// # Errors
/// [`ChainError`].
pub fn verify_chain(
    x5c: &[Vec<u8>],
    anchors: &TrustAnchors,
    role: Role,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedChain, ChainError> {
    let anchors = anchors.role(role);
    if x5c.len() > MAX_CHAIN {
        return Err(ChainError::Extra);
    }
    let hash = X5cHash::of(x5c);
    if let Some(known) = anchors.memo.find(hash, now) {
        return Ok(known);
    }
    let (chain, validity) = verify_unknown(x5c, anchors, now, crypto)?;
    anchors.memo.keep(hash, validity, &chain);
    Ok(chain)
}

/// Verifies a chain that is not remembered. Also says when the whole path is valid.
fn verify_unknown(
    x5c: &[Vec<u8>],
    anchors: &RoleAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<(VerifiedChain, Validity), ChainError> {
    let (leaf_der, rest) = x5c.split_first().ok_or(ChainError::Empty)?;
    let leaf = Certificate::read(leaf_der)?;
    // HAIP 1.0 §5, §6.1.1: also one that is itself configured as an anchor.
    if leaf.is_self_issued() {
        return Err(ChainError::SelfSigned);
    }
    if leaf.is_authority() || !leaf.may_sign() {
        return Err(ChainError::Usage);
    }
    let leaf_key = PublicKey::from_spki_der(leaf.public_key_der()).map_err(|_| ChainError::Key)?;
    let leaf_sha256 = sha256(leaf_der);

    let direct = |entry: &&Entry| entry.root.is_none() && entry.sha256 == leaf_sha256;
    let (matching, path): (Vec<&Entry>, &[Vec<u8>]) = if anchors.entries.iter().any(|e| direct(&e)) {
        if !leaf.validity().includes(now) {
            return Err(ChainError::Time);
        }
        (anchors.entries.iter().filter(direct).collect(), &[])
    } else {
        let until_anchor = rest.iter().position(|der| {
            anchors
                .entries
                .iter()
                .any(|entry| entry.anchor.certificate == *der)
        });
        let rest = &rest[..until_anchor.unwrap_or(rest.len())];
        let root = build_path(leaf_der, rest, anchors, now, crypto)?;
        let same_root = |entry: &&Entry| entry.root == Some(root);
        (anchors.entries.iter().filter(same_root).collect(), rest)
    };
    // Path validation does not look at the anchor's own dates; an expired one is a mistake of the list.
    let alive = |entry: &&&Entry| entry.validity.includes(now);
    let Some(first) = matching.iter().find(alive) else {
        return Err(ChainError::Time);
    };
    let mut validity = leaf.validity();
    let mut akis: Vec<Vec<u8>> = leaf.authority_key_identifier().into_iter().collect();
    for der in path {
        let certificate = Certificate::read(der)?;
        validity = validity.and(certificate.validity());
        akis.extend(certificate.authority_key_identifier());
    }
    let mut vcts = Vec::new();
    for entry in matching.iter().filter(alive) {
        validity = validity.and(entry.validity);
        vcts.extend(entry.anchor.vct.iter().cloned());
    }
    let chain = VerifiedChain {
        leaf_key,
        subject: leaf.subject(),
        dns_names: leaf.dns_names(),
        leaf_sha256,
        akis,
        anchor_name: first.anchor.name.clone(),
        anchor_sha256: first.sha256,
        vcts,
        valid_until: validity.not_after,
    };
    Ok((chain, validity))
}

/// The index of the root that `leaf` leads to, through all of `rest`.
fn build_path(
    leaf: &[u8],
    rest: &[Vec<u8>],
    anchors: &RoleAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<usize, ChainError> {
    let seconds = u64::try_from(now.0).map_err(|_| ChainError::Time)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| refused(&error))?;
    let rest: Vec<CertificateDer<'_>> = rest
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let path = leaf
        .verify_for_usage(
            crypto.x509_algorithms(),
            &anchors.roots,
            &rest,
            time,
            AnyUsage,
            None,
            None,
        )
        .map_err(|error| refused(&error))?;
    if path.intermediate_certificates().count() != rest.len() {
        return Err(ChainError::Extra);
    }
    anchors
        .roots
        .iter()
        .position(|root| root == path.anchor())
        .ok_or(ChainError::Untrusted)
}

/// Accepts every extended key usage, but not a malformed extension.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, iter: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        for purpose in iter {
            purpose?;
        }
        Ok(())
    }
}

fn refused(error: &webpki::Error) -> ChainError {
    use webpki::Error as E;
    match error {
        E::CertExpired { .. } | E::CertNotValidYet { .. } | E::InvalidCertValidity => ChainError::Time,
        E::UnknownIssuer => ChainError::Untrusted,
        E::InvalidSignatureForPublicKey
        | E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | E::SignatureAlgorithmMismatch => ChainError::Signature,
        E::CaUsedAsEndEntity
        | E::EndEntityUsedAsCa
        | E::PathLenConstraintViolated
        | E::NameConstraintViolation
        | E::RequiredEkuNotFoundContext(_) => ChainError::Usage,
        _ => ChainError::Malformed,
    }
}
