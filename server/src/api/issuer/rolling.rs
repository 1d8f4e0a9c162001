//! Values that show that a proof is fresh: the same for everybody and kept nowhere. Each is a MAC over a number that goes
//! up every few minutes, of which the last two are good. What one process gave out, another knows.

use assent_core::crypto::constant_time_eq;
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;

use crate::crypto::SealingKey;

/// Seconds until a value changes; each is good for one to two times as long.
const PERIOD: i64 = 150;

/// What a value is for. One is not taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rolling {
    /// DPoP nonces of the authorization server (RFC 9449 §8).
    ServerNonce,
    /// DPoP nonces of the credential issuer (§9): others, also where both are one server.
    ResourceNonce,
    /// Challenges for attestations of wallets.
    Challenge,
}

impl Rolling {
    /// The value of this moment.
    pub(super) fn value(self, sealing: &SealingKey, now: Timestamp) -> String {
        self.of(sealing, period(now))
    }

    /// Whether it is this period's or the last one's; the next one's, too, of a process whose clock is a little ahead.
    pub(super) fn is_good(self, sealing: &SealingKey, now: Timestamp, presented: &str) -> bool {
        let now = period(now);
        [now, now - 1, now + 1]
            .iter()
            .any(|period| constant_time_eq(self.of(sealing, *period).as_bytes(), presented.as_bytes()))
    }

    fn of(self, sealing: &SealingKey, period: i64) -> String {
        let purpose = match self {
            Self::ServerNonce => "dpop nonce of the authorization server",
            Self::ResourceNonce => "dpop nonce of the resource",
            Self::Challenge => "attestation challenge",
        };
        base64url::encode(&sealing.mac(purpose, &[&period.to_be_bytes()]))
    }
}

fn period(now: Timestamp) -> i64 {
    now.0.div_euclid(PERIOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_for_one_thing_of_one_server_and_for_a_while() {
        let all = [Rolling::ServerNonce, Rolling::ResourceNonce, Rolling::Challenge];
        let (sealing, other) = (
            SealingKey::from_bytes(&[7; 32]).unwrap(),
            SealingKey::from_bytes(&[8; 32]).unwrap(),
        );
        let given = Timestamp(PERIOD * 1000);
        for rolling in all {
            let value = rolling.value(&sealing, given);
            let good = |after: i64| rolling.is_good(&sealing, given.plus(after), &value);
            assert!(good(0) && good(2 * PERIOD - 1) && !good(2 * PERIOD));
            assert!(good(-1) && !good(-PERIOD - 1));
            for another in all {
                assert_eq!(another.is_good(&sealing, given, &value), another == rolling);
            }
            assert!(!rolling.is_good(&other, given, &value) && !rolling.is_good(&sealing, given, ""));
        }
    }
}
