//! What a vault service sends: the input edits what it stored. Whatever opens must be what the citizen put there.
#![no_main]

use std::sync::OnceLock;

use assent_core::crypto::{RustCrypto, sha256};
use assent_core::env::{RandomUnavailable, SecureRandom, Timestamp};
use assent_wallet::vault::{
    Change, Header, LockedVault, NewMethod, PrfOutputs, PrfSalts, RecoveryCode, RemoteRecord, RemoteVault,
    Secret, UnlockedVault,
};
use libfuzzer_sys::fuzz_target;

const RECORDS: [(&str, &[u8]); 2] = [("card/1", b"one"), ("receipt/1", b"two")];

struct Counter(u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha256(&self.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

struct Stored {
    remote: RemoteVault,
    kept: Vec<u8>,
    code: RecoveryCode,
}

fn stored() -> &'static Stored {
    static STORED: OnceLock<Stored> = OnceLock::new();
    STORED.get_or_init(|| {
        let mut rng = Counter(0);
        let code = RecoveryCode::generate(&mut rng).unwrap();
        let salts = PrfSalts::generate(&mut rng).unwrap();
        let outputs = PrfOutputs::new(&[1; 32], &[2; 32]).unwrap();
        let passkey = NewMethod::Passkey {
            credential: b"credential",
            salts: &salts,
            outputs: &outputs,
        };
        let methods = [(NewMethod::RecoveryCode(&code), "paper"), (passkey, "phone")];
        let mut vault = UnlockedVault::create(&methods, Timestamp(1_795_000_000), &mut rng).unwrap();
        let put = |(name, content): (&str, &[u8])| (name.to_owned(), Change::Put(content.to_vec().into()));
        let staged = vault.stage(RECORDS.map(put).to_vec(), &mut rng).unwrap();
        let records = staged.put.iter().map(|record| RemoteRecord {
            handle: record.handle,
            key: Some(record.key.clone()),
            sealed: Some(record.sealed.clone()),
        });
        let remote = RemoteVault {
            version: 1,
            header: vault.header().to_bytes(),
            manifest: staged.manifest.clone(),
            records: records.collect(),
        };
        vault.adopt(staged, 1);
        let kept = vault.lock(&mut rng).unwrap().to_bytes();
        Stored { remote, kept, code }
    })
}

/// Four bytes for each edit: which text, where, and what to put or whether to cut there.
fn edit(remote: &mut RemoteVault, kept: &mut Vec<u8>, data: &[u8]) {
    for edit in data.as_chunks::<4>().0 {
        let [which, high, low, byte] = *edit;
        let text = match (which % 7, remote.records.as_mut_slice()) {
            (1, _) => &mut remote.manifest,
            (2, [first, ..]) => first.key.get_or_insert_default(),
            (3, [first, ..]) => first.sealed.get_or_insert_default(),
            (4, [.., last]) => last.sealed.get_or_insert_default(),
            (5, [first, last]) => {
                std::mem::swap(&mut first.handle, &mut last.handle);
                continue;
            }
            (6, _) => &mut *kept,
            _ => &mut remote.header,
        };
        let at = usize::from(high) << 8 | usize::from(low);
        match which / 7 % 3 {
            0 => text.iter_mut().skip(at).take(1).for_each(|old| *old = byte),
            1 => text.truncate(at),
            _ => text.insert(at.min(text.len()), byte),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Stored { remote, kept, code } = stored();
    let (mut remote, mut kept) = (remote.clone(), kept.clone());
    edit(&mut remote, &mut kept, data);
    if let Ok(header) = Header::from_bytes(&remote.header) {
        assert_eq!(header.to_bytes(), remote.header);
    }
    let vaults = [
        LockedVault::from_bytes(&kept),
        LockedVault::from_bytes(&kept).and_then(|kept| kept.updated(remote.clone())),
        LockedVault::from_remote(remote, None),
    ];
    for vault in vaults.into_iter().flatten() {
        let Ok(unlocking) = vault.header().unlock(&Secret::RecoveryCode(code)) else {
            continue;
        };
        if let Ok(open) = vault.unlock(&unlocking, &RustCrypto) {
            assert_eq!(open.list("").collect::<Vec<_>>(), RECORDS);
        }
    }
});
