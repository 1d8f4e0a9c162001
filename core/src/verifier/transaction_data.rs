//! Transactions that a presentation authorises: `transaction_data` (OpenID4VP 1.0 §5.1, §8.4, §B.3.3.1).
//!
//! The text of each entry is made once and hashed as it was sent. A wallet authorises each with exactly one of the
//! credentials it names: the hash stands in that presentation's KB-JWT.

use serde_json::Value;

use super::error::{CreateError, Failure, PresentationError};
use super::verify::Checked;
use crate::crypto::sha256;
use crate::dcql::{DcqlQuery, Meta};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::encoding::jws::UnverifiedJws;
use crate::oid4vp::RequestUriPost;

/// Member of `wallet_metadata` in which a wallet names the types it knows. The standard has no name for this; a wallet
/// that does not send it gets no transaction data.
pub const TRANSACTION_DATA_TYPES: &str = "transaction_data_types_supported";

/// Most transactions in one request, and longest text of one, in bytes.
const MAX_ENTRIES: usize = 8;
const MAX_ENTRY: usize = 16 << 10;

/// A transaction to be authorised.
#[derive(Debug, Clone)]
pub struct NewTransactionData {
    /// Its type: who knows it knows what the other members mean.
    pub kind: String,
    /// The credential queries one of which authorises it.
    pub credential_ids: Vec<String>,
    /// The members of its type.
    pub members: Object,
}

/// A transaction as it is sent.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct TransactionDatum {
    pub(super) kind: String,
    pub(super) credential_ids: Vec<String>,
    pub(super) encoded: String,
}

/// Makes the texts of a request.
pub(super) fn encode(
    entries: &[NewTransactionData],
    query: &DcqlQuery,
    by_post: bool,
) -> Result<Vec<TransactionDatum>, CreateError> {
    if entries.len() > MAX_ENTRIES || (!entries.is_empty() && !by_post) {
        return Err(CreateError::TransactionData);
    }
    entries.iter().map(|entry| encode_one(entry, query)).collect()
}

fn encode_one(entry: &NewTransactionData, query: &DcqlQuery) -> Result<TransactionDatum, CreateError> {
    // §B.3.3: SD-JWT VC with holder binding; without it nobody signs anything.
    let can_sign = |id: &String| {
        query.credential(id).is_some_and(|credential| {
            matches!(credential.meta(), Meta::SdJwtVc { .. }) && credential.requires_holder_binding()
        })
    };
    // We hash with SHA-256 and do not offer a choice.
    let taken = ["type", "credential_ids", "transaction_data_hashes_alg"];
    let free = taken.iter().all(|name| !entry.members.contains_key(*name));
    if entry.kind.is_empty() || entry.credential_ids.is_empty() || !free {
        return Err(CreateError::TransactionData);
    }
    if !entry.credential_ids.iter().all(can_sign) {
        return Err(CreateError::TransactionData);
    }
    let mut object = entry.members.clone();
    object.insert("type".into(), Value::from(entry.kind.as_str()));
    object.insert("credential_ids".into(), Value::from(entry.credential_ids.clone()));
    let encoded = base64url::encode(Value::Object(object).to_string().as_bytes());
    if encoded.len() > MAX_ENTRY {
        return Err(CreateError::TransactionData);
    }
    Ok(TransactionDatum {
        kind: entry.kind.clone(),
        credential_ids: entry.credential_ids.clone(),
        encoded,
    })
}

/// True when the wallet said that it knows every type there is.
pub(super) fn wallet_knows(entries: &[TransactionDatum], post: Option<&RequestUriPost>) -> bool {
    let known = post
        .and_then(|post| {
            post.wallet_metadata
                .as_ref()?
                .get(TRANSACTION_DATA_TYPES)?
                .as_array()
        })
        .map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .all(|entry| known.iter().any(|name| name.as_str() == Some(&entry.kind)))
}

/// Which transactions a presentation for `query_id` authorises, by their places in the request. Its KB-JWT is verified
/// by the caller before anything comes of this.
pub(super) fn authorised(
    entries: &[TransactionDatum],
    query_id: &str,
    compact: &str,
) -> Result<Vec<usize>, PresentationError> {
    // A presentation for a request without transactions may say what it likes here (SD-JWT VC: ignored).
    let kb_jwt = compact.rsplit('~').next().unwrap_or_default();
    if entries.is_empty() || kb_jwt.is_empty() {
        return Ok(Vec::new());
    }
    let claims = UnverifiedJws::parse(kb_jwt)
        .and_then(|jws| jws.unverified_claims())
        .map_err(|_| PresentationError::TransactionData)?;
    let hashes = match claims.get("transaction_data_hashes") {
        None => return Ok(Vec::new()),
        Some(Value::Array(hashes)) => hashes,
        Some(_) => return Err(PresentationError::TransactionData),
    };
    // §B.3.3.1: the name of the hash function comes back only where it was asked for; SHA-256 is the default.
    if claims
        .get("transaction_data_hashes_alg")
        .is_some_and(|alg| alg.as_str() != Some("sha-256"))
    {
        return Err(PresentationError::TransactionData);
    }
    let mut found = Vec::new();
    for hash in hashes {
        let place = entries.iter().position(|entry| {
            let named = entry.credential_ids.iter().any(|id| id == query_id);
            // Over the text as it was sent, never decoded.
            let expected = base64url::encode(&sha256(entry.encoded.as_bytes()));
            named && hash.as_str() == Some(&expected)
        });
        match place {
            Some(place) if !found.contains(&place) => found.push(place),
            _ => return Err(PresentationError::TransactionData),
        }
    }
    Ok(found)
}

/// §8.4: each transaction by exactly one credential.
pub(super) fn all_authorised(transactions: usize, checked: &[Checked]) -> bool {
    (0..transactions).all(|place| {
        let by = checked
            .iter()
            .filter(|checked| checked.transactions.contains(&place));
        by.count() == 1
    })
}

pub(super) fn not_authorised() -> Failure {
    Failure {
        code: "transaction-data-not-authorised".to_owned(),
        query_id: None,
        message: "a transaction was not authorised by exactly one credential".to_owned(),
    }
}
