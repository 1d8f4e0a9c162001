//! What the issuers say about the cards now (Token Status List; ARF VCR_13 to _19).

use assent_core::crypto::CryptoProvider;
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::status::{Status, StatusReference, UnverifiedStatusListToken};
use assent_core::trust::{TrustAnchors, verify_status_list};

use super::{Card, CardStatus};

const MAX_TOKEN: usize = 2 << 20;

/// The status lists that speak about these cards. Whole lists are fetched, so the issuer does not learn which card.
pub(crate) fn status_lists(cards: &[Card]) -> Vec<String> {
    let mut lists = Vec::new();
    for copy in cards.iter().flat_map(|card| &card.copies) {
        if let Some((list, _)) = &copy.status
            && !lists.contains(list)
        {
            lists.push(list.clone());
        }
    }
    lists.sort_unstable();
    lists
}

/// The request for a list.
pub(crate) fn status_request(list: &str) -> HttpRequest {
    HttpRequest::get(list, "application/statuslist+jwt", MAX_TOKEN)
}

/// What a fetched list says about a card; `None` when it says nothing that can be believed. Then the card stays as
/// it was: whoever can drop an answer must not be able to take cards away.
pub(crate) fn read_status(
    card: &Card,
    list: &str,
    response: &HttpResponse,
    anchors: &TrustAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Option<CardStatus> {
    if !response.is_success() {
        return None;
    }
    let token = UnverifiedStatusListToken::parse(&response.media_type()?, response.body.as_bytes()).ok()?;
    let anchor: [u8; 32] = base64url::decode(&card.anchor).ok()?.try_into().ok()?;
    let verified = verify_status_list(&token, &anchor, anchors, now, crypto).ok()?;
    let mut worst = None;
    for (uri, idx) in card.copies.iter().filter_map(|copy| copy.status.as_ref()) {
        if uri != list {
            continue;
        }
        let status = verified
            .status(
                &StatusReference {
                    idx: *idx,
                    uri: uri.clone(),
                },
                now,
            )
            .ok()?;
        let status = match status {
            Status::Valid => CardStatus::Valid,
            Status::Suspended => CardStatus::Suspended,
            // An unknown value is not "valid".
            Status::Invalid | Status::ApplicationSpecific(_) | Status::Reserved(_) => CardStatus::Revoked,
        };
        worst = worst.max(Some(status));
    }
    worst
}
