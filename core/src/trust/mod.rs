//! Who is believed: X.509 chains to configured anchors, and what each issuer may issue.
//!
//! [`TrustAnchors`] are configured per [`Role`]. [`verify_chain`] builds an `x5c` to one of them (RFC 5280 §6,
//! HAIP 1.0 §4.1, §5, §6.1.1) and says who the leaf is. [`verify_credential`] is the one place where wallet and
//! verifier turn text into a trusted credential: chain, issuer signature, SD-JWT VC rules, and whether *this*
//! issuer may issue *this* type. [`verify_status_list`] does the same for status lists.
//!
//! Identity is the anchor and the certificate's subject, never `iss`, and never anything in the credential: the
//! way of finding the issuer's key is `x5c`. A verifier may be told of single issuers who are known by their web address
//! instead ([`WebIssuer`]).

mod anchors;
mod certificate;
mod chain;
mod client;
mod credential;
mod error;
mod memo;
mod status;
mod web_issuer;

pub use anchors::{Anchor, Role, TrustAnchors};
pub use certificate::{
    CertificateSubject, authority_key_identifiers, certified_key, dns_names, is_self_issued,
};
pub use chain::{VerifiedChain, verify_chain};
pub use client::x509_hash;
pub use credential::{VerifiedCredential, verify_credential, verify_credential_on_chain};
pub use error::{AnchorError, ChainError, CredentialError, StatusTrustError};
pub use status::{verify_authority_status_list, verify_status_list, verify_status_list_of};
pub use web_issuer::{
    IssuerKeys, IssuerKeysError, MAX_ISSUER_METADATA, PublishedKeys, WebCredentialError, WebIssuer,
    issuer_metadata_url,
};

// rcgen, which makes the certificates, needs a C compiler.
#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
