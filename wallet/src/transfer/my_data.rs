//! My data as plain JSON, for people and their programs (`specs/formats/my-data.md`): everything but keys.

use assent_core::encoding::json::Object;
use assent_core::encoding::record::{self, FromJson as _, ToJson as _, Value};
use assent_core::env::Timestamp;
use assent_core::record;

use super::incoming::{Note, Wanted};
use super::moment::read_rfc3339;
use super::{Contents, TransferError, own_details};
use crate::app::cards::leaves;
use crate::history::Entry;
use crate::holdings::{Card, CopyRecord};
use crate::labels;
use crate::present::KeptReceipt;
use crate::records::Record;
use crate::rights::Sharing;
use crate::settings::Settings;

pub(super) const FORMAT: &str = "assent-my-data/1";
const FAMILY: &str = "assent-my-data/";
const ABOUT: &str = "What one Assent vault held, to read and to reuse. Without keys: cards cannot be used from it, \
and sharing cannot be stopped from it.";
/// Most items of one kind that are read.
const MAX_ITEMS: usize = 100_000;

/// Members that hold a time, by kind of record: seconds in the vault, RFC 3339 here.
const TIMES: [&str; 5] = ["at", "since", "until", "stopped_at", "received_at"];

/// A card with what it says.
pub(super) struct Shown {
    pub(super) card: Card,
    /// Label, path, value.
    pub(super) details: Vec<(String, Value, Value)>,
}

/// Cards in order of receipt, with what they say.
pub(super) fn cards(contents: &Contents, language: &str) -> Vec<Shown> {
    let mut cards: Vec<Card> = contents.list();
    cards.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
    let mut shown = Vec::new();
    for card in cards {
        let copies = card.copies.iter();
        let credential = copies
            .filter_map(|copy| contents.one::<CopyRecord>(&format!("{}/{}", card.id, copy.id)))
            .find_map(|copy| copy.credential().ok());
        let mut details = Vec::new();
        if let Some(credential) = &credential {
            for (path, value) in leaves(credential.claims()) {
                let label = labels::label(&path, &card.claims, language);
                details.push((label, path.to_json(), value.clone()));
            }
        }
        shown.push(Shown { card, details });
    }
    shown
}

/// Writes it.
pub(super) fn write(contents: &Contents, made_at: Timestamp, language: &str) -> Result<Value, TransferError> {
    let made_at = made_at.to_rfc3339().ok_or(TransferError::Contents)?;
    let mut list = Vec::new();
    for Shown { card, details } in cards(contents, language) {
        let mut rows = Vec::new();
        for (label, path, value) in details {
            rows.push(record!({ "label": label, "path": path, "value": value }));
        }
        list.push(record!({
            "id": card.id,
            "name": card.name(language),
            "type": card.vct,
            "issuer": card.issuer_name,
            "issuer_id": card.issuer_id,
            "received_at": moment(card.received_at),
            "valid_until": card.expires_at.map(moment),
            "details": rows,
        }));
    }
    Ok(record!({
        "format": FORMAT,
        "made_at": made_at,
        "about": ABOUT,
        "language": language,
        "cards": list,
        "own_details": own_details::write(contents, true),
        "sharing": items::<Sharing>(contents),
        "history": items::<Entry>(contents),
        "receipts": items::<KeptReceipt>(contents),
        "settings": contents.one::<Settings>(Settings::ID).unwrap_or_default(),
    }))
}

fn moment(seconds: i64) -> Option<String> {
    Timestamp(seconds).to_rfc3339()
}

/// Records as they are, with times as text and without keys.
fn items<R: Record>(contents: &Contents) -> Vec<Value> {
    let mut out = Vec::new();
    for item in contents.list::<R>() {
        let Value::Object(mut object) = item.write_json() else {
            continue;
        };
        object.remove("key");
        for name in TIMES {
            if let Some(seconds) = object.get(name).and_then(Value::as_i64) {
                record::put(&mut object, name, moment(seconds).write_json());
            }
        }
        out.push(Value::Object(object));
    }
    out
}

/// What a file in this format brings.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) contents: Contents,
    pub(super) made_at: Timestamp,
    pub(super) wanted: Vec<Wanted>,
    pub(super) notes: Vec<Note>,
}

/// Whether an object is meant as this.
pub(super) fn is_my_data(object: &Object) -> bool {
    let format = object.get("format").and_then(Value::as_str);
    format.is_some_and(|format| format.starts_with(FAMILY))
}

