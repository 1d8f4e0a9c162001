//! Files of a vault's contents for the browser: a second module, loaded when somebody takes data out or brings them in.
//!
//! It gets contents in the clear and a passphrase and gives bytes, and the other way round. It knows no vault and no key of
//! one: contents go from and to the engine (`assent-wasm`) through the worker that runs both.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, ToJson, Value};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::record;
use assent_wallet::transfer::{
    Backup, Check, Choice, Format, Incoming, Making, Opening, Plan, Present, TransferError, Work, make,
};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

/// As much as the largest vault holds.
const CONTENTS: Limits = Limits {
    bytes: 512 << 20,
    depth: 8,
};

#[wasm_bindgen]
extern "C" {
    /// Bytes of the page.
    #[wasm_bindgen(js_name = Uint8Array)]
    pub type PageBytes;

    /// A copy: what was copied stays ours, to be wiped. A `Vec` that is returned is copied, too, and freed as it is.
    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    fn of(bytes: &[u8]) -> PageBytes;
}

struct PlatformRandom;

impl SecureRandom for PlatformRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(out).map_err(|_| RandomUnavailable)
    }
}

/// Makes a file. `contents` is the engine's reply to `takeOut` (JSON text); `format` is `backup`, `exchange`, `json` or `html`;
/// `passphrase` is for the first two. Throws a failure (JSON text).
#[wasm_bindgen(js_name = makeFile)]
pub fn make_file(
    contents: String,
    format: &str,
    passphrase: Option<String>,
    language: &str,
    now_seconds: f64,
) -> Result<PageBytes, String> {
    made(contents, format, passphrase, language, now_seconds).map(|bytes| PageBytes::of(&bytes))
}

fn made(
    contents: String,
    format: &str,
    passphrase: Option<String>,
    language: &str,
    now_seconds: f64,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let (contents, passphrase) = (Zeroizing::new(contents), passphrase.map(Zeroizing::new));
    let made = || {
        let present = read(&contents)?;
        let making = Making {
            format: Format::from_name(format).ok_or(TransferError::UnknownFile)?,
            passphrase: passphrase.as_ref().map(|passphrase| passphrase.as_str()),
            language,
            work: Work::NEW,
        };
        let mut env = Env {
            now: moment(now_seconds),
            rng: &mut PlatformRandom,
        };
        make(&present.contents, &making, &mut env)
    };
    made().map_err(failure)
}

/// A backup with documents, made bit by bit: what its functions give is written to the file, in their order.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AssentBackup {
    backup: Option<Backup>,
    start: Vec<u8>,
}

#[wasm_bindgen]
impl AssentBackup {
    /// Begins. Throws a failure (JSON text).
    pub fn begin(contents: String, passphrase: String, now_seconds: f64) -> Result<AssentBackup, String> {
        let (contents, passphrase) = (Zeroizing::new(contents), Zeroizing::new(passphrase));
        let mut env = Env {
            now: moment(now_seconds),
            rng: &mut PlatformRandom,
        };
        let begun = read(&contents).and_then(|present| {
            Backup::begin(&present.contents, true, &passphrase, Work::NEW.scrypt, &mut env)
        });
        let (backup, start) = begun.map_err(failure)?;
        Ok(Self {
            backup: Some(backup),
            start,
        })
    }

    /// What the file begins with.
    pub fn start(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.start)
    }

    /// The version of a document whose content comes next: `{document, file, pieces}` (JSON text); `undefined` when there is
    /// none.
    pub fn next(&self) -> Option<String> {
        let file = self.backup.as_ref()?.next_document()?;
        let next = record!({ "document": file.document, "file": file.file, "pieces": file.pieces() });
        Some(next.to_string())
    }

    /// Takes its next piece.
    pub fn content(&mut self, content: &[u8]) -> Result<Vec<u8>, String> {
        self.with(|backup| backup.content(content))
    }

    /// The rest of it cannot be had: until another one is the next.
    pub fn missing(&mut self) -> Result<Vec<u8>, String> {
        self.with(Backup::missing)
    }

    /// What the file ends with.
    pub fn end(&mut self) -> Result<Vec<u8>, String> {
        let backup = self.backup.take().ok_or(TransferError::Contents);
        backup.and_then(Backup::end).map_err(failure)
    }

    fn with(
        &mut self,
        take: impl FnOnce(&mut Backup) -> Result<Vec<u8>, TransferError>,
    ) -> Result<Vec<u8>, String> {
        let backup = self.backup.as_mut().ok_or(TransferError::Contents);
        backup.and_then(take).map_err(failure)
    }
}

