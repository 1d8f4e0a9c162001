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
use support::rows::{rate, share};
use support::table::Table;
use support::timing::{in_turns, keep};

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

    let table = Table::new(
        "verify",
        "SD-JWT VC with key binding and certificate chain, one thread",
    );
    table.note(&format!(
        "presentation: {} bytes, 3 leaves disclosed\n",
        presentation.len()
    ));
    for (name, crypto) in [
        ("ring", &RingCrypto as &dyn CryptoProvider),
        ("RustCrypto", &RustCrypto),
    ] {
        let [raw, whole, known] = in_turns([
            &mut keep(|| {
                crypto
                    .verify(&authority.key, &message, &signature)
                    .expect("valid")
            }),
            // A copy of the anchors remembers no chain, so every round verifies the certificate too.
            &mut keep(|| {
                let anchors = authority.anchors.clone();
                verify_credential(&presentation, &anchors, &check, crypto).expect("valid")
            }),
            &mut keep(|| {
                verify_credential(&presentation, &authority.anchors, &check, crypto).expect("valid")
            }),
        ]);
        rate(&table, &format!("{name}: raw P-256 verification"), &raw);
        let row = format!("{name}: SD-JWT VC + KB + x5c");
        share(
            &table,
            &row,
            &whole,
            |turn| raw.turn(turn) / 3.0,
            "three raw verifications",
        );
        let row = format!("{name}: SD-JWT VC + KB, issuer met before");
        share(
            &table,
            &row,
            &known,
            |turn| raw.turn(turn) / 2.0,
            "two raw verifications",
        );
        table.note("");
    }
    let [sign, present] = in_turns([
        &mut keep(|| key.sign(&message).expect("sign")),
        &mut keep(|| {
            holder
                .present(&approved(), NONCE, AUDIENCE, NOW, &key)
                .expect("present")
        }),
    ]);
    rate(&table, "RustCrypto: raw P-256 signature", &sign);
    share(
        &table,
        "wallet: build a presentation",
        &present,
        |turn| sign.turn(turn),
        "one raw signature",
    );
}