/// Reads it: own details, history, receipts and settings come in; cards are to be asked for again.
pub(super) fn read(mut data: Object) -> Result<Read, TransferError> {
    if data.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(TransferError::Newer);
    }
    let made_at = data.get("made_at").and_then(Value::as_str).and_then(read_rfc3339);
    let mut out = Read {
        contents: Contents::default(),
        made_at: made_at.ok_or(TransferError::Damaged)?,
        wanted: Vec::new(),
        notes: Vec::new(),
    };
    let mut unreadable = 0;
    for mut item in list(&mut data, "history")? {
        match with_seconds(&mut item).and_then(|()| Entry::read_json(item).ok()) {
            Some(entry) if out.contents.add_record(&entry) => {}
            _ => unreadable += 1,
        }
    }
    for mut item in list(&mut data, "receipts")? {
        let receipt = with_seconds(&mut item).and_then(|()| KeptReceipt::read_json(item).ok());
        match receipt.map(KeptReceipt::without_key) {
            Some(receipt) if out.contents.add_record(&receipt) => {}
            _ => unreadable += 1,
        }
    }
    for card in list(&mut data, "cards")? {
        let text = |name: &str| card.get(name).and_then(Value::as_str).map(str::to_owned);
        let wanted = || {
            Some(Wanted {
                vct: text("type")?,
                issuer: text("issuer")?,
                issuer_id: text("issuer_id")?,
                link: text("issuer_id").filter(|link| link.starts_with("https://")),
            })
        };
        match wanted() {
            Some(wanted) if !out.wanted.contains(&wanted) => out.wanted.push(wanted),
            Some(_) => {}
            None => unreadable += 1,
        }
    }
    if let Some(settings) = data.remove("settings") {
        match Settings::read_json(settings) {
            Ok(settings) if settings.is_possible() => {
                out.contents.add_record(&settings);
            }
            _ => unreadable += 1,
        }
    }
    let details = list(&mut data, "own_details")?;
    unreadable += own_details::read(details, out.made_at, &mut out.contents)?;
    let stays = list(&mut data, "sharing")?.len() as u64;
    for (code, count) in [("items-unreadable", unreadable), ("sharing-needs-backup", stays)] {
        if count > 0 {
            out.notes.push(Note { code, count });
        }
    }
    Ok(out)
}

/// Times back to seconds; `None` when one is no time.
fn with_seconds(item: &mut Value) -> Option<()> {
    let object = item.as_object_mut()?;
    for name in TIMES {
        if let Some(text) = object.get(name).and_then(Value::as_str) {
            let seconds = read_rfc3339(text)?.0;
            record::put(object, name, seconds.write_json());
        }
    }
    Some(())
}

fn list(data: &mut Object, name: &'static str) -> Result<Vec<Value>, TransferError> {
    let items = match data.remove(name) {
        Some(value) => Vec::<Value>::read_json(value).map_err(|_| TransferError::Damaged)?,
        None => Vec::new(),
    };
    if items.len() > MAX_ITEMS {
        return Err(TransferError::TooLarge);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Contents {
        let mut contents = Contents::default();
        for (name, content) in [
            (
                "card/c1",
                r#"{"id":"c1","issuer_id":"https://city.example/issuer","issuer_name":"City of Voorbeeld","configuration_id":"residence",
                "vct":"urn:assent:residence:1","display":[],"claims":[],"received_at":1795000000,"expires_at":1810000000,"copies":[],
                "status":"Valid","akis":[],"anchor":""}"#,
            ),
            (
                "entry/e1",
                r#"{"id":"e1","at":1795000100,"kind":"presentation","party_name":"City library","party_id":"library","service":null,
                "outcome":"shared","requested":[],"presented":[{"vct":"urn:assent:residence:1","path":["age_equal_or_over","16"]}],
                "cards":["c1"],"types":[],"purpose":"Borrow films","policy_url":null,"reason":null,"recognisability":"not_at_all",
                "receipt_id":null,"sharing_id":null,"authority":null}"#,
            ),
            (
                "settings/mine",
                r#"{"language":"nl","theme":"dark","auto_lock_minutes":3}"#,
            ),
            ("other/kind", "a secret of a later version"),
        ] {
            contents.set(name, content);
        }
        contents
    }

    fn written() -> Value {
        write(&sample(), Timestamp(1_795_000_200), "en").unwrap()
    }

    #[test]
    fn the_published_example_is_what_is_written() {
        let text = format!("{:#}\n", written());
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../specs/formats/examples/my-data.json"
        );
        if std::env::var_os("ASSENT_WRITE_EXAMPLES").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        // What this version cannot judge may be a key: it stays in the backup.
        assert!(!text.contains("secret"));
    }

    #[test]
    fn what_is_written_comes_back() {
        let out = read(written().as_object().unwrap().clone()).unwrap();
        assert_eq!(out.made_at, Timestamp(1_795_000_200));
        assert_eq!((out.contents.list::<Entry>().len(), out.wanted.len()), (1, 1));
        assert_eq!(out.contents.one::<Settings>("mine").unwrap().theme, "dark");
        assert_eq!(out.contents.list::<Entry>()[0].at, 1_795_000_100);
    }

    #[test]
    fn other_versions_and_nonsense_are_refused_or_counted() {
        let with = |name: &str, value: Value| {
            let mut data = written();
            data[name] = value;
            read(data.as_object().unwrap().clone())
        };
        assert_eq!(
            with("format", "assent-my-data/2".into()).unwrap_err(),
            TransferError::Newer
        );
        assert_eq!(
            with("made_at", "never".into()).unwrap_err(),
            TransferError::Damaged
        );
        assert_eq!(
            with("history", "none".into()).unwrap_err(),
            TransferError::Damaged
        );
        let settings = serde_json::json!({ "language": "xx", "theme": "dark", "auto_lock_minutes": 3 });
        let out = with("settings", settings).unwrap();
        assert_eq!(
            out.notes,
            [Note {
                code: "items-unreadable",
                count: 1
            }]
        );
        let entry = &written()["history"][0];
        let out = with("history", serde_json::json!([entry, entry, {}, 1])).unwrap();
        assert_eq!(
            out.notes,
            [Note {
                code: "items-unreadable",
                count: 3
            }]
        );
    }
}
