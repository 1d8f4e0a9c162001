//! Backups with documents: the input edits one that was written here. Each document comes out as it went in, or not at all.
#![no_main]

use std::sync::OnceLock;

use assent_core::encoding::base64url;
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_wallet::transfer::{Backup, Check, Choice, Contents, Incoming, Plan, Present, Work, age};
use assent_wallet::vault::NewAttachment;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

struct Fixed(u8);

impl SecureRandom for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.fill(self.0);
        Ok(())
    }
}

const PASSPHRASE: &str = "a passphrase";
const WORK: Work = Work {
    scrypt: 2,
    pbkdf2: 10,
};
/// Bytes of each document, and of what each is filled with.
const DOCUMENTS: [(usize, u8); 2] = [(300, 0xa1), (1500, 0xb2)];

/// The archive inside a backup, unsealed: so an edit reaches every field.
fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let records = DOCUMENTS.map(|(size, fill)| {
            let made = NewAttachment::new(size as u64, &mut Fixed(fill)).unwrap();
            let attachment = made.finish(vec![[fill; 32]]).unwrap();
            let version = json!({ "blob": attachment.blob(), "media_type": "image/png", "size": size, "at": 1, "by": "",
                "attachment": base64url::encode(&attachment.to_bytes()) });
            let id = format!("d{fill}");
            let record = json!({ "id": id, "name": "scan", "note": "", "about": "", "added_at": 1, "changed_at": 1,
                "files": [version], "deleted_at": null });
            (format!("document/{id}"), json!(record.to_string()))
        });
        let mut env = Env {
            now: Timestamp(1_795_000_000),
            rng: &mut Fixed(7),
        };
        let contents = Present::new(records.into_iter().collect(), 1).unwrap().contents;
        let (mut backup, mut sealed) =
            Backup::begin(&contents, true, PASSPHRASE, WORK.scrypt, &mut env).unwrap();
        for (size, fill) in DOCUMENTS {
            sealed.extend(backup.content(&vec![fill; size]).unwrap());
        }
        sealed.extend(backup.end().unwrap());
        age::open(&sealed, PASSPHRASE, WORK.scrypt).unwrap().to_vec()
    })
}

/// Four bytes for each edit: where, and what to put, insert, cut off or move there.
fn edited(data: &[u8]) -> Vec<u8> {
    let mut file = archive().to_vec();
    for edit in data.as_chunks::<4>().0 {
        let [what, high, low, byte] = *edit;
        let at = usize::from(high) << 8 | usize::from(low);
        match what % 5 {
            0 | 1 => file.iter_mut().skip(at).take(1).for_each(|old| *old = byte),
            2 => file.insert(at.min(file.len()), byte),
            3 => file.truncate(at),
            // A block of the archive, over another one.
            _ => {
                let (from, to) = (usize::from(byte) * 512, at / 512 * 512);
                if from + 512 <= file.len() && to + 512 <= file.len() {
                    file.copy_within(from..from + 512, to);
                }
            }
        }
    }
    file
}

fuzz_target!(|data: &[u8]| {
    let file = edited(data);
    let Ok(incoming) = Incoming::open(&file, None, WORK) else {
        assert!(!data.is_empty(), "as it was written it can be read");
        return;
    };
    let choice = Choice {
        moved: true,
        history: true,
    };
    let _ = Plan::new(&incoming, &Contents::default(), choice, "en");
    let mut whole = 0;
    for (document, listed) in incoming.documents.iter().enumerate() {
        let (mut content, mut check) = (Vec::new(), Check::default());
        let all = (0..listed.pieces()).all(|number| {
            let Some(place) = incoming.piece_place(document, number) else {
                return false;
            };
            let (from, to) = (place.start as usize, place.end as usize);
            let bytes = file.get(from..to).expect("a place is within the file");
            let opened = incoming.piece(document, number, bytes, &mut check);
            opened.map(|piece| content.extend_from_slice(&piece)).is_ok()
        });
        if all {
            assert_eq!(content.len() as u64, listed.bytes, "as long as its record says");
            whole += 1;
        }
    }
    assert!(!data.is_empty() || whole == DOCUMENTS.len());
});
