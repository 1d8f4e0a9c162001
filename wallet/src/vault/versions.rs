//! A record that remembers: every version of it, from every device, merged without loss.
//!
//! A version names the versions it was made from, and its id is the hash of what it says. So the histories of two devices
//! merge by putting their versions together: in whatever order and however often, the outcome is the same and nothing is
//! missing. Versions that no other one was made from are the present ones; two of them are a conflict, both are kept, the
//! newest is shown, and the next change follows all of them.

use std::fmt;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, BadCbor, Fields};

/// What the text form begins with.
const LABEL: &str = "assent/versions/1.";
/// Versions whose content is kept by themselves: the oldest make room.
const KEPT: usize = 100;
/// Places of forgotten versions that are kept: a device that missed more changes than that shows a conflict that is none.
const PLACES: usize = 2000;
/// Most versions read.
const MAX: usize = 4096;

/// In place of a slot: the version came out of a file that anybody could have written.
pub const IMPORTED: [u8; 16] = *b"assent/imported/";

/// Id of a version.
pub type VersionId = [u8; 16];

/// What a version says.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// This content.
    Content(Zeroizing<Vec<u8>>),
    /// Deleted.
    Deleted,
    /// The citizen, or the limit, had it forgotten: only its place is known. Stays so, whatever other devices still have.
    Forgotten,
}

/// One version.
#[derive(Clone, PartialEq, Eq)]
pub struct Version {
    /// Hash of the rest, as it was before it was forgotten.
    pub id: VersionId,
    /// What it was made from.
    pub parents: Vec<VersionId>,
    /// When, as the device's clock said; never before its parents.
    pub at: Timestamp,
    /// The slot that the device was unlocked with.
    pub by: [u8; 16],
    /// What it says.
    pub said: Said,
}

impl Version {
    fn new(mut parents: Vec<VersionId>, at: Timestamp, by: [u8; 16], said: Said) -> Self {
        parents.sort_unstable();
        let id = id(&parents, at, &by, &said);
        Self {
            id,
            parents,
            at,
            by,
            said,
        }
    }

    /// Its content; `None` when it deletes, or was forgotten.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        match &self.said {
            Said::Content(content) => Some(content),
            Said::Deleted | Said::Forgotten => None,
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Version(redacted)")
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Said(redacted)")
    }
}

/// All versions of one record, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions(Vec<Version>);

impl Versions {
    /// Says something new, after everything that is present. Saying again what is shown changes nothing.
    pub fn say(&mut self, content: Option<&[u8]>, now: Timestamp, by: [u8; 16]) {
        let present: Vec<_> = self.present().map(|version| version.id).collect();
        self.say_after(&present, content, now, by);
    }

    /// Says something new, after the versions that whoever says it has seen: what became present meanwhile stays so, as a
    /// conflict. With nothing known among them, after everything that is present.
    pub fn say_after(&mut self, seen: &[VersionId], content: Option<&[u8]>, now: Timestamp, by: [u8; 16]) {
        let mut parents: Vec<_> = seen
            .iter()
            .copied()
            .filter(|id| self.get(*id).is_some())
            .collect();
        let present: Vec<_> = self.present().collect();
        if let [only] = present[..]
            && only.said != Said::Forgotten
            && only.content() == content
        {
            return;
        }
        if parents.is_empty() {
            parents = present.iter().map(|version| version.id).collect();
        }
        let before = parents.iter().filter_map(|id| self.get(*id));
        let latest = before.map(|version| version.at.plus(1)).max();
        let at = latest.map_or(now, |latest| latest.max(now));
        let said = content.map_or(Said::Deleted, |content| {
            Said::Content(Zeroizing::new(content.to_vec()))
        });
        self.put(Version::new(parents, at, by, said));
        self.make_room();
    }

    /// Forgets everything that was ever said, here and, after the next merge, everywhere.
    pub fn erase(&mut self, now: Timestamp, by: [u8; 16]) {
        self.say(None, now, by);
        for version in &mut self.0 {
            version.said = Said::Forgotten;
        }
    }

