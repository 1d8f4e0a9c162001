//! An issuance as this server keeps it: the state machine of core and, until it is fetched, the offer; sealed.

use assent_core::issuer::Issuance;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crypto::Place;
use crate::error::Problem;
use crate::state::AppState;
use crate::store::{HandleKind, Handles, IssuanceRow, IssuanceStore as _};

/// What is sealed into the row.
#[derive(Clone, Serialize, Deserialize)]
struct Sealed {
    issuance: Issuance,
    /// The offer with its secret, for a link by reference; gone once it was used.
    offer: Option<Value>,
}

/// An issuance with the row it came from.
pub(in crate::api) struct StoredIssuance {
    row: IssuanceRow,
    sealed: Sealed,
}

// The offer holds the code.
impl std::fmt::Debug for StoredIssuance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredIssuance")
            .field("row", &self.row.id)
            .finish_non_exhaustive()
    }
}

impl StoredIssuance {
    /// Stores a new issuance.
    pub(in crate::api) async fn create(
        state: &AppState,
        issuance: Issuance,
        offer: Option<Value>,
        handles: Handles<'_>,
    ) -> Result<(), Problem> {
        let id = issuance.id().to_owned();
        let expires_at = issuance.useful_until().unwrap_or(state.clock.now());
        let sealed = Sealed { issuance, offer };
        let row = IssuanceRow {
            sealed: seal(state, &id, &sealed)?,
            id,
            revision: 1,
            expires_at,
        };
        Ok(state.store.create_issuance(&row, handles).await?)
    }

    /// Finds an issuance by a handle.
    pub(super) async fn find(
        state: &AppState,
        kind: HandleKind,
        handle_sha256: &[u8; 32],
    ) -> Result<Option<Self>, Problem> {
        let Some(row) = state.store.issuance_by(kind, handle_sha256).await? else {
            return Ok(None);
        };
        let plain = state.sealing.open(place(&row.id), &row.sealed)?;
        let sealed = serde_json::from_slice(&plain).map_err(|error| Problem::internal(&error))?;
        Ok(Some(Self { row, sealed }))
    }

    /// The state machine.
    pub(super) fn issuance(&self) -> &Issuance {
        &self.sealed.issuance
    }

    /// The id of the issuance.
    pub(super) fn id(&self) -> &str {
        &self.row.id
    }

    /// The offer, while it can be used.
    pub(super) fn offer(&self) -> Option<&Value> {
        self.sealed.offer.as_ref()
    }

    /// Stores the next state.
    ///
    /// # Errors
    /// `issuance-busy` when another request changed it first.
    pub(super) async fn save(
        mut self,
        state: &AppState,
        issuance: Issuance,
        handles: Handles<'_>,
    ) -> Result<(), Problem> {
        let waits = matches!(
            issuance,
            Issuance::Offered(_) | Issuance::Invited(_) | Issuance::Pushed(_) | Issuance::Approved(_)
        );
        if !waits {
            self.sealed.offer = None;
        }
        let until = issuance.useful_until();
        self.sealed.issuance = issuance;
        self.row.sealed = seal(state, &self.row.id, &self.sealed)?;
        // What is over stays as long as before: a code that comes again is still known.
        self.row.expires_at = until.map_or(self.row.expires_at, |until| until.max(self.row.expires_at));
        if state.store.change_issuance(&self.row, handles).await? {
            Ok(())
        } else {
            Err(Problem::new(
                StatusCode::CONFLICT,
                "issuance-busy",
                "Another request for this offer was first.",
            ))
        }
    }
}

fn seal(state: &AppState, id: &str, sealed: &Sealed) -> Result<Vec<u8>, Problem> {
    let plain = serde_json::to_vec(sealed)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Problem::internal(&error))?;
    Ok(state.sealing.seal(place(id), &plain)?)
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "issuances",
        row: id,
        column: "sealed",
    }
}
