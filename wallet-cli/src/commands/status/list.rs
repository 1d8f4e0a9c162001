//! Status lists given as files.

use std::path::Path;

use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use assent_core::status::{Status, StatusReference, UnverifiedStatusListToken, VerifiedStatusList};
use assent_core::trust::{Role, TrustAnchors, verify_chain, verify_status_list};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

/// A check that said no: stable code and sentence.
pub type No = (&'static str, String);

/// Reads a token in JWT form.
pub fn read(path: &Path) -> Result<UnverifiedStatusListToken, CliError> {
    let text = files::read_text(path)?;
    UnverifiedStatusListToken::parse_jwt(&text).map_err(|error| {
        CliError::from_core(
            Exit::Refuted,
            &error,
            "Give a status list token in JWT form, as its address serves it.",
        )
    })
}

/// Verifies a token by itself: its signer may be any trusted issuer, or a trusted signer of status lists.
pub fn verify(
    token: &UnverifiedStatusListToken,
    anchors: &TrustAnchors,
    now: Timestamp,
) -> Result<VerifiedStatusList, No> {
    // Its own anchor when an issuer signed it; when not, no issuer's anchor fits and the signers' are tried.
    let own = verify_chain(token.x5c(), anchors, Role::CredentialIssuer, now, &RustCrypto);
    let anchor = own.map_or([0; 32], |chain| chain.anchor_sha256);
    verify_status_list(token, &anchor, anchors, now, &RustCrypto)
        .map_err(|error| (error.code(), error.to_string()))
}

/// The status of a credential whose issuer chain ended at `issuer_anchor`.
pub fn status(
    token: &UnverifiedStatusListToken,
    reference: &StatusReference,
    issuer_anchor: &[u8; 32],
    anchors: &TrustAnchors,
    now: Timestamp,
) -> Result<String, No> {
    let list = verify_status_list(token, issuer_anchor, anchors, now, &RustCrypto)
        .map_err(|error| (error.code(), error.to_string()))?;
    let status = list
        .status(reference, now)
        .map_err(|error| (error.code(), error.to_string()))?;
    Ok(name(status))
}

/// The words of Token Status List §7.1.
pub fn name(status: Status) -> String {
    match status {
        Status::Valid => "valid".to_owned(),
        Status::Invalid => "invalid".to_owned(),
        Status::Suspended => "suspended".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