    /// True when nothing of what was ever said is known any more, or ever was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|version| version.content().is_none())
    }

    /// True when a version with content here has none in `other`.
    #[must_use]
    pub fn has_more_than(&self, other: &Self) -> bool {
        let with_content = self.0.iter().filter(|version| version.content().is_some());
        let kept = |id: VersionId| other.get(id).is_some_and(|version| version.content().is_some());
        with_content.map(|version| version.id).any(|id| !kept(id))
    }

    /// Says again what an earlier version said. False when there is no such version, or its content was forgotten.
    pub fn bring_back(&mut self, version: VersionId, now: Timestamp, by: [u8; 16]) -> bool {
        let Some(content) = self.get(version).map(|version| version.said.clone()) else {
            return false;
        };
        match content {
            Said::Content(content) => self.say(Some(&content), now, by),
            Said::Deleted => self.say(None, now, by),
            Said::Forgotten => return false,
        }
        true
    }

    /// Takes back the shown version: says again what was shown before it. False when nothing is known from before.
    pub fn undo(&mut self, now: Timestamp, by: [u8; 16]) -> bool {
        let before = self.shown().and_then(|shown| {
            let parents = shown.parents.iter().filter_map(|parent| self.get(*parent));
            parents
                .filter(|parent| parent.said != Said::Forgotten)
                .max_by_key(|parent| (parent.content().is_some(), parent.at, parent.id))
        });
        match before.map(|before| before.id) {
            Some(before) => self.bring_back(before, now, by),
            None => false,
        }
    }

    /// Forgets what a version said, here and, after the next merge, everywhere. The only present one cannot be forgotten.
    pub fn forget(&mut self, version: VersionId) -> bool {
        let alone = self.present().count() == 1 && self.present().any(|present| present.id == version);
        let Ok(at) = self.0.binary_search_by_key(&version, |version| version.id) else {
            return false;
        };
        if !alone && let Some(version) = self.0.get_mut(at) {
            version.said = Said::Forgotten;
        }
        !alone
    }

    /// Puts two histories together. Commutative, associative, idempotent; loses nothing that was not forgotten.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for version in other.0 {
            self.put(version);
        }
        self
    }

    /// What to show: the newest present version that says something, else the newest.
    #[must_use]
    pub fn shown(&self) -> Option<&Version> {
        self.present()
            .max_by_key(|version| (version.content().is_some(), version.at, version.id))
    }

    /// The ids of what is present: what an edit of what is shown was made from.
    #[must_use]
    pub fn present_ids(&self) -> Vec<VersionId> {
        self.present().map(|version| version.id).collect()
    }

    /// When the first version was made.
    #[must_use]
    pub fn begun(&self) -> Option<Timestamp> {
        self.0.iter().map(|version| version.at).min()
    }

    /// What is present beside the shown one: kept, and to be shown as another device's version.
    pub fn conflicts(&self) -> impl Iterator<Item = &Version> {
        let shown = self.shown().map(|shown| shown.id);
        let others = self.present().filter(move |version| Some(version.id) != shown);
        others.filter(|version| version.content().is_some())
    }

    /// All versions, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.0.iter()
    }

    /// All versions, the newest first; of one second, what was made from another before it.
    #[must_use]
    pub fn newest_first(&self) -> Vec<&Version> {
        let mut all: Vec<&Version> = self.0.iter().collect();
        all.sort_by_key(|version| (version.at, version.id));
        for second in all.chunk_by_mut(|a, b| a.at == b.at) {
            for placed in 0..second.len() {
                let (_, rest) = second.split_at_mut(placed);
                let is_first =
                    |version: &&Version| !rest.iter().any(|other| version.parents.contains(&other.id));
                let first = rest.iter().position(is_first).unwrap_or_default();
                if let Some(until) = rest.get_mut(..=first) {
                    until.rotate_right(1);
                }
            }
        }
        all.reverse();
        all
    }

    /// The newest content that is known.
    #[must_use]
    pub fn last_said(&self) -> Option<&[u8]> {
        self.newest_first()
            .into_iter()
            .find_map(|version| version.content())
    }

    /// As text, for a record.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let versions = self.0.iter().map(|version| {
            let parents = version.parents.iter().map(|parent| cbor::bytes(parent)).collect();
            Value::Array(vec![
                cbor::bytes(&version.id),
                Value::Array(parents),
                Value::from(version.at.0),
                cbor::bytes(&version.by),
                said_to_cbor(&version.said),
            ])
        });
        let encoded = cbor::encode_secret(Value::Array(versions.collect()));
        let mut text = Zeroizing::new(String::from(LABEL));
        text.push_str(&Zeroizing::new(base64url::encode(&encoded)));
        text
    }

    /// From [`Versions::to_text`]; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let encoded = Zeroizing::new(base64url::decode(text.strip_prefix(LABEL)?).ok()?);
        let versions = cbor::decode(&encoded)
            .ok()
            .filter(|versions| versions.len() <= MAX)?;
        let mut read = Self::default();
        for version in versions {
            read.put(read_version(version).ok()?);
        }
        Some(read)
    }

    fn get(&self, version: VersionId) -> Option<&Version> {
        self.0
            .binary_search_by_key(&version, |version| version.id)
            .ok()
            .and_then(|at| self.0.get(at))
    }

    /// Those that no other version was made from.
    fn present(&self) -> impl Iterator<Item = &Version> {
        let mut followed: Vec<VersionId> = Vec::new();
        for version in &self.0 {
            followed.extend_from_slice(&version.parents);
        }
        followed.sort_unstable();
        self.0
            .iter()
            .filter(move |version| followed.binary_search(&version.id).is_err())
    }

    fn put(&mut self, version: Version) {
        match self.0.binary_search_by_key(&version.id, |known| known.id) {
            Ok(at) => {
                if version.said == Said::Forgotten
                    && let Some(known) = self.0.get_mut(at)
                {
                    known.said = Said::Forgotten;
                }
            }
            Err(at) => self.0.insert(at, version),
        }
    }

    /// Forgets the oldest contents beyond the limit, never a present one.
    fn make_room(&mut self) {
        let present: Vec<VersionId> = self.present().map(|version| version.id).collect();
        let mut past: Vec<_> = self
            .0
            .iter()
            .filter(|version| version.said != Said::Forgotten && present.binary_search(&version.id).is_err())
            .map(|version| (version.at, version.id))
            .collect();
        past.sort_unstable();
        let too_many = past.len().saturating_sub(KEPT);
        for (_, version) in past.into_iter().take(too_many) {
            self.forget(version);
        }
        let places = self.0.iter().filter(|version| version.said == Said::Forgotten);
        let mut places: Vec<_> = places.map(|version| (version.at, version.id)).collect();
        places.sort_unstable();
        places.truncate(places.len().saturating_sub(PLACES));
        self.0
            .retain(|version| !places.contains(&(version.at, version.id)));
    }
}

