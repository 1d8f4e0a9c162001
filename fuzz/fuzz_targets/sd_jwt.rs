//! SD-JWTs in compact and JSON form, from text to processed claims and back out of a holder's hands.
//!
//! A fuzzer cannot guess a signature, so input that is not text of an SD-JWT is also taken as the payload and the
//! disclosures of one that is opened as stored: one line each, the payload first.
#![no_main]

use std::sync::LazyLock;

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{PublicKey, RustCrypto, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::sd_jwt::{HolderSdJwt, UnverifiedSdJwt};
use libfuzzer_sys::fuzz_target;

/// A key nobody signed the input with.
static KEY: LazyLock<PublicKey> = LazyLock::new(|| SoftwareKey::from_bytes(&[1; 32]).unwrap().public_key());

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(unverified) = UnverifiedSdJwt::parse(text) {
        assert!(unverified.verify_issuer(&KEY, &RustCrypto).is_err());
    }
    if let Ok(value) = serde_json::from_str(text) {
        let _ = UnverifiedSdJwt::parse_json(&value);
    }

    let mut lines = text.lines().map(|line| base64url::encode(line.as_bytes()));
    let payload = lines.next().unwrap_or_default();
    let header = base64url::encode(br#"{"alg":"ES256","typ":"dc+sd-jwt"}"#);
    let mut compact = format!("{header}.{payload}.AAAA~");
    for disclosure in lines {
        compact.push_str(&disclosure);
        compact.push('~');
    }
    let Ok(held) = HolderSdJwt::open(&compact) else {
        return;
    };
    // With every disclosure the text is the same; with none only the JWT is left; each alone opens again.
    let all: Vec<ClaimsPath> = held.disclosable().cloned().collect();
    for path in &all {
        let Ok(needed) = held.needed_approval(std::slice::from_ref(path)) else {
            continue;
        };
        let Ok(shown) = held.disclose(&needed) else {
            panic!("what was said to be needed is not enough")
        };
        let Ok(again) = HolderSdJwt::open(&shown) else {
            panic!("a presentation cannot be read")
        };
        assert!(again.disclosable().count() <= all.len());
    }
});
