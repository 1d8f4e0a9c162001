//! Typed records over the open vault, with changes that wait for one commit.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, ToJson, Value};
use assent_core::error::Blame;
use zeroize::Zeroizing;

use crate::app::WalletError;
use crate::vault::{Change, UnlockedVault, Versions};
use assent_core::sorted::Sorted;

/// Something kept in the vault as one record of JSON.
pub(crate) trait Record: ToJson + FromJson {
    /// First part of the record's name.
    const KIND: &'static str;

    /// Second part of the record's name.
    fn id(&self) -> &str;
}

/// First part of the names of what was erased: a history without content, so that a device that was away does not bring it
/// back. The rest is the name that the record had.
const ERASED: &str = "erased/";

/// Content by record name; `None` deletes.
pub(crate) type Waiting = Sorted<String, Option<Zeroizing<String>>>;

/// Records are ours and were authenticated; the limits only bound what a mistake can cost.
const STORED: Limits = Limits {
    bytes: 16 << 20,
    depth: 32,
};

/// The vault as it will be after a commit: what is stored, what already waits on this device, and what is being
/// changed now.
pub(crate) struct Records<'v> {
    vault: &'v UnlockedVault,
    waiting: &'v Waiting,
    changes: Waiting,
}

impl<'v> Records<'v> {
    pub(crate) fn new(vault: &'v UnlockedVault, waiting: &'v Waiting) -> Self {
        Self {
            vault,
            waiting,
            changes: Waiting::new(),
        }
    }

    /// One record.
    pub(crate) fn get<R: Record>(&self, id: &str) -> Result<Option<R>, WalletError> {
        match self.content(&name(R::KIND, id)) {
            Some(content) => Ok(Some(read(content)?)),
            None => Ok(None),
        }
    }

    /// The id of a record, if it is there: what leads to it may outlive it.
    pub(crate) fn present<R: Record>(&self, id: String) -> Option<String> {
        let there = self.content(&name(R::KIND, &id)).is_some();
        there.then_some(id)
    }

    /// One record that must be there.
    pub(crate) fn need<R: Record>(&self, id: &str) -> Result<R, WalletError> {
        self.get(id)?.ok_or_else(WalletError::not_found)
    }

    /// All records of a kind, by id, without those that cannot be read: one that is damaged, or made by a newer app,
    /// must not block the others. [`Records::unreadable`] names them.
    pub(crate) fn list<R: Record>(&self) -> Vec<R> {
        self.list_with("")
    }

    /// All records of a kind whose id starts with `prefix`, without those that cannot be read.
    pub(crate) fn list_with<R: Record>(&self, prefix: &str) -> Vec<R> {
        let mut records = Vec::new();
        for (_, content) in self.found_under(R::KIND, prefix) {
            if let Ok(record) = read(content) {
                records.push(record);
            }
        }
        records
    }

    /// The ids of the records of a kind that cannot be read.
    pub(crate) fn unreadable<R: Record>(&self) -> Vec<String> {
        self.ids_where(R::KIND, "", &|content| read::<R>(content).is_err())
    }

    /// The ids of a kind that start with `prefix`, readable or not.
    pub(crate) fn ids<R: Record>(&self, prefix: &str) -> Vec<String> {
        self.ids_where(R::KIND, prefix, &|_| true)
    }

    /// Every record, whatever its kind, by name.
    pub(crate) fn all(&self) -> Vec<(&str, &[u8])> {
        self.found_with("")
    }

    /// The version of the vault that is stored.
    pub(crate) fn version(&self) -> u64 {
        self.vault.version()
    }

    /// Creates or replaces a record.
    pub(crate) fn put<R: Record>(&mut self, record: &R) -> Result<(), WalletError> {
        self.change(R::KIND, record.id(), Some(&record.write_json()));
        Ok(())
    }

    /// Deletes a record.
    pub(crate) fn delete<R: Record>(&mut self, id: &str) {
        self.change(R::KIND, id, None);
    }

    /// A record that remembers: what is stored, what waits and what was changed here, put together. `None` when there is
    /// none, or nothing in it is known any more.
    pub(crate) fn history(&self, kind: &str, id: &str) -> Option<Versions> {
        let all = known(&name(kind, id), self.vault, &[self.waiting, &self.changes]);
        (!all.is_empty()).then_some(all)
    }

