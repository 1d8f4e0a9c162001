//! Padding that hides lengths: an ISO/IEC 7816-4 marker, then zeros up to the Padmé length, at least 256 bytes.
//!
//! Padmé costs at most 12 % and leaks O(log log n) bits. Lengths are computed on `u64`: on `usize` the shifts go
//! wrong on 32-bit targets, and browser and server would disagree.

use zeroize::Zeroizing;

const LEAST: u64 = 256;
pub(super) const MARKER: u8 = 0x80;

/// The padded length for a content of `len` bytes, marker included.
pub(super) fn padded_len(len: u64) -> u64 {
    let with_marker = len.saturating_add(1);
    padme(with_marker).max(LEAST)
}

fn padme(len: u64) -> u64 {
    if len < 2 {
        return len;
    }
    let exponent = u64::from(len.ilog2());
    let significant = u64::from(exponent.ilog2()) + 1;
    let mask = (1u64 << exponent.saturating_sub(significant)) - 1;
    len.saturating_add(mask) & !mask
}

/// The same for a content that is in memory.
pub(super) fn padded(len: usize) -> usize {
    usize::try_from(padded_len(len as u64)).unwrap_or(len + 1)
}

/// Removes the padding; `None` when it is not exactly that.
pub(super) fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    if padded[end] != MARKER || padded_len(end as u64) != padded.len() as u64 {
        return None;
    }
    padded.truncate(end);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(content.to_vec());
        out.push(MARKER);
        out.resize(padded(content.len()), 0);
        out
    }

    #[test]
    fn padme_examples() {
        // 9 = 1001b keeps two significant bits below the top: 10; 1000 → 1024 (steps of 32); 2^20+1 → next 2^15.
        assert_eq!(padme(9), 10);
        assert_eq!(padme(1000), 1024);
        assert_eq!(padme((1 << 20) + 1), (1 << 20) + (1 << 15));
        assert_eq!(padded_len(0), 256);
        assert_eq!(padded_len(255), 256);
        assert_eq!(padded_len(256), 272);
    }

    #[test]
    fn refuses_other_padding() {
        let mut long = pad(b"x");
        long.extend_from_slice(&[0; 16]);
        assert!(unpad(long).is_none());
        assert!(unpad(Zeroizing::new(vec![0; 256])).is_none());
        assert!(unpad(Zeroizing::new(vec![1; 256])).is_none());
        assert!(unpad(Zeroizing::new(Vec::new())).is_none());
    }

    proptest! {
        #[test]
        fn costs_at_most_an_eighth_and_comes_back(content in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let padded = pad(&content);
            prop_assert!(padded.len() >= 256);
            prop_assert!(padded.len() <= 256.max(content.len() + 1 + (content.len() + 1) / 8));
            prop_assert_eq!(&*unpad(padded).unwrap(), &content);
        }
    }
}
