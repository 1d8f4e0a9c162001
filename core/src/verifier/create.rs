//! Asking.

use serde_json::Value;

use super::error::CreateError;
use super::secret::ResponseKey;
use super::transaction::{Open, Transaction};
use super::transaction_data::{self, NewTransactionData};
use super::{DEFAULT_LIFETIME, LIFETIME};
use crate::crypto::SoftwareKey;
use crate::dcql::{DcqlQuery, Meta};
use crate::env::Env;
use crate::oid4vp::{ClientId, RequestUriMethod, ResponseMode, VerifierInfo};
use crate::profile::{Endpoint, Profile};

/// As whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequesterIdentity {
    /// A signed request under this client identifier.
    Signed(ClientId),
    /// An unsigned request whose client identifier is its own response address (`redirect_uri` prefix). Nothing
    /// authenticates it.
    ResponseUri,
}

/// What to ask, and how.
#[derive(Debug, Clone)]
pub struct NewTransaction {
    /// As whom.
    pub identity: RequesterIdentity,
    /// The DCQL query, sent exactly like this.
    pub dcql_query: Value,
    /// How the answer comes back.
    pub response_mode: ResponseMode,
    /// How wallets fetch the Request Object.
    pub request_uri_method: RequestUriMethod,
    /// `request_uri` is this address, `/` and the request id.
    pub request_uri_base: Endpoint,
    /// `response_uri` is this address, `/` and the request id: the session is found by its path (§8.3.1).
    pub response_uri_base: Endpoint,
    /// Where the wallet sends the person afterwards, in the browser they came from (same device). A fresh
    /// `response_code` is added.
    pub redirect_uri: Option<Endpoint>,
    /// Credential queries whose credentials are signed by the presenter's own key, e.g. consent receipts.
    pub self_issued: Vec<String>,
    /// Transactions to be authorised with the presentation (§5.1). They need a signed request fetched by POST, since
    /// only there a wallet says which types it knows.
    pub transaction_data: Vec<NewTransactionData>,
    /// Seconds until the request expires; kept within [`LIFETIME`].
    pub lifetime: Option<i64>,
}

impl Transaction {
    /// A new request with fresh secrets: transaction id (for the service), request id (for the wallet), nonce,
    /// state and response key.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn create(new: NewTransaction, profile: &Profile, env: &mut Env<'_>) -> Result<Self, CreateError> {
        let query = DcqlQuery::parse(&new.dcql_query)?;
        let readable = |meta: &Meta| matches!(meta, Meta::SdJwtVc { .. });
        if !query
            .credentials()
            .iter()
            .any(|credential| readable(credential.meta()))
        {
            return Err(CreateError::Formats);
        }
        if new.self_issued.iter().any(|id| query.credential(id).is_none()) {
            return Err(CreateError::UnknownQuery);
        }
        let by_post = matches!(new.identity, RequesterIdentity::Signed(_))
            && new.request_uri_method == RequestUriMethod::Post;
        let transaction_data = transaction_data::encode(&new.transaction_data, &query, by_post)?;
        let request_id = env.random_token()?;
        let below = |base: &Endpoint| {
            let base = base.as_str().trim_end_matches('/');
            Endpoint::parse(&format!("{base}/{request_id}"), profile).map_err(|_| CreateError::Address)
        };
        let request_uri = below(&new.request_uri_base)?;
        let response_uri = below(&new.response_uri_base)?;
        let client_id = match new.identity {
            RequesterIdentity::Signed(client_id) => client_id,
            RequesterIdentity::ResponseUri => ClientId::redirect_uri(&response_uri),
        };
        // HAIP 1.0 §5: a fresh key pair for every request.
        let response_key = match new.response_mode {
            ResponseMode::DirectPost => None,
            ResponseMode::DirectPostJwt => Some(ResponseKey(SoftwareKey::generate(env.rng)?)),
        };
        let lifetime = new
            .lifetime
            .unwrap_or(DEFAULT_LIFETIME)
            .clamp(LIFETIME.0, LIFETIME.1);
        Ok(Self::Created(Box::new(Open {
            transaction_id: env.random_token()?,
            request_id,
            client_id,
            dcql_query: new.dcql_query,
            response_mode: new.response_mode,
            request_uri,
            request_uri_method: new.request_uri_method,
            response_uri,
            nonce: env.random_token()?,
            state: env.random_token()?,
            response_key,
            response_kid: env.random_token()?,
            redirect_uri: new.redirect_uri,
            transaction_data,
            verifier_info: Vec::<VerifierInfo>::new(),
            self_issued: new.self_issued,
            created_at: env.now,
            expires_at: env.now.plus(lifetime),
        })))
    }
}
