use assent_core::encoding::record::ToJson as _;
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use serde_json::json;

use super::super::{
    BEGINNING, Backup, Choice, DocumentFate, FileKind, Incoming, Opening, Plan, TransferError, Work, tar,
};
use super::*;
use crate::vault::{NewAttachment, PIECE};

const PASSPHRASE: &str = "correct horse battery";
const WORK: Work = Work {
    scrypt: 4,
    pbkdf2: 1000,
};

struct Counter(u8);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0 += 1;
        out.fill(self.0);
        Ok(())
    }
}

fn content(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at ^ at >> 8 ^ at >> 16 ^ seed) as u8)
        .collect()
}

/// A vault with one document for each length; the version's id is what the engine would give it.
fn vault(lens: &[usize]) -> Contents {
    let mut contents = Contents::default();
    contents.set("settings/mine", "{}");
    for (at, len) in lens.iter().enumerate() {
        let (id, name) = (format!("d{at}"), format!("scan {at}"));
        let record = json!({ "id": id, "name": name, "note": "", "about": "", "added_at": 1, "changed_at": 1,
            "files": [version(at, *len)], "deleted_at": null });
        contents.set(&format!("document/d{at}"), &record.to_string());
    }
    contents
}

fn version(at: usize, len: usize) -> serde_json::Value {
    let made = NewAttachment::new(len as u64, &mut Counter(at as u8)).unwrap();
    let hashes = vec![[at as u8; 32]; made.piece_count()];
    let attachment = made.finish(hashes).unwrap();
    let text = assent_core::encoding::base64url::encode(&attachment.to_bytes());
    json!({ "blob": attachment.blob(), "media_type": "image/png", "size": len, "at": 1, "by": "", "attachment": text })
}

/// Writes a backup with documents; `None` for a content that cannot be had.
fn backup(contents: &Contents, documents: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut env = Env {
        now: Timestamp(1_795_000_000),
        rng: &mut Counter(90),
    };
    let (mut backup, mut out) = Backup::begin(contents, true, PASSPHRASE, WORK.scrypt, &mut env).unwrap();
    let filled = documents
        .iter()
        .filter(|content| content.as_ref().is_none_or(|content| !content.is_empty()));
    for content in filled {
        let present = backup.next_document().cloned().unwrap();
        match content {
            Some(content) => {
                for piece in content.chunks(PIECE) {
                    assert_eq!(backup.next_document(), Some(&present));
                    out.extend_from_slice(&backup.content(piece).unwrap());
                }
            }
            None => {
                while backup.next_document() == Some(&present) {
                    out.extend_from_slice(&backup.missing().unwrap());
                }
            }
        }
    }
    assert_eq!(backup.next_document(), None);
    out.extend_from_slice(&backup.end().unwrap());
    out
}

fn open(file: &[u8]) -> Result<Incoming, TransferError> {
    Incoming::open(file, Some(PASSPHRASE), WORK)
}

/// The content of a document, as a shell reads it.
fn read(incoming: &Incoming, file: &[u8], document: usize) -> Result<Vec<u8>, TransferError> {
    let (mut out, mut check) = (Vec::new(), Check::default());
    for number in 0..incoming.documents[document].pieces() {
        let place = incoming
            .piece_place(document, number)
            .ok_or(TransferError::DocumentDamaged)?;
        let sealed = &file[place.start as usize..place.end as usize];
        out.extend_from_slice(&incoming.piece(document, number, sealed, &mut check)?);
    }
    Ok(out)
}

fn unsealed(file: &[u8]) -> Vec<u8> {
    super::super::age::open(file, PASSPHRASE, WORK.scrypt)
        .unwrap()
        .to_vec()
}

const LENS: [usize; 5] = [0, 1, 512, PIECE, 2 * PIECE + 77];

fn sample() -> (Contents, Vec<Vec<u8>>, Vec<u8>) {
    let documents: Vec<_> = LENS
        .iter()
        .enumerate()
        .map(|(at, len)| content(*len, at))
        .collect();
    let vault = vault(&LENS);
    let file = backup(&vault, &documents.iter().cloned().map(Some).collect::<Vec<_>>());
    (vault, documents, file)
}

