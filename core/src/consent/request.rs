//! The signed consent request: terms, bound to one OpenID4VP request.
//!
//! It travels as an entry of `verifier_info` (OpenID4VP 1.0 §5.1, §5.11) with a `format` of our own. A wallet that
//! does not know it ignores it and the request is plain OpenID4VP. A wallet that does must check the signature and
//! the binding before it shows a word of it.

use serde_json::{Map, Value, json};

use super::digest::Digest;
use super::terms::{ConsentTerms, TermsError};
use crate::crypto::{CryptoProvider, PublicKey, SignError, Signer};
use crate::dcql::{DcqlQuery, QueryError};
use crate::encoding::canonical::{self, NotCanonical};
use crate::encoding::fields::{FieldError, Fields};
use crate::encoding::json::Object;
use crate::encoding::jws::{self, JwsError, UnverifiedJws};
use crate::env::Timestamp;
use crate::error::{Audience, ErrorCode};
use crate::profile::{CLOCK_LEEWAY, Profile};

/// The `format` in `verifier_info`.
pub const FORMAT: &str = "assent_consent_request";

/// The `typ` of the JWT.
pub const TYP: &str = "consent-request+jwt";

/// Longest life of a consent request, in seconds: that of the OpenID4VP request it belongs to.
pub const MAX_LIFE: i64 = 3600;

/// What a consent request is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The full client identifier of the OpenID4VP request, with its prefix.
    pub client_id: &'a str,
    /// Its `nonce`.
    pub nonce: &'a str,
    /// Its `dcql_query`, exactly as sent.
    pub dcql_query: &'a Value,
    /// SHA-256 of the certificate that signed the OpenID4VP request; `None` when it was not signed with one.
    pub leaf_sha256: Option<[u8; 32]>,
}

/// A verified consent request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRequest {
    /// The terms.
    pub terms: ConsentTerms,
    /// Who asks: the full client identifier.
    pub client_id: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// From when it must not be answered any more.
    pub expires_at: Timestamp,
    /// The hash of the DCQL query it belongs to.
    pub dcql_sha256: Digest,
    /// The hash of the nonce it belongs to.
    pub nonce_sha256: Digest,
    /// SHA-256 over the compact JWT: its name in receipts.
    pub sha256: Digest,
}

/// Why a consent request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsentRequestError {
    /// Not a JWS, or its signature is wrong.
    #[error("the consent request is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `consent-request+jwt`.
    #[error("the consent request has the wrong typ")]
    Type,
    /// A claim is missing or of the wrong type.
    #[error("the consent request is malformed: {0}")]
    Claim(#[from] FieldError),
    /// The terms are incomplete.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// It belongs to another OpenID4VP request, or to another certificate.
    #[error("the consent request belongs to another request: {0}")]
    Binding(&'static str),
    /// The query asks for something else than the terms say.
    #[error("the query does not ask for what the consent request says")]
    QueryMismatch,
    /// The terms need a larger query than allowed.
    #[error("the terms cannot be asked for: {0}")]
    Query(#[from] QueryError),
    /// The DCQL query has no canonical form.
    #[error(transparent)]
    Canonical(#[from] NotCanonical),
    /// Expired, from the future, or with too long a life.
    #[error("the consent request is not valid now")]
    Time,
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ErrorCode for ConsentRequestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "consent-request-signature",
            Self::Jws(_) | Self::Type | Self::Claim(_) | Self::Canonical(_) => "consent-request-malformed",
            Self::Terms(inner) => inner.code(),
            Self::Binding(_) => "consent-request-binding",
            Self::QueryMismatch => "consent-request-query-mismatch",
            Self::Query(_) => "consent-request-too-large",
            Self::Time => "consent-request-expired",
            Self::Sign(_) => "consent-request-not-signed",
        }
    }

    fn audience(&self) -> Audience {
        Audience::ServiceProvider
    }
}

/// A signed consent request and what to put next to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedConsentRequest {
    /// The compact JWT. Keep it: the receipt names it by hash.
    pub jwt: String,
    /// The request as the other side will read it.
    pub request: ConsentRequest,
}

impl SignedConsentRequest {
    /// The entry for `verifier_info`.
    #[must_use]
    pub fn verifier_info(&self) -> Value {
        json!({ "format": FORMAT, "data": self.jwt })
    }
}

