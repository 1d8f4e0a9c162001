//! The messages of a withdrawal.

use assent_core::consent::{Withdrawal, WithdrawalAcknowledgement, WithdrawalWish};
use assent_core::crypto::{CryptoProvider, SoftwareKey};
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse};

use crate::app::{NetworkFailure, WalletError};
use crate::present::{Judge, KeptReceipt};

const MEDIA_TYPE: &str = "application/jwt";
const MAX_ANSWER: usize = 64 << 10;

/// Signs the withdrawal of `purposes` (`None` for everything a receipt covers) with the receipt's own key. It follows
/// what was withdrawn before.
pub(crate) fn sign_withdrawal(
    receipt: &KeptReceipt,
    purposes: Option<Vec<String>>,
    ask_erasure: bool,
    key: &SoftwareKey,
    crypto: &dyn CryptoProvider,
    env: &mut Env<'_>,
) -> Result<String, WalletError> {
    let verified = receipt.verified(env.now, crypto).ok_or_else(|| {
        WalletError::new(
            "receipt-unreadable",
            "the receipt of this sharing cannot be read",
            "Contact the service yourself.",
            Blame::Us,
        )
    })?;
    let wish = WithdrawalWish {
        purposes,
        erasure: ask_erasure,
        last_event: receipt.last_event(),
    };
    Withdrawal::sign(&verified, wish, key, env).map_err(|error| WalletError::from_code(&error))
}

/// The message to the service.
pub(crate) fn withdrawal_request(endpoint: &str, jwt: &str) -> HttpRequest {
    HttpRequest::post(endpoint, MEDIA_TYPE, jwt.to_owned(), MAX_ANSWER).header("accept", MEDIA_TYPE)
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) enum Confirmation {
    /// Signed by the service, over this very withdrawal.
    Signed {
        /// As received.
        jwt: String,
        /// What it says.
        acknowledgement: Box<WithdrawalAcknowledgement>,
    },
    /// An answer that proves nothing.
    NotValid,
    /// No answer.
    None,
}

/// Reads and verifies the confirmation. Only a right signature counts as one.
pub(crate) fn read_confirmation(
    answer: Result<HttpResponse, NetworkFailure>,
    receipt: &KeptReceipt,
    withdrawal: &str,
    by: &Judge<'_>,
) -> Confirmation {
    let Ok(response) = answer else {
        return Confirmation::None;
    };
    if !response.is_success() {
        // A service that answers with an error did not confirm; it is asked again.
        return Confirmation::None;
    }
    let jwt = response.body.trim();
    match receipt.acknowledgement_of(jwt, withdrawal, by) {
        Some(acknowledgement) => Confirmation::Signed {
            jwt: jwt.to_owned(),
            acknowledgement: Box::new(acknowledgement),
        },
        None => Confirmation::NotValid,
    }
}
