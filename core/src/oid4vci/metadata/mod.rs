//! Metadata of credential issuers (OpenID4VCI 1.0 §12.2) and authorization servers (RFC 8414, §12.3).

mod authorization_server;
mod configuration;
mod display;
mod encryption;
mod issuer;

pub use authorization_server::{
    ATTESTED, AuthorizationServerMetadata, ClientAuthWanted, CodeEndpoints, PUBLIC,
};
pub use configuration::{
    ClaimDescription, CredentialConfiguration, CredentialKind, KeyAttestationsRequired, ProofType,
};
pub use display::Display;
pub use encryption::{RequestEncryption, ResponseEncryption};
pub use issuer::IssuerMetadata;
