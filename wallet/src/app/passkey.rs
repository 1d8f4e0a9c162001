//! Passkeys towards the vault service (specs/decisions/0029-passkeys-checked-by-the-server.md): what one signed finds the
//! vault's unlock slots, and the service hears which passkeys are among them. Nothing here opens anything.

use std::fmt;

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, Value};
use assent_core::http::HttpRequest;
use assent_core::record;

use super::session::{Address, Core};
use super::wallet::Next;
use super::{PasskeyAnswer, Reply};
use crate::vault::Header;

pub(super) const MAX_ANSWER: usize = 128 << 10;

/// What a passkey signed for the vault service (`AuthenticatorAssertionResponse`). All base64url.
#[derive(Clone, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// `rawId`.
    pub credential_id: String,
    /// `clientDataJSON`.
    pub client_data: String,
    /// `authenticatorData`.
    pub authenticator_data: String,
    /// `signature`.
    pub signature: String,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion(redacted)")
    }
}

/// A challenge for a passkey to sign; none where the service gives none. Then everything goes on without.
pub(super) fn challenge(core: &Core) -> Next {
    let url = format!("{}/challenge", place(core));
    let request = HttpRequest::post(url, "application/json", "{}".to_owned(), MAX_ANSWER);
    Next::Send(
        request,
        Box::new(|_, answer, _| {
            let text = answer
                .ok()
                .filter(|response| response.is_success())
                .and_then(|response| json::parse(response.body.as_bytes(), Limits::MESSAGE).ok());
            let challenge = text.as_ref().and_then(|value| value.get("challenge")?.as_str());
            // What the page hands to the browser is bytes, and not many.
            let challenge = challenge
                .filter(|text| base64url::decode(text).is_ok_and(|bytes| (16..=256).contains(&bytes.len())));
            Ok(Next::Done(Reply::PasskeyChallenge {
                challenge: challenge.map(str::to_owned),
            }))
        }),
    )
}

/// The request that finds the unlock slots of the vault at `address` by what its passkey signed. None for a vault elsewhere:
/// whoever got what was signed for our service could use it there.
pub(super) fn request(core: &Core, address: &Address, signed: &Assertion) -> Option<HttpRequest> {
    let vault = address.vault().to_string();
    let own = format!("{}/v1/vaults/{vault}", operator(core));
    if address.as_str() != own {
        return None;
    }
    let body = record!({
        "vault": vault,
        "credential_id": signed.credential_id.clone(),
        "client_data": signed.client_data.clone(),
        "authenticator_data": signed.authenticator_data.clone(),
        "signature": signed.signature.clone(),
    });
    Some(HttpRequest::post(
        place(core),
        "application/json",
        body.to_string(),
        MAX_ANSWER,
    ))
}

/// The passkeys among the slots of a header, for the service. With the one that was just made goes what it said of itself.
pub(super) fn listed(core: &Core, header: &Header) -> Value {
    let passkeys = header.passkeys().map(|(credential, _)| {
        let id = base64url::encode(credential);
        match &core.made {
            Some((made, data)) if *made == id => {
                record!({ "credential_id": id, "authenticator_data": data.clone() })
            }
            _ => record!({ "credential_id": id }),
        }
    });
    Value::Array(passkeys.collect())
}

impl PasskeyAnswer {
    /// What it signed, if that may leave this device.
    pub(super) fn signed(&self) -> Option<&Assertion> {
        let signed = self.assertion.as_ref()?;
        self.hidden_in(&signed.authenticator_data).then_some(signed)
    }

    /// Remembers what a new passkey said of itself, if that may leave this device.
    pub(super) fn keep_made(&self, core: &mut Core) {
        let made = self.made.as_ref().filter(|made| self.hidden_in(made));
        core.made = made.map(|made| (self.credential_id.clone(), made.clone()));
    }

    /// CTAP seals the answers to salts within authenticator data. An authenticator that does not would give the service the
    /// vault's key.
    fn hidden_in(&self, data: &str) -> bool {
        let Ok(data) = base64url::decode(data) else {
            return false;
        };
        [&self.current, &self.next].into_iter().all(|answer| {
            let answer = base64url::decode(answer).map(zeroize::Zeroizing::new);
            answer.is_ok_and(|answer| {
                !answer.is_empty()
                    && !data
                        .windows(answer.len())
                        .any(|window| window == answer.as_slice())
            })
        })
    }
}

fn place(core: &Core) -> String {
    format!("{}/v1/sign-in/passkey", operator(core))
}

fn operator(core: &Core) -> &str {
    core.surroundings.operator.trim_end_matches('/')
}
