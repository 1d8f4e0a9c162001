//! `POST /v1/sign-in/passkey` and its challenge (specs/decisions/0029-passkeys-checked-by-the-server.md).
//!
//! A challenge carries its own end and a MAC, so whoever only asks for challenges costs no memory. What is remembered is
//! that one was answered by a passkey of ours, once.

use assent_core::crypto::constant_time_eq;
use assent_core::env::Timestamp;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{FoundVault, FoundVaults, MOST, SignInError};
use crate::api::vault;
use crate::crypto::{SealError, SealingKey};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::{Base64Url, StrictJson};
use crate::state::AppState;
use crate::store::{PasskeyRow, PasskeyStore as _, Remembered, SignInStore as _, VaultStore as _};
use crate::webauthn::{Assertion, Credential, CredentialKey, RelyingParty, Unfit};

/// Seconds a challenge may be answered. A page asks for one before the person presses the button: browsers let it ask for
/// a passkey only right after.
const LIFETIME: i64 = 600;
/// Random bytes of a challenge (Web Authentication Level 3 §13.4.3: at least 16).
const RANDOM: usize = 24;

/// Longest answer: its members as long as they may be, in base64url.
pub(super) const MAX_BODY: usize = 32 << 10;
/// A sign-in costs as much as so many requests to the vault. Each is remembered for ten minutes, and nobody who has a
/// passkey should be able to use up the room ([`MOST`]) for others.
const COST: u32 = 20;

/// What a passkey is to sign.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Challenge {
    /// Counts once, for ten minutes.
    challenge: Base64Url,
}

/// What a passkey answered (`AuthenticatorAssertionResponse`).
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// The vault it is for: its `userHandle`.
    vault: String,
    /// `rawId`.
    credential_id: Base64Url,
    /// `clientDataJSON`.
    client_data: Base64Url,
    /// `authenticatorData`.
    authenticator_data: Base64Url,
    /// `signature`.
    signature: Base64Url,
}

/// Gives a fresh challenge for a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey/challenge", tag = "vault",
    responses((status = 200, description = "Challenge.", body = Challenge)))]
pub(super) async fn challenge(State(state): State<AppState>) -> Result<Json<Challenge>, Problem> {
    let random = state
        .with_env(|env| env.random::<RANDOM>())
        .map_err(SealError::from)?;
    let challenge = made(&state.sealing, state.clock.now().plus(LIFETIME), random);
    Ok(Json(Challenge {
        challenge: Base64Url(challenge),
    }))
}

/// Checks what a passkey signed and gives the vault that it unlocks, with its sealed unlock slots. Opens nothing. Whether
/// there is such a vault, whether it has such a passkey, and what was wrong with the answer is told to nobody.
#[utoipa::path(post, path = "/v1/sign-in/passkey", tag = "vault", request_body = Answer,
    responses((status = 200, description = "The vault.", body = FoundVaults),
              (status = 400, description = "`sign-in-over`: not a challenge of ours, too late, or answered before.", body = ProblemDetails),
              (status = 403, description = "`sign-in-refused`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails),
              (status = 503, description = "`sign-in-busy`.", body = ProblemDetails)))]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    StrictJson(body): StrictJson<Answer>,
) -> Result<Json<FoundVaults>, Problem> {
    let now = state.clock.now();
    let party = state.sign_in.relying_party.as_ref();
    let party = party.ok_or(SignInError::Refused)?;
    let challenge = party.challenge(&body.client_data.0).map_err(refused)?;
    // §7.2 step 12.
    let until = read(&state.sealing, &challenge)
        .filter(|until| now < *until)
        .ok_or(SignInError::Over)?;
    let subject = super::subject_of_passkey(&state.sealing, &body.credential_id.0);
    // §7.2 steps 5 to 7: the passkey of the vault that it says it is for. The same credential id in another vault is not it.
    let known = match vault::check_id(&body.vault) {
        Ok(()) => state.store.passkey(&body.vault, &subject).await?,
        Err(_) => None,
    };
    let assertion = Assertion {
        client_data: &body.client_data.0,
        authenticator_data: &body.authenticator_data.0,
        signature: &body.signature.0,
    };
    let counter = check(party, &assertion, known.as_ref())?;
    // Only who has the passkey uses up what it may do; apart from what the open vault may.
    state
        .vault_rate
        .check_many(&format!("sign-in/{}", body.vault), COST)?;
    match state
        .store
        .use_passkey_challenge(&challenge, now, until, MOST)
        .await?
    {
        Remembered::Added => {}
        Remembered::There => return Err(SignInError::Over.into()),
        Remembered::Full => return Err(SignInError::Busy.into()),
    }
    // Two answers with one counter at the same moment: one of them is a copy's.
    if !state
        .store
        .count_passkey(&body.vault, &subject, i64::from(counter))
        .await?
    {
        return Err(refused(Unfit::Counter).into());
    }
    let found = state.store.vault_header(&body.vault).await?;
    let header = found.ok_or(SignInError::Refused)?.header;
    Ok(Json(FoundVaults {
        vaults: vec![FoundVault {
            id: body.vault,
            header: Base64Url(header),
        }],
    }))
}

/// Checks the assertion in any case, so that a passkey that is not here takes as long as one that is.
fn check(
    party: &RelyingParty,
    assertion: &Assertion<'_>,
    known: Option<&PasskeyRow>,
) -> Result<u32, SignInError> {
    let credential = match known {
        Some(row) => Credential {
            key: CredentialKey::from_parts(row.algorithm, &row.public_key).map_err(refused)?,
            counter: u32::try_from(row.counter).unwrap_or(u32::MAX),
            backup_eligible: row.backup_eligible,
        },
        None => Credential::nobodys(),
    };
    let counter = party.assertion(assertion, &credential).map_err(refused)?;
    known.map(|_| counter).ok_or(SignInError::Refused)
}

fn refused(reason: Unfit) -> SignInError {
    if reason == Unfit::Counter {
        // §7.2 step 22: what an operator should look at.
        tracing::warn!(%reason, "a passkey was refused");
    } else {
        tracing::debug!(%reason, "a passkey was refused");
    }
    SignInError::Refused
}

/// End, random bytes, MAC.
fn made(sealing: &SealingKey, until: Timestamp, random: [u8; RANDOM]) -> Vec<u8> {
    let until = until.0.to_be_bytes();
    let mac = sealing.mac("passkey challenge", &[&until, &random]);
    [&until[..], &random, &mac].concat()
}

/// When a challenge of ours ends.
fn read(sealing: &SealingKey, challenge: &[u8]) -> Option<Timestamp> {
    let (until, rest) = challenge.split_first_chunk::<8>()?;
    let (random, mac) = rest.split_first_chunk::<RANDOM>()?;
    constant_time_eq(mac, &sealing.mac("passkey challenge", &[until, random]))
        .then_some(Timestamp(i64::from_be_bytes(*until)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_challenges_are_read() {
        let key = SealingKey::from_bytes(&[7; 32]).unwrap();
        let challenge = made(&key, Timestamp(1_000), [3; RANDOM]);
        assert_eq!(read(&key, &challenge), Some(Timestamp(1_000)));
        for at in 0..challenge.len() {
            let mut other = challenge.clone();
            other[at] ^= 1;
            assert_eq!(read(&key, &other), None, "{at}");
            assert_eq!(read(&key, &challenge[..at]), None, "{at}");
        }
        assert_eq!(read(&key, &[&challenge[..], &[0]].concat()), None);
        assert_eq!(read(&SealingKey::from_bytes(&[8; 32]).unwrap(), &challenge), None);
    }
}
