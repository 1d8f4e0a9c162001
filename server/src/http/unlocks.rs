//! Limits on reading unlock slots, which anybody may ask for: whoever has them can guess passphrases, and whoever asks for
//! many ids looks for vaults.
//!
//! Each address has a limit over all vaults, and a share of its own at each vault. Beyond that share it draws on what the
//! vault has for everybody. So nobody can use up what somebody at another address needs to get in.

use assent_core::env::Timestamp;

use super::growing::GrowingWait;
use super::rate::RateLimit;
use crate::clock::Pace;
use crate::config::Limits;
use crate::error::Problem;

/// Longest wait of one address, in seconds.
const LONGEST: i64 = 15 * 60;
/// Longest wait of one address for one vault, in seconds. Short: an owner may share the address with many others.
const LONGEST_FOR_VAULT: i64 = 60;

/// The limits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Unlocks {
    address: GrowingWait,
    address_at_vault: GrowingWait,
    vault: RateLimit,
}

impl Unlocks {
    /// From the settings.
    #[must_use]
    pub fn new(limits: &Limits, pace: Pace) -> Self {
        let at_vault = limits.unlocks_per_vault_and_address_per_minute;
        Self {
            address: GrowingWait::new(limits.unlocks_per_address_per_minute, LONGEST, pace),
            address_at_vault: GrowingWait::new(at_vault, LONGEST_FOR_VAULT, pace),
            vault: RateLimit::per_minute(limits.unlocks_per_vault_per_minute, pace),
        }
    }

    /// Counts one reading of the slots of `vault` from `address`.
    ///
    /// # Errors
    /// `rate-limited` (429) with the seconds to wait.
    pub fn check(&self, vault: &str, address: &str, now: Timestamp) -> Result<(), Problem> {
        self.address.check(address, now)?;
        let own = format!("{vault} {address}");
        self.address_at_vault
            .check_or(&own, now, || self.vault.take(vault, 1).is_ok())
    }

    /// Forgets who kept away.
    pub fn forget_idle(&self, now: Timestamp) {
        self.address.forget_idle(now);
        self.address_at_vault.forget_idle(now);
        self.vault.forget_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const NOW: Timestamp = Timestamp(1_000);

    fn still() -> Pace {
        Clock::Set(std::sync::Arc::default()).pace()
    }

    fn limits() -> Limits {
        Limits {
            unlocks_per_address_per_minute: 400,
            unlocks_per_vault_and_address_per_minute: 8,
            unlocks_per_vault_per_minute: 16,
            ..Limits::default()
        }
    }

    #[test]
    fn whoever_has_not_asked_yet_never_waits_for_others() {
        let unlocks = Unlocks::new(&limits(), still());
        let passed = |address: &str| {
            let mut readings = 0..100;
            readings.find(|_| unlocks.check("vault", address, NOW).is_err())
        };
        // A quarter of the own share at once, and a quarter of everybody's.
        assert_eq!(passed("stranger"), Some(2 + 4));
        for another in 0..50 {
            assert_eq!(passed(&format!("stranger {another}")), Some(2));
        }
        assert_eq!(passed("owner"), Some(2));
        assert!(unlocks.check("other vault", "stranger", NOW).is_ok());
    }

    #[test]
    fn an_address_has_one_limit_over_all_vaults() {
        let few = Limits {
            unlocks_per_address_per_minute: 40,
            ..limits()
        };
        let unlocks = Unlocks::new(&few, still());
        let mut vaults = 0..100;
        let refused = vaults.find(|vault| unlocks.check(&vault.to_string(), "stranger", NOW).is_err());
        assert_eq!(refused, Some(10));
        assert!(unlocks.check("0", "owner", NOW).is_ok());
        unlocks.forget_idle(NOW.plus(4 * LONGEST + 1));
    }
}
