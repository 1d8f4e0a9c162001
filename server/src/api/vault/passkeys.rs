//! The passkeys among the unlock slots of a vault: which of them may sign in.

use axum::http::StatusCode;
use serde::Deserialize;

use crate::api::sign_in::subject_of_passkey;
use crate::error::Problem;
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::{PasskeyRow, Passkeys};

/// Most passkeys of one vault.
const MOST: usize = 32;
/// Longest credential id (Web Authentication Level 3 §4).
const MAX_ID: usize = 1023;

/// A passkey that is an unlock slot.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Passkey {
    /// Its credential id.
    credential_id: Base64Url,
    /// What it said when it was made (`getAuthenticatorData()`): with it, it can sign in from now on. What cannot be used for
    /// that, because it is of another site or has a key of another kind, is left aside.
    #[serde(default)]
    authenticator_data: Option<Base64Url>,
}

pub(super) fn read(state: &AppState, passkeys: Vec<Passkey>) -> Result<Passkeys, Problem> {
    let malformed = passkeys
        .iter()
        .any(|passkey| !(1..=MAX_ID).contains(&passkey.credential_id.0.len()));
    if malformed || passkeys.len() > MOST {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "A vault has at most 32 passkeys, with credential ids of 1 to 1023 bytes.",
        ));
    }
    let mut out = Passkeys::default();
    for passkey in passkeys {
        let id = &passkey.credential_id.0;
        let subject = subject_of_passkey(&state.sealing, id);
        out.all.push(subject);
        let Some(data) = passkey.authenticator_data else {
            continue;
        };
        match state.sign_in.register(id, &data.0) {
            // The vault opens with it all the same, so this is no reason to refuse the change.
            Err(reason) => tracing::info!(%reason, "a passkey cannot be used for signing in"),
            Ok(credential) => {
                let (algorithm, public_key) = credential.key.to_parts();
                out.new.push(PasskeyRow {
                    subject,
                    algorithm,
                    public_key,
                    counter: i64::from(credential.counter),
                    backup_eligible: credential.backup_eligible,
                });
            }
        }
    }
    Ok(out)
}
