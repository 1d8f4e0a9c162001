//! Type metadata of SD-JWT VC: what a type is called, which claims it has, and which of them may be kept back
//! (draft-ietf-oauth-sd-jwt-vc, "SD-JWT VC Type Metadata"; SV-7, SV-8).
//!
//! Pure: [`TypeResolution`] says which document it needs next, somebody else brings it, and [`KnownType`] is what
//! comes out. Nothing in a document is trusted beyond its own type: whoever brings documents decides from where, and
//! an issuer may issue a type only because of its certificate, never because of what a type extends (SV-10).
//!
//! Read in full or not at all: a document that breaks a rule is refused. Pictures and templates are not read, since
//! fetching them would tell others when a card is looked at; JSON Schemas, which older drafts had, are unknown members.

mod document;
mod error;
mod integrity;
mod known;
mod resolve;
mod rules;

pub use document::{ClaimDisplay, ClaimMetadata, Disclosability, TypeDisplay, TypeMetadata};
pub use error::{TypeMetadataError, TypeRuleError};
pub use integrity::matches as matches_integrity;
pub use known::KnownType;
pub use resolve::{TypeReference, TypeResolution};
pub use rules::Stage;

/// Largest document accepted, in bytes.
pub const MAX_TYPE_METADATA: usize = 256 << 10;
/// Longest chain of types that extend each other, the first included.
pub const MAX_TYPES: usize = 8;
/// Most claims described in one document.
pub const MAX_TYPE_CLAIMS: usize = 256;

#[cfg(test)]
mod tests;
