//! What the vault's cryptography costs, on one thread: sealing and opening, as a share of raw AES-256-GCM of the same
//! crate and beside the `age` crate in the same run; unlocking; and opening a vault of 10,000 records whole.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

#[path = "support/table.rs"]
mod table;
#[path = "support/timing.rs"]
mod timing;

use std::io::{Read as _, Write as _};
use std::iter;
use std::time::Instant;

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use assent_core::crypto::RustCrypto;
use assent_core::env::{SecureRandom as _, Timestamp};
use assent_server::crypto::SystemRandom;
use assent_wallet::vault::{
    Change, Context, Key, Kind, LockedVault, NewAttachment, NewMethod, PIECE, RecoveryCode, RemoteRecord,
    RemoteVault, Secret, UnlockedVault, VaultId, open, seal,
};
use serde_json::json;
use table::Table;
use timing::{Rates, in_turns, keep};
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp(1_795_176_000);
const PASSPHRASE: &str = "correct horse battery staple";
const RECORDS: usize = 10_000;

fn main() {
    let table = Table::new("seal", "the vault's cryptography, one thread");
    for length in [1 << 10, 64 << 20] {
        envelopes(&table, length);
        table.note("");
    }
    attachments(&table, 64 << 20);
    table.note("");
    unlocking(&table);
}

/// One envelope around so many bytes, padded as a record is.
fn envelopes(table: &Table, length: usize) {
    let mut random = SystemRandom::default();
    let key = Key::generate(&mut random).expect("randomness");
    let place = Context::of_vault(Kind::Value, VaultId::generate(&mut random).expect("randomness"));
    let content = bytes(length);
    let sealed = seal(&key, &place, &content, &mut random).expect("seal");
    assert!(open(&key, &place, &sealed).expect("open").as_slice() == content);

    let raw = Raw::new();
    let mut in_place = content.clone();
    let mut scrambled = content.clone();
    let tag = raw.encrypt(&mut scrambled);

    let identity = age::x25519::Identity::generate();
    let age_sealed = age_seal(&identity, &content);
    let mut sealing = SystemRandom::default();
    let [
        raw_seal,
        raw_new,
        ours_seal,
        age_sealing,
        raw_open,
        ours_open,
        age_opening,
    ] = in_turns([
        &mut keep(|| raw.encrypt(&mut in_place)),
        &mut keep(|| {
            let mut buffer = content.clone();
            raw.encrypt(&mut buffer);
            buffer
        }),
        &mut keep(|| seal(&key, &place, &content, &mut sealing).expect("seal")),
        &mut keep(|| age_seal(&identity, &content)),
        &mut keep(|| {
            // As many bytes copied as it takes to have something to open in place again.
            let mut buffer = scrambled.clone();
            raw.decrypt(&mut buffer, &tag);
            buffer
        }),
        &mut keep(|| open(&key, &place, &sealed).expect("open")),
        &mut keep(|| age_open(&identity, &age_sealed)),
    ]);
    let size = size(length);
    let of = "raw AES-256-GCM";
    row(
        table,
        &format!("raw AES-256-GCM: seal {size} in place"),
        length,
        &raw_seal,
        None,
    );
    row(
        table,
        &format!("raw AES-256-GCM: seal {size} into a new buffer"),
        length,
        &raw_new,
        Some((&raw_seal, of)),
    );
    row(
        table,
        &format!("vault: seal {size}"),
        length,
        &ours_seal,
        Some((&raw_seal, of)),
    );
    row(
        table,
        &format!("vault: seal {size}, into a new buffer as it does"),
        length,
        &ours_seal,
        Some((&raw_new, "raw into a new buffer")),
    );
    row(
        table,
        &format!("age (X25519): seal {size}"),
        length,
        &age_sealing,
        Some((&raw_seal, of)),
    );
    row(
        table,
        &format!("raw AES-256-GCM: open {size}"),
        length,
        &raw_open,
        None,
    );
    row(
        table,
        &format!("vault: open {size}"),
        length,
        &ours_open,
        Some((&raw_open, of)),
    );
    row(
        table,
        &format!("age (X25519): open {size}"),
        length,
        &age_opening,
        Some((&raw_open, of)),
    );
}

