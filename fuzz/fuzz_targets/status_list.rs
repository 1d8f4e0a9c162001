//! Status list tokens in both forms, and the compressed lists inside them.
#![no_main]

use std::sync::LazyLock;

use assent_core::crypto::{PublicKey, RustCrypto, Signer as _, SoftwareKey};
use assent_core::status::{MAX_LIST_BYTES, StatusBits, StatusList, UnverifiedStatusListToken};
use libfuzzer_sys::fuzz_target;

/// A key nobody signed the input with.
static KEY: LazyLock<PublicKey> = LazyLock::new(|| SoftwareKey::from_bytes(&[1; 32]).unwrap().public_key());

fuzz_target!(|data: &[u8]| {
    for media_type in ["application/statuslist+jwt", "application/statuslist+cwt"] {
        if let Ok(token) = UnverifiedStatusListToken::parse(media_type, data) {
            assert!(token.verify(&KEY, &RustCrypto).is_err());
        }
    }
    for bits in [
        StatusBits::One,
        StatusBits::Two,
        StatusBits::Four,
        StatusBits::Eight,
    ] {
        let Ok(list) = StatusList::from_zlib(bits, data) else {
            continue;
        };
        assert!(list.as_bytes().len() <= MAX_LIST_BYTES);
        assert!(list.get(0).is_ok());
        assert!(list.get(list.size() as u64).is_err());
    }
    if let Ok(list) = StatusList::from_cbor(data) {
        assert!(!list.as_bytes().is_empty());
    }
});
