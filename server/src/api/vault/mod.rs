//! The vault role: keeps ciphertext, counts versions, and never holds a key that opens anything.
//!
//! A wallet reads the header (its sealed unlock slots) without a token, derives its access token from what it
//! unlocks, and uses that for the rest. Writes are compare-and-swap on the vault's version; reads are of what changed
//! since a version, page by page.

mod blobs;
mod changes;
mod commit;
mod create;
mod delete;
mod events;
mod header;
mod passkeys;

use assent_core::crypto::{constant_time_eq, sha256};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::auth;
use crate::erasure::ErasureError;
use crate::error::{Problem, RouteError};
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::{PutRecord, Quota, VaultStore as _};

/// Longest header or handle we keep.
const MAX_HEADER: usize = 64 << 10;
const MAX_MANIFEST: usize = 2 << 20;
/// Most records written, and most deleted, in one commit: each is a statement in the one transaction that everybody
/// else's writes wait for.
const MAX_PUT: usize = 2000;
/// Changes to records that cost as much as one more request: the writer is one for everybody.
const CHANGES_PER_REQUEST: usize = 200;
/// Longest sealed key of a record.
const MAX_KEY: usize = 1024;
/// Largest commit. A new epoch brings the key of every record at once, so it must hold `vault.max_records` of them.
const MAX_COMMIT: usize = 16 << 20;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(header::header))
        .routes(routes!(changes::changes))
        .routes(routes!(changes::record))
        .routes(routes!(delete::delete))
        .merge(blobs::router())
        .routes(routes!(events::events))
        .routes(routes!(commit::commit).layer(DefaultBodyLimit::max(MAX_COMMIT)))
}

impl RouteError for ErasureError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Store(error) => error.status(),
            Self::Seal(error) => error.status(),
        }
    }
}

/// A sealed record to store.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Put {
    /// Opaque name chosen by the wallet, base64url.
    handle: Base64Url,
    /// Ciphertext.
    #[serde(rename = "box")]
    sealed: Base64Url,
    /// Its sealed key, kept beside it so that a new epoch need not send the record again. Absent keeps the stored one.
    #[serde(default)]
    key: Option<Base64Url>,
}

/// The version after a write.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
struct Version {
    /// Version of the vault.
    version: i64,
}

/// Lets a request through when its token is the vault's. A vault that does not exist looks the same as a wrong
/// token, so ids cannot be probed.
///
/// Gives the SHA-256 of the token.
pub(super) async fn authorise(state: &AppState, id: &str, headers: &HeaderMap) -> Result<[u8; 32], Problem> {
    let refused = || auth::refused("vault-access-refused");
    check_id(id)?;
    let token = auth::bearer(headers).ok_or_else(refused)?;
    let expected = state.store.vault_access(id).await?;
    let given = sha256(token.as_bytes());
    // Compared in any case, so that a missing vault takes as long as a wrong token.
    let right = constant_time_eq(&expected.unwrap_or_default(), &given);
    if expected.is_none() || !right {
        return Err(refused());
    }
    // Only whoever holds the token uses up what the vault may do; others are counted by their address.
    state.vault_rate.check(id)?;
    Ok(given)
}

/// A vault id is 16 random bytes in base64url.
pub(super) fn check_id(id: &str) -> Result<(), Problem> {
    id_bytes(id).map(|_| ())
}

fn id_bytes(id: &str) -> Result<[u8; 16], Problem> {
    let bytes = assent_core::encoding::base64url::decode(id)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "vault-id-malformed",
            "A vault id is 16 bytes in base64url.",
        )
    })
}

fn check_sizes(header: Option<&Base64Url>, manifest: &Base64Url) -> Result<(), Problem> {
    if header.is_some_and(|header| header.0.len() > MAX_HEADER) || manifest.0.len() > MAX_MANIFEST {
        return Err(too_large("The header or the manifest is too large."));
    }
    Ok(())
}

fn records(state: &AppState, put: Vec<Put>) -> Result<Vec<PutRecord>, Problem> {
    let max = state.config.vault.max_record_bytes;
    if put.len() > MAX_PUT {
        return Err(too_large("Too many records in one request."));
    }
    put.into_iter()
        .map(|put| {
            if put.sealed.0.len() > max {
                return Err(too_large("A record is too large."));
            }
            Ok(PutRecord {
                handle: handle(&put.handle)?,
                sealed: put.sealed.0,
                key: put.key.map(key).transpose()?,
                box_rest: None,
                key_rest: None,
            })
        })
        .collect()
}

fn key(key: Base64Url) -> Result<Vec<u8>, Problem> {
    if key.0.len() > MAX_KEY {
        return Err(too_large("A sealed key is too large."));
    }
    Ok(key.0)
}

fn token_hash(hash: Base64Url) -> Result<[u8; 32], Problem> {
    hash.0.try_into().map_err(|_| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "access_token_sha256 must be 32 bytes.",
        )
    })
}

fn handle(handle: &Base64Url) -> Result<String, Problem> {
    if (1..=64).contains(&handle.0.len()) {
        Ok(assent_core::encoding::base64url::encode(&handle.0))
    } else {
        Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "vault-handle-malformed",
            "A handle is 1 to 64 bytes in base64url.",
        ))
    }
}

fn too_large(detail: &str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "vault-record-too-large", detail)
}

fn over_quota() -> Problem {
    Problem::new(
        StatusCode::INSUFFICIENT_STORAGE,
        "vault-quota-exceeded",
        "The vault would be larger than allowed.",
    )
}

fn quota(state: &AppState) -> Quota {
    Quota {
        records: state.config.vault.max_records,
        bytes: state.config.vault.max_bytes,
    }
}
