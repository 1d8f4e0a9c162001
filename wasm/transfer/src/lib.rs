//! Files of a vault's contents for the browser: a second module, loaded when somebody takes data out or brings them in.
//!
//! It gets contents in the clear and a passphrase and gives bytes, and the other way round. It knows no vault and no key of
//! one: contents go from and to the engine (`assent-wasm`) through the worker that runs both.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, ToJson, Value};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::record;
use assent_wallet::transfer::{Choice, Format, Incoming, Making, Plan, Present, TransferError, Work, make};
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

/// A file from outside, opened and read.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AssentFile {
    incoming: Incoming,
}

#[wasm_bindgen]
impl AssentFile {
    /// Opens a file. Throws a failure (JSON text): `transfer-passphrase-needed` when it is sealed and none was given.
    pub fn open(file: &[u8], passphrase: Option<String>) -> Result<AssentFile, String> {
        let passphrase = passphrase.map(Zeroizing::new);
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        let incoming = Incoming::open(file, passphrase, Work::BROWSER).map_err(failure)?;
        Ok(Self { incoming })
    }

    /// What of it goes into a vault with these contents: `{type, kind, madeAt, left, kinds, cards, notes}` (JSON text).
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

    #[test]
    fn what_is_made_is_opened_and_planned() {
        let made = made(EMPTY.to_owned(), "json", None, "nl", 1_795_000_000.7).unwrap();
        let file = AssentFile::open(&made, None).unwrap();
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
        let file = AssentFile::open(&made, None).unwrap();
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
        assert!(
            AssentFile::open(b"x", None)
                .unwrap_err()
                .contains("transfer-unknown-file")
        );
    }
}
