//! The citizen's own details in data to read: written with all their versions, and taken in again as what they are: imported.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::encoding::record::{self, FromJson as _, ToJson as _, Value};
use assent_core::env::Timestamp;
use assent_core::record;
use zeroize::Zeroizing;

use super::contents::{is_name, split};
use super::moment::read_rfc3339;
use super::{Contents, TransferError};
use crate::details::{self, Detail, MOST, RECORD};
use crate::vault::{IMPORTED, Version, Versions};

/// Most versions of one detail that are read: as many as a vault keeps.
const MAX_VERSIONS: usize = 100;
/// Of a kind that this version does not know.
const MAX_KIND: usize = 64;
const MAX_PARTS: usize = 32;
const MAX_TEXT: usize = 10_000;

/// The details as they are shown now, with what they said before when `versions` are wanted, too.
pub(super) fn write(contents: &Contents, versions: bool) -> Vec<Value> {
    let mut out = Vec::new();
    for (id, history) in histories(contents) {
        let Some(Value::Object(mut detail)) = shown(&history).map(|shown| shown.write_json()) else {
            continue;
        };
        record::put(&mut detail, "id", record::text(id));
        if versions {
            let mut said = Vec::new();
            for version in history.iter().filter(|version| version.content().is_some()) {
                let place =
                    said.partition_point(|known: &&Version| (known.at, known.id) < (version.at, version.id));
                said.insert(place, version);
            }
            let said = said.into_iter().filter_map(|version| {
                let detail = Detail::from_content(version.content()?)?;
                let at = version.at.to_rfc3339()?;
                Some(record!({ "at": at, "own_name": detail.own_name, "parts": Value::Object(detail.parts) }))
            });
            record::put(&mut detail, "versions", Value::Array(said.collect()));
        }
        out.push(Value::Object(detail));
    }
    out
}

/// Reads what [`write`] wrote, made at `made_at`, into `contents`; gives how many cannot be read.
pub(super) fn read(
    items: Vec<Value>,
    made_at: Timestamp,
    contents: &mut Contents,
) -> Result<u64, TransferError> {
    if items.len() > MOST {
        return Err(TransferError::TooLarge);
    }
    let (mut unreadable, mut single) = (0, Vec::new());
    for item in items {
        let Some((id, detail, history)) = one(item, made_at) else {
            unreadable += 1;
            continue;
        };
        let many = details::kind(&detail.kind).is_none_or(|kind| kind.many);
        let name = [RECORD, "/", &id].concat();
        if (!many && single.contains(&detail.kind)) || !contents.add(&name, history.to_text()) {
            unreadable += 1;
        } else if !many {
            single.push(detail.kind);
        }
    }
    Ok(unreadable)
}

/// What becomes of an imported detail.
pub(super) enum Imported {
    /// The vault knows it.
    Here,
    /// There is no room for one more, or what is here cannot be read.
    Left,
    /// To be put under this name.
    Put(String, Zeroizing<String>),
}

/// The details of a vault.
pub(super) struct Known<'c> {
    here: &'c Contents,
    /// Id, history, and what it says now.
    details: Vec<(&'c str, Versions, Option<Detail>)>,
}

impl<'c> Known<'c> {
    pub(super) fn new(here: &'c Contents) -> Self {
        let details = histories(here).map(|(id, history)| {
            let shown = shown(&history);
            (id, history, shown)
        });
        Self {
            here,
            details: details.collect(),
        }
    }

    /// Plans an imported detail: what it says is there already, or is one more version of the same detail, or a new one.
    /// Two versions that contradict each other are both kept, for the person to choose. `coming` others are new.
    pub(super) fn import(&self, coming: usize, name: &str, content: &str) -> Imported {
        let theirs = Versions::from_text(content);
        let Some((said, theirs)) = theirs.and_then(|theirs| Some((shown(&theirs)?, theirs))) else {
            return Imported::Left;
        };
        let (_, id) = split(name);
        let single = details::kind(&said.kind).is_some_and(|kind| !kind.many);
        let find = |is_it: &dyn Fn(&str, &Detail) -> bool| {
            let mut all = self.details.iter();
            all.find(|(id, _, shown)| shown.as_ref().is_some_and(|shown| is_it(id, shown)))
        };
        let same_id = self.details.iter().find(|(known, ..)| *known == id);
        let found = same_id
            .or_else(|| find(&|_, shown| alike(shown, &said)))
            .or_else(|| find(&|_, shown| single && shown.kind == said.kind));
        let Some((known, history, _)) = found else {
            // One that cannot be read is not written over.
            if self.here.get(name).is_some() || self.details.len() + coming >= MOST {
                return Imported::Left;
            }
            return Imported::Put(name.to_owned(), Zeroizing::new(content.to_owned()));
        };
        let is_known = history
            .iter()
            .filter_map(|version| Detail::from_content(version.content()?))
            .any(|known| alike(&known, &said));
        if is_known {
            return Imported::Here;
        }
        let last = history.last_said().and_then(Detail::from_content);
        if last.is_some_and(|last| last.kind != said.kind) {
            return Imported::Left;
        }
        let both = history.clone().merge(theirs);
        Imported::Put([RECORD, "/", known].concat(), both.to_text())
    }
}

