//! `POST /v1/vaults/{id}/commits`

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::{Put, Version, passkeys};
use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::address::caller;
use crate::http::body::{self, Base64Url};
use crate::http::idempotency;
use crate::http::places::Place;
use crate::state::AppState;
use crate::store::{Commit, CommitOutcome, NewEpoch, PutKey, VaultStore as _};

/// A change to a vault.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitVault {
    /// The version the wallet built on.
    base_version: i64,
    /// New unlock slots, when they changed.
    #[serde(default)]
    header: Option<Base64Url>,
    /// New list of records.
    manifest: Base64Url,
    /// Records to write.
    #[serde(default)]
    put: Vec<Put>,
    /// Handles to delete.
    #[serde(default)]
    delete: Vec<Base64Url>,
    /// Keys to replace beside records that stay as they are.
    #[serde(default)]
    keys: Vec<Key>,
    /// A new epoch of the root key, one more than the stored one. It must bring a new header and, in `keys` and `put`,
    /// the key of exactly every record.
    #[serde(default)]
    epoch: Option<i64>,
    /// SHA-256 of the new access token; only with a new epoch.
    #[serde(default)]
    access_token_sha256: Option<Base64Url>,
    /// Ids of blobs that a record needs from now on. What no record needs is deleted after a time.
    #[serde(default)]
    link: Vec<String>,
    /// Ids of blobs that no record needs any more.
    #[serde(default)]
    unlink: Vec<String>,
    /// The passkeys among the unlock slots, with a new header: those that may sign in are kept, others forgotten.
    #[serde(default)]
    passkeys: Option<Vec<passkeys::Passkey>>,
}

/// The sealed key of a record, sealed anew.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    /// The record's handle.
    handle: Base64Url,
    /// Ciphertext.
    key: Base64Url,
}

/// Writes to a vault when nobody else did since `base_version`; all of it or nothing.
#[utoipa::path(post, path = "/v1/vaults/{id}/commits", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."),
           ("Idempotency-Key" = Option<String>, Header, description = "Repeats of this request answer the same.")),
    request_body = CommitVault,
    responses((status = 200, description = "Stored.", body = Version),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 409, description = "`vault-version-conflict`: read, merge, commit again; `vault-epoch-conflict`; or `idempotency-key-in-flight`.", body = ProblemDetails),
              (status = 422, description = "`vault-epoch-incomplete`: a new epoch without the key of every record; `vault-record-unknown`: a key for a record that is not there; `vault-blob-unknown`: a blob to link that is not here whole; or `idempotency-key-reused`.", body = ProblemDetails),
              (status = 507, description = "`vault-quota-exceeded`.", body = ProblemDetails)))]
pub(super) async fn commit(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let token_hash = super::authorise(&state, &id, &headers).await?;
    let _place = place_for_large(&state, &request)?;
    let bytes = body::read(request, &state).await?;
    idempotency::to_the_end(async move {
        idempotency::once::<Version, _>(&state, &format!("vault/{id}"), &headers, &bytes, || async {
            let version = store(&state, &id, token_hash, body::parse(&bytes)?).await?;
            Ok((StatusCode::OK, Version { version }))
        })
        .await
    })
    .await
}

/// A commit may be four times as large as any other request, and what is read of it several times that.
fn place_for_large(state: &AppState, request: &Request) -> Result<Option<Place>, Problem> {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if length.is_some_and(|length| length <= state.config.limits.body_bytes) {
        return Ok(None);
    }
    let address = caller(request, state.config.limits.trusted_proxies);
    state.large_commits.take(address).map(Some)
}

