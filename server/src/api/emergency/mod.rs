//! Emergency access (specs/formats/emergency.md): the server keeps one of two halves and hands it to whoever holds the other, after
//! a wait in which the owner can stop it from any open device. Neither half opens anything alone, and the wait is the server's
//! promise alone: specs/limits.md says what that is worth.

mod contact;
mod error;
mod owner;

use assent_core::env::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::crypto::Place;
use crate::state::AppState;
use crate::store::EmergencyRow;
use error::EmergencyError;

/// Longest wait, in seconds.
const LONGEST_WAIT: i64 = 90 * 24 * 3600;
/// Bytes of the server's half.
const SHARE: usize = 32;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(owner::read, owner::set, owner::remove))
        .routes(routes!(owner::stop))
        .routes(routes!(contact::ask))
        .routes(routes!(contact::take))
}

/// How it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Standing {
    /// `ready`, `asked`, `stopped` or `released`.
    state: &'static str,
    /// How long a contact waits, in seconds.
    wait_seconds: i64,
    /// When it was set up, in seconds since 1970.
    set_at: i64,
    /// When the contact asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_at: Option<i64>,
    /// When the half may be handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    release_at: Option<i64>,
}

impl From<&EmergencyRow> for Standing {
    fn from(row: &EmergencyRow) -> Self {
        let seconds = |at: Option<Timestamp>| at.map(|at| at.0);
        Self {
            state: match row {
                EmergencyRow {
                    stopped_at: Some(_), ..
                } => "stopped",
                EmergencyRow {
                    released_at: Some(_), ..
                } => "released",
                EmergencyRow {
                    asked_at: Some(_), ..
                } => "asked",
                _ => "ready",
            },
            wait_seconds: row.wait_seconds,
            set_at: row.set_at.0,
            asked_at: seconds(row.asked_at),
            release_at: seconds(row.release_at),
        }
    }
}

fn place(vault: &str) -> Place<'_> {
    Place {
        table: "vault_emergencies",
        row: vault,
        column: "share",
    }
}
