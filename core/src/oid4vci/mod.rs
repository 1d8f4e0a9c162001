//! OpenID for Verifiable Credential Issuance 1.0, the messages of both sides.
//!
//! Everything here reads or writes one message; what an issuer remembers between messages is in
//! [`crate::issuer`], what a wallet remembers is in its own crate. Supported: offers by value and by reference,
//! the pre-authorised code flow with and without a transaction code, the authorization code flow with PKCE and pushed
//! requests, tokens bound to a key by DPoP, refresh tokens, the nonce endpoint, batches of `jwt` proofs, attestations of
//! wallets and keys, encrypted requests and responses, deferred issuance, notifications.
//!
//! The comments name our ids of the rules (`CI-…`, see `specs/requirements.md`) and the section of the standard.

mod answer;
pub mod attestation;
pub mod authorization;
pub mod client;
pub mod credential;
pub mod deferred;
pub mod dpop;
pub mod encryption;
pub mod metadata;
pub mod nonce;
pub mod notification;
pub mod offer;
pub mod pkce;
pub mod proof;
mod rejection;
mod secret;
pub mod token;

pub use answer::AnswerError;
pub use attestation::{AttestationError, Attesters};
pub use authorization::{AuthorizationAnswer, AuthorizationError, AuthorizationRequest, PushedAnswer};
pub use client::{AttestedClient, ClientAuth};
pub use credential::{CredentialAnswer, CredentialRequest, CredentialResponse, CredentialTarget, Proofs};
pub use deferred::DeferredRequest;
pub use dpop::{Access, DpopKey, DpopProof, DpopSession, VerifiedDpopProof};
pub use metadata::{
    AuthorizationServerMetadata, ClientAuthWanted, CodeEndpoints, CredentialConfiguration, CredentialKind,
    IssuerMetadata,
};
pub use nonce::NonceResponse;
pub use notification::{Notification, NotificationEvent};
pub use offer::{CredentialOffer, InputMode, OfferError, OfferLink, PreAuthorizedCodeGrant, TxCode};
pub use pkce::PkceVerifier;
pub use proof::{KeyProof, ProofError, VerifiedKeyProof};
pub use rejection::{Rejection, RejectionCode};
pub use secret::SecretText;
pub use token::{Grant, TokenRequest, TokenResponse, TokenType};
