//! The outside world that core does not reach for itself: clock, randomness, folders.

use std::path::PathBuf;

use assent_core::env::{RandomUnavailable, SecureRandom, Timestamp};

/// Randomness of the operating system.
#[derive(Debug, Default)]
pub struct OsRandom;

impl SecureRandom for OsRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(out).map_err(|_| RandomUnavailable)
    }
}

/// The present time.
pub fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of this program that reads the clock"
    )]
    let now = std::time::SystemTime::now();
    let seconds = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// A clock to measure how long something takes; it never goes back.
pub fn instant() -> std::time::Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long an answer took, for `-v`; nothing is decided by it"
    )]
    std::time::Instant::now()
}

/// Where the wallet keeps its state when no `--state` is given: the XDG data folder.
pub fn default_state() -> Option<PathBuf> {
    let base = match std::env::var_os("XDG_DATA_HOME") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => PathBuf::from(std::env::var_os("HOME")?).join(".local/share"),
    };
    Some(base.join("assent/wallet.json"))
}
