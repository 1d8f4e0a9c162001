//! JWE with a passphrase, as EU TS10 1.2 demands: `PBES2-HS256+A128KW` and `A128GCM` (RFC 7518 §4.8, §5.3), compact.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Nonce};
use aes_kw::KwAes128;
use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::Value;
use assent_core::env::SecureRandom;
use assent_core::record;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::TransferError;

const ALG: &str = "PBES2-HS256+A128KW";
const ENC: &str = "A128GCM";
/// Iterations of new files: what OWASP asks of PBKDF2 with HMAC-SHA-256.
pub const ITERATIONS: u32 = 600_000;
const KEY: usize = 16;
const WRAPPED: usize = KEY + 8;
const IV: usize = 12;
const TAG: usize = 16;
const HEADER: Limits = Limits {
    bytes: 4 << 10,
    depth: 4,
};

/// Whether a text looks like a compact JWE.
pub(super) fn is_jwe(file: &[u8]) -> bool {
    file.starts_with(b"eyJ") && file.iter().filter(|byte| **byte == b'.').count() == 4
}

/// Seals `plaintext`, JSON text, under a passphrase.
pub(super) fn seal(
    plaintext: &[u8],
    passphrase: &str,
    iterations: u32,
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, TransferError> {
    let (mut salt, mut iv) = ([0; 16], [0; IV]);
    let mut key = Zeroizing::new([0; KEY]);
    rng.fill(&mut salt)?;
    rng.fill(&mut iv)?;
    rng.fill(key.as_mut_slice())?;
    let header = record!({
        "alg": ALG,
        "enc": ENC,
        "p2s": base64url::encode(&salt),
        "p2c": iterations,
        "cty": "application/json",
    });
    let protected = base64url::encode(header.to_string().as_bytes());
    let mut wrapped = [0; WRAPPED];
    KwAes128::new((&*wrapping_key(passphrase, &salt, iterations)).into())
        .wrap_key(key.as_slice(), &mut wrapped)
        .map_err(|_| TransferError::TooLarge)?;
    let payload = Payload {
        msg: plaintext,
        aad: protected.as_bytes(),
    };
    let sealed = Aes128Gcm::new((&*key).into())
        .encrypt(&Nonce::from(iv), payload)
        .map_err(|_| TransferError::TooLarge)?;
    let (ciphertext, tag) = sealed
        .split_at_checked(plaintext.len())
        .ok_or(TransferError::TooLarge)?;
    let parts = [
        protected,
        base64url::encode(&wrapped),
        base64url::encode(&iv),
        base64url::encode(ciphertext),
        base64url::encode(tag),
    ];
    Ok(parts.join(".").into_bytes())
}

/// Opens a compact JWE under a passphrase. More than `most` iterations are refused before any is done.
pub(super) fn open(file: &[u8], passphrase: &str, most: u32) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let text = std::str::from_utf8(file).map_err(|_| TransferError::Damaged)?;
    let parts: Vec<&str> = text.trim_ascii().split('.').collect();
    let [protected, wrapped, iv, ciphertext, tag] = parts[..] else {
        return Err(TransferError::Damaged);
    };
    let (salt, iterations) = read_header(protected)?;
    if iterations > most {
        return Err(TransferError::TooMuchWork);
    }
    let wrapped: [u8; WRAPPED] = exactly(wrapped)?;
    let iv: [u8; IV] = exactly(iv)?;
    // RFC 7518 §5.3: a shorter tag would make forging easier.
    let tag: [u8; TAG] = exactly(tag)?;
    let mut sealed = base64url::decode(ciphertext).map_err(|_| TransferError::Damaged)?;
    sealed.extend_from_slice(&tag);
    let mut key = Zeroizing::new([0; KEY]);
    KwAes128::new((&*wrapping_key(passphrase, &salt, iterations)).into())
        .unwrap_key(&wrapped, key.as_mut_slice())
        .map_err(|_| TransferError::WrongPassphrase)?;
    let payload = Payload {
        msg: &sealed,
        aad: protected.as_bytes(),
    };
    Aes128Gcm::new((&*key).into())
        .decrypt(&Nonce::from(iv), payload)
        .map(Zeroizing::new)
        .map_err(|_| TransferError::Damaged)
}

