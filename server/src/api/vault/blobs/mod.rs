//! Attachments: ciphertext too large for a record, uploaded in parts that can be sent again, read by ranges.
//!
//! The wallet seals; here a blob is bytes with a hash. Its id is SHA-256 over `"assent/blob/1"`, its length and the
//! SHA-256 of each part. A blob stays as long as a commit says that a record needs it (`link`).

mod content;
mod declare;
mod part;
mod room;
mod status;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::blobs::BlobError;
use crate::error::{Problem, RouteError};
use crate::state::AppState;

/// Length of every part but the last, in bytes. A part must arrive within the time of a request, also by telephone.
const PART: i64 = 1 << 20;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(declare::declare, room::room))
        .routes(routes!(status::status, status::delete))
        .routes(routes!(part::part).layer(DefaultBodyLimit::max(1 << 20)))
        .routes(routes!(content::content))
}

impl RouteError for BlobError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Store(error) => error.status(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The id of a blob.
fn id(size: i64, hashes: &[[u8; 32]]) -> String {
    let mut bytes = b"assent/blob/1".to_vec();
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend(hashes.iter().flatten());
    base64url::encode(&sha256(&bytes))
}

/// The length of part `number` of a blob.
fn part_size(size: i64, number: i64) -> i64 {
    (size - number * PART).clamp(0, PART)
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "vault-blob-unknown",
        "There is no such blob or part.",
    )
}
