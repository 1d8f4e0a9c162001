//! Unlock slots of vaults that do not exist: always the same for one id, and of the form a wallet's have, so that
//! asking for unlock slots does not tell whether there is such a vault. Nothing opens them.
//!
//! The server knows the outer form of a header only here, and only to imitate it; `tests/tests/decoy.rs` compares with
//! what wallets write (`specs/formats/vault.md`).

use assent_core::crypto::{Signer as _, SoftwareKey};

use crate::crypto::SealingKey;

/// Bytes of an envelope around `content` bytes: format, suite, key id, salt, commitment, tag.
const fn envelope(content: usize) -> usize {
    2 + 16 + 24 + 32 + content + 16
}

/// A private key and the vault's public signing key.
const PRIVATE: usize = envelope(32 + 65);
/// An HPKE ciphertext of a root key, after its point.
const ROOT: usize = 32 + 16;
/// The lasting keys.
const KEYRING: usize = envelope(5 * 32);

/// The header of a vault that is not there.
#[must_use]
pub fn header(key: &SealingKey, id: &str, id_bytes: &[u8; 16]) -> Vec<u8> {
    let mut source = Source {
        key,
        id,
        next: 0,
        left: Vec::new(),
    };
    let [methods, device, epoch] = source.fixed::<3>();
    // Half have a passphrase and the recovery code; others a passkey beside them or instead.
    let mut slots: Vec<&str> = match methods {
        0..128 => vec!["argon2id", "recovery"],
        128..192 => vec!["argon2id", "passkey", "recovery"],
        _ => vec!["passkey", "recovery"],
    };
    if device < 96 {
        slots.push("device");
    }
    let mut out = Cbor(Vec::with_capacity(2048));
    out.head(4, 7);
    out.text("assent/vault-header/2");
    out.bytes(id_bytes);
    out.head(0, if epoch < 192 { 1 } else { u64::from(epoch % 3) + 2 });
    out.head(4, slots.len() as u64);
    for slot in slots {
        put_slot(&mut out, slot, &mut source);
    }
    out.bytes(&source.envelope(KEYRING));
    out.bytes(&source.point());
    out.bytes(&source.point());
    out.0
}

fn put_slot(out: &mut Cbor, kind: &str, source: &mut Source<'_>) {
    out.head(4, 6);
    out.bytes(&source.fixed::<16>());
    out.text(kind);
    match kind {
        "argon2id" => {
            out.head(4, 4);
            out.bytes(&source.fixed::<16>());
            // RFC 9106 §4, second recommended option: what wallets use.
            for number in [64 << 10, 3, 4] {
                out.head(0, number);
            }
        }
        "passkey" => {
            out.head(4, 3);
            // Credential ids as common authenticators make them.
            let [length] = source.fixed::<1>();
            let credential = source.take(if length < 128 { 20 } else { 32 });
            out.bytes(&credential);
            out.bytes(&source.fixed::<32>());
            out.bytes(&source.fixed::<32>());
        }
        _ => out.head(4, 0),
    }
    out.bytes(&source.point());
    // A device's own key is not kept.
    let private = if kind == "device" {
        Vec::new()
    } else {
        source.envelope(PRIVATE)
    };
    out.bytes(&private);
    let mut root = source.point().to_vec();
    root.extend(source.take(ROOT));
    out.bytes(&root);
}

/// Bytes that follow from the server's key and the id, and from nothing else.
struct Source<'a> {
    key: &'a SealingKey,
    id: &'a str,
    next: u64,
    left: Vec<u8>,
}

impl Source<'_> {
    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.left.len() < length {
            let block = self
                .key
                .mac("decoy header", &[self.id.as_bytes(), &self.next.to_be_bytes()]);
            self.left.extend_from_slice(&block);
            self.next += 1;
        }
        self.left.drain(..length).collect()
    }

    fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.take(N));
        out
    }

    /// Format 1, suite 1, and noise.
    fn envelope(&mut self, length: usize) -> Vec<u8> {
        let mut out = vec![1, 1];
        out.extend(self.take(length - 2));
        out
    }

    /// A point of P-256: anything else would be told apart at once.
    fn point(&mut self) -> [u8; 65] {
        loop {
            // 32 bytes are outside the range of scalars less than once in 2^32 times.
            if let Ok(key) = SoftwareKey::from_bytes(&self.take(32)) {
                let mut out = [0; 65];
                out.copy_from_slice(key.public_key().as_bytes());
                return out;
            }
        }
    }
}

/// Writes deterministic CBOR (RFC 8949 §4.2.1).
struct Cbor(Vec<u8>);

impl Cbor {
    fn head(&mut self, major: u8, number: u64) {
        let bytes = number.to_be_bytes();
        let (info, from) = match number {
            0..24 => {
                self.0.push(major << 5 | bytes[7]);
                return;
            }
            24..0x100 => (24, 7),
            0x100..0x1_0000 => (25, 6),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 0),
        };
        self.0.push(major << 5 | info);
        self.0.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
}
