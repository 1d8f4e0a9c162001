//! Verifying and presenting an SD-JWT VC with key binding and certificate chain, as a share of the three raw P-256
//! verifications inside it (issuer, key binding, certificate), on one thread.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

mod support;

use assent_core::crypto::{CryptoProvider, RustCrypto, Signer};
use assent_core::sd_jwt::{KeyBinding, KeyBindingCheck, VcCheck};
use assent_core::trust::verify_credential;
use assent_server::crypto::RingCrypto;
use support::approved::approved;
use support::credentials::{NOW, authority, card};
use support::timing::{per_second, row};

const NONCE: &str = "n-0S6_WzA2Mj-benchmark-0123456789";
const AUDIENCE: &str = "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk";

fn main() {
    let authority = authority();
    let (holder, key) = card(&authority);
    let presentation = holder
        .present(&approved(), NONCE, AUDIENCE, NOW, &key)
        .expect("present");
    let message = [7_u8; 256];
    let signature = authority.signer.sign(&message).expect("sign");
    let check = VcCheck::presentation(
        NOW,
        KeyBindingCheck::Required(KeyBinding::new(NONCE, AUDIENCE, NOW)),
    );

    println!("presentation: {} bytes, 3 leaves disclosed\n", presentation.len());
    for (name, crypto) in [
        ("ring", &RingCrypto as &dyn CryptoProvider),
        ("RustCrypto", &RustCrypto),
    ] {
        let raw = per_second(|| {
            crypto
                .verify(&authority.key, &message, &signature)
                .expect("valid")
        });
        row(&format!("{name}: raw P-256 verification"), raw, "");
        let three = raw / 3.0;
        row(&format!("{name}: three of them"), three, "yardstick");
        // A copy of the anchors remembers no chain, so every round verifies the certificate too.
        let whole = per_second(|| {
            let anchors = authority.anchors.clone();
            verify_credential(&presentation, &anchors, &check, crypto).expect("valid")
        });
        row(
            &format!("{name}: SD-JWT VC + KB + x5c"),
            whole,
            &format!("{:.2} of the yardstick", whole / three),
        );
        let known = per_second(|| {
            verify_credential(&presentation, &authority.anchors, &check, crypto).expect("valid")
        });
        let two = raw / 2.0;
        row(
            &format!("{name}: SD-JWT VC + KB, issuer met before"),
            known,
            &format!("{:.2} of two raw verifications", known / two),
        );
        println!();
    }
    let present = per_second(|| {
        holder
            .present(&approved(), NONCE, AUDIENCE, NOW, &key)
            .expect("present")
    });
    row("wallet: build a presentation (RustCrypto signature)", present, "");
}
