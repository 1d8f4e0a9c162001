//! Public keys and their JWK form (RFC 7517, RFC 8037), thumbprints (RFC 7638).

use p256::elliptic_curve::sec1::ToSec1Point as _;
use serde_json::{Value, json};

use super::{Algorithm, sha256};
use crate::encoding::base64url;
use crate::encoding::der;
use crate::encoding::json::Object;

/// A public key, checked to be a valid point, with exactly one algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// P-256, uncompressed SEC 1 point.
    P256([u8; 65]),
    /// P-384, uncompressed SEC 1 point.
    P384(Box<[u8; 97]>),
    /// Ed25519.
    Ed25519([u8; 32]),
}

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Missing or malformed members.
    #[error("the key is malformed")]
    Malformed,
    /// A key type or curve we do not use.
    #[error("the key type is not supported")]
    Unsupported,
    /// The point is not on its curve.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// A private member where only a public key may be.
    #[error("a private key was sent where a public key belongs")]
    Private,
}

impl PublicKey {
    /// The one algorithm this key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::Es256,
            Self::P384(_) => Algorithm::Es384,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The raw key: an uncompressed SEC 1 point, or the 32 bytes of Ed25519.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::P256(point) => point,
            Self::P384(point) => point.as_slice(),
            Self::Ed25519(bytes) => bytes,
        }
    }

    /// From a P-256 point in any SEC 1 form.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`].
    pub fn from_p256_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = p256::PublicKey::from_sec1_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        let point = key.to_sec1_point(false);
        Ok(Self::P256(
            point.as_bytes().try_into().map_err(|_| KeyError::Malformed)?,
        ))
    }

    /// From a P-384 point in any SEC 1 form.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`].
    pub fn from_p384_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = p384::PublicKey::from_sec1_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        let point = key.to_sec1_point(false);
        let point: [u8; 97] = point.as_bytes().try_into().map_err(|_| KeyError::Malformed)?;
        Ok(Self::P384(Box::new(point)))
    }

    /// From the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`], also for points of small order.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotOnCurve)?;
        if key.is_weak() {
            return Err(KeyError::NotOnCurve);
        }
        Ok(Self::Ed25519(bytes))
    }

    /// From a SubjectPublicKeyInfo in DER, as certificates carry it (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for other key types.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, key) = spki(der).ok_or(KeyError::Malformed)?;
        match algorithm {
            P256 => Self::from_p256_sec1(key),
            P384 => Self::from_p384_sec1(key),
            ED25519 => Self::from_ed25519(key),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// From a JWK. Unknown members are ignored; private ones are refused.
    ///
    /// # Errors
    /// See [`KeyError`]. A present `alg` that is not the key's own is [`KeyError::Malformed`].
    pub fn from_jwk(jwk: &Object) -> Result<Self, KeyError> {
        if ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]
            .iter()
            .any(|name| jwk.contains_key(*name))
        {
            return Err(KeyError::Private);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str, len: usize| {
            let raw =
                base64url::decode(text(name).ok_or(KeyError::Malformed)?).map_err(|_| KeyError::Malformed)?;
            // RFC 7518 §6.2.1.2: coordinates are of the full field length.
            if raw.len() == len {
                Ok(raw)
            } else {
                Err(KeyError::Malformed)
            }
        };
        match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => {
                Self::from_p256_sec1(&[&[4][..], &bytes("x", 32)?, &bytes("y", 32)?].concat())
            }
            (Some("EC"), Some("P-384")) => {
                Self::from_p384_sec1(&[&[4][..], &bytes("x", 48)?, &bytes("y", 48)?].concat())
            }
            (Some("OKP"), Some("Ed25519")) => Self::from_ed25519(&bytes("x", 32)?),
            (Some(_), _) => Err(KeyError::Unsupported),
            _ => Err(KeyError::Malformed),
        }
    }

    /// As a JWK with only the members a thumbprint covers, in lexicographic order.
    #[must_use]
    pub fn to_jwk(&self) -> Object {
        let value = match self {
            Self::P256(point) => json!({
                "crv": "P-256", "kty": "EC",
                "x": base64url::encode(&point[1..33]), "y": base64url::encode(&point[33..]),
            }),
            Self::P384(point) => json!({
                "crv": "P-384", "kty": "EC",
                "x": base64url::encode(&point[1..49]), "y": base64url::encode(&point[49..]),
            }),
            Self::Ed25519(bytes) => json!({ "crv": "Ed25519", "kty": "OKP", "x": base64url::encode(bytes) }),
        };
        match value {
            Value::Object(map) => map,
            _ => Object::new(),
        }
    }

    /// JWK thumbprint with SHA-256 (RFC 7638 §3).
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        // RFC 7638 §3.3 wants lexicographic order. serde_json's map may keep insertion order, so it is written
        // out in order above; all values are plain ASCII.
        let members: Vec<String> = self
            .to_jwk()
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        sha256(format!("{{{}}}", members.join(",")).as_bytes())
    }
}

// The algorithm identifiers with their parameters, in DER: ecPublicKey with a named curve (RFC 5480 §2.1.1), and
// Ed25519, which has none (RFC 8410 §3).
const P256: &[u8] = &[
    6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
];
const P384: &[u8] = &[
    6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22,
];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];

/// Algorithm and key of a SubjectPublicKeyInfo (RFC 5280 §4.1).
fn spki(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = der::Reader::only(der, der::SEQUENCE)?;
    let algorithm = info.take(der::SEQUENCE)?;
    let (key, unused) = der::bits(info.take(der::BIT_STRING)?)?;
    (info.end() && unused == 0).then_some((algorithm, key))
}
