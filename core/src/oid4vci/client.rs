//! How a wallet says who it is to an authorization server.

use std::fmt;

use crate::encoding::record::{FromJson, ToJson};
use crate::http::HttpRequest;

/// Header of the client attestation (Attestation-Based Client Authentication §6.1).
pub const ATTESTATION_HEADER: &str = "oauth-client-attestation";
/// Header of the proof that the attested key is there.
pub const ATTESTATION_POP_HEADER: &str = "oauth-client-attestation-pop";

/// The client of a request to an authorization server. [`ClientAuth::default`] is the anonymous one (CI-12).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientAuth {
    /// `client_id`, unless anonymous.
    pub client_id: Option<String>,
    /// With what a wallet provider vouches for this wallet, where the server demands it.
    pub attestation: Option<AttestedClient>,
}

/// A client attestation and the proof that goes with it (OpenID4VCI 1.0 Appendix E).
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AttestedClient {
    /// The attestation, a JWT.
    pub attestation: String,
    /// The proof of possession, a JWT made for one authorization server.
    pub pop: String,
}

// Whoever reads the two can be this wallet at that server, until the proof is too old.
impl fmt::Debug for AttestedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttestedClient").finish_non_exhaustive()
    }
}

impl ClientAuth {
    /// A client that has a name and nothing to prove it with (RFC 6749 §2.1, public).
    #[must_use]
    pub fn public(client_id: impl Into<String>) -> Self {
        Self {
            client_id: Some(client_id.into()),
            attestation: None,
        }
    }

    /// The request with the headers of the attestation, where there is one.
    #[must_use]
    pub(super) fn sign(&self, request: HttpRequest) -> HttpRequest {
        match &self.attestation {
            Some(attested) => request
                .header(ATTESTATION_HEADER, &attested.attestation)
                .header(ATTESTATION_POP_HEADER, &attested.pop),
            None => request,
        }
    }
}