#[test]
fn documents_come_back_to_the_byte_sealed_and_unsealed() {
    let (vault, documents, file) = sample();
    for file in [file.clone(), unsealed(&file)] {
        let incoming = open(&file).unwrap();
        assert!(incoming.contents.iter().eq(vault.iter()));
        assert_eq!(incoming.notes, []);
        assert_eq!(incoming.documents.len(), 5);
        for (at, document) in documents.iter().enumerate() {
            assert!(read(&incoming, &file, at).unwrap() == *document, "{at}");
            // And each piece by itself.
            for (number, piece) in document.chunks(PIECE).enumerate() {
                let place = incoming.piece_place(at, number).unwrap();
                let sealed = &file[place.start as usize..place.end as usize];
                let opened = incoming.piece(
                    at,
                    number,
                    sealed,
                    &mut Check {
                        next: 99,
                        ..Check::default()
                    },
                );
                assert!(opened.unwrap().as_slice() == piece);
            }
            assert_eq!(incoming.piece_place(at, incoming.documents[at].pieces()), None);
        }
    }
    assert_eq!(open(&file).unwrap().kind, FileKind::Backup);
}

/// Bytes are asked for piece by piece, never all of them.
#[test]
fn nothing_of_the_documents_is_read_to_open_a_file() {
    let (_, _, file) = sample();
    let mut opening = Opening::begin(&file[..BEGINNING], file.len() as u64, Some(PASSPHRASE), WORK).unwrap();
    let mut asked = 0;
    while let Some(place) = opening.wants() {
        asked += place.end - place.start;
        opening
            .take(&file[place.start as usize..place.end as usize])
            .unwrap();
    }
    opening.end().unwrap();
    assert!(asked < 600_000, "{asked}");
    let small = Opening::begin(&file[..60], file.len() as u64, Some(PASSPHRASE), WORK);
    assert_eq!(small.unwrap_err(), TransferError::Damaged);
}

#[test]
fn every_changed_byte_of_a_document_is_seen_and_hurts_that_one_only() {
    let vault = vault(&[700, 700, 700]);
    let documents: Vec<_> = (0..3).map(|at| content(700, at)).collect();
    let file = unsealed(&backup(
        &vault,
        &documents.iter().cloned().map(Some).collect::<Vec<_>>(),
    ));
    let incoming = open(&file).unwrap();
    let (from, to) = (
        incoming.documents[1].at as usize,
        incoming.documents[1].end() as usize,
    );
    for at in (from..to).step_by(7) {
        let mut damaged = file.clone();
        damaged[at] ^= 4;
        let incoming = open(&damaged).unwrap();
        assert_eq!(
            read(&incoming, &damaged, 1),
            Err(TransferError::DocumentDamaged),
            "byte {at}"
        );
        for other in [0, 2] {
            assert!(read(&incoming, &damaged, other).unwrap() == documents[other]);
        }
    }
    // Two documents of one length change places, with their headers and without.
    for header in [0, 512] {
        let mut swapped = file.clone();
        let len = to - from - header;
        let (first, second) = (from + header, to + header);
        let kept = swapped[first..first + len].to_vec();
        swapped.copy_within(second..second + len, first);
        swapped[second..second + len].copy_from_slice(&kept);
        let incoming = open(&swapped).unwrap();
        for at in [1, 2] {
            assert_eq!(read(&incoming, &swapped, at), Err(TransferError::DocumentDamaged));
        }
        assert!(read(&incoming, &swapped, 0).unwrap() == documents[0]);
    }
}

