//! A status page for operators, who sign in at their own login provider (OpenID Connect Core 1.0 §3.1, with PKCE).
//!
//! The page shows numbers, never content. Sign-ins and sessions are in the database, so any process may answer.

mod callback;
mod error;
mod page;
mod sign_in;
mod sign_out;

use axum::Router;
use axum::routing::{get, post};

use assent_core::crypto::{constant_time_eq, sha256};

use crate::config::Config;
use crate::login::{LoginError, Provider};
use crate::state::{AppState, Keys};
use error::OperatorError;

/// Most sign-ins remembered as used, until they are over by themselves.
const MAX_USED: i64 = 1 << 16;
/// Most sessions at once.
const MAX_SESSIONS: i64 = 1 << 10;

/// What sign-in of operators needs.
#[derive(Debug)]
pub(crate) struct Operators {
    provider: Provider,
    subjects: Vec<[u8; 32]>,
}

impl Operators {
    /// `None` when `[operator]` is not configured.
    pub(crate) fn new(config: &Config, keys: &Keys) -> Option<Self> {
        let settings = config.operator.as_ref()?;
        Some(Self {
            provider: Provider::new(
                &settings.issuer,
                &settings.client_id,
                keys.operator_secret.clone()?,
                format!("{}/operator/callback", config.public_url),
            ),
            subjects: settings
                .subjects
                .iter()
                .map(|subject| sha256(subject.as_bytes()))
                .collect(),
        })
    }

    /// Whether a subject is on the list. Compares hashes, in constant time, with every entry.
    fn may_sign_in(&self, subject: &str) -> bool {
        let hash = sha256(subject.as_bytes());
        self.subjects
            .iter()
            .fold(false, |found, listed| constant_time_eq(listed, &hash) | found)
    }
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/operator", get(page::page))
        .route("/operator/style.css", get(page::style))
        .route("/operator/sign-in", get(sign_in::sign_in))
        .route("/operator/callback", get(callback::callback))
        .route("/operator/sign-out", post(sign_out::sign_out))
}

fn operators(state: &AppState) -> Result<&Operators, OperatorError> {
    state.operators.as_ref().ok_or(OperatorError::NotConfigured)
}

impl From<LoginError> for OperatorError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused => Self::Refused,
            LoginError::Unavailable => Self::ProviderUnavailable,
        }
    }
}
