//! Remembers the chains that were verified last.
//!
//! A verifier sees the same few issuer certificates again and again, and a chain costs a signature verification
//! per certificate. Only chains that were verified to a configured anchor get in, and they count only inside the
//! validity of every certificate on the path, so an answer from here is the answer verification would give.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::VerifiedChain;
use super::certificate::Validity;
use crate::env::Timestamp;

/// Chains remembered; the oldest makes room.
const CAPACITY: usize = 64;

/// The chains of one role. A clone starts empty.
#[derive(Default)]
pub(super) struct Memo(Mutex<Vec<Remembered>>);

struct Remembered {
    x5c: X5cHash,
    validity: Validity,
    chain: VerifiedChain,
}

/// Identifies the certificates of an `x5c` and their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct X5cHash([u8; 32]);

impl X5cHash {
    pub(super) fn of(x5c: &[Vec<u8>]) -> Self {
        let mut hash = Sha256::new();
        for der in x5c {
            // The lengths keep the borders apart.
            hash.update((der.len() as u64).to_be_bytes());
            hash.update(der);
        }
        Self(hash.finalize().into())
    }
}

impl Memo {
    /// The chain of these certificates, when it was verified and is valid at `now`.
    pub(super) fn find(&self, x5c: X5cHash, now: Timestamp) -> Option<VerifiedChain> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .find(|entry| entry.x5c == x5c && entry.validity.includes(now))
            .map(|entry| entry.chain.clone())
    }

    /// Remembers a verified chain, valid during `validity`.
    pub(super) fn keep(&self, x5c: X5cHash, validity: Validity, chain: &VerifiedChain) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|entry| entry.x5c == x5c) {
            return;
        }
        if known.len() == CAPACITY {
            known.remove(0);
        }
        known.push(Remembered {
            x5c,
            validity,
            chain: chain.clone(),
        });
    }

    /// Forgets everything: the anchors have changed.
    pub(super) fn clear(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
