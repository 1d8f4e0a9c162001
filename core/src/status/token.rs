//! Reading a Status List Token (§5) and asking it for one status (§8.3).

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{Status, StatusBits, StatusError, StatusList, StatusReference, cwt};
use crate::crypto::{CryptoProvider, PublicKey};
use crate::encoding::cose::UnverifiedSign1;
use crate::encoding::json::Object;
use crate::encoding::jws::UnverifiedJws;
use crate::env::Timestamp;

/// The `typ` of a Status List Token in JWT form (§5.1).
pub const STATUS_LIST_JWT_TYPE: &str = "statuslist+jwt";

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;
/// `ttl` is taken between these, in seconds: neither a flood of fetches nor a list kept for ever.
const TTL_RANGE: (i64, i64) = (60, 24 * 60 * 60);
/// `ttl` when the token has none.
const DEFAULT_TTL: i64 = 15 * 60;

/// A Status List Token that was read but not verified.
///
/// Clones share one token, and it is verified and decompressed once per signer: a reader that keeps it for its
/// time to live pays for a status with one look into the list.
#[derive(Debug, Clone)]
pub struct UnverifiedStatusListToken(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    form: Form,
    verified: OnceLock<(PublicKey, VerifiedStatusList)>,
}

#[derive(Debug)]
enum Form {
    Jwt(UnverifiedJws),
    Cwt(UnverifiedSign1),
}

impl UnverifiedStatusListToken {
    /// Reads the JWT form, media type `application/statuslist+jwt`.
    ///
    /// # Errors
    /// [`StatusError::Jws`], [`StatusError::Type`].
    pub fn parse_jwt(token: &str) -> Result<Self, StatusError> {
        let jws = UnverifiedJws::parse(token)?;
        if jws.header().is_type(STATUS_LIST_JWT_TYPE) {
            Ok(Self::new(Form::Jwt(jws)))
        } else {
            Err(StatusError::Type)
        }
    }

    /// Reads the CWT form, media type `application/statuslist+cwt`.
    ///
    /// # Errors
    /// [`StatusError::Cose`], [`StatusError::Type`].
    pub fn parse_cwt(token: &[u8]) -> Result<Self, StatusError> {
        let sign1 = UnverifiedSign1::parse(token)?;
        cwt::check_type(&sign1)?;
        Ok(Self::new(Form::Cwt(sign1)))
    }

    /// Reads either form by the media type of the HTTP answer, ignoring its parameters.
    ///
    /// # Errors
    /// [`StatusError::Type`] for another media type, and as the two readers.
    pub fn parse(media_type: &str, body: &[u8]) -> Result<Self, StatusError> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/statuslist+jwt") {
            let text = std::str::from_utf8(body).map_err(|_| StatusError::Malformed)?;
            Self::parse_jwt(text.trim_ascii())
        } else if essence.eq_ignore_ascii_case("application/statuslist+cwt") {
            Self::parse_cwt(body)
        } else {
            Err(StatusError::Type)
        }
    }

    /// The certificate chain of the signer as DER, leaf first; empty when absent.
    #[must_use]
    pub fn x5c(&self) -> &[Vec<u8>] {
        match &self.0.form {
            Form::Jwt(jws) => &jws.header().x5c,
            Form::Cwt(sign1) => sign1.x5chain(),
        }
    }

    /// The list, when this token or a clone of it was verified before, by whichever signer: for a cache that
    /// wants to know how long to keep the token and how much memory it holds. Not a statement of trust.
    #[must_use]
    pub fn verified_before(&self) -> Option<&VerifiedStatusList> {
        self.0.verified.get().map(|(_, list)| list)
    }

    /// Verifies the signature with `key` and decompresses the list.
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn verify(
        &self,
        key: &PublicKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedStatusList, StatusError> {
        if let Some((signer, list)) = self.0.verified.get()
            && signer == key
        {
            return Ok(list.clone());
        }
        let claims = match &self.0.form {
            Form::Jwt(jws) => from_jwt(&jws.verify(key, crypto)?.claims()?),
            Form::Cwt(sign1) => cwt::read_claims(sign1.verify(key, crypto)?),
        }?;
        let list = VerifiedStatusList(Arc::new(claims));
        // Another thread may have been first; its answer is the same.
        let _ = self.0.verified.set((key.clone(), list.clone()));
        Ok(list)
    }

    fn new(form: Form) -> Self {
        Self(Arc::new(Shared {
            form,
            verified: OnceLock::new(),
        }))
    }
}

/// A status list whose signature is right. Trust in the signer is the caller's ([`crate::trust`]). Clones share
/// the list.
#[derive(Debug, Clone)]
pub struct VerifiedStatusList(Arc<Claims>);

/// The claims of a token, in either form.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) list: StatusList,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) ttl: Option<i64>,
}

impl VerifiedStatusList {
    /// The status a credential points at (§8.3 steps 3 and 4).
    ///
    /// # Errors
    /// [`StatusError`] when the token is for another address, expired or from the future, or the index is past
    /// the end. There is then no statement and the credential must be refused.
    pub fn status(&self, reference: &StatusReference, now: Timestamp) -> Result<Status, StatusError> {
        // Step 3.b: string-equal, no normalisation.
        if self.0.subject != reference.uri {
            return Err(StatusError::WrongSubject);
        }
        self.check_time(now)?;
        self.0.list.get(reference.idx)
    }

    /// The last moment to use a copy received at `received_at`: `ttl` between a minute and a day, and never past
    /// `exp` (§8.3 step 3.d, §13.7).
    #[must_use]
    pub fn fresh_until(&self, received_at: Timestamp) -> Timestamp {
        let ttl = self.0.ttl.unwrap_or(DEFAULT_TTL).clamp(TTL_RANGE.0, TTL_RANGE.1);
        let until = received_at.plus(ttl);
        self.0.expires_at.map_or(until, |exp| until.min(exp))
    }

    /// The address of the list (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &StatusList {
        &self.0.list
    }

    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    fn check_time(&self, now: Timestamp) -> Result<(), StatusError> {
        if self.0.expires_at.is_some_and(|exp| now >= exp.plus(LEEWAY)) {
            return Err(StatusError::Expired);
        }
        if self.0.issued_at > now.plus(LEEWAY) {
            return Err(StatusError::FromTheFuture);
        }
        Ok(())
    }
}

/// The claims of the JWT form (§5.1).
fn from_jwt(claims: &Object) -> Result<Claims, StatusError> {
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(StatusError::Malformed),
    };
    let subject = claims.get("sub").and_then(Value::as_str);
    let list = claims.get("status_list").and_then(Value::as_object);
    let list = list.ok_or(StatusError::Malformed)?;
    let bits = list.get("bits").and_then(Value::as_u64);
    let bits = StatusBits::from_number(bits.ok_or(StatusError::Malformed)?)?;
    let lst = list.get("lst").and_then(Value::as_str);
    Ok(Claims {
        subject: subject.ok_or(StatusError::Malformed)?.to_owned(),
        list: StatusList::from_lst(bits, lst.ok_or(StatusError::Malformed)?)?,
        issued_at: seconds("iat")?.map(Timestamp).ok_or(StatusError::Malformed)?,
        expires_at: seconds("exp")?.map(Timestamp),
        ttl: positive(seconds("ttl")?)?,
    })
}

/// §5.1: `ttl` is a positive number.
pub(super) fn positive(ttl: Option<i64>) -> Result<Option<i64>, StatusError> {
    match ttl {
        Some(ttl) if ttl <= 0 => Err(StatusError::Malformed),
        other => Ok(other),
    }
}
