//! A presentation as this server keeps it: the transaction of core and what it needs beside it, sealed.

use std::sync::atomic::Ordering;

use assent_core::oid4vp::ClientIdPrefix;
use assent_core::verifier::{Transaction, TransactionState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::crypto::Place;
use crate::error::Problem;
use crate::state::AppState;
use crate::store::{NewConsent, NewWebhook, PresentationChange, PresentationRow, PresentationStore as _};

/// Most presentations erased in one sweep; the rest waits for the next.
const ERASED_AT_ONCE: i64 = 500;

/// What is sealed into the row.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::api) struct Record {
    /// The state machine.
    pub(in crate::api) transaction: Transaction,
    /// Under which kind of name the service asks (its wire name).
    pub(in crate::api) prefix: String,
    /// Where to tell the service.
    pub(in crate::api) webhook_url: Option<String>,
    /// The signed consent request, when there is one.
    pub(in crate::api) consent_request: Option<String>,
}

// Claims, nonces and keys.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

/// A record with the row it came from.
#[derive(Debug)]
pub(in crate::api) struct Stored {
    pub(in crate::api) row: PresentationRow,
    pub(in crate::api) record: Record,
}

/// What happens together with a change of state.
#[derive(Debug, Default)]
pub(in crate::api) struct Alongside {
    pub(in crate::api) consent: Option<NewConsent>,
    pub(in crate::api) webhook: Option<NewWebhook>,
}

impl Record {
    pub(in crate::api) fn client_id_prefix(&self) -> ClientIdPrefix {
        ClientIdPrefix::from_name(&self.prefix).unwrap_or(ClientIdPrefix::X509Hash)
    }

    /// Seals it for the row of `id`.
    pub(in crate::api) fn seal(&self, state: &AppState, id: &str) -> Result<Vec<u8>, Problem> {
        let plain = serde_json::to_vec(self)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| Problem::internal(&error))?;
        Ok(state.sealing.seal(place(id), &plain)?)
    }
}

impl Stored {
    /// Opens a row, and lets the transaction expire when its time is over.
    ///
    /// # Errors
    /// `presentation-unknown` when the row is only waiting to be swept away.
    pub(in crate::api) fn open(state: &AppState, row: PresentationRow) -> Result<Self, Problem> {
        if state.clock.now() >= row.expires_at {
            return Err(unknown());
        }
        let plain = state.sealing.open(place(&row.id), &row.sealed)?;
        let mut record: Record = serde_json::from_slice(&plain).map_err(|error| Problem::internal(&error))?;
        record.transaction = record.transaction.expire(state.clock.now());
        Ok(Self { row, record })
    }

    /// Stores the record when nobody else changed it meanwhile.
    ///
    /// # Errors
    /// `presentation-busy` (409) when somebody did: two answers to one request never both win.
    pub(in crate::api) async fn save(&mut self, state: &AppState, with: Alongside) -> Result<(), Problem> {
        let now = state.clock.now();
        let name = state_name(self.record.transaction.state());
        let expires_at = match self.record.transaction.state() {
            TransactionState::Created | TransactionState::Fetched => self.row.expires_at,
            // Answered before: reading the result does not make it last longer.
            _ if self.row.state == name => self.row.expires_at,
            // Answered: readable for a while longer, then gone.
            _ => now.plus(state.config.verifier.result_lifetime),
        };
        let consent_id = with.consent.as_ref().map(|consent| consent.id.clone());
        let change = PresentationChange {
            state: name.to_owned(),
            sealed: self.record.seal(state, &self.row.id)?,
            expires_at,
            details_until: self.row.details_until,
            consent: with.consent,
            webhook: with.webhook,
        };
        if !state
            .store
            .change_presentation(&self.row.id, self.row.revision, &change, now)
            .await?
        {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "presentation-busy",
                "Something else happened to this presentation at the same time.",
            ));
        }
        self.row.revision += 1;
        self.row.state = change.state;
        self.row.expires_at = expires_at;
        if consent_id.is_some() {
            self.row.consent_id = consent_id;
        }
        Ok(())
    }

    /// Erases the released details for good.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub(in crate::api) async fn erase(&mut self, state: &AppState) -> Result<(), Problem> {
        self.record.transaction = self.record.transaction.clone().erase();
        self.row.details_until = None;
        self.save(state, Alongside::default()).await?;
        // The database's log still has the old bytes; the next sweep empties it.
        state.erased.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The webhook for the state the record is in now, when the service wants one.
    pub(in crate::api) fn webhook(&self, consent_id: Option<&str>) -> Option<NewWebhook> {
        let url = self.record.webhook_url.clone()?;
        let mut body = serde_json::json!({
            "type": format!("presentation.{}", state_name(self.record.transaction.state())),
            "transaction_id": self.row.id,
        });
        if let Some(id) = consent_id {
            body["consent_id"] = id.into();
        }
        Some(NewWebhook {
            id: format!("evt_{}", uuid::Uuid::now_v7().simple()),
            service_id: self.row.service_id.clone(),
            url,
            body: body.to_string(),
        })
    }
}

/// Erases details whose time is over, also when nobody reads them again. Gives how many.
///
/// # Errors
/// The problem of the first that could not be erased.
pub(crate) async fn erase_what_was_read(state: &AppState) -> Result<usize, Problem> {
    let due = state
        .store
        .presentations_to_erase(state.clock.now(), ERASED_AT_ONCE)
        .await?;
    let mut erased = 0;
    for row in due {
        // Gone with its row, in the same sweep.
        let Ok(mut stored) = Stored::open(state, row) else {
            continue;
        };
        match stored.erase(state).await {
            Ok(()) => erased += 1,
            // Withdrawn or read at this moment; if anything is left, it is due again.
            Err(problem) if problem.status() == StatusCode::CONFLICT => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(erased)
}

/// The state's name in answers, rows and webhooks.
pub(in crate::api) fn state_name(state: TransactionState) -> &'static str {
    match state {
        TransactionState::Created => "created",
        TransactionState::Fetched => "fetched",
        TransactionState::Verified => "verified",
        TransactionState::Declined => "declined",
        TransactionState::Failed => "failed",
        TransactionState::Expired => "expired",
    }
}

/// The answer about a presentation that is not there.
pub(in crate::api) fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "presentation-unknown",
        "There is no such presentation, or it is over.",
    )
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "presentations",
        row: id,
        column: "sealed",
    }
}
