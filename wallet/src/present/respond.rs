//! Building the answer, and reading what comes back.

use assent_core::crypto::SoftwareKey;
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vp::{AuthorizationError, AuthorizationErrorCode, ResponseReply, VpToken};
use assent_core::profile::Profile;
use assent_core::sd_jwt::HolderSdJwt;

use super::PresentError;
use super::open::OpenRequest;
use super::plan::DisclosureSelection;
use super::receipt::KeptReceipt;
use crate::app::NetworkFailure;
use crate::holdings::BurntCopy;
use assent_core::sorted::Sorted;

/// The answer with exactly the selected details (RFC 9901 §7.2, OpenID4VP 1.0 §8.1), by query, and the receipt.
///
/// `copies` are the burnt copies by card: one copy per card and answer, also where it answers several queries.
pub(crate) fn present(
    open: &OpenRequest,
    selection: &DisclosureSelection,
    copies: &Sorted<String, BurntCopy>,
    receipt: Option<(&KeptReceipt, &SoftwareKey)>,
    env: &mut Env<'_>,
) -> Result<HttpRequest, PresentError> {
    // The audience is the full client identifier, prefix included (§5.9, §14.10).
    let (nonce, audience) = (open.request.nonce(), open.request.client_id().as_str());
    let mut token = VpToken::new();
    for answer in &selection.answers {
        let copy = copies.get(&answer.card).ok_or(PresentError::Build)?;
        let presentation = copy
            .credential
            .present(&answer.paths, nonce, audience, env.now, &copy.key)
            .map_err(|_| PresentError::Build)?;
        token.add(&answer.query_id, presentation);
    }
    if let (Some((receipt, key)), Some(query)) = (receipt, &open.choices.receipt_query) {
        let presentation = HolderSdJwt::open(&receipt.compact)
            .and_then(|receipt| receipt.present(&[], nonce, audience, env.now, key))
            .map_err(|_| PresentError::Build)?;
        token.add(query, presentation);
    }
    open.request
        .reply_to()
        .present(&token, env)
        .map_err(|_| PresentError::Build)
}

/// The refusal. There is only this one: a person who does not want to and a person who has no such card send the
/// same bytes (OpenID4VP 1.0 §8.5 `access_denied`, ARF RPA_11).
pub(crate) fn refuse(open: &OpenRequest, env: &mut Env<'_>) -> Result<HttpRequest, PresentError> {
    let error = AuthorizationError::new(AuthorizationErrorCode::AccessDenied);
    open.request
        .reply_to()
        .refuse(&error, env)
        .map_err(|_| PresentError::Build)
}

/// What the service said to the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reaction {
    /// It took it.
    Taken {
        /// Where to go back to.
        redirect_uri: Option<String>,
        /// Its signature over the receipt, not yet verified.
        countersignature: Option<String>,
    },
    /// It has it and does not accept it.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// Reads the reaction. Only a 4xx says for certain that the answer arrived and was refused; an error of the server
/// or the connection leaves it open.
pub(crate) fn read_reaction(answer: Result<HttpResponse, NetworkFailure>, profile: &Profile) -> Reaction {
    let Ok(response) = answer else {
        return Reaction::Unknown;
    };
    if (400..500).contains(&response.status) {
        return Reaction::Refused;
    }
    if !response.is_success() {
        return Reaction::Unknown;
    }
    // It arrived; a body that cannot be read only means that there is no way back.
    let reply = ResponseReply::parse(&response, profile).unwrap_or_default();
    let countersignature = reply
        .more
        .get("receipt_countersignature")
        .and_then(|jwt| jwt.as_str());
    Reaction::Taken {
        redirect_uri: reply.redirect_uri.map(|uri| uri.as_str().to_owned()),
        countersignature: countersignature.map(str::to_owned),
    }
}
