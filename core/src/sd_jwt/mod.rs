//! Selective disclosure for JWTs (RFC 9901) and SD-JWT VC on top of it.
//!
//! The trust levels are types. [`UnverifiedSdJwt`] is text that parses; [`VerifiedSdJwt`] has a checked issuer
//! signature and processed claims (RFC 9901 §7.1); [`VerifiedSdJwtVc`] has passed the rules of SD-JWT VC and the
//! caller's key binding policy (§7.3). A holder keeps a [`HolderSdJwt`] and presents from it (§7.2); an issuer
//! builds with [`SdJwtBuilder`] (§4).
//!
//! Deliberately strict: the reserved names `_sd`, `...` and `_sd_alg` are refused wherever RFC 9901 gives them no
//! meaning, every disclosure must be used exactly once, and text is bounded before anything is hashed.

mod disclosure;
mod error;
mod hash;
mod holder;
mod issue;
mod json_form;
mod key_binding;
mod parse;
mod process;
pub mod type_metadata;
mod validity;
mod vc;

pub use error::{HolderError, IssueError, KeyBindingError, SdJwtError, VcError};
pub use hash::SdAlg;
pub use holder::HolderSdJwt;
pub use issue::{DisclosurePolicy, SdJwtBuilder};
pub use key_binding::{KB_JWT_TYPE, KeyBinding, KeyBindingCheck};
pub use parse::{UnverifiedSdJwt, VerifiedSdJwt};
pub use vc::{NEVER_DISCLOSABLE, SD_JWT_VC_TYPE, VcCheck, VerifiedSdJwtVc};

/// Longest SD-JWT accepted, in bytes: issuer-signed JWT, disclosures and KB-JWT together.
pub const MAX_SD_JWT: usize = 1 << 20;

/// Most disclosures accepted in one SD-JWT. A PID with every claim and array element disclosable has about 40.
pub const MAX_DISCLOSURES: usize = 512;

#[cfg(test)]
mod tests;
