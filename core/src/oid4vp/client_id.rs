//! Client identifiers and their prefixes (OpenID4VP 1.0 §5.9).

use std::fmt;

use crate::crypto::sha256;
use crate::encoding::base64url;
use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};
use crate::error::ErrorCode;
use crate::profile::Endpoint;

/// Longest client identifier accepted, in bytes.
const MAX_CLIENT_ID: usize = 2048;

/// How a verifier is identified, and so how a wallet authenticates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum ClientIdPrefix {
    /// `redirect_uri:` — not authenticated at all; requests cannot be signed.
    RedirectUri,
    /// `x509_san_dns:` — a DNS name in the certificate that signs the request.
    X509SanDns,
    /// `x509_hash:` — the hash of the certificate that signs the request. The one HAIP 1.0 §5 asks for.
    X509Hash,
    /// `decentralized_identifier:` — a DID whose key signs the request.
    DecentralizedIdentifier,
}

impl ClientIdPrefix {
    /// All prefixes we support, the preferred one first.
    pub const SUPPORTED: [Self; 4] = [
        Self::X509Hash,
        Self::X509SanDns,
        Self::DecentralizedIdentifier,
        Self::RedirectUri,
    ];

    /// The prefix without its colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RedirectUri => "redirect_uri",
            Self::X509SanDns => "x509_san_dns",
            Self::X509Hash => "x509_hash",
            Self::DecentralizedIdentifier => "decentralized_identifier",
        }
    }

    /// Reads a prefix without its colon; `None` when we do not support it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::SUPPORTED.into_iter().find(|prefix| prefix.as_str() == name)
    }

    /// True when requests with this prefix are signed; with `redirect_uri` they never are (§5.9.3).
    #[must_use]
    pub fn is_signed(self) -> bool {
        self != Self::RedirectUri
    }
}

/// Why a client identifier was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientIdError {
    /// Empty, too long, or with characters that do not belong there.
    #[error("not a client identifier")]
    Malformed,
    /// No prefix: the verifier would have to be registered with this wallet, and none are.
    #[error("the client identifier has no prefix, and no verifiers are registered in advance")]
    NotRegistered,
    /// A prefix this implementation does not support (§5.9.2), among them `origin`, which must never be accepted.
    #[error("the client identifier prefix `{0}` is not supported")]
    UnsupportedPrefix(String),
}

impl ErrorCode for ClientIdError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "client-id-malformed",
            Self::NotRegistered => "client-id-not-registered",
            Self::UnsupportedPrefix(_) => "client-id-unsupported-prefix",
        }
    }
}

/// A client identifier with a prefix we support. Always used whole, prefix included: as audience, in records and
/// on screens (§14.10).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientId {
    text: String,
    prefix: ClientIdPrefix,
}

impl ClientId {
    /// Reads a client identifier: the text before the first colon is the prefix (§5.9.1).
    ///
    /// # Errors
    /// [`ClientIdError`].
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let plain = |byte: u8| byte.is_ascii_graphic();
        if text.is_empty() || text.len() > MAX_CLIENT_ID || !text.bytes().all(plain) {
            return Err(ClientIdError::Malformed);
        }
        let (name, value) = text.split_once(':').ok_or(ClientIdError::NotRegistered)?;
        let prefix = ClientIdPrefix::from_name(name)
            .ok_or_else(|| ClientIdError::UnsupportedPrefix(name.to_owned()))?;
        let value_fits = match prefix {
            // §5.9.3: base64url of a SHA-256 hash.
            ClientIdPrefix::X509Hash => base64url::decode(value).is_ok_and(|hash| hash.len() == 32),
            ClientIdPrefix::DecentralizedIdentifier => value.starts_with("did:"),
            ClientIdPrefix::RedirectUri | ClientIdPrefix::X509SanDns => !value.is_empty(),
        };
        if !value_fits {
            return Err(ClientIdError::Malformed);
        }
        Ok(Self {
            text: text.to_owned(),
            prefix,
        })
    }

    /// `x509_hash:` of a certificate in DER.
    #[must_use]
    pub fn x509_hash(leaf_der: &[u8]) -> Self {
        Self::with(ClientIdPrefix::X509Hash, &base64url::encode(&sha256(leaf_der)))
    }

    /// `x509_san_dns:` of a DNS name.
    #[must_use]
    pub fn x509_san_dns(name: &str) -> Self {
        Self::with(ClientIdPrefix::X509SanDns, name)
    }

    /// `redirect_uri:` of the response endpoint.
    #[must_use]
    pub fn redirect_uri(response_uri: &Endpoint) -> Self {
        Self::with(ClientIdPrefix::RedirectUri, response_uri.as_str())
    }

    /// `decentralized_identifier:` of a DID.
    #[must_use]
    pub fn decentralized_identifier(did: &str) -> Self {
        Self::with(ClientIdPrefix::DecentralizedIdentifier, did)
    }

    fn with(prefix: ClientIdPrefix, value: &str) -> Self {
        Self {
            text: format!("{}:{value}", prefix.as_str()),
            prefix,
        }
    }

    /// The whole identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its prefix.
    #[must_use]
    pub fn prefix(&self) -> ClientIdPrefix {
        self.prefix
    }

    /// What follows the prefix and its colon.
    #[must_use]
    pub fn value(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, value)| value)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({})", self.text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for ClientId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl ToJson for ClientId {
    fn write_json(&self) -> Value {
        record::text(&self.text)
    }
}

impl FromJson for ClientId {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::parse(&String::read_json(value)?).map_err(|_| Malformed("a client_id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let id = ClientId::parse("x509_san_dns:library.example").unwrap();
        assert_eq!(
            (id.prefix(), id.value()),
            (ClientIdPrefix::X509SanDns, "library.example")
        );
        let id = ClientId::parse("redirect_uri:https://library.example/r").unwrap();
        assert_eq!(id.value(), "https://library.example/r");
        let hash = ClientId::x509_hash(b"certificate");
        assert_eq!(ClientId::parse(hash.as_str()).unwrap(), hash);
        assert_eq!(ClientId::parse("library"), Err(ClientIdError::NotRegistered));
        for bad in [
            "",
            "x509_hash:abc",
            "x509_san_dns:",
            "decentralized_identifier:key",
            "a b:c",
        ] {
            assert_eq!(ClientId::parse(bad), Err(ClientIdError::Malformed), "{bad}");
        }
        // §5.9.3: `origin` is reserved and must not be accepted; URLs have no known prefix either.
        for other in [
            "origin:https://a.example",
            "https://a.example",
            "verifier_attestation:a",
            "X509_HASH:a",
        ] {
            let refused = ClientId::parse(other);
            assert!(
                matches!(refused, Err(ClientIdError::UnsupportedPrefix(_))),
                "{other}"
            );
        }
    }
}