/// The same bytes as an attachment, piece by piece: each is hashed twice beside, for its salt and for its name.
fn attachments(table: &Table, length: usize) {
    let mut random = SystemRandom::default();
    let vault = VaultId::generate(&mut random).expect("randomness");
    let content = bytes(length);
    let made = NewAttachment::new(length as u64, &mut random).expect("attachment");
    let pieces = || {
        let empty = iter::repeat(&[][..]);
        let pieces = content
            .chunks(PIECE)
            .chain(empty)
            .take(made.piece_count())
            .enumerate();
        pieces.map(|(number, piece)| made.seal_piece(vault, number, piece).expect("seal"))
    };
    let sealed: Vec<_> = pieces().collect();
    let whole = made
        .clone()
        .finish(sealed.iter().map(|piece| piece.hash).collect())
        .expect("whole");
    let raw = Raw::new();
    let mut in_place = content.clone();
    let [raw_seal, sealing, opening] = in_turns([
        &mut keep(|| raw.encrypt(&mut in_place)),
        &mut keep(|| pieces().map(|piece| piece.sealed.len()).sum::<usize>()),
        &mut keep(|| {
            let pieces = sealed.iter().enumerate();
            let opened =
                pieces.map(|(number, piece)| whole.open_piece(vault, number, &piece.sealed).expect("open"));
            opened.map(|content| content.len()).sum::<usize>()
        }),
    ]);
    let size = size(length);
    let of = "raw AES-256-GCM";
    row(
        table,
        &format!("vault: seal {size} as an attachment"),
        length,
        &sealing,
        Some((&raw_seal, of)),
    );
    row(
        table,
        &format!("vault: open {size} of an attachment"),
        length,
        &opening,
        Some((&raw_seal, of)),
    );
}

fn unlocking(table: &Table) {
    let mut random = SystemRandom::default();
    let code = RecoveryCode::generate(&mut random).expect("code");
    let methods = [
        (NewMethod::Passphrase(PASSPHRASE), "passphrase"),
        (NewMethod::RecoveryCode(&code), "code"),
    ];
    let mut vault = UnlockedVault::create(&methods, NOW, &mut random).expect("vault");
    let first = vec![(
        "details/first".to_owned(),
        Change::Put(Zeroizing::new(bytes(900))),
    )];
    let first = vault.stage(first, &mut random).expect("stage");
    let first_records = first.put.clone();
    vault.adopt(first, 1);
    let small = vault.lock(&mut random).expect("lock");
    for (name, secret, times) in [
        (
            "unlock with the passphrase (Argon2id)",
            Secret::Passphrase(PASSPHRASE),
            5,
        ),
        ("unlock with the recovery code", Secret::RecoveryCode(&code), 101),
    ] {
        seconds(table, name, times, || {
            let unlocking = small.header().unlock(&secret).expect("unlock");
            small.unlock(&unlocking, &RustCrypto).expect("open")
        });
    }

    let changes = || {
        let one = |i: usize| (format!("details/{i:05}"), Change::Put(Zeroizing::new(bytes(900))));
        (0..RECORDS).map(one).collect::<Vec<_>>()
    };
    let started = now();
    let staged = vault.stage(changes(), &mut random).expect("stage");
    let took = started.elapsed().as_secs_f64();
    let records: Vec<RemoteRecord> = staged
        .put
        .iter()
        .chain(&first_records)
        .map(|record| RemoteRecord {
            handle: record.handle,
            key: Some(record.key.clone()),
            sealed: Some(record.sealed.clone()),
        })
        .collect();
    let (header, manifest) = (vault.header().to_bytes(), staged.manifest.clone());
    table.row(
        &format!("seal {RECORDS} records of 900 bytes and their manifest"),
        &format!("{took:>10.3} s   manifest {} bytes", manifest.len()),
        json!({ "seconds": took, "manifest_bytes": manifest.len() }),
    );
    let unlocking = small
        .header()
        .unlock(&Secret::RecoveryCode(&code))
        .expect("unlock");
    seconds(
        table,
        &format!("open a vault of {RECORDS} records, every one checked"),
        5,
        || {
            let remote = RemoteVault {
                version: 1,
                header: header.clone(),
                manifest: manifest.clone(),
                records: records.clone(),
            };
            let locked = LockedVault::from_remote(remote, None).expect("vault");
            locked.unlock(&unlocking, &RustCrypto).expect("open")
        },
    );
}

