//! A status page for operators, who sign in at their own login provider (OpenID Connect Core 1.0 §3.1, with PKCE).
//!
//! The page shows numbers, never content. Sign-ins and sessions are in the database, so any process may answer.

mod callback;
mod cookie;
mod error;
mod page;
mod provider;
mod sign_in;
mod sign_out;

use axum::Router;
use axum::routing::{get, post};

use crate::config::Config;
use crate::state::{AppState, Keys};
use error::OperatorError;
use provider::Provider;

/// Most sign-ins remembered as used, until they are over by themselves.
const MAX_USED: i64 = 1 << 16;
/// Most sessions at once.
const MAX_SESSIONS: i64 = 1 << 10;

/// What sign-in of operators needs.
#[derive(Debug)]
pub(crate) struct Operators {
    provider: Provider,
}

impl Operators {
    /// `None` when `[operator]` is not configured.
    pub(crate) fn new(config: &Config, keys: &Keys) -> Option<Self> {
        let settings = config.operator.as_ref()?;
        Some(Self {
            provider: Provider::new(settings, keys.operator_secret.clone()?, &config.public_url),
        })
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
