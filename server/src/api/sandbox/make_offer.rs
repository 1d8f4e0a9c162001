//! `POST /v1/sandbox/offers`

use assent_core::crypto::sha256;
use assent_core::issuer::{Issuance, NewOfferOptions, sandbox};
use assent_core::oid4vci::OfferLink;
use assent_core::profile::Endpoint;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::issuer::{self, StoredIssuance};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::StrictJson;
use crate::qr;
use crate::state::AppState;
use crate::store::HandleKind;

/// Longest wait for a card, in seconds.
const MAX_LATER: u32 = 86_400;

/// A card to offer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOffer {
    /// `identity` or `residence`.
    pub(super) card: String,
    /// Ask for a transaction code.
    #[serde(default)]
    pub(super) tx_code: bool,
    /// The person signs in with the issuer; there is no code in the offer. Not with `tx_code`.
    #[serde(default)]
    pub(super) sign_in: bool,
    /// Seconds until the card is ready, up to a day. The wallet comes back for it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 86_400)]
    pub(super) later_seconds: Option<u32>,
    /// Put a link to the offer into the link, not the offer itself.
    #[serde(default)]
    pub(super) by_reference: bool,
}

/// An offer to open in a wallet.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Offer {
    /// For revoking what comes of it.
    pub(super) offer_id: String,
    /// For any wallet (`openid-credential-offer:`).
    pub(super) link: String,
    /// For the wallet of this server.
    pub(super) web_link: String,
    /// `link` as a QR code (SVG).
    pub(super) qr_svg: String,
    /// To type in, when a transaction code is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tx_code: Option<String>,
}

/// Offers a made-up card.
#[utoipa::path(post, path = "/v1/sandbox/offers", tag = "sandbox", request_body = NewOffer,
    responses((status = 201, description = "Offered.", body = Offer),
              (status = 422, description = "`issuer-unknown-configuration`, `sandbox-later-out-of-range`, `sandbox-sign-in-has-no-code`.", body = ProblemDetails)))]
pub(super) async fn make_offer(
    State(state): State<AppState>,
    StrictJson(new): StrictJson<NewOffer>,
) -> Result<(StatusCode, Json<Offer>), Problem> {
    Ok((StatusCode::CREATED, Json(make(&state, &new).await?)))
}

pub(super) async fn make(state: &AppState, new: &NewOffer) -> Result<Offer, Problem> {
    let settings = issuer::settings(state)?;
    let card = match new.card.as_str() {
        "identity" => sandbox::IDENTITY,
        "residence" => sandbox::RESIDENCE,
        other => other,
    };
    if new
        .later_seconds
        .is_some_and(|seconds| !(1..=MAX_LATER).contains(&seconds))
    {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "sandbox-later-out-of-range",
            "later_seconds must be from 1 to 86400.",
        ));
    }
    if new.sign_in && new.tx_code {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "sandbox-sign-in-has-no-code",
            "An offer with sign_in has no transaction code.",
        ));
    }
    let options = NewOfferOptions {
        tx_code: new.tx_code,
        sign_in: new.sign_in,
        later: new.later_seconds,
    };
    let made = state
        .with_env(|env| Issuance::offer(&settings, &[card], options, env))
        .map_err(|error| Problem::from_core(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
    let id = made.issuance.id().to_owned();
    let code = made
        .offer
        .pre_authorized_code
        .as_ref()
        .map(|grant| &grant.pre_authorized_code);
    let issuer_state = made
        .offer
        .authorization_code
        .as_ref()
        .and_then(|grant| grant.issuer_state.as_ref());
    let mut handles = vec![(HandleKind::Offer, sha256(id.as_bytes()))];
    handles.extend(code.map(|code| (HandleKind::Code, sha256(code.expose().as_bytes()))));
    handles.extend(issuer_state.map(|secret| (HandleKind::IssuerState, sha256(secret.as_bytes()))));
    StoredIssuance::create(state, made.issuance, Some(made.offer.to_json()), &handles).await?;
    let link = if new.by_reference {
        let uri = Endpoint::parse(&state.url(&format!("/issuer/offers/{id}")), &state.profile)
            .map_err(|error| Problem::internal(&error))?;
        OfferLink::ByReference(uri).to_link()
    } else {
        made.offer.to_link()
    };
    let query = link.split_once('?').map_or("", |(_, query)| query);
    Ok(Offer {
        offer_id: id,
        web_link: state.url(&format!("/?{query}")),
        qr_svg: qr::svg(&link).unwrap_or_default(),
        tx_code: made.tx_code.map(|code| code.expose().to_owned()),
        link,
    })
}
