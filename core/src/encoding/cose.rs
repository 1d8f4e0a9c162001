//! COSE_Sign1 (RFC 9052 §4.2) with the algorithms we allow, certificate chains by `x5chain` (RFC 9360 §2).
//!
//! The payload stays the bytes that were received: nothing is encoded again before its signature is verified.

use ciborium::Value;

use super::cbor;
use crate::crypto::{Algorithm, BadSignature, CryptoProvider, PublicKey, SignError, Signer};

/// Longest COSE object accepted, in bytes.
pub const MAX_COSE: usize = 4 << 20;

/// Deepest nesting of a header, payload or the object itself.
pub const MAX_CBOR_DEPTH: usize = 16;

const TAG_SIGN1: u64 = 18;
const LABEL_ALG: i64 = 1;
const LABEL_CRIT: i64 = 2;
const LABEL_X5CHAIN: i64 = 33;

/// Why a COSE_Sign1 was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoseError {
    /// Not a tagged COSE_Sign1 with a payload, too long or too deep, or with something after it.
    #[error("not a COSE_Sign1")]
    Malformed,
    /// The algorithm is missing, unprotected, or not one we allow.
    #[error("the COSE algorithm is not allowed")]
    Algorithm,
    /// `crit` names something we do not understand (RFC 9052 §3.1: must be refused).
    #[error("the COSE header demands an extension we do not know")]
    Critical,
    /// The signature does not verify.
    #[error("the COSE signature is wrong")]
    Signature,
}

impl From<BadSignature> for CoseError {
    fn from(_: BadSignature) -> Self {
        Self::Signature
    }
}

/// A CBOR map of a header or of claims.
pub type CborMap = Vec<(Value, Value)>;

/// A COSE_Sign1 that was read but not verified.
#[derive(Debug, Clone)]
pub struct UnverifiedSign1 {
    alg: Algorithm,
    protected_bytes: Vec<u8>,
    protected: CborMap,
    x5chain: Vec<Vec<u8>>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl UnverifiedSign1 {
    /// Reads a COSE_Sign1 with tag 18 and nothing around it.
    ///
    /// # Errors
    /// [`CoseError`], never `Signature`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CoseError> {
        let Value::Tag(TAG_SIGN1, inner) = read(bytes)? else {
            return Err(CoseError::Malformed);
        };
        let parts = inner.into_array().map_err(|_| CoseError::Malformed)?;
        let [
            Value::Bytes(protected_bytes),
            Value::Map(unprotected),
            Value::Bytes(payload),
            Value::Bytes(signature),
        ] = <[Value; 4]>::try_from(parts).map_err(|_| CoseError::Malformed)?
        else {
            return Err(CoseError::Malformed);
        };
        let protected = read_map(&protected_bytes)?;
        has_unique_keys(&unprotected)?;
        if find(&protected, LABEL_CRIT).is_some() {
            return Err(CoseError::Critical);
        }
        // RFC 9052 §3.1: `alg` must be authenticated.
        let alg = find(&protected, LABEL_ALG)
            .and_then(as_i64)
            .and_then(algorithm)
            .ok_or(CoseError::Algorithm)?;
        let chain = find(&protected, LABEL_X5CHAIN).or_else(|| find(&unprotected, LABEL_X5CHAIN));
        Ok(Self {
            alg,
            x5chain: chain.map(x5chain).transpose()?.unwrap_or_default(),
            protected_bytes,
            protected,
            payload,
            signature,
        })
    }

    /// The certificate chain as DER, leaf first; empty when absent. Only good for finding the key to verify with.
    #[must_use]
    pub fn x5chain(&self) -> &[Vec<u8>] {
        &self.x5chain
    }

    /// A member of the protected header.
    #[must_use]
    pub fn protected(&self, label: i64) -> Option<&Value> {
        find(&self.protected, label)
    }

    /// The payload before verification.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature with `key`, without external data, and returns the payload.
    ///
    /// # Errors
    /// [`CoseError::Algorithm`] when key and header disagree, [`CoseError::Signature`].
    pub fn verify(&self, key: &PublicKey, crypto: &dyn CryptoProvider) -> Result<&[u8], CoseError> {
        if key.algorithm() != self.alg {
            return Err(CoseError::Algorithm);
        }
        let message = to_be_signed(&self.protected_bytes, &self.payload)?;
        crypto.verify(key, &message, &self.signature)?;
        Ok(&self.payload)
    }
}

