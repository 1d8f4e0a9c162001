//! Why an authorization request was refused.

use crate::dcql::QueryError;
use crate::encoding::jws::JwsError;
use crate::error::{Audience, Blame, ErrorCode};
use crate::oid4vp::did::DidError;
use crate::oid4vp::{AuthorizationErrorCode, ClientIdError};
use crate::trust::ChainError;

/// Why a wallet refuses an authorization request (OpenID4VP 1.0 §5, §8.5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not a link to a wallet.
    #[error("the link is not an OpenID4VP request")]
    Link,
    /// The Request Object could not be fetched; the HTTP status, if there was an answer.
    #[error("the service did not give out its request (status {0})")]
    Fetch(u16),
    /// The Request Object came with another content type (§5.10.1).
    #[error("the request came with a wrong content type")]
    ContentType,
    /// The client identifier cannot be used.
    #[error(transparent)]
    ClientId(#[from] ClientIdError),
    /// This prefix is not allowed by the profile in use.
    #[error("the profile in use does not allow this client identifier prefix")]
    PrefixNotAllowed,
    /// The client identifiers inside and outside the Request Object differ (§5.10.1).
    #[error("the client identifier in the link is not that of the request")]
    ClientIdMismatch,
    /// The request must be signed and is not, or must not be signed and is (§5.9.3).
    #[error("the request must be signed with this client identifier, or must not be")]
    Signing,
    /// The Request Object is not a usable JWS, or its signature is wrong.
    #[error("the signed request: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `oauth-authz-req+jwt` (§5: must not be processed).
    #[error("the request object has a wrong type")]
    Type,
    /// The signature algorithm is not allowed by the profile in use.
    #[error("the request is signed with an algorithm that is not allowed")]
    Algorithm,
    /// The access certificate is not trusted.
    #[error("the certificate of the service: {0}")]
    Certificate(#[from] ChainError),
    /// The certificate is trusted but is not the one the client identifier names.
    #[error("the client identifier does not belong to the certificate of the service")]
    CertificateMismatch,
    /// The DID could not be resolved to the signing key.
    #[error("the identifier of the service: {0}")]
    Did(#[from] DidError),
    /// `response_uri` does not belong to the client identifier (§5.9.3, §8.2).
    #[error("the response would go to an address that does not belong to the service")]
    ResponseUriMismatch,
    /// A required parameter is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A parameter is malformed.
    #[error("`{0}` is malformed")]
    Malformed(&'static str),
    /// A parameter contradicts another one.
    #[error("`{0}` must not be there")]
    Contradiction(&'static str),
    /// Only a scope instead of a query; no scopes are known (§5.5).
    #[error("the service asks by scope, which this wallet does not know")]
    Scope,
    /// A response type or mode we do not support.
    #[error("`{0}` has a value that is not supported")]
    Unsupported(&'static str),
    /// `request_uri_method` is not `get` or `post`, or is where it must not be.
    #[error("`request_uri_method` is wrong")]
    RequestUriMethod,
    /// The request is not meant for this wallet (`aud`, §5.8).
    #[error("the request is meant for another wallet")]
    Audience,
    /// The request has expired.
    #[error("the request has expired")]
    Expired,
    /// The request is from the future.
    #[error("the request is from the future")]
    NotYetValid,
    /// `wallet_nonce` did not come back as it was sent (§5.10.1).
    #[error("the request is not an answer to this wallet")]
    WalletNonce,
    /// The query is not valid.
    #[error("the query: {0}")]
    Query(#[from] QueryError),
    /// `transaction_data` is there; the wallet has no type (§5.1: must be refused).
    #[error("the service asks to authorise a transaction, which this wallet does not do")]
    TransactionData,
    /// The verifier can read none of the formats this wallet has.
    #[error("the service cannot read the kind of cards this wallet has")]
    Formats,
    /// The response must be encrypted, and there is no usable key or algorithm (§8.3).
    #[error("the response must be encrypted, but the service gave no usable key")]
    NoEncryptionKey,
    /// The profile in use demands an encrypted response (HAIP 1.0 §5).
    #[error("the service asks for an unencrypted response")]
    CleartextResponse,
}

impl RequestError {
    /// The error to answer with, where an answer can be sent at all.
    #[must_use]
    pub fn wire_code(&self) -> AuthorizationErrorCode {
        use AuthorizationErrorCode as Code;
        match self {
            Self::RequestUriMethod => Code::InvalidRequestUriMethod,
            Self::TransactionData => Code::InvalidTransactionData,
            Self::Formats => Code::VpFormatsNotSupported,
            Self::Scope => Code::InvalidScope,
            Self::ClientId(_)
            | Self::PrefixNotAllowed
            | Self::ClientIdMismatch
            | Self::Certificate(_)
            | Self::CertificateMismatch
            | Self::Did(_) => Code::InvalidClient,
            _ => Code::InvalidRequest,
        }
    }
}

impl ErrorCode for RequestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link => "request-link",
            Self::Fetch(_) => "request-fetch",
            Self::ContentType => "request-content-type",
            Self::ClientId(error) => error.code(),
            Self::PrefixNotAllowed => "request-prefix-not-allowed",
            Self::ClientIdMismatch => "request-client-id-mismatch",
            Self::Signing => "request-signing",
            Self::Jws(_) => "request-signature",
            Self::Type => "request-type",
            Self::Algorithm => "request-algorithm",
            Self::Certificate(error) => error.code(),
            Self::CertificateMismatch => "request-certificate-mismatch",
            Self::Did(error) => error.code(),
            Self::ResponseUriMismatch => "request-response-uri-mismatch",
            Self::Missing(_) => "request-missing",
            Self::Malformed(_) => "request-malformed",
            Self::Contradiction(_) => "request-contradiction",
            Self::Scope => "request-scope",
            Self::Unsupported(_) => "request-unsupported",
            Self::RequestUriMethod => "request-uri-method",
            Self::Audience => "request-audience",
            Self::Expired => "request-expired",
            Self::NotYetValid => "request-not-yet-valid",
            Self::WalletNonce => "request-wallet-nonce",
            Self::Query(error) => error.code(),
            Self::TransactionData => "request-transaction-data",
            Self::Formats => "request-formats",
            Self::NoEncryptionKey => "request-no-encryption-key",
            Self::CleartextResponse => "request-cleartext-response",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Fetch(_) => Blame::Network,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        match self {
            Self::Link | Self::Fetch(_) | Self::Expired => Audience::Citizen,
            _ => Audience::ServiceProvider,
        }
    }
}