/// Salt input and iteration count of a header that is allowed.
fn read_header(protected: &str) -> Result<(Vec<u8>, u32), TransferError> {
    let bytes = base64url::decode(protected).map_err(|_| TransferError::Damaged)?;
    let header = json::parse_object(&bytes, HEADER).map_err(|_| TransferError::Damaged)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    // RFC 7516 §4.1.13: we know no critical extension. §4.1.3: `zip` would let a small file grow without bound.
    let extended = header.contains_key("crit") || header.contains_key("zip");
    if extended || text("alg") != Some(ALG) || text("enc") != Some(ENC) {
        return Err(TransferError::OtherSeal);
    }
    // RFC 7518 §4.8.1.1: at least eight octets.
    let salt = text("p2s").and_then(|salt| base64url::decode(salt).ok());
    let salt = salt.filter(|salt| (8..=256).contains(&salt.len()));
    let iterations = header
        .get("p2c")
        .and_then(Value::as_u64)
        .filter(|count| *count > 0);
    let (salt, iterations) = salt.zip(iterations).ok_or(TransferError::Damaged)?;
    let iterations = u32::try_from(iterations).map_err(|_| TransferError::TooMuchWork)?;
    Ok((salt, iterations))
}

/// RFC 7518 §4.8.1.1: the salt is the algorithm's name, a zero and the salt input.
fn wrapping_key(passphrase: &str, salt: &[u8], iterations: u32) -> Zeroizing<[u8; KEY]> {
    let salt = [ALG.as_bytes(), &[0], salt].concat();
    let mut key = Zeroizing::new([0; KEY]);
    pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), &salt, iterations, key.as_mut_slice());
    key
}

fn exactly<const N: usize>(text: &str) -> Result<[u8; N], TransferError> {
    let bytes = base64url::decode(text).map_err(|_| TransferError::Damaged)?;
    bytes.try_into().map_err(|_| TransferError::Damaged)
}

#[cfg(test)]
mod tests {
    use assent_core::env::RandomUnavailable;

    use super::*;

    struct Fixed;

    impl SecureRandom for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            out.fill(9);
            Ok(())
        }
    }

    const PASSPHRASE: &str = "Thus from my lips, by yours, my sin is purged.";

    fn sealed() -> String {
        String::from_utf8(seal(b"{\"a\":1}", PASSPHRASE, 1000, &mut Fixed).unwrap()).unwrap()
    }

    fn with_header(change: impl Fn(&mut Value)) -> Vec<u8> {
        let sealed = sealed();
        let (protected, rest) = sealed.split_once('.').unwrap();
        let mut header: Value = serde_json::from_slice(&base64url::decode(protected).unwrap()).unwrap();
        change(&mut header);
        format!("{}.{rest}", base64url::encode(header.to_string().as_bytes())).into_bytes()
    }

    fn open(file: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransferError> {
        super::open(file, PASSPHRASE, 2000)
    }

    #[test]
    fn opens_what_it_seals() {
        assert!(is_jwe(sealed().as_bytes()));
        assert_eq!(*open(sealed().as_bytes()).unwrap(), b"{\"a\":1}");
        assert_eq!(*open(format!("{}\n", sealed()).as_bytes()).unwrap(), b"{\"a\":1}");
        let wrong = super::open(sealed().as_bytes(), "another", 2000);
        assert_eq!(wrong, Err(TransferError::WrongPassphrase));
    }

    #[test]
    fn headers_outside_the_exchange_format_are_refused() {
        for (member, value, expected) in [
            ("alg", "PBES2-HS512+A256KW".into(), TransferError::OtherSeal),
            ("alg", "dir".into(), TransferError::OtherSeal),
            ("enc", "A256GCM".into(), TransferError::OtherSeal),
            ("zip", "DEF".into(), TransferError::OtherSeal),
            ("crit", serde_json::json!(["zip"]), TransferError::OtherSeal),
            ("p2c", 2001.into(), TransferError::TooMuchWork),
            ("p2c", u64::MAX.into(), TransferError::TooMuchWork),
            ("p2c", 0.into(), TransferError::Damaged),
            ("p2c", (-1).into(), TransferError::Damaged),
            ("p2c", "1000".into(), TransferError::Damaged),
            ("p2s", "AAAA".into(), TransferError::Damaged),
            ("p2s", base64url::encode(&[1; 300]).into(), TransferError::Damaged),
            (
                "p2s",
                base64url::encode(&[1; 16]).into(),
                TransferError::WrongPassphrase,
            ),
            // Covered by the seal.
            ("cty", "text/html".into(), TransferError::Damaged),
        ] {
            let value: Value = value;
            let file = with_header(|header| header[member] = value.clone());
            assert_eq!(open(&file), Err(expected), "{member} {value}");
        }
    }

    #[test]
    fn every_changed_character_is_seen() {
        let sealed = sealed().into_bytes();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
            assert!(open(&changed).is_err(), "character {at}");
        }
        for parts in ["a.b.c.d", "....", "a.b.c.d.e.f", ""] {
            assert!(open(parts.as_bytes()).is_err());
        }
    }
}