/// Signs `payload`. `protected` gets the algorithm of the signer; `x5c`, unless empty, goes in as `x5chain`.
///
/// # Errors
/// [`SignError`] from the signer.
pub fn sign1(
    mut protected: CborMap,
    x5c: &[Vec<u8>],
    payload: &[u8],
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    protected.insert(0, (LABEL_ALG.into(), number(signer.algorithm()).into()));
    match x5c {
        [] => {}
        // RFC 9360 §2: a single certificate is a byte string, not an array of one.
        [one] => protected.push((LABEL_X5CHAIN.into(), Value::Bytes(one.clone()))),
        many => {
            let chain = many.iter().map(|der| Value::Bytes(der.clone())).collect();
            protected.push((LABEL_X5CHAIN.into(), Value::Array(chain)));
        }
    }
    let protected = write(&Value::Map(protected)).map_err(|_| SignError)?;
    let message = to_be_signed(&protected, payload).map_err(|_| SignError)?;
    let signature = signer.sign(&message)?;
    let object = Value::Tag(
        TAG_SIGN1,
        Box::new(Value::Array(vec![
            Value::Bytes(protected),
            Value::Map(Vec::new()),
            Value::Bytes(payload.to_vec()),
            Value::Bytes(signature),
        ])),
    );
    write(&object).map_err(|_| SignError)
}

/// Reads one CBOR value, bounded in size and depth, with nothing after it.
///
/// # Errors
/// [`CoseError::Malformed`].
pub fn read(bytes: &[u8]) -> Result<Value, CoseError> {
    if bytes.len() > MAX_COSE {
        return Err(CoseError::Malformed);
    }
    cbor::read(bytes, MAX_CBOR_DEPTH).ok_or(CoseError::Malformed)
}

/// Reads one CBOR map without duplicate keys; empty bytes count as an empty map (RFC 9052 §3).
///
/// # Errors
/// [`CoseError::Malformed`].
pub fn read_map(bytes: &[u8]) -> Result<CborMap, CoseError> {
    if bytes.is_empty() {
        return Ok(CborMap::new());
    }
    let map = read(bytes)?.into_map().map_err(|_| CoseError::Malformed)?;
    has_unique_keys(&map)?;
    Ok(map)
}

/// Writes a CBOR value.
///
/// # Errors
/// [`CoseError::Malformed`] when the value cannot be written.
pub fn write(value: &Value) -> Result<Vec<u8>, CoseError> {
    cbor::write(value).ok_or(CoseError::Malformed)
}

/// The value of an integer label.
#[must_use]
pub fn find(map: &CborMap, label: i64) -> Option<&Value> {
    map.iter()
        .find(|(key, _)| as_i64(key) == Some(label))
        .map(|(_, value)| value)
}

/// An integer that fits 64 signed bits.
#[must_use]
pub fn as_i64(value: &Value) -> Option<i64> {
    value.as_integer().and_then(|integer| i64::try_from(integer).ok())
}

/// RFC 9052 §4.4: `Sig_structure` with context `Signature1` and no external data.
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Result<Vec<u8>, CoseError> {
    write(&Value::Array(vec![
        Value::from("Signature1"),
        Value::Bytes(protected.to_vec()),
        Value::Bytes(Vec::new()),
        Value::Bytes(payload.to_vec()),
    ]))
}

/// RFC 9053 §2, RFC 9864: generic and fully-specified numbers.
fn algorithm(number: i64) -> Option<Algorithm> {
    match number {
        -7 | -9 => Some(Algorithm::Es256),
        -35 | -51 => Some(Algorithm::Es384),
        -8 | -19 => Some(Algorithm::Ed25519),
        _ => None,
    }
}

fn number(alg: Algorithm) -> i64 {
    match alg {
        Algorithm::Es256 => -7,
        Algorithm::Es384 => -35,
        Algorithm::Ed25519 => -8,
    }
}

fn x5chain(value: &Value) -> Result<Vec<Vec<u8>>, CoseError> {
    match value {
        Value::Bytes(one) => Ok(vec![one.clone()]),
        Value::Array(chain) if (1..=8).contains(&chain.len()) => chain
            .iter()
            .map(|der| der.as_bytes().cloned().ok_or(CoseError::Malformed))
            .collect(),
        _ => Err(CoseError::Malformed),
    }
}

/// RFC 9052 §3: labels are unique. Two readers keeping different ones could be made to disagree.
fn has_unique_keys(map: &CborMap) -> Result<(), CoseError> {
    // Labels are integers and strings; anything else has no meaning here and cannot collide with what we read.
    let mut integers: Vec<i64> = map.iter().filter_map(|(key, _)| as_i64(key)).collect();
    let mut texts: Vec<&str> = map.iter().filter_map(|(key, _)| key.as_text()).collect();
    integers.sort_unstable();
    texts.sort_unstable();
    let twice =
        integers.windows(2).any(|pair| pair[0] == pair[1]) || texts.windows(2).any(|pair| pair[0] == pair[1]);
    if twice { Err(CoseError::Malformed) } else { Ok(()) }
}