async fn store(state: &AppState, id: &str, token_hash: [u8; 32], body: CommitVault) -> Result<i64, Problem> {
    super::check_sizes(body.header.as_ref(), &body.manifest)?;
    if body.delete.len() > super::MAX_PUT {
        return Err(super::too_large("Too many deletions in one request."));
    }
    if i64::try_from(body.keys.len()).map_or(true, |keys| keys > state.config.vault.max_records) {
        return Err(super::too_large("More keys than a vault may have records."));
    }
    if body.link.len() > super::MAX_PUT || body.unlink.len() > super::MAX_PUT {
        return Err(super::too_large("Too many blobs in one request."));
    }
    let changes = body.put.len() + body.delete.len() + body.keys.len() + body.link.len() + body.unlink.len();
    let costs = u32::try_from(changes / super::CHANGES_PER_REQUEST).unwrap_or(u32::MAX);
    if costs > 0 {
        state.vault_rate.check_many(id, costs)?;
    }
    if body.passkeys.is_some() && body.header.is_none() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "passkeys come with a new header.",
        ));
    }
    let mut commit = Commit {
        access_token_sha256: token_hash,
        base_version: body.base_version,
        epoch: new_epoch(body.epoch, body.access_token_sha256, body.header.is_some())?,
        header: body.header.map(|header| header.0),
        manifest: body.manifest.0,
        put: super::records(state, body.put)?,
        delete: body.delete.iter().map(super::handle).collect::<Result<_, _>>()?,
        keys: body
            .keys
            .into_iter()
            .map(|put| {
                Ok(PutKey {
                    handle: super::handle(&put.handle)?,
                    key: super::key(put.key)?,
                    rest: None,
                })
            })
            .collect::<Result<_, Problem>>()?,
        link: body.link,
        unlink: body.unlink,
        passkeys: body
            .passkeys
            .map(|list| passkeys::read(state, list))
            .transpose()?,
    };
    // Sealing costs the key store a write, so a commit that comes too late is refused before.
    match state.store.vault_access_and_version(id).await? {
        Some((_, version)) if version == commit.base_version => {}
        Some((_, version)) => return Err(conflict(version)),
        None => return Err(auth::refused("vault-access-refused")),
    }
    let made = state.rest_keys.seal(id, &mut commit, state.clock.now()).await?;
    let outcome = state
        .store
        .commit_vault(id, &commit, super::quota(state), state.clock.now())
        .await?;
    if !matches!(outcome, CommitOutcome::Committed(_)) {
        state.rest_keys.discard(&made).await;
    }
    match outcome {
        CommitOutcome::Committed(version) => {
            state.listeners.tell(id, version);
            Ok(version)
        }
        CommitOutcome::Conflict(version) => Err(conflict(version)),
        CommitOutcome::EpochConflict(epoch) => Err(Problem::new(
            StatusCode::CONFLICT,
            "vault-epoch-conflict",
            format!("The vault is in epoch {epoch}; only the next one can follow."),
        )),
        CommitOutcome::EpochIncomplete => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "vault-epoch-incomplete",
            "A new epoch must bring the header and the key of exactly every record.",
        )),
        CommitOutcome::RecordUnknown => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "vault-record-unknown",
            "There is no record with this handle.",
        )),
        CommitOutcome::BlobUnknown => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "vault-blob-unknown",
            "A blob to link is not here, or not whole.",
        )),
        CommitOutcome::QuotaExceeded => Err(super::over_quota()),
        CommitOutcome::NotFound => Err(auth::refused("vault-access-refused")),
    }
}

fn conflict(version: i64) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "vault-version-conflict",
        format!("The vault is at version {version}."),
    )
}

fn new_epoch(
    epoch: Option<i64>,
    token_hash: Option<Base64Url>,
    has_header: bool,
) -> Result<Option<NewEpoch>, Problem> {
    let incomplete =
        |detail| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "vault-epoch-incomplete", detail);
    match (epoch, token_hash) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(incomplete("The access token changes only with the epoch.")),
        (Some(_), _) if !has_header => Err(incomplete("A new epoch needs a new header.")),
        (Some(epoch), hash) => Ok(Some(NewEpoch {
            epoch,
            access_token_sha256: hash.map(super::token_hash).transpose()?,
        })),
    }
}
