//! What is allowed: plain data that the protocols ask before they accept anything.
//!
//! Two profiles exist: the plain one of OpenID4VP 1.0 and OpenID4VCI 1.0 ([`Profile::BASELINE`]) and the
//! stricter one of HAIP 1.0 ([`Profile::HAIP`]). [`Profile::sandbox`] opens the one door a developer needs on
//! their own machine: plain http to a loopback address.

mod endpoint;
mod network;

pub use endpoint::{BadEndpoint, Endpoint};
pub use network::{Network, allowed};

use crate::crypto::Algorithm;
use crate::encoding::json;

/// Tolerance between two clocks, in seconds, for `iat`, `nbf` and `exp`.
pub const CLOCK_LEEWAY: i64 = 60;

/// What one deployment accepts and offers. Plain data; nothing here decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Accept `http` URLs to `localhost`, `127.0.0.1` and `[::1]`. For a developer's machine and tests only.
    pub allow_loopback_http: bool,
    /// HAIP 1.0 is demanded: signed requests with `x5c`, encrypted responses, a nonce endpoint, a scope for every
    /// credential configuration.
    pub haip: bool,
    /// Signature algorithms accepted on credentials, requests and proofs, the preferred one first.
    pub signature_algorithms: &'static [Algorithm],
    /// Size limits for what comes over the network.
    pub limits: MessageLimits,
}

/// Size limits for what comes over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// Largest credential offer, in bytes.
    pub offer: usize,
    /// Largest issuer or authorization server metadata document, in bytes.
    pub metadata: usize,
    /// Largest token, nonce or notification message, in bytes.
    pub small: usize,
    /// Largest credential request or response, in bytes.
    pub credentials: usize,
    /// Deepest nesting of JSON.
    pub depth: usize,
    /// Most credentials in one batch, however many the other side offers.
    pub batch: usize,
}

impl MessageLimits {
    /// The limits of both profiles.
    pub const DEFAULT: Self = Self {
        offer: 16 << 10,
        metadata: 512 << 10,
        small: 16 << 10,
        credentials: 1 << 20,
        depth: 16,
        batch: 100,
    };

    /// JSON limits for a message of at most `bytes`.
    #[must_use]
    pub fn json(&self, bytes: usize) -> json::Limits {
        json::Limits {
            bytes,
            depth: self.depth,
        }
    }
}

impl Profile {
    /// OpenID4VP 1.0 and OpenID4VCI 1.0 without a high-assurance profile.
    pub const BASELINE: Self = Self {
        allow_loopback_http: false,
        haip: false,
        signature_algorithms: &[Algorithm::Es256, Algorithm::Es384, Algorithm::Ed25519],
        limits: MessageLimits::DEFAULT,
    };

    /// HAIP 1.0. Ed25519 is left out: it is not among the agreed mechanisms of the EU profile.
    pub const HAIP: Self = Self {
        haip: true,
        signature_algorithms: &[Algorithm::Es256, Algorithm::Es384],
        ..Self::BASELINE
    };

    /// The same profile with plain http to loopback addresses allowed.
    #[must_use]
    pub const fn sandbox(self) -> Self {
        Self {
            allow_loopback_http: true,
            ..self
        }
    }

    /// True when a signature with `algorithm` may be accepted.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.signature_algorithms.contains(&algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haip_is_stricter_and_the_sandbox_opens_only_loopback() {
        assert!(Profile::BASELINE.allows(Algorithm::Ed25519));
        assert!(!Profile::HAIP.allows(Algorithm::Ed25519));
        let sandbox = Profile::HAIP.sandbox();
        assert!(sandbox.allow_loopback_http && sandbox.haip);
        assert_eq!(sandbox.signature_algorithms, Profile::HAIP.signature_algorithms);
    }
}