#[test]
fn a_damaged_or_missing_chunk_of_the_seal_hurts_what_is_in_it() {
    let (_, documents, file) = sample();
    // In the last document, 2 MiB long, which is before the last 3 kB.
    let mut damaged = file.clone();
    let at = file.len() - 1_000_000;
    damaged[at] ^= 1;
    let incoming = open(&damaged).unwrap();
    assert_eq!(read(&incoming, &damaged, 4), Err(TransferError::DocumentDamaged));
    for (at, document) in documents.iter().enumerate().take(4) {
        assert!(read(&incoming, &damaged, at).unwrap() == *document, "{at}");
    }
    let note = |incoming: &Incoming| incoming.notes.first().map(|note| note.code);
    assert_eq!(note(&incoming), None);
    // Cut off anywhere after the records: what is before the cut is there, and it is said.
    for keep in [
        file.len() - 1,
        file.len() - 70_000,
        file.len() - 1_000_000,
        file.len() - 2_500_000,
    ] {
        let cut = &file[..keep];
        let incoming = open(cut).unwrap();
        assert_eq!(note(&incoming), Some("file-cut-off"), "{keep}");
        // The last chunk of what is left is not the last one of the file: what is in it is lost as well.
        let whole = (0..5).filter(|at| read(&incoming, cut, *at).is_ok()).count();
        let expected = if keep > file.len() - 1_000 {
            5
        } else if keep > file.len() - 2_100_000 {
            4
        } else {
            3
        };
        assert!(whole == expected || whole + 1 == expected, "{keep}: {whole}");
        for (at, document) in documents.iter().enumerate().take(whole) {
            assert!(&read(&incoming, cut, at).unwrap() == document);
        }
    }
    // Within the records: nothing.
    for keep in [0, 100, 300, 1500] {
        assert!(open(&file[..keep]).is_err(), "{keep}");
    }
    // Longer than it says.
    let longer = [file.as_slice(), &[0; 200_000]].concat();
    assert_eq!(open(&longer).unwrap_err(), TransferError::Inconsistent);
    let longer = [unsealed(&file).as_slice(), &[0; 512]].concat();
    assert_eq!(open(&longer).unwrap_err(), TransferError::Inconsistent);
}

#[test]
fn what_is_shorter_than_any_archive_is_none() {
    for len in [0, 1, 511] {
        let file = super::super::age::seal(&vec![7; len], PASSPHRASE, 4, &mut Counter(1)).unwrap();
        assert_eq!(open(&file).unwrap_err(), TransferError::UnknownFile, "{len}");
        assert_eq!(
            open(&file[..file.len() - 1]).unwrap_err(),
            TransferError::Damaged,
            "{len}"
        );
    }
}

/// The archive with another list.
fn with_list(change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let vault = vault(&[700, 700]);
    let file = unsealed(&backup(&vault, &[Some(content(700, 0)), Some(content(700, 1))]));
    let (list_len, _) = tar::length(&file[..512]).unwrap();
    let mut list: serde_json::Value = serde_json::from_slice(&file[512..512 + list_len]).unwrap();
    change(&mut list);
    let rest = &file[512 + list_len.next_multiple_of(512)..];
    let mut out = Vec::new();
    tar::append(&mut out, "manifest.json", list.to_string().as_bytes()).unwrap();
    out.extend_from_slice(rest);
    out
}

#[test]
fn lists_that_lie_about_documents_are_refused() {
    assert!(open(&with_list(|_| ())).is_ok());
    for (member, value) in [
        ("path", serde_json::json!("documents/000001.png")),
        ("path", "documents/000000.".into()),
        ("path", "documents/000000.PNG".into()),
        ("path", "documents/000000.a/b".into()),
        ("path", "../000000.png".into()),
        ("record", "document/other".into()),
        ("record", "document/".into()),
        ("record", "settings/mine".into()),
        ("file", "other".into()),
        ("bytes", 699.into()),
        ("bytes", (100_u64 << 20).into()),
    ] {
        let lies = with_list(|list| list["documents"][0][member] = value.clone());
        assert_eq!(
            open(&lies).unwrap_err(),
            TransferError::Inconsistent,
            "{member} {value}"
        );
    }
    let huge = with_list(|list| list["documents"][0]["bytes"] = ((100_u64 << 20) + 1).into());
    assert_eq!(open(&huge).unwrap_err(), TransferError::TooLarge);
    // The same one twice, and far more than there are.
    let twice = with_list(|list| {
        let mut first = list["documents"][0].clone();
        first["path"] = "documents/000001.png".into();
        list["documents"][1] = first;
    });
    assert_eq!(open(&twice).unwrap_err(), TransferError::Inconsistent);
    let order = with_list(|list| {
        list["documents"].as_array_mut().unwrap().swap(0, 1);
        list["documents"][0]["path"] = "documents/000000.png".into();
        list["documents"][1]["path"] = "documents/000001.png".into();
    });
    assert_eq!(open(&order).unwrap_err(), TransferError::Inconsistent);
    let bomb = with_list(|list| {
        let first = list["documents"][0].clone();
        let documents = (0..20_001).map(|at| {
            let mut next = first.clone();
            next["path"] = format!("documents/{at:06}.png").into();
            next
        });
        list["documents"] = documents.collect();
    });
    assert_eq!(open(&bomb).unwrap_err(), TransferError::TooLarge);
    // The earlier format has none, the later one has some.
    for (format, documents) in [("assent-archive/1", true), ("assent-archive/2", false)] {
        let wrong = with_list(|list| {
            list["format"] = format.into();
            if !documents {
                list["documents"] = serde_json::json!([]);
            }
        });
        assert_eq!(open(&wrong).unwrap_err(), TransferError::Inconsistent, "{format}");
    }
}