/// What to store when `waiting` was written on this device while `stored` may have come from another: both, when both are
/// histories; else `None`.
#[must_use]
pub fn merged(stored: &[u8], waiting: &str) -> Option<Zeroizing<String>> {
    let waiting = Versions::from_text(waiting)?;
    let stored = Versions::from_text(std::str::from_utf8(stored).ok()?)?;
    Some(stored.merge(waiting).to_text())
}

fn id(parents: &[VersionId], at: Timestamp, by: &[u8; 16], said: &Said) -> VersionId {
    let parents = parents.iter().map(|parent| cbor::bytes(parent)).collect();
    let hash = sha256(&cbor::encode_secret(Value::Array(vec![
        Value::from(LABEL),
        Value::Array(parents),
        Value::from(at.0),
        cbor::bytes(by),
        said_to_cbor(said),
    ])));
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

fn said_to_cbor(said: &Said) -> Value {
    match said {
        Said::Content(content) => cbor::bytes(content),
        Said::Deleted => Value::Null,
        Said::Forgotten => Value::Bool(false),
    }
}

fn read_version(value: Value) -> Result<Version, BadCbor> {
    let mut fields = Fields::of(value)?;
    let given = fields.fixed()?;
    let parents = fields.array()?.into_iter().map(|parent| {
        let parent = parent.into_bytes().map_err(|_| BadCbor)?;
        parent.try_into().map_err(|_| BadCbor)
    });
    let parents = parents.collect::<Result<_, _>>()?;
    let (at, by) = (Timestamp(fields.signed()?), fields.fixed()?);
    let said = match fields.value()? {
        Value::Bytes(content) => Said::Content(Zeroizing::new(content)),
        Value::Null => Said::Deleted,
        Value::Bool(false) => Said::Forgotten,
        _ => return Err(BadCbor),
    };
    fields.end()?;
    if said == Said::Forgotten {
        return Ok(Version {
            id: given,
            parents,
            at,
            by,
            said,
        });
    }
    let version = Version::new(parents, at, by, said);
    if version.id == given {
        Ok(version)
    } else {
        Err(BadCbor)
    }
}

#[cfg(test)]
#[path = "versions_tests.rs"]
mod tests;