/// A file from outside that is being opened: it says what of it is needed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AssentOpening {
    opening: Option<Opening>,
}

#[wasm_bindgen]
impl AssentOpening {
    /// Begins with the first 8 KiB of a file of `len` bytes, or all of it. Throws a failure (JSON text):
    /// `transfer-passphrase-needed` when it is sealed and none was given.
    pub fn begin(start: &[u8], len: f64, passphrase: Option<String>) -> Result<AssentOpening, String> {
        let passphrase = passphrase.map(Zeroizing::new);
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        let opening = Opening::begin(start, whole(len), passphrase, Work::BROWSER);
        opening
            .map(|opening| Self {
                opening: Some(opening),
            })
            .map_err(failure)
    }

    /// From where to where it is needed next; empty when the file is open.
    pub fn wants(&self) -> Vec<f64> {
        place(self.opening.as_ref().and_then(Opening::wants))
    }

    /// Takes what it wanted.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let opening = self.opening.as_mut().ok_or(TransferError::Damaged);
        opening.and_then(|opening| opening.take(bytes)).map_err(failure)
    }

    /// The open file.
    pub fn end(&mut self) -> Result<AssentFile, String> {
        let opening = self.opening.take().ok_or(TransferError::Damaged);
        let incoming = opening.and_then(Opening::end).map_err(failure)?;
        Ok(AssentFile {
            incoming,
            check: Check::default(),
        })
    }
}

/// A file from outside, opened and read, but for its documents.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AssentFile {
    incoming: Incoming,
    check: Check,
}

#[wasm_bindgen]
impl AssentFile {
    /// Where piece `number` of a version of a document is, by its place in the plan's `files`; empty when the file has no
    /// such piece.
    #[wasm_bindgen(js_name = piecePlace)]
    pub fn piece_place(&self, file: usize, number: usize) -> Vec<f64> {
        place(self.incoming.piece_place(file, number))
    }

    /// Opens what is there. Pieces taken in order from 0 are what the hash in the file says when the last one opens. Throws
    /// a failure (JSON text): `transfer-document-damaged`.
    pub fn piece(&mut self, file: usize, number: usize, bytes: &[u8]) -> Result<PageBytes, String> {
        if number == 0 {
            self.check = Check::default();
        }
        let opened = self.incoming.piece(file, number, bytes, &mut self.check);
        opened.map(|content| PageBytes::of(&content)).map_err(failure)
    }

    /// Id of a version in its document's record.
    #[wasm_bindgen(js_name = fileId)]
    pub fn file_id(&self, file: usize) -> Option<String> {
        self.incoming.documents.get(file).map(|file| file.file.clone())
    }

    /// The record of a document, for the engine's `bringDocument`.
    #[wasm_bindgen(js_name = documentRecord)]
    pub fn document_record(&self, id: &str) -> Option<String> {
        self.incoming.document_record(id).map(str::to_owned)
    }

    /// What of it goes into a vault with these contents: `{type, kind, madeAt, left, kinds, cards, documents, notes}` (JSON text).
    pub fn plan(
        &self,
        contents: String,
        moved: bool,
        history: bool,
        language: &str,
    ) -> Result<String, String> {
        let (plan, _) = self.planned(contents, Choice { moved, history }, language)?;
        Ok(record!({
            "type": "importPlan",
            "kind": self.incoming.kind,
            "madeAt": self.incoming.made_at,
            "left": plan.left(),
            "kinds": plan.kinds(),
            "cards": plan.cards(),
            "documents": plan.documents(),
            "notes": self.incoming.notes,
        })
        .to_string())
    }

    /// The engine's next command `putIn` (JSON text); `undefined` when everything is in.
    pub fn next(&self, contents: String, moved: bool, history: bool) -> Result<Option<String>, String> {
        let (plan, version) = self.planned(contents, Choice { moved, history }, "en")?;
        if plan.is_done() {
            return Ok(None);
        }
        let command = record!({ "type": "putIn", "records": plan.next(), "version": version });
        Ok(Some(command.to_string()))
    }

    fn planned(&self, contents: String, choice: Choice, language: &str) -> Result<(Plan, u64), String> {
        let present = read(&Zeroizing::new(contents)).map_err(failure)?;
        let plan = Plan::new(&self.incoming, &present.contents, choice, language);
        Ok((plan, present.version))
    }
}

