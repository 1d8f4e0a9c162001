//! Who speaks for a service about a receipt, after its access certificate was renewed.
//!
//! A receipt names the certificate that its consent request was signed with. That certificate ends long before the
//! consent does, so a later message may come with another one: of the same organisation, under the same anchor. A name
//! alone proves neither; nor does another anchor, whose register may know somebody else by that number.

use crate::crypto::{CryptoProvider, PublicKey, sha256};
use crate::encoding::jws::UnverifiedJws;
use crate::env::Timestamp;
use crate::trust::{Role, TrustAnchors, VerifiedChain, verify_chain};

/// When a message is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Now, as it arrives: a renewed certificate must be good now.
    Arrival(Timestamp),
    /// Later, from an archive: it must have been good when the message says that it was signed, which is not after this.
    Archive(Timestamp),
}

/// The key that must have signed `jwt`, for the service whose request came with the chain `service`; `None` when its
/// certificate is that of nobody who may speak for the service.
#[must_use]
pub fn speaker_key(
    jwt: &str,
    service: &VerifiedChain,
    anchors: &TrustAnchors,
    moment: Moment,
    crypto: &dyn CryptoProvider,
) -> Option<PublicKey> {
    let jws = UnverifiedJws::parse(jwt).ok()?;
    let x5c = &jws.header().x5c;
    // Without a chain a message says nothing of who signed it (specs/formats/consent-receipt.md, Countersignature).
    if sha256(x5c.first()?) == service.leaf_sha256 {
        return Some(service.leaf_key.clone());
    }
    let at = match moment {
        Moment::Arrival(now) => now,
        Moment::Archive(now) => {
            let signed = Timestamp(jws.unverified_claims().ok()?.get("iat")?.as_i64()?);
            (signed <= now.plus(crate::profile::CLOCK_LEEWAY)).then_some(signed)?
        }
    };
    let renewed = verify_chain(x5c, anchors, Role::AccessCertificate, at, crypto).ok()?;
    service.is_same_organization(&renewed).then_some(renewed.leaf_key)
}
