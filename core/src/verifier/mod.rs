//! The relying party's side of one presentation, from the question to the checked answer.
//!
//! [`Transaction`] is the record a server keeps: an enum that serialises, with transitions that consume it. It is
//! asked with [`Transaction::create`], given to a wallet with [`Transaction::request_object`] (as often as the
//! wallet fetches it), answered once with [`Transaction::receive_response`], and read with
//! [`Transaction::collect`]. Receiving has two steps, because status lists have to be fetched in between:
//! [`Received::Pending`] names the lists, [`PendingVerification::finish`] takes them and decides.
//!
//! The checks follow OpenID4VP 1.0 §8.6 and §14, in this order: decrypt, `state`, shape of the `vp_token`, each
//! presentation (issuer and its trust, type, validity, holder binding with `nonce` and audience, then claims and
//! values), status, sets. A presentation that fails is discarded; if the required sets are then no longer
//! satisfied, the whole answer fails. Claims that were not asked for are thrown away.
//!
//! What has to be stored with compare-and-set: every transition. Two answers to one request must not both win.

mod create;
mod error;
mod published;
mod receive;
mod restrict;
mod secret;
mod status;
mod transaction;
mod transaction_data;
mod verdict;
mod verify;

pub use create::{NewTransaction, RequesterIdentity};
pub use error::{CreateError, Failure, PresentationError, ReceiveError, SelfIssuedError, TransactionError};
pub use published::Published;
pub use receive::{Finished, PendingVerification, Received, VerificationContext};
pub use transaction::{Closed, Collected, Open, Transaction, TransactionState};
pub use transaction_data::{NewTransactionData, TRANSACTION_DATA_TYPES};
pub use verdict::{DiscardedPresentation, PresentationIssuer, Verdict, VerifiedPresentation};

/// Shortest and longest life of a transaction in seconds, and the usual one: long enough to find one's telephone,
/// short enough that a photographed QR code is soon worthless.
pub const LIFETIME: (i64, i64) = (60, 15 * 60);
/// The usual life of a transaction, in seconds.
pub const DEFAULT_LIFETIME: i64 = 5 * 60;
/// Name of the query parameter added to `redirect_uri` (OpenID4VP 1.0 §13.3).
pub const RESPONSE_CODE: &str = "response_code";