impl ConsentTerms {
    /// Signs these terms for one OpenID4VP request whose query is [`ConsentTerms::to_dcql`].
    ///
    /// `x5c` is the access certificate chain (leaf first, without the anchor) of `signer`; empty where the client is
    /// known by another means.
    ///
    /// # Errors
    /// [`ConsentRequestError::QueryMismatch`] when the query is another one, `Canonical`, `Sign`.
    pub fn sign(
        &self,
        binding: &Binding<'_>,
        x5c: &[Vec<u8>],
        issued_at: Timestamp,
        expires_at: Timestamp,
        signer: &dyn Signer,
    ) -> Result<SignedConsentRequest, ConsentRequestError> {
        let dcql_sha256 = check_query(self, binding.dcql_query)?;
        let nonce_sha256 = Digest::of(binding.nonce);
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        put("iss", json!(binding.client_id));
        put("client_id", json!(binding.client_id));
        put("nonce", json!(binding.nonce));
        put("iat", json!(issued_at));
        put("exp", json!(expires_at));
        put("dcql_query_sha256", json!(dcql_sha256));
        if let Some(leaf) = binding.leaf_sha256 {
            put("x5t#S256", json!(Digest::from_bytes(leaf)));
        }
        put("consent", Value::Object(self.to_object()));
        let jwt = jws::sign_jwt(TYP, x5c, &claims, signer)?;
        let request = ConsentRequest {
            terms: self.clone(),
            client_id: binding.client_id.to_owned(),
            issued_at,
            expires_at,
            dcql_sha256,
            nonce_sha256,
            sha256: Digest::of(&jwt),
        };
        Ok(SignedConsentRequest { jwt, request })
    }
}

impl ConsentRequest {
    /// Verifies a consent request with `key`, the key of the certificate that signed the OpenID4VP request, and its
    /// binding to that request.
    ///
    /// # Errors
    /// [`ConsentRequestError`].
    pub fn verify(
        jwt: &str,
        key: &PublicKey,
        binding: &Binding<'_>,
        now: Timestamp,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ConsentRequestError> {
        let (claims, request) = Self::read(jwt, key, profile, crypto)?;
        let fields = Fields::new(&claims, "");
        // OpenID4VP 1.0 §5.11: the wallet must validate the binding to the requester, not only the signature.
        if request.client_id != binding.client_id {
            return Err(ConsentRequestError::Binding("client_id"));
        }
        if fields.text("nonce", 1024)? != binding.nonce {
            return Err(ConsentRequestError::Binding("nonce"));
        }
        if request.dcql_sha256 != Digest::from_bytes(canonical::hash(binding.dcql_query)?) {
            return Err(ConsentRequestError::Binding("dcql_query"));
        }
        let leaf = fields.opt_text("x5t#S256", 64)?.and_then(Digest::parse);
        if leaf != binding.leaf_sha256.map(Digest::from_bytes) {
            return Err(ConsentRequestError::Binding("certificate"));
        }
        // The words and the query must say the same, or the person would agree to one and send the other.
        check_query(&request.terms, binding.dcql_query)?;
        let life = request.expires_at.since(request.issued_at);
        if now >= request.expires_at.plus(CLOCK_LEEWAY)
            || request.issued_at > now.plus(CLOCK_LEEWAY)
            || !(1..=MAX_LIFE).contains(&life)
        {
            return Err(ConsentRequestError::Time);
        }
        Ok(request)
    }

    /// Reads a consent request again later, from a record: signature and content, not time, nonce or query. The hash
    /// in the receipt says that it is the right one.
    ///
    /// # Errors
    /// [`ConsentRequestError`].
    pub fn verify_archived(
        jwt: &str,
        key: &PublicKey,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ConsentRequestError> {
        Self::read(jwt, key, profile, crypto).map(|(_, request)| request)
    }

    fn read(
        jwt: &str,
        key: &PublicKey,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<(Object, Self), ConsentRequestError> {
        let jws = UnverifiedJws::parse(jwt)?;
        if !jws.header().is_type(TYP) {
            return Err(ConsentRequestError::Type);
        }
        if !profile.allows(jws.header().alg) {
            return Err(JwsError::Algorithm.into());
        }
        let claims = jws.verify(key, crypto)?.claims()?;
        let fields = Fields::new(&claims, "");
        let client_id = fields.text("client_id", 2048)?.to_owned();
        if fields.text("iss", 2048)? != client_id {
            return Err(ConsentRequestError::Binding("iss"));
        }
        let consent = fields
            .opt_object("consent")?
            .ok_or_else(|| fields.error("consent", crate::encoding::fields::Problem::Missing))?;
        let dcql_sha256 = Digest::parse(fields.text("dcql_query_sha256", 64)?)
            .ok_or(ConsentRequestError::Binding("dcql_query"))?;
        let request = Self {
            terms: ConsentTerms::from_signed(consent, profile)?,
            client_id,
            issued_at: fields.timestamp("iat")?,
            expires_at: fields.timestamp("exp")?,
            dcql_sha256,
            nonce_sha256: Digest::of(fields.text("nonce", 1024)?),
            sha256: Digest::of(jwt),
        };
        Ok((claims, request))
    }
}

/// The hash of `query`, when it is the one the terms compile to.
fn check_query(terms: &ConsentTerms, query: &Value) -> Result<Digest, ConsentRequestError> {
    let sent = DcqlQuery::parse(query)?;
    // Compared as parsed, so that a member we do not know or another order of members changes nothing.
    if sent != terms.to_dcql()? {
        return Err(ConsentRequestError::QueryMismatch);
    }
    Ok(Digest::from_bytes(canonical::hash(query)?))
}
