//! Fetching: https only, no redirects, no private addresses, bounded in size, time and number (SV-8). All of that is
//! `crate::outbound`'s; here is only what to ask for.

use std::collections::BTreeMap;

use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::type_metadata::{KnownType, MAX_TYPE_METADATA, TypeReference, TypeResolution};
use assent_core::trust::{IssuerKeys, MAX_ISSUER_METADATA, PublishedKeys, WebIssuer, issuer_metadata_url};
use assent_core::verifier::Published;

use super::local::describes;
use crate::config::WebIssuerConfig;
use crate::state::AppState;

/// How long keys are used that cannot be fetched again, in seconds. A key may have been taken back.
const KEYS_LIFE: i64 = 24 * 3600;

/// What was fetched, by address. Kept between two rounds, since not everybody always answers.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    types: BTreeMap<String, KnownType>,
    keys: BTreeMap<String, (IssuerKeys, Timestamp)>,
}

/// Fetches everything the configuration names and puts it in place. False when something could not be had.
pub(crate) async fn refresh(state: &AppState, fetched: &mut Fetched) -> bool {
    let mut complete = true;
    let lookups = &state.config.lookups;
    for vct in &lookups.types {
        match fetch_type(state, vct).await {
            Ok(known) => drop(fetched.types.insert(vct.clone(), known)),
            Err(why) => {
                complete = false;
                tracing::warn!(%vct, why, "the metadata of a type could not be had");
            }
        }
    }
    let now = state.clock.now();
    for issuer in &lookups.issuers {
        match fetch_keys(state, issuer).await {
            Ok(keys) => drop(fetched.keys.insert(issuer.iss.clone(), (keys, now))),
            Err(why) => {
                complete = false;
                tracing::warn!(iss = %issuer.iss, why, "the keys of an issuer could not be had");
            }
        }
    }
    fetched.keys.retain(|_, (_, at)| now.since(*at) < KEYS_LIFE);
    let issuers = lookups.issuers.iter().filter_map(|issuer| {
        let (keys, _) = fetched.keys.get(&issuer.iss)?;
        Some(WebIssuer {
            name: issuer.name.clone(),
            iss: Endpoint::parse(&issuer.iss, &state.profile).ok()?,
            vct: issuer.vct.clone(),
            keys: keys.clone(),
        })
    });
    let types = state.keys.types.iter().chain(fetched.types.values());
    state.lookups.replace(Published {
        types: types.cloned().collect(),
        issuers: issuers.collect(),
    });
    complete
}

async fn fetch_type(state: &AppState, vct: &str) -> Result<KnownType, &'static str> {
    let mut types = TypeResolution::new(vct, None);
    while let Some(wanted) = types.wanted().cloned() {
        let document = document(state, &wanted).await?;
        types = types.supply(&document).map_err(|error| error.code())?;
    }
    types.finish().map_err(|error| error.code())
}

/// A document that is here, or else what is at the address that is its name.
async fn document(state: &AppState, wanted: &TypeReference) -> Result<Vec<u8>, &'static str> {
    let here = state.keys.types.iter().map(KnownType::document);
    if let Some(document) = here.into_iter().find(|document| describes(document, wanted)) {
        return Ok(document.to_vec());
    }
    let answer = state
        .outbound
        .get(&wanted.vct, "application/json", MAX_TYPE_METADATA)
        .await;
    answer.map(|answer| answer.body).map_err(|error| error.code())
}

async fn fetch_keys(state: &AppState, issuer: &WebIssuerConfig) -> Result<IssuerKeys, &'static str> {
    let iss = Endpoint::parse(&issuer.iss, &state.profile).map_err(|_| "outbound-address-refused")?;
    let get = async |url: &str| {
        let answer = state
            .outbound
            .get(url, "application/json", MAX_ISSUER_METADATA)
            .await;
        answer.map_err(|error| error.code())
    };
    let answer = get(&issuer_metadata_url(&iss)).await?;
    // "JWT VC Issuer Metadata Response": `application/json`.
    if answer.media_type != "application/json" {
        return Err("issuer-keys-malformed");
    }
    match PublishedKeys::parse(&answer.body, &iss, &state.profile).map_err(|error| error.code())? {
        PublishedKeys::Here(keys) => Ok(keys),
        PublishedKeys::At(uri) => {
            let answer = get(uri.as_str()).await?;
            IssuerKeys::parse(&answer.body).map_err(|error| error.code())
        }
    }
}