/// The engine's reply `contents`.
#[derive(FromJson)]
struct Contents {
    records: Value,
    version: u64,
}

fn read(contents: &str) -> Result<Present, TransferError> {
    let value = json::parse(contents.as_bytes(), CONTENTS).map_err(|_| TransferError::Contents)?;
    let contents = Contents::read_json(value).map_err(|_| TransferError::Contents)?;
    Present::new(contents.records, contents.version)
}

fn place(place: Option<std::ops::Range<u64>>) -> Vec<f64> {
    // Exact up to 2^53; no file is as long.
    #[expect(clippy::cast_precision_loss, reason = "lengths of files")]
    place.map_or_else(Vec::new, |place| vec![place.start as f64, place.end as f64])
}

fn whole(number: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and lengths are whole"
    )]
    let number = number as u64;
    number
}

fn failure(error: TransferError) -> String {
    error.for_screens().view().write_json().to_string()
}

fn moment(seconds: f64) -> Timestamp {
    // Seconds since 1970 fit a float without loss until long after any certificate.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and the fraction is not wanted"
    )]
    let seconds = seconds as i64;
    Timestamp(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = r#"{"type":"contents","records":{"settings/mine":"{\"auto_lock_minutes\":5,\"language\":\"en\",\"theme\":\"dark\"}"},"version":3}"#;

    fn open(file: &[u8]) -> Result<AssentFile, String> {
        let mut opening = AssentOpening::begin(file, file.len() as f64, None)?;
        loop {
            match opening.wants()[..] {
                [from, to] => opening.take(&file[from as usize..to as usize])?,
                _ => return opening.end(),
            }
        }
    }

    #[test]
    fn what_is_made_is_opened_and_planned() {
        let made = made(EMPTY.to_owned(), "json", None, "nl", 1_795_000_000.7).unwrap();
        let file = open(&made).unwrap();
        let contents = r#"{"records":{},"version":1}"#.to_owned();
        let plan = file.plan(contents.clone(), true, true, "nl").unwrap();
        assert!(
            plan.contains(r#""left":1"#) && plan.contains(r#""kind":"myData""#),
            "{plan}"
        );
        let next = file.next(contents, true, true).unwrap().unwrap();
        assert!(next.contains("putIn") && next.contains("settings/mine"), "{next}");
        assert_eq!(file.next(EMPTY.to_owned(), true, true).unwrap(), None);
    }

    /// As much as a vault service keeps: contents are JSON within JSON, with many commas.
    #[test]
    fn a_full_vault_is_taken_out_and_brought_in() {
        let mut records = assent_core::encoding::json::Object::new();
        for number in 0..20_000 {
            let entry = format!(
                r#"{{"id":"e{number:05}","at":1795000100,"kind":"presentation","party_name":"Library","party_id":"library","service":null,"outcome":"shared","requested":[],"presented":[{{"vct":"urn:assent:residence:1","path":["age_equal_or_over","16"]}}],"cards":["c1"],"types":[],"purpose":"Borrow films","policy_url":null,"reason":null,"recognisability":"not_at_all","receipt_id":null,"sharing_id":null,"authority":null}}"#
            );
            records.insert(format!("entry/e{number:05}"), entry.into());
        }
        let contents = record!({ "records": records, "version": 3_u64 }).to_string();
        let made = made(contents.clone(), "json", None, "en", 1_795_000_000.0).unwrap();
        let file = open(&made).unwrap();
        let empty = r#"{"records":{},"version":1}"#.to_owned();
        let plan = file.plan(empty, true, true, "en").unwrap();
        assert!(plan.contains(r#""left":20001"#), "{plan:.300}");
        assert_eq!(file.next(contents, true, true).unwrap(), None);
    }

    #[test]
    fn failures_are_those_of_the_app() {
        let failure = made(EMPTY.to_owned(), "backup", None, "en", 0.0).unwrap_err();
        assert!(
            failure.contains("transfer-passphrase-needed") && failure.contains(r#""wasAnythingShared":"no""#)
        );
        assert!(
            made("{}".to_owned(), "json", None, "en", 0.0)
                .unwrap_err()
                .contains("transfer-contents")
        );
        assert!(open(b"x").unwrap_err().contains("transfer-unknown-file"));
    }
}