    /// All records of a kind that remember, by id.
    pub(crate) fn histories(&self, kind: &str) -> Vec<(String, Versions)> {
        let prefix = name(kind, "");
        let stored = self.vault.list(&prefix).map(|(name, _)| name);
        let overlays = self.waiting.keys().chain(self.changes.keys()).map(String::as_str);
        let mut names: Vec<&str> = stored
            .chain(overlays.filter(|name| name.starts_with(&prefix)))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut found = Vec::new();
        for name in names {
            if let Some(id) = name.strip_prefix(&prefix)
                && let Some(history) = self.history(kind, id)
            {
                found.push((id.to_owned(), history));
            }
        }
        found
    }

    /// How many records of a kind that should remember cannot be read.
    pub(crate) fn unreadable_histories(&self, kind: &str) -> usize {
        let contents = self.found_under(kind, "");
        contents
            .iter()
            .filter(|(_, content)| history_of(content).is_none())
            .count()
    }

    /// Creates or replaces a record that remembers. One of which nothing is known any more ([`Versions::erase`]) is
    /// deleted, with its key, and only its places are kept.
    pub(crate) fn put_history(&mut self, kind: &str, id: &str, history: &Versions) {
        let name = name(kind, id);
        let (at, gone) = if history.is_empty() {
            ([ERASED, &name].concat(), Some(name))
        } else {
            (name, None)
        };
        self.changes.insert(at, Some(history.to_text()));
        if let Some(gone) = gone {
            self.changes.insert(gone, None);
        }
    }

    /// What was changed here.
    pub(crate) fn into_changes(self) -> Waiting {
        self.changes
    }

    /// Creates or replaces records by name, contents as they are.
    pub(crate) fn put_all(&mut self, records: &Waiting) {
        self.changes.extend(records.clone());
    }

    fn change(&mut self, kind: &str, id: &str, content: Option<&Value>) {
        let content = content.map(|content| Zeroizing::new(content.to_string()));
        self.changes.insert(name(kind, id), content);
    }

    fn content(&self, name: &str) -> Option<&[u8]> {
        for overlay in [&self.changes, self.waiting] {
            if let Some(content) = overlay.get(name) {
                return content.as_ref().map(|content| content.as_bytes());
            }
        }
        self.vault.get(name)
    }

