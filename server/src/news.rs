//! News that a vault changed, for the devices that listen.
//!
//! News carry a version and nothing else. They reach every process: through the database where several processes share
//! one (PostgreSQL's NOTIFY, sent by the very transaction that commits), and directly within this process. Losing some
//! is no harm: whoever listens asks the database again after a gap.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What a listener was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The vault is at this version.
    Version(i64),
    /// News may have been missed, or the vault is gone: look.
    Look,
    /// The server stops.
    Closing,
}

/// How many may listen.
#[derive(Debug, Clone, Copy)]
pub struct ListenLimits {
    /// In this process.
    pub all: usize,
    /// To one vault.
    pub per_vault: usize,
    /// From one address.
    pub per_address: usize,
}

/// Who listens to which vault in this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Listeners(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    limits: ListenLimits,
    vaults: HashMap<String, watch::Sender<News>>,
    addresses: HashMap<String, usize>,
    count: usize,
    closing: bool,
}

/// A place among the listeners; given back when dropped.
#[derive(Debug)]
pub struct Listener {
    listeners: Listeners,
    vault: String,
    address: String,
    news: watch::Receiver<News>,
}

impl Listeners {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(limits: ListenLimits) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            limits,
            vaults: HashMap::new(),
            addresses: HashMap::new(),
            count: 0,
            closing: false,
        })))
    }

    /// Takes a place; `None` when there is none left for this vault or address.
    #[must_use]
    pub fn join(&self, vault: &str, address: &str) -> Option<Listener> {
        let mut inner = self.inner();
        let limits = inner.limits;
        let to_vault = inner.vaults.get(vault).map_or(0, watch::Sender::receiver_count);
        let from_address = inner.addresses.get(address).copied().unwrap_or(0);
        if inner.closing
            || inner.count >= limits.all
            || to_vault >= limits.per_vault
            || from_address >= limits.per_address
        {
            return None;
        }
        inner.count += 1;
        *inner.addresses.entry(address.to_owned()).or_default() += 1;
        let sender = inner
            .vaults
            .entry(vault.to_owned())
            .or_insert_with(|| watch::Sender::new(News::Look));
        Some(Listener {
            news: sender.subscribe(),
            listeners: self.clone(),
            vault: vault.to_owned(),
            address: address.to_owned(),
        })
    }

    /// Tells those who listen to a vault its version.
    pub fn tell(&self, vault: &str, version: i64) {
        if let Some(sender) = self.inner().vaults.get(vault) {
            sender.send_if_modified(|news| {
                // The same news come twice: from this process and through the database.
                let is_new =
                    !matches!(*news, News::Version(known) if known >= version) && *news != News::Closing;
                if is_new {
                    *news = News::Version(version);
                }
                is_new
            });
        }
    }

    /// A vault was deleted.
    pub fn tell_gone(&self, vault: &str) {
        if let Some(sender) = self.inner().vaults.get(vault) {
            sender.send_replace(News::Look);
        }
    }

    /// News may have been missed: everybody looks for themselves.
    pub fn tell_all_to_look(&self) {
        for sender in self.inner().vaults.values() {
            sender.send_replace(News::Look);
        }
    }

    /// Ends every listening, so that the server can stop.
    pub fn close(&self) {
        let mut inner = self.inner();
        inner.closing = true;
        for sender in inner.vaults.values() {
            sender.send_replace(News::Closing);
        }
    }

    /// How many listen in this process.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner().count
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Waits for the next news. What came since the last call counts as one.
    pub async fn next(&mut self) -> News {
        // The sender lives as long as anybody listens, so this only fails when the map was emptied: the end.
        match self.news.changed().await {
            Ok(()) => *self.news.borrow_and_update(),
            Err(_) => News::Closing,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut inner = self.listeners.inner();
        inner.count = inner.count.saturating_sub(1);
        if let Some(count) = inner.addresses.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inner.addresses.remove(&self.address);
            }
        }
        // Our own receiver still counts.
        if inner
            .vaults
            .get(&self.vault)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            inner.vaults.remove(&self.vault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ListenLimits = ListenLimits {
        all: 4,
        per_vault: 2,
        per_address: 3,
    };

    #[tokio::test]
    async fn news_reach_those_who_listen_once() {
        let listeners = Listeners::new(LIMITS);
        let (mut one, mut two) = (
            listeners.join("v", "a").unwrap(),
            listeners.join("w", "a").unwrap(),
        );
        listeners.tell("v", 2);
        listeners.tell("v", 2);
        listeners.tell("v", 1);
        assert_eq!(one.next().await, News::Version(2));
        listeners.tell("v", 3);
        listeners.tell("v", 4);
        assert_eq!(one.next().await, News::Version(4));
        listeners.tell_all_to_look();
        assert_eq!((one.next().await, two.next().await), (News::Look, News::Look));
        listeners.close();
        assert_eq!(
            (one.next().await, two.next().await),
            (News::Closing, News::Closing)
        );
        assert!(listeners.join("x", "y").is_none());
    }

    #[test]
    fn places_are_limited_and_given_back() {
        let listeners = Listeners::new(LIMITS);
        let first = listeners.join("v", "a").unwrap();
        let second = listeners.join("v", "b").unwrap();
        assert!(listeners.join("v", "c").is_none(), "two to one vault");
        drop(first);
        let third = listeners.join("v", "b").unwrap();
        let fourth = listeners.join("w", "b").unwrap();
        assert!(listeners.join("x", "b").is_none(), "three from one address");
        let fifth = listeners.join("x", "c").unwrap();
        assert!(listeners.join("y", "d").is_none(), "four in all");
        assert_eq!(listeners.count(), 4);
        drop((second, third, fourth, fifth));
        let inner = listeners.inner();
        assert!(inner.vaults.is_empty() && inner.addresses.is_empty() && inner.count == 0);
    }
}