#[test]
fn what_could_not_be_had_is_marked_and_found_out() {
    let vault = vault(&[1_500_000, 10]);
    let file = backup(&vault, &[None, Some(content(10, 1))]);
    let incoming = open(&file).unwrap();
    assert_eq!(read(&incoming, &file, 0), Err(TransferError::DocumentDamaged));
    assert_eq!(read(&incoming, &file, 1).unwrap(), content(10, 1));
    let text = unsealed(&file);
    let marked = [&"0".repeat(64), "  documents/000000.png\n"].concat();
    assert!(
        text.windows(marked.len())
            .any(|window| window == marked.as_bytes())
    );
}

#[test]
fn a_backup_takes_no_more_and_no_less_than_the_records_say() {
    let vault = vault(&[10]);
    let begin = || {
        let mut env = Env {
            now: Timestamp(0),
            rng: &mut Counter(1),
        };
        Backup::begin(&vault, true, PASSPHRASE, WORK.scrypt, &mut env)
            .unwrap()
            .0
    };
    assert_eq!(
        begin().content(&[0; 11]).unwrap_err(),
        TransferError::DocumentDamaged
    );
    assert_eq!(begin().end().unwrap_err(), TransferError::DocumentDamaged);
    let mut short = begin();
    short.content(&[0; 9]).unwrap();
    assert_eq!(short.end().unwrap_err(), TransferError::DocumentDamaged);
    let mut env = Env {
        now: Timestamp(0),
        rng: &mut Counter(1),
    };
    let weak = Backup::begin(&vault, true, "too short", 4, &mut env);
    assert_eq!(weak.unwrap_err(), TransferError::PassphraseTooShort);
}

#[test]
fn the_plan_says_what_becomes_of_each_document() {
    let mut vault = vault(&[10, 20, 30]);
    let deleted = vault
        .get("document/d2")
        .unwrap()
        .replace("\"deleted_at\":null", "\"deleted_at\":5");
    vault.set("document/d2", &deleted);
    let file = backup(&vault, &[Some(content(10, 0)), Some(content(20, 1))]);
    let incoming = open(&file).unwrap();
    assert_eq!(incoming.notes, []);
    let choice = Choice {
        moved: true,
        history: true,
    };
    let mut here = Contents::default();
    here.set("document/d1", "{}");
    let plan = Plan::new(&incoming, &here, choice, "en");
    let fates: Vec<_> = plan.documents().iter().map(|one| (one.fate, one.bytes)).collect();
    assert_eq!(
        fates,
        [
            (DocumentFate::New, 10),
            (DocumentFate::Here, 20),
            (DocumentFate::Deleted, 0)
        ]
    );
    // Documents never come in as records: their keys would open nothing there.
    assert!(!plan.next().to_string().contains("document/"));
    assert_eq!(incoming.document_record("d0"), vault.get("document/d0"));
    assert!(plan.documents().write_json().to_string().contains("sealed_bytes"));
}
