//! `POST /v1/presentations`

use assent_core::consent::RECEIPT_QUERY;
use assent_core::oid4vp::MAX_REQUEST_OBJECT;
use assent_core::profile::Endpoint;
use assent_core::verifier::{NewTransaction, Transaction};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::consent;
use super::identity::{Signing, requester};
use super::query::{CreatedPresentation, Links, NewPresentation, invalid};
use super::record::{Record, state_name};
use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::{body, idempotency};
use crate::qr;
use crate::state::{AppState, Service};
use crate::store::{PresentationRow, PresentationStore as _};

/// Largest query, in bytes: half of what a wallet reads as one request, so that the rest has room.
const MAX_QUERY: usize = MAX_REQUEST_OBJECT / 2;

/// Asks a wallet for details. Nothing is sent anywhere yet: show the links or the QR code to the person.
#[utoipa::path(post, path = "/v1/presentations", tag = "verifier", security(("service_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of this request answer the same.")),
    request_body = NewPresentation,
    responses((status = 201, description = "Asked.", body = CreatedPresentation),
              (status = 401, description = "`service-key-refused`.", body = ProblemDetails),
              (status = 409, description = "`idempotency-key-in-flight`.", body = ProblemDetails),
              (status = 422, description = "The request is incomplete or wrong; the code says how.", body = ProblemDetails)))]
pub(super) async fn create(State(state): State<AppState>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let service_id = super::service(&state, &headers)?.id.clone();
    let bytes = body::read(request, &state).await?;
    idempotency::to_the_end(async move {
        let refused = || auth::refused("service-key-refused");
        let service = state.keys.service(&service_id).ok_or_else(refused)?;
        let scope = format!("service/{}", service.id);
        idempotency::once(&state, &scope, &headers, &bytes, || async {
            let created = ask(&state, service, body::parse(&bytes)?).await?;
            Ok((StatusCode::CREATED, created))
        })
        .await
    })
    .await
}

async fn ask(
    state: &AppState,
    service: &Service,
    new: NewPresentation,
) -> Result<CreatedPresentation, Problem> {
    let choices = new.choices(state)?;
    if new.webhook_url.is_some() && service.webhook_secret.is_none() {
        return Err(invalid(
            "webhook_url needs a webhook secret of this service, and none is configured.",
        ));
    }
    let endpoint = |path: &str| {
        Endpoint::parse(&service.url(path), &state.profile).map_err(|error| Problem::internal(&error))
    };
    let (dcql_query, terms) = match (&new.consent_request, &new.dcql_query) {
        (None, Some(query)) if query.to_string().len() > MAX_QUERY => {
            return Err(invalid("dcql_query is larger than a wallet would read."));
        }
        (None, Some(query)) => (query.clone(), None),
        (Some(consent_request), None) => {
            let terms = consent::terms(state, service, consent_request, choices.prefix)?;
            (consent::query(&terms)?, Some(terms))
        }
        _ => return Err(invalid("Send exactly one of consent_request and dcql_query.")),
    };
    let signing = Signing::new(service, choices.prefix);
    let new_transaction = NewTransaction {
        identity: requester(service, choices.prefix)?,
        dcql_query,
        response_mode: choices.response_mode,
        request_uri_method: choices.method,
        request_uri_base: endpoint("/vp/requests")?,
        response_uri_base: endpoint("/vp/responses")?,
        redirect_uri: choices.redirect_uri,
        self_issued: terms.iter().map(|_| RECEIPT_QUERY.to_owned()).collect(),
        transaction_data: choices.transaction_data,
        lifetime: Some(new.expires_in.unwrap_or(state.config.verifier.request_lifetime)),
    };
    let mut transaction = state
        .with_env(|env| Transaction::create(new_transaction, &state.profile, env))
        .map_err(|error| Problem::from_core(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
    let mut consent_request = None;
    if let Some(terms) = &terms {
        let (with_terms, jwt) = consent::attach(state, transaction, terms, &signing.signer())?;
        transaction = with_terms;
        consent_request = Some(jwt);
    }
    let link = transaction
        .link(&choices.wallet, &state.profile)
        .map_err(|error| Problem::from_core(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
    let record = Record {
        prefix: choices.prefix.as_str().to_owned(),
        webhook_url: new.webhook_url,
        consent_request,
        transaction,
    };
    // A telephone that reads the QR code with its own camera opens the wallet by this link. The wallet must know that
    // the person looks at another screen, to ask which site they see there (OpenID4VP 1.0 §14.1). Others ignore it.
    let elsewhere = format!("{link}&device=other");
    let id = record.transaction.transaction_id().to_owned();
    let expires_at = record.transaction.expires_at();
    let row = PresentationRow {
        request_id: record.transaction.request_id().to_owned(),
        service_id: service.id.clone(),
        state: state_name(record.transaction.state()).to_owned(),
        revision: 1,
        sealed: record.seal(state, &id)?,
        consent_id: None,
        details_until: None,
        // Kept a while after it expired, so that the service can read that it did.
        expires_at: expires_at.plus(state.config.verifier.result_lifetime),
        id,
    };
    state.store.create_presentation(&row, state.clock.now()).await?;
    metrics::counter!("assent_presentations_total", "state" => "created").increment(1);
    Ok(CreatedPresentation {
        transaction_id: row.id,
        expires_at: expires_at.to_rfc3339().unwrap_or_default(),
        qr_svg: qr::svg(&elsewhere).unwrap_or_default(),
        links: Links {
            same_device: link,
            cross_device: elsewhere,
        },
    })
}
