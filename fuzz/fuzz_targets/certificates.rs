//! Certificates and chains: one certificate, and the input cut in two.
#![no_main]

use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::trust::{Anchor, Role, TrustAnchors, authority_key_identifiers, verify_chain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (first, second) = data.split_at(data.len() / 2);
    let mut anchors = TrustAnchors::new();
    let anchor = Anchor {
        name: "fuzzed".to_owned(),
        certificate: second.to_vec(),
        vct: Vec::new(),
        directly_trusted: false,
    };
    let _ = anchors.add(Role::AccessCertificate, anchor);
    for x5c in [vec![data.to_vec()], vec![first.to_vec(), second.to_vec()]] {
        let _ = authority_key_identifiers(&x5c);
        let _ = verify_chain(
            &x5c,
            &anchors,
            Role::AccessCertificate,
            Timestamp(1_800_000_000),
            &RustCrypto,
        );
    }
});