/// The middle one of `times` runs.
fn seconds<T>(table: &Table, name: &str, times: usize, mut work: impl FnMut() -> T) {
    let mut all: Vec<f64> = iter::repeat_with(|| {
        let started = now();
        drop(std::hint::black_box(work()));
        started.elapsed().as_secs_f64()
    })
    .take(times)
    .collect();
    all.sort_by(f64::total_cmp);
    let middle = all.get(times / 2).copied().unwrap_or_default();
    table.row(name, &format!("{middle:>10.6} s"), json!({ "seconds": middle }));
}

fn row(table: &Table, name: &str, length: usize, rates: &Rates, share: Option<(&Rates, &str)>) {
    let per_second = rates.best();
    let megabytes = per_second * length as f64 / 1e6;
    let mut values = json!({ "per_second": per_second, "megabytes_per_second": megabytes });
    let mut text = format!("{per_second:>10.0} /s {megabytes:>8.0} MB/s");
    if let Some((yardstick, of)) = share {
        let share = rates.share_of(|turn| yardstick.turn(turn));
        values["share"] = json!(share);
        values["of"] = json!(of);
        text.push_str(&format!("   {share:.2} of {of}"));
    }
    table.row(name, &text, values);
}

/// AES-256-GCM and nothing else, in place.
struct Raw {
    cipher: Aes256Gcm,
    nonce: Nonce<aes_gcm::aead::consts::U12>,
}

impl Raw {
    fn new() -> Self {
        Self {
            cipher: Aes256Gcm::new(&[7; 32].into()),
            nonce: [9; 12].into(),
        }
    }

    fn encrypt(&self, buffer: &mut [u8]) -> aes_gcm::Tag {
        self.cipher
            .encrypt_inout_detached(&self.nonce, b"", buffer.into())
            .expect("encrypt")
    }

    fn decrypt(&self, buffer: &mut [u8], tag: &aes_gcm::Tag) {
        self.cipher
            .decrypt_inout_detached(&self.nonce, b"", buffer.into(), tag)
            .expect("decrypt");
    }
}

fn age_seal(identity: &age::x25519::Identity, content: &[u8]) -> Vec<u8> {
    let to = identity.to_public();
    let encryptor =
        age::Encryptor::with_recipients(iter::once(&to as &dyn age::Recipient)).expect("recipient");
    let mut out = Vec::with_capacity(content.len() + content.len() / 4096 + 512);
    let mut writer = encryptor.wrap_output(&mut out).expect("header");
    writer.write_all(content).expect("content");
    writer.finish().expect("end");
    out
}

fn age_open(identity: &age::x25519::Identity, sealed: &[u8]) -> Vec<u8> {
    let decryptor = age::Decryptor::new(sealed).expect("header");
    let mut reader = decryptor
        .decrypt(iter::once(identity as &dyn age::Identity))
        .expect("key");
    let mut out = Vec::with_capacity(sealed.len());
    reader.read_to_end(&mut out).expect("content");
    out
}

fn bytes(length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    SystemRandom::default().fill(&mut out).expect("randomness");
    out
}

fn size(length: usize) -> String {
    if length < 1 << 20 {
        format!("{} KiB", length >> 10)
    } else {
        format!("{} MiB", length >> 20)
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}
