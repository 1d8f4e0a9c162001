use assent_core::env::RandomUnavailable;

use super::*;

struct Counter(u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0 += 1;
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&assent_core::crypto::sha256(&self.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

const PASSPHRASE: &str = "correct horse battery";

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal(plaintext, PASSPHRASE, 4, &mut Counter(0)).unwrap()
}

/// Replaces text in the header.
fn with(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = file
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap();
    [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat()
}

#[test]
fn opens_what_it_seals_whatever_its_length() {
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
        let plaintext: Vec<u8> = (0..len).map(|at| at as u8).collect();
        let file = sealed(&plaintext);
        assert_eq!(*open(&file, PASSPHRASE, 4).unwrap(), plaintext, "{len}");
        assert_eq!(
            open(&file, "another", 4),
            Err(TransferError::WrongPassphrase),
            "{len}"
        );
    }
}

/// The header as the specification writes it, so that its lines are known to be what other programs expect.
#[test]
fn the_header_is_that_of_the_specification() {
    let file = sealed(b"x");
    let text = String::from_utf8_lossy(&file);
    let lines: Vec<&str> = text.split('\n').take(4).collect();
    assert_eq!(lines[0], "age-encryption.org/v1");
    assert!(lines[1].starts_with("-> scrypt ") && lines[1].ends_with(" 4") && lines[1].len() == 10 + 22 + 2);
    assert_eq!(lines[2].len(), 43);
    assert!(lines[3].starts_with("--- ") && lines[3].len() == 4 + 43);
}

#[test]
fn every_changed_bit_is_seen() {
    let file = sealed(b"some text");
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(open(&changed, PASSPHRASE, 6).is_err(), "byte {at}");
    }
    for len in 0..file.len() {
        assert!(open(&file[..len], PASSPHRASE, 6).is_err(), "cut at {len}");
    }
    let longer = [file.as_slice(), b"\0"].concat();
    assert_eq!(open(&longer, PASSPHRASE, 6), Err(TransferError::Damaged));
}

#[test]
fn chunks_cannot_be_dropped_exchanged_or_repeated() {
    let file = sealed(&vec![5; 3 * CHUNK]);
    let payload = file.len() - 3 * (CHUNK + TAG);
    let (head, chunks) = file.split_at(payload);
    let chunk = |at: usize| &chunks[at * (CHUNK + TAG)..(at + 1) * (CHUNK + TAG)];
    for order in [
        &[0, 1][..],
        &[1, 0, 2],
        &[0, 0, 1, 2],
        &[0, 2],
        &[0, 1, 2, 2],
        &[2],
    ] {
        let parts: Vec<&[u8]> = order.iter().map(|at| chunk(*at)).collect();
        let changed = [head, &parts.concat()].concat();
        assert_eq!(
            open(&changed, PASSPHRASE, 4),
            Err(TransferError::Damaged),
            "{order:?}"
        );
    }
    // An empty last chunk after full ones.
    let key = {
        let header = Header::read(&file).unwrap();
        let wrapping = wrapping_key(PASSPHRASE, &header.salt, header.work_factor).unwrap();
        let file_key = cipher(&wrapping)
            .decrypt(&Nonce::default(), header.wrapped.as_slice())
            .unwrap();
        payload_key(&file_key, &header.payload[..NONCE]).unwrap()
    };
    let full = cipher(&key)
        .encrypt(&chunk_nonce(0, false), &vec![5; CHUNK][..])
        .unwrap();
    let empty = cipher(&key).encrypt(&chunk_nonce(1, true), &b""[..]).unwrap();
    let changed = [head, &full, &empty].concat();
    assert_eq!(open(&changed, PASSPHRASE, 4), Err(TransferError::Damaged));
}

#[test]
fn work_is_refused_before_it_is_done() {
    let file = sealed(b"x");
    for factor in ["22", "63"] {
        let bomb = with(&file, " 4\n", &format!(" {factor}\n"));
        assert_eq!(open(&bomb, PASSPHRASE, 21), Err(TransferError::TooMuchWork));
    }
    for factor in ["04", "-4", "+4", "0", "64", "300", "", "4 4"] {
        let changed = with(&file, " 4\n", &format!(" {factor}\n"));
        let refused = open(&changed, PASSPHRASE, 21).unwrap_err();
        assert!(
            matches!(refused, TransferError::Damaged | TransferError::OtherRecipient),
            "{factor}"
        );
    }
}

#[test]
fn other_recipients_are_named_as_such() {
    let file = sealed(b"x");
    for other in ["-> X25519 ", "-> piv-p256 ", "-> scrypt2 "] {
        let changed = with(&file, "-> scrypt ", other);
        assert_eq!(open(&changed, PASSPHRASE, 4), Err(TransferError::OtherRecipient));
    }
    // A second recipient beside the passphrase would open the file for somebody else.
    let text = "\n--- ";
    let changed = with(&file, text, &format!("\n-> X25519 abc\n{}{text}", "A".repeat(43)));
    assert_eq!(open(&changed, PASSPHRASE, 4), Err(TransferError::OtherRecipient));
    assert_eq!(
        open(b"age-encryption.org/v2\n", PASSPHRASE, 4),
        Err(TransferError::UnknownFile)
    );
}
