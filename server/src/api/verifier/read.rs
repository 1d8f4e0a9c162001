//! `GET /v1/presentations/{transaction_id}`

use assent_core::oid4vp::AuthorizationError;
use assent_core::verifier::{Collected, PresentationIssuer, Verdict};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::consents;
use super::record::{self, Alongside, Stored, state_name};
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::{ConsentStore as _, PresentationStore as _};

/// The proof that the person is back in the browser they left.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Code {
    /// From the query of your `redirect_uri`. Good for one try.
    response_code: Option<String>,
}

/// A presentation as its service sees it.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(super) struct Presentation {
    /// `created`, `fetched`, `verified`, `declined`, `failed` or `expired`.
    state: String,
    /// Verified credentials with the claims that were asked for. Absent until verified, and, with a
    /// `redirect_uri`, until the right `response_code` is given. Keep what you need of them: they are erased here once
    /// read with a `response_code`, and shortly after they were first read without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<Credential>>,
    /// True when there were credentials and they have been erased here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    details_erased: bool,
    /// The consent that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<ConsentState>,
    /// Why it was declined or failed: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One verified credential.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Credential {
    /// The credential query it answers.
    query_id: String,
    /// Its type.
    vct: String,
    /// Who issued it: the name in the issuer's verified certificate.
    issuer: String,
    /// The claims.
    #[schema(value_type = Object)]
    claims: Value,
    /// The transactions the person authorised with it: places in `transaction_data`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transaction_data: Vec<usize>,
}

/// A consent and its state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ConsentState {
    /// Its id.
    consent_id: String,
    /// `active`, `withdrawn` or `expired`.
    state: String,
    /// Purposes that were withdrawn while the rest stays: stop these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn_purposes: Vec<String>,
}

/// Reads the result. Where you gave a `redirect_uri`, the details need the `response_code` that came back with
/// the person; without it you see the state only, and a wrong code makes the result unreadable for good. Details can
/// be read once, or, without a `redirect_uri`, for a minute; then they are erased here and are yours alone to keep.
#[utoipa::path(get, path = "/v1/presentations/{transaction_id}", tag = "verifier", security(("service_key" = [])),
    params(("transaction_id" = String, Path, description = "Your id of it."), Code),
    responses((status = 200, description = "State and, when verified, details.", body = Presentation),
              (status = 403, description = "`response-code-refused`.", body = ProblemDetails),
              (status = 404, description = "`presentation-unknown`.", body = ProblemDetails)))]
pub(super) async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<Code>,
    headers: HeaderMap,
) -> Result<Json<Presentation>, Problem> {
    let service = super::service(&state, &headers)?;
    let row = state
        .store
        .presentation(&service.id, &id)
        .await?
        .ok_or_else(record::unknown)?;
    let consent_id = row.consent_id.clone();
    let mut stored = Stored::open(&state, row)?;
    let name = state_name(stored.record.transaction.state());
    let (transaction, collected) = stored
        .record
        .transaction
        .clone()
        .collect(query.response_code.as_deref());
    let now = state.clock.now();
    stored.record.transaction = transaction;
    match &collected {
        // A code is used up before its result is given out, also when it was wrong (SB-6). Nobody can read the details
        // after that, so nothing is left to keep them for.
        Collected::Verified(_) | Collected::CodeRefused if stored.record.transaction.needs_code() => {
            stored.erase(&state).await?;
        }
        Collected::Declined(_) | Collected::Failed(_) if query.response_code.is_some() => {
            stored.save(&state, Alongside::default()).await?;
        }
        // Without a code the service may read again for a moment: its connection may have broken.
        Collected::Verified(_) if stored.row.details_until.is_none() => {
            stored.row.details_until = Some(now.plus(state.config.verifier.reread_lifetime));
            match stored.save(&state, Alongside::default()).await {
                // Read twice at the same moment, and the other one noted it; or withdrawn, which is seen below.
                Err(problem) if problem.status() == StatusCode::CONFLICT => {}
                saved => saved?,
            }
        }
        _ => {}
    }
    let over = stored.row.details_until.is_some_and(|until| now >= until);
    let mut out = Presentation {
        state: name.to_owned(),
        ..Presentation::default()
    };
    match collected {
        Collected::State(_) => {}
        Collected::CodeRequired(_) => return Ok(Json(out)),
        Collected::CodeRefused => {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "response-code-refused",
                "The response_code is wrong or was used before.",
            ));
        }
        Collected::Erased(_) => out.details_erased = true,
        // Their time is over; only the sweep has not come by yet.
        Collected::Verified(_) if over => out.details_erased = true,
        Collected::Verified(verdict) => out.credentials = Some(credentials(*verdict)),
        Collected::Declined(AuthorizationError { error, .. }) => out.error = Some(error.as_str().to_owned()),
        Collected::Failed(failure) => out.error = Some(failure.code),
    }
    if let Some(consent_id) = consent_id
        && let Some(consent) = state.store.consent(&service.id, &consent_id).await?
    {
        if consent.state != "active" {
            // Withdrawn between the two reads: what was released is gone.
            out.credentials = None;
        } else if let (false, Some(credentials)) =
            (consent.withdrawn_purposes.is_empty(), &mut out.credentials)
        {
            // The same for a part.
            let gone = consents::queries_of(&state, service, &consent, &consent.withdrawn_purposes)?;
            credentials.retain(|credential| !gone.contains(&credential.query_id));
        }
        out.consent = Some(ConsentState {
            consent_id,
            state: consents::state_at(&consent, now),
            withdrawn_purposes: consent.withdrawn_purposes,
        });
    }
    Ok(Json(out))
}

fn credentials(verdict: Verdict) -> Vec<Credential> {
    verdict
        .credentials
        .into_iter()
        // A receipt is not a detail of the person: it is read as a consent.
        .filter_map(|presentation| match presentation.issuer {
            PresentationIssuer::Trusted { anchor, subject, .. } => Some(Credential {
                query_id: presentation.query_id,
                vct: presentation.vct,
                issuer: subject.display_name().map_or(anchor, str::to_owned),
                claims: presentation.claims,
                transaction_data: presentation.transaction_data,
            }),
            PresentationIssuer::Web { name, .. } => Some(Credential {
                query_id: presentation.query_id,
                vct: presentation.vct,
                issuer: name,
                claims: presentation.claims,
                transaction_data: presentation.transaction_data,
            }),
            PresentationIssuer::SelfIssued { .. } => None,
        })
        .collect()
}