    fn ids_where(&self, kind: &str, prefix: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Vec<String> {
        let mut ids = Vec::new();
        for (name, content) in self.found_under(kind, prefix) {
            if let Some((_, id)) = name.split_once('/').filter(|_| wanted(content)) {
                ids.push(id.to_owned());
            }
        }
        ids
    }

    fn found_under(&self, kind: &str, prefix: &str) -> Vec<(&str, &[u8])> {
        self.found_with(&name(kind, prefix))
    }

    fn found_with(&self, prefix: &str) -> Vec<(&str, &[u8])> {
        let mut found = Sorted::new();
        for (name, content) in self.vault.list(prefix) {
            found.insert(name, Some(content));
        }
        for overlay in [self.waiting, &self.changes] {
            for (name, content) in overlay.iter().filter(|(name, _)| name.starts_with(prefix)) {
                found.insert(name.as_str(), content.as_ref().map(|content| content.as_bytes()));
            }
        }
        found
            .into_iter()
            .filter_map(|(name, content)| Some((name, content?)))
            .collect()
    }
}

/// As changes for [`UnlockedVault::stage`]: what waited first, then what is new. What waited may be older than what another
/// device stored meanwhile: a record that remembers its versions keeps both.
pub(crate) fn to_stage(waiting: &Waiting, changes: &Waiting, vault: &UnlockedVault) -> Vec<(String, Change)> {
    waiting
        .iter()
        .filter(|(name, _)| !changes.contains_key(name))
        .chain(changes.iter())
        .map(|(name, content)| {
            let stored = vault.get(name).and_then(history_of);
            let written = content
                .as_ref()
                .and_then(|content| history_of(content.as_bytes()));
            let change = if let Some(content) = content
                && written.is_none()
            {
                Change::Put(bytes(content))
            } else if stored.is_none() && written.is_none() {
                Change::Delete
            } else {
                let all = known(name, vault, &[waiting, changes]);
                let text = bytes(&all.to_text());
                if all.is_empty() && !name.starts_with(ERASED) {
                    Change::Delete
                } else if stored.is_some_and(|stored| stored.has_more_than(&all)) {
                    // Under a new key, so that what it had is not opened with the one it has.
                    Change::PutAnew(text)
                } else {
                    Change::Put(text)
                }
            };
            (name.clone(), change)
        })
        .collect()
}

fn bytes(content: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(content.as_bytes().to_vec())
}

/// All that is known of a record that remembers. Merging has no order, so neither have the places it is known from.
fn known(name: &str, vault: &UnlockedVault, overlays: &[&Waiting]) -> Versions {
    let mut all = Versions::default();
    let erased = [ERASED, name].concat();
    for name in [name, &erased] {
        let waiting = overlays.iter().filter_map(|overlay| overlay.get(name)?.as_ref());
        let known = vault
            .get(name)
            .into_iter()
            .chain(waiting.map(|content| content.as_bytes()));
        for history in known.filter_map(history_of) {
            all = all.merge(history);
        }
    }
    all
}

fn history_of(content: &[u8]) -> Option<Versions> {
    Versions::from_text(std::str::from_utf8(content).ok()?)
}

fn name(kind: &str, id: &str) -> String {
    [kind, "/", id].concat()
}

/// One record from its content.
pub(crate) fn read<R: FromJson>(content: &[u8]) -> Result<R, WalletError> {
    R::read_json(parse(content)?).map_err(|_| malformed())
}

fn parse(content: &[u8]) -> Result<Value, WalletError> {
    json::parse(content, STORED).map_err(|_| malformed())
}

fn malformed() -> WalletError {
    WalletError::new(
        "vault-record-unreadable",
        "a record of the vault is of a kind this app does not know",
        "Update the app.",
        Blame::Us,
    )
}

#[cfg(test)]
mod tests {
    use assent_core::env::{RandomUnavailable, SecureRandom, Timestamp};

    use super::*;
    use crate::vault::{NewMethod, RecoveryCode, Versions};

    struct Counter(u64);

    impl SecureRandom for Counter {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            for chunk in out.chunks_mut(32) {
                self.0 += 1;
                chunk.copy_from_slice(&assent_core::crypto::sha256(&self.0.to_be_bytes())[..chunk.len()]);
            }
            Ok(())
        }
    }

    fn history(contents: &[&str]) -> Versions {
        let mut versions = Versions::default();
        for (second, content) in contents.iter().enumerate() {
            versions.say(Some(content.as_bytes()), Timestamp(second as i64), [1; 16]);
        }
        versions
    }

    /// A change made offline, on a record that another device changed and stored meanwhile.
    #[test]
    fn what_waited_and_what_was_stored_are_both_kept() {
        let mut rng = Counter(0);
        let code = RecoveryCode::generate(&mut rng).unwrap();
        let methods = [
            (NewMethod::Passphrase("a passphrase"), ""),
            (NewMethod::RecoveryCode(&code), ""),
        ];
        let mut vault = UnlockedVault::create(&methods, Timestamp(0), &mut rng).unwrap();
        let mut store = |waiting: Waiting| {
            let changes = to_stage(&waiting, &Waiting::new(), &vault);
            let staged = vault.stage(changes, &mut rng).unwrap();
            let version = vault.version() + 1;
            vault.adopt(staged, version);
            vault.get("detail/address").map(<[u8]>::to_vec)
        };
        let waiting = |text: Zeroizing<String>| {
            Waiting::from_unordered(vec![("detail/address".to_owned(), Some(text))])
        };
        store(waiting(history(&["here", "stored"]).to_text()));
        let stored = store(waiting(history(&["here", "waiting"]).to_text())).unwrap();
        let both = Versions::from_text(std::str::from_utf8(&stored).unwrap()).unwrap();
        assert_eq!(both.iter().count(), 3);
        assert_eq!(both.conflicts().count(), 1);
        // Records without versions are replaced, as ever.
        let plain = store(waiting(Zeroizing::new("{}".to_owned()))).unwrap();
        assert_eq!(plain, b"{}");
    }
}