fn alike(one: &Detail, other: &Detail) -> bool {
    (&one.kind, &one.own_name, &one.parts) == (&other.kind, &other.own_name, &other.parts)
}

fn histories(contents: &Contents) -> impl Iterator<Item = (&str, Versions)> {
    contents.iter().filter_map(|(name, content)| match split(name) {
        (RECORD, id) => Some((id, Versions::from_text(content)?)),
        _ => None,
    })
}

fn shown(history: &Versions) -> Option<Detail> {
    Detail::from_content(history.shown()?.content()?)
}

/// Id, what it says now, and its history. The same item gives the same history, to the byte: bringing it in again adds
/// nothing.
fn one(item: Value, made_at: Timestamp) -> Option<(String, Detail, Versions)> {
    let Value::Object(mut item) = item else {
        return None;
    };
    let text = |object: &Object, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = text(&item, "kind")?;
    let id = text(&item, "id");
    let past = match item.remove("versions") {
        Some(versions) => Vec::<Value>::read_json(versions).ok()?,
        None => Vec::new(),
    };
    let now = detail(&kind, &item)?;
    if past.len() > MAX_VERSIONS {
        return None;
    }
    let mut at = made_at;
    let mut history = Versions::default();
    for version in past {
        let Value::Object(version) = version else {
            return None;
        };
        let said_at = read_rfc3339(&text(&version, "at")?)?.min(made_at);
        let said = detail(&kind, &version)?;
        if alike(&said, &now) {
            at = said_at;
        } else {
            history.say(Some(&said.to_content()), said_at, IMPORTED);
        }
    }
    history.say(Some(&now.to_content()), at, IMPORTED);
    let is_id = |id: &String| {
        is_name(&[RECORD, "/", id].concat())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let own_id = || {
        let hash = sha256(&now.to_content());
        base64url::encode(hash.get(..16).unwrap_or_default())
    };
    Some((id.filter(is_id).unwrap_or_else(own_id), now, history))
}

/// A version as it may be kept: texts within bounds, of a known kind only its parts. Whether they are possible is asked when
/// the person changes it. Where it was from stays out: what a file says of a card was signed by nobody.
fn detail(kind: &str, item: &Object) -> Option<Detail> {
    let own_name = match item.get("own_name") {
        Some(name) => name.as_str()?,
        None => "",
    };
    let parts = item.get("parts")?.as_object()?;
    let known = details::kind(kind);
    let is_part = |name: &str| known.is_none_or(|kind| kind.parts.iter().any(|part| part.name == name));
    let fits = |(name, part): (&String, &Value)| {
        is_text(name) && is_part(name) && part.as_str().is_some_and(is_text)
    };
    let is_possible = kind.len() <= MAX_KIND
        && is_text(own_name)
        && (1..=MAX_PARTS).contains(&parts.len())
        && parts.iter().all(fits);
    is_possible.then(|| Detail {
        kind: kind.to_owned(),
        own_name: own_name.to_owned(),
        parts: parts.clone(),
        origin: None,
    })
}

fn is_text(text: &str) -> bool {
    text.len() <= MAX_TEXT && !text.chars().any(|c| c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AT: Timestamp = Timestamp(1_795_000_000);

    fn says(value: &str) -> Vec<u8> {
        let detail = Detail {
            kind: "email".to_owned(),
            own_name: "work".to_owned(),
            parts: json!({ "value": value }).as_object().unwrap().clone(),
            origin: None,
        };
        detail.to_content().to_vec()
    }

    fn history(values: &[&str]) -> Versions {
        let mut history = Versions::default();
        for (at, value) in (0..).zip(values) {
            history.say(Some(&says(value)), Timestamp(AT.0 - 100 + at), [7; 16]);
        }
        history
    }

    fn vault(details: &[(&str, &Versions)]) -> Contents {
        let mut contents = Contents::default();
        for (id, history) in details {
            contents.set(&format!("detail/{id}"), &history.to_text());
        }
        contents
    }

    fn taken(items: Vec<Value>) -> Contents {
        let mut contents = Contents::default();
        assert_eq!(read(items, AT, &mut contents).unwrap(), 0);
        contents
    }

    /// Brings everything in; gives how many changed something.
    fn bring_in(here: &mut Contents, file: &Contents) -> usize {
        let mut changed = 0;
        for (name, content) in file.iter() {
            if let Imported::Put(name, content) = Known::new(here).import(0, name, content) {
                here.set(&name, &content);
                changed += 1;
            }
        }
        changed
    }

    fn values(contents: &Contents) -> Vec<String> {
        let mut values: Vec<_> = histories(contents)
            .flat_map(|(_, history)| {
                history
                    .iter()
                    .filter_map(|version| Detail::from_content(version.content()?))
                    .map(|detail| detail.parts["value"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        values.sort();
        values
    }

    #[test]
    fn all_versions_come_back_as_imported_and_twice_adds_nothing() {
        let old = vault(&[("one", &history(&["a@x.example", "b@x.example", "c@x.example"]))]);
        let file = taken(write(&old, true));
        let mut new = Contents::default();
        assert_eq!(bring_in(&mut new, &file), 1);
        assert_eq!(values(&new), ["a@x.example", "b@x.example", "c@x.example"]);
        let (_, brought) = histories(&new).next().unwrap();
        assert_eq!(shown(&brought).unwrap().parts["value"], "c@x.example");
        assert!(brought.iter().all(|version| version.by == IMPORTED));
        assert_eq!(brought.conflicts().count(), 0);
        assert_eq!(brought.begun(), Some(Timestamp(AT.0 - 100)));
        let once = new.get("detail/one").unwrap().to_owned();
        assert_eq!(bring_in(&mut new, &file), 0);
        assert_eq!(new.get("detail/one").unwrap(), once);
        // Into the vault it is of: nothing, also when it went on since.
        let mut same = old.clone();
        assert_eq!(bring_in(&mut same, &file), 0);
        let mut further = vault(&[(
            "one",
            &history(&["a@x.example", "b@x.example", "c@x.example", "d@x.example"]),
        )]);
        assert_eq!(bring_in(&mut further, &file), 0);
    }

    #[test]
    fn the_same_under_another_id_is_here_and_what_contradicts_is_kept_beside() {
        let file = taken(write(&vault(&[("theirs", &history(&["a@x.example"]))]), true));
        let mut here = vault(&[("ours", &history(&["a@x.example"]))]);
        assert_eq!(bring_in(&mut here, &file), 0);
        let mut here = vault(&[("theirs", &history(&["other@x.example"]))]);
        assert_eq!(bring_in(&mut here, &file), 1);
        let (_, both) = histories(&here).next().unwrap();
        assert_eq!(both.conflicts().count(), 1);
        assert_eq!(bring_in(&mut here, &file), 0);
        // Of a kind that there is once, whatever its id.
        let name = |id: &str, value: &str| json!({ "id": id, "kind": "given_name", "own_name": "", "parts": { "value": value } });
        let mut here = taken(vec![name("ours", "Ada")]);
        assert_eq!(bring_in(&mut here, &taken(vec![name("theirs", "Eve")])), 1);
        assert_eq!((here.len(), values(&here).len()), (1, 2));
    }

    #[test]
    fn what_is_not_a_detail_is_counted_and_never_kept() {
        let good =
            json!({ "id": "one", "kind": "email", "own_name": "", "parts": { "value": "a@x.example" } });
        let with = |name: &str, value: serde_json::Value| {
            let mut item = good.clone();
            item[name] = value;
            let mut contents = Contents::default();
            (read(vec![item], AT, &mut contents).unwrap(), contents)
        };
        for (name, value) in [
            ("kind", json!(1)),
            ("kind", json!("x".repeat(65))),
            ("parts", json!({ "value": "x".repeat(10_001) })),
            ("parts", json!({})),
            ("parts", json!({ "other": "a" })),
            ("parts", json!({ "value": { "a": 1 } })),
            ("parts", json!("text")),
            ("own_name", json!(1)),
            ("versions", json!("none")),
            (
                "versions",
                json!([{ "at": "never", "parts": {}, "own_name": "" }]),
            ),
            ("versions", json!(vec![json!({}); 101])),
        ] {
            let (unreadable, contents) = with(name, value.clone());
            assert_eq!((unreadable, contents.len()), (1, 0), "{name} {value}");
        }
        // An id that could be another name, or none, gets one from what it says.
        for id in [json!("../x"), json!("a/b"), json!(""), json!(7)] {
            let (unreadable, contents) = with("id", id);
            assert_eq!(unreadable, 0);
            let (name, _) = contents.iter().next().unwrap();
            assert_eq!(name.len(), "detail/".len() + 22, "{name}");
        }
        // The origin stays out.
        let origin = json!({ "card": "c", "vct": "v", "issuer": "State", "path": ["email"] });
        let (_, contents) = with("origin", origin);
        assert!(histories(&contents).all(|(_, history)| shown(&history).unwrap().origin.is_none()));
        let many = vec![good.clone(); MOST + 1];
        assert_eq!(
            read(many, AT, &mut Contents::default()),
            Err(TransferError::TooLarge)
        );
        let twice = read(vec![good.clone(), good.clone()], AT, &mut Contents::default());
        assert_eq!(twice, Ok(1));
    }
}
