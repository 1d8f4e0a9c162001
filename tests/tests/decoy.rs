//! Unlock slots that the server makes up for ids without a vault have the form of those that wallets make.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::collections::BTreeSet;

use assent_core::encoding::base64url;
use assent_core::env::{RandomUnavailable, SecureRandom, Timestamp};
use assent_server::crypto::SealingKey;
use assent_server::decoy;
use assent_wallet::vault::{
    Header, NewMethod, PrfOutputs, PrfSalts, RecoveryCode, Secret, SlotChange, SlotKind, UnlockedVault,
    VaultError,
};

/// Bytes that never repeat.
struct Counter(u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            let block = assent_core::crypto::sha256(&self.0.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// What can be seen of a slot without its secret: kind, parameters and lengths, and the first bytes of its envelopes.
fn slot_forms(bytes: &[u8]) -> BTreeSet<String> {
    let value = assent_core::encoding::cbor::read(bytes, 8).unwrap();
    let top = value.into_array().unwrap();
    let mut forms = BTreeSet::new();
    let blob = |value: &ciborium::Value| {
        let bytes = value.as_bytes().unwrap();
        let start = bytes.first().filter(|_| bytes.len() > 100);
        format!("{}:{start:?}", bytes.len())
    };
    for slot in top[3].as_array().unwrap() {
        let members = slot.as_array().unwrap();
        let kind = members[1].as_text().unwrap();
        let parameters: Vec<String> = members[2]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| match parameter.as_bytes() {
                // Authenticators differ in the length of their ids.
                Some(bytes) if bytes.len() == 20 || (kind == "passkey" && bytes.len() == 32) => {
                    "id or salt".to_owned()
                }
                Some(bytes) => format!("{} bytes", bytes.len()),
                None => format!("{parameter:?}"),
            })
            .collect();
        let sealed: Vec<String> = [0, 3, 4, 5].iter().map(|i| blob(&members[*i])).collect();
        forms.insert(format!("{kind} {parameters:?} {sealed:?}"));
    }
    let rest: Vec<String> = [1, 4, 5, 6].iter().map(|i| blob(&top[*i])).collect();
    forms.insert(format!("{:?} {rest:?}", top[0]));
    forms
}

#[test]
fn made_up_slots_have_the_form_of_real_ones() {
    let mut rng = Counter(0);
    let code = RecoveryCode::generate(&mut rng).unwrap();
    let salts = PrfSalts::generate(&mut rng).unwrap();
    let outputs = PrfOutputs::new(&[1; 32], &[2; 32]).unwrap();
    let passkey = NewMethod::Passkey {
        credential: &[9; 20],
        salts: &salts,
        outputs: &outputs,
    };
    let methods = [
        (NewMethod::Passphrase("correct horse battery"), ""),
        (passkey, ""),
        (NewMethod::RecoveryCode(&code), ""),
    ];
    let mut vault = UnlockedVault::create(&methods, Timestamp(1_800_000_000), &mut rng).unwrap();
    let device = vault.header().inbox;
    let change = SlotChange::Add {
        method: NewMethod::Device(&device),
        name: "",
    };
    let staged = vault
        .stage_slots(&change, Timestamp(1_800_000_000), &mut rng)
        .unwrap();
    vault.adopt(staged, 2);
    let real = slot_forms(&vault.header().to_bytes());
    assert_eq!(real.len(), 5, "{real:?}");

    let key = SealingKey::from_bytes(&[5; 32]).unwrap();
    let mut made_up = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for i in 0..64_u8 {
        let id = [i; 16];
        let text = base64url::encode(&id);
        let bytes = decoy::header(&key, &text, &id);
        assert_eq!(bytes, decoy::header(&key, &text, &id));
        // A wallet reads it like any other, and does not get in.
        let header = Header::from_bytes(&bytes).unwrap();
        assert_eq!(header.vault.to_string(), text);
        assert!(header.epoch >= 1);
        assert_eq!(header.to_bytes(), bytes, "deterministic");
        let wrong = header.unlock(&Secret::RecoveryCode(&code)).unwrap_err();
        assert_eq!(wrong, VaultError::WrongSecret);
        for slot in &header.slots {
            kinds.insert(match slot.kind() {
                SlotKind::Passphrase { .. } => "passphrase",
                SlotKind::RecoveryCode => "code",
                SlotKind::Passkey { .. } => "passkey",
                SlotKind::Device => "device",
                SlotKind::Emergency => "emergency",
            });
        }
        // Points of the curve, as real ones are.
        for point in header
            .slots
            .iter()
            .map(|slot| *slot.public())
            .chain([header.signer, header.inbox])
        {
            assert!(assent_core::crypto::PublicKey::from_p256_sec1(&point).is_ok());
        }
        made_up.extend(slot_forms(&bytes));
    }
    assert_eq!(kinds.len(), 4);
    assert_eq!(made_up, real);
}
