//! `GET /v1/vaults/{id}/changes`

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::{ChangedRecord, Cursor, Head, PageLimits, VaultStore as _};

/// How much one page holds. A page must arrive within a wallet's ten seconds, also by telephone.
const PAGE: PageLimits = PageLimits {
    records: 2000,
    bytes: 1 << 20,
};

/// Which changes to read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// Read what changed after this version; 0 or absent reads all.
    #[serde(default)]
    since: i64,
    /// `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

/// One page of what changed in a vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Changes {
    /// Version of the vault when the page was read.
    version: i64,
    /// Epoch of the root key.
    epoch: i64,
    /// Records written after `since`. One that changes while pages are read comes again on a later page.
    records: Vec<Record>,
    /// Handles deleted after `since`; the oldest are forgotten. The manifest is what counts.
    deleted: Vec<String>,
    /// Give this as `after` to read on; `null` on the last page.
    next: Option<String>,
    /// Sealed unlock slots: on the last page, unless the vault is at `since`.
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Base64Url>,
    /// Sealed and signed list of records, from the same moment as the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Base64Url>,
    /// When the vault is at `since`: SHA-256 of its manifest. Another than the reader's own means a fork.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_sha256: Option<Base64Url>,
}

/// One sealed record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Record {
    /// Its handle.
    handle: String,
    /// The version that changed it.
    version: i64,
    /// Ciphertext; absent when only the key changed.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    sealed: Option<Base64Url>,
    /// Its sealed key, where it is kept beside the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Base64Url>,
}

impl From<ChangedRecord> for Record {
    fn from(record: ChangedRecord) -> Self {
        Self {
            handle: record.handle,
            version: record.version,
            sealed: record.sealed.map(Base64Url),
            key: record.key.map(Base64Url),
        }
    }
}

/// Reads what changed since a version, in pages of at most 2,000 records and about 1 MiB. Header and manifest come with
/// the last page; all pages together are the state they describe.
#[utoipa::path(get, path = "/v1/vaults/{id}/changes", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), Since),
    responses((status = 200, description = "Changes.", body = Changes),
              (status = 400, description = "`vault-cursor-malformed`.", body = ProblemDetails),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn changes(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Json<Changes>, Problem> {
    super::authorise(&state, &id, &headers).await?;
    let after = query.after.as_deref().map(cursor).transpose()?;
    let mut page = state
        .store
        .vault_changes(&id, query.since.max(0), after, PAGE)
        .await?
        // Deleted between the two reads.
        .ok_or_else(|| auth::refused("vault-access-refused"))?;
    // What is erased may still lie in an old copy of the ciphertext that was put back. It stays gone.
    page.deleted
        .extend(state.rest_keys.open(&id, &mut page.records).await?);
    let (header, manifest, manifest_sha256) = match page.head {
        None => (None, None, None),
        Some(Head::Same(hash)) => (None, None, Some(Base64Url(hash.to_vec()))),
        Some(Head::Changed { header, manifest }) => {
            (Some(Base64Url(header)), Some(Base64Url(manifest)), None)
        }
    };
    Ok(Json(Changes {
        version: page.version,
        epoch: page.epoch,
        records: page.records.into_iter().map(Record::from).collect(),
        deleted: page.deleted,
        next: page.next.map(|next| format!("{}.{}", next.version, next.handle)),
        header,
        manifest,
        manifest_sha256,
    }))
}

/// Reads one record.
#[utoipa::path(get, path = "/v1/vaults/{id}/records/{handle}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("handle" = String, Path, description = "The record's handle.")),
    responses((status = 200, description = "The record.", body = Record),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`vault-record-unknown`.", body = ProblemDetails)))]
pub(super) async fn record(
    State(state): State<AppState>,
    Path((id, handle)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Record>, Problem> {
    super::authorise(&state, &id, &headers).await?;
    let mut found: Vec<_> = state
        .store
        .vault_record(&id, &handle)
        .await?
        .into_iter()
        .collect();
    state.rest_keys.open(&id, &mut found).await?;
    found.pop().map(|record| Json(record.into())).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "vault-record-unknown",
            "There is no record with this handle.",
        )
    })
}

fn cursor(text: &str) -> Result<Cursor, Problem> {
    let read = || {
        let (version, handle) = text.split_once('.')?;
        // 64 bytes in base64url.
        (handle.len() <= 86 && handle.is_ascii()).then_some(Cursor {
            version: version.parse().ok()?,
            handle: handle.to_owned(),
        })
    };
    read().ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "vault-cursor-malformed",
            "Give `next` of the page before as `after`, unchanged.",
        )
    })
}
