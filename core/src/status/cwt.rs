//! The CWT form of a Status List Token (§5.2) and the CBOR form of a list (§4.3).

use ciborium::Value;

use super::token::{Claims, positive};
use super::{StatusBits, StatusError, StatusList};
use crate::crypto::{SignError, Signer};
use crate::encoding::cose::{self, CborMap, UnverifiedSign1, as_i64, find};
use crate::env::Timestamp;

const MEDIA_TYPE: &str = "application/statuslist+cwt";
const LABEL_TYPE: i64 = 16;
const CLAIM_SUB: i64 = 2;
const CLAIM_EXP: i64 = 4;
const CLAIM_IAT: i64 = 6;
const CLAIM_TTL: i64 = 65534;
const CLAIM_STATUS_LIST: i64 = 65533;

/// §5.2: the protected header names the type in full.
pub(super) fn check_type(sign1: &UnverifiedSign1) -> Result<(), StatusError> {
    let typ = sign1.protected(LABEL_TYPE).and_then(Value::as_text);
    if typ.is_some_and(|typ| typ.eq_ignore_ascii_case(MEDIA_TYPE)) {
        Ok(())
    } else {
        Err(StatusError::Type)
    }
}

/// Reads the claims of a verified token.
pub(super) fn read_claims(payload: &[u8]) -> Result<Claims, StatusError> {
    let claims = cose::read_map(payload)?;
    let seconds = |label| match find(&claims, label) {
        None => Ok(None),
        Some(value) => as_i64(value).map(Some).ok_or(StatusError::Malformed),
    };
    let subject = find(&claims, CLAIM_SUB).and_then(Value::as_text);
    let list = find(&claims, CLAIM_STATUS_LIST).and_then(Value::as_map);
    Ok(Claims {
        subject: subject.ok_or(StatusError::Malformed)?.to_owned(),
        list: read_list(list.ok_or(StatusError::Malformed)?)?,
        issued_at: seconds(CLAIM_IAT)?.map(Timestamp).ok_or(StatusError::Malformed)?,
        expires_at: seconds(CLAIM_EXP)?.map(Timestamp),
        ttl: positive(seconds(CLAIM_TTL)?)?,
    })
}

/// Signs a token with these claims; `x5c` goes into the protected header.
pub(super) fn sign(
    subject: &str,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    ttl: Option<i64>,
    list: &StatusList,
    x5c: &[Vec<u8>],
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let mut claims: CborMap = vec![
        (CLAIM_SUB.into(), Value::from(subject)),
        (CLAIM_IAT.into(), issued_at.0.into()),
    ];
    claims.extend(expires_at.map(|exp| (CLAIM_EXP.into(), exp.0.into())));
    claims.extend(ttl.map(|ttl| (CLAIM_TTL.into(), ttl.into())));
    claims.push((CLAIM_STATUS_LIST.into(), write_list(list)));
    let payload = cose::write(&Value::Map(claims)).map_err(|_| SignError)?;
    let protected = vec![(LABEL_TYPE.into(), Value::from(MEDIA_TYPE))];
    cose::sign1(protected, x5c, &payload, signer)
}

impl StatusList {
    /// From the CBOR form: `{"bits": 1, "lst": h'…'}` (§4.3).
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, StatusError> {
        read_list(&cose::read_map(bytes)?)
    }

    /// The CBOR form (§4.3).
    ///
    /// # Errors
    /// [`StatusError::Cose`] when it cannot be written.
    pub fn to_cbor(&self) -> Result<Vec<u8>, StatusError> {
        Ok(cose::write(&write_list(self))?)
    }
}

fn read_list(list: &CborMap) -> Result<StatusList, StatusError> {
    let member = |name: &str| {
        let mut found = list.iter().filter(|(key, _)| key.as_text() == Some(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(StatusError::Malformed),
        }
    };
    let bits = as_i64(member("bits")?).and_then(|bits| u64::try_from(bits).ok());
    let bits = StatusBits::from_number(bits.ok_or(StatusError::Malformed)?)?;
    let lst = member("lst")?.as_bytes().ok_or(StatusError::Malformed)?;
    StatusList::from_zlib(bits, lst)
}

fn write_list(list: &StatusList) -> Value {
    Value::Map(vec![
        ("bits".into(), list.bits().number().into()),
        ("lst".into(), Value::Bytes(list.to_zlib())),
    ])
}
