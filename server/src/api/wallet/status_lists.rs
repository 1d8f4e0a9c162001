//! Status lists of others, fetched when needed and kept for as long as they say.
//!
//! Only lists named by credentials of trusted issuers are fetched; core sees to that. A list that cannot be had is
//! missing, and then core refuses the credential: fail closed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use assent_core::env::Timestamp;
use assent_core::status::UnverifiedStatusListToken;
use tokio::task::JoinSet;

use crate::outbound::Outbound;

/// How long a token is used that nobody verified yet, and so says nothing of itself.
const UNVERIFIED_SECONDS: i64 = 60;
/// Largest token fetched: a compressed list of some millions of entries.
const MAX_TOKEN: usize = 4 << 20;
/// Most lists fetched for one answer; the credentials of further ones are refused.
const MAX_AT_ONCE: usize = 32;
/// Most lists kept.
const MAX_KEPT: usize = 256;
/// Most memory kept lists may hold, compressed and decompressed together, in bytes.
const MAX_BYTES: usize = 64 << 20;
const ACCEPT: &str = "application/statuslist+jwt, application/statuslist+cwt;q=0.9";

/// Lists that were fetched lately.
#[derive(Debug, Default)]
pub(crate) struct StatusLists {
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    received_at: Timestamp,
    token: UnverifiedStatusListToken,
    /// Size of the token as it came.
    token_bytes: usize,
}

impl Kept {
    /// What the signed list says of its life, once it was verified (draft-ietf-oauth-status-list §13.7).
    fn is_fresh(&self, now: Timestamp) -> bool {
        let until = match self.token.verified_before() {
            Some(list) => list.fresh_until(self.received_at),
            None => self.received_at.plus(UNVERIFIED_SECONDS),
        };
        (self.received_at..until).contains(&now)
    }

    fn bytes(&self) -> usize {
        let list = self.token.verified_before();
        self.token_bytes + list.map_or(0, |list| list.list().as_bytes().len())
    }
}

impl StatusLists {
    /// The tokens at `uris`, as far as they could be had.
    pub(crate) async fn fetch(
        &self,
        outbound: &Outbound,
        now: Timestamp,
        uris: &[String],
    ) -> BTreeMap<String, UnverifiedStatusListToken> {
        let mut out = BTreeMap::new();
        let mut coming = JoinSet::new();
        for uri in uris {
            if let Some(token) = self.kept(uri, now) {
                out.insert(uri.clone(), token);
            } else if coming.len() < MAX_AT_ONCE {
                // All at once: a person waits, and one slow issuer must not add to the next.
                let (uri, outbound) = (uri.clone(), outbound.clone());
                coming.spawn(async move {
                    let answer = outbound.get(&uri, ACCEPT, MAX_TOKEN).await;
                    (uri, answer)
                });
            }
        }
        while let Some(fetched) = coming.join_next().await {
            match fetched {
                Ok((uri, Ok(answer))) => {
                    match UnverifiedStatusListToken::parse(&answer.media_type, &answer.body) {
                        Ok(token) => {
                            self.keep(&uri, now, token.clone(), answer.body.len());
                            out.insert(uri, token);
                        }
                        Err(error) => tracing::warn!(%error, "a status list is not readable"),
                    }
                }
                Ok((_, Err(error))) => tracing::warn!(%error, "a status list could not be fetched"),
                Err(error) => tracing::error!(%error, "the fetch of a status list broke off"),
            }
        }
        out
    }

    /// Drops lists that are over, and then the oldest, until the rest is few and small enough.
    pub(crate) fn trim(&self, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        trim(&mut kept, now, MAX_KEPT, MAX_BYTES);
    }

    fn kept(&self, uri: &str, now: Timestamp) -> Option<UnverifiedStatusListToken> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.get(uri).filter(|one| one.is_fresh(now))?;
        Some(one.token.clone())
    }

    fn keep(&self, uri: &str, now: Timestamp, token: UnverifiedStatusListToken, token_bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = Kept {
            received_at: now,
            token,
            token_bytes,
        };
        kept.insert(uri.to_owned(), one);
        trim(&mut kept, now, MAX_KEPT, MAX_BYTES);
    }
}

fn trim(kept: &mut HashMap<String, Kept>, now: Timestamp, most: usize, most_bytes: usize) {
    kept.retain(|_, one| one.is_fresh(now));
    let mut bytes: usize = kept.values().map(Kept::bytes).sum();
    while kept.len() > most || bytes > most_bytes {
        let oldest = kept.iter().min_by_key(|(_, one)| one.received_at);
        let Some(uri) = oldest.map(|(uri, _)| uri.clone()) else {
            return;
        };
        bytes -= kept.remove(&uri).map_or(0, |one| one.bytes());
    }
}

#[cfg(test)]
mod tests {
    use assent_core::crypto::{Signer as _, SoftwareKey};
    use assent_core::status::{StatusBits, StatusList, StatusListClaims};

    use super::*;
    use crate::crypto::RingCrypto;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn kept(age: i64, ttl: i64, verified: bool) -> Kept {
        let key = SoftwareKey::from_bytes(&[7; 32]).unwrap();
        let list = StatusList::new(StatusBits::One, 8000).unwrap();
        let claims = StatusListClaims {
            uri: "https://issuer.example/1".into(),
            issued_at: NOW,
            expires_at: None,
            ttl: Some(ttl),
        };
        let jwt = claims.sign_jwt(&list, &[], &key).unwrap();
        let token = UnverifiedStatusListToken::parse_jwt(&jwt).unwrap();
        if verified {
            token.verify(&key.public_key(), &RingCrypto).unwrap();
        }
        Kept {
            received_at: NOW.plus(-age),
            token,
            token_bytes: 10,
        }
    }

    #[test]
    fn a_list_is_kept_as_long_as_it_says() {
        assert!(kept(599, 600, true).is_fresh(NOW));
        assert!(!kept(600, 600, true).is_fresh(NOW));
        assert!(kept(59, 600, false).is_fresh(NOW), "not verified: a minute");
        assert!(!kept(60, 600, false).is_fresh(NOW));
        assert!(!kept(-1, 600, true).is_fresh(NOW), "the clock went back");
    }

    /// Three lists of which none comes before all are asked for are there, and the next time without asking.
    #[tokio::test]
    async fn lists_are_fetched_at_the_same_time_and_kept() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use tokio::sync::Barrier;
        let key = SoftwareKey::from_bytes(&[7; 32]).unwrap();
        let list = StatusList::new(StatusBits::One, 8).unwrap();
        let claims = StatusListClaims {
            uri: "https://issuer.example/1".into(),
            issued_at: NOW,
            expires_at: None,
            ttl: Some(600),
        };
        let jwt = claims.sign_jwt(&list, &[], &key).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (counted, all) = (asked.clone(), Arc::new(Barrier::new(3)));
        let app = axum::Router::new().fallback(async move || {
            if counted.fetch_add(1, Ordering::SeqCst) < 3 {
                all.wait().await;
            }
            ([("content-type", "application/statuslist+jwt")], jwt)
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outbound = Outbound::new(crate::outbound::Network::Sandbox, &[]).unwrap();
        let lists = StatusLists::default();
        let uris: Vec<String> = (1..=3).map(|number| format!("{base}/{number}")).collect();
        assert_eq!(
            lists.fetch(&outbound, NOW, &uris).await.len(),
            3,
            "at the same time"
        );
        assert_eq!(lists.fetch(&outbound, NOW, &uris).await.len(), 3);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        let many: Vec<String> = (0..40).map(|number| format!("{base}/many/{number}")).collect();
        assert_eq!(lists.fetch(&outbound, NOW, &many).await.len(), MAX_AT_ONCE);
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let all = || -> HashMap<String, Kept> {
            [(1, true), (2, true), (3, false), (700, true)]
                .map(|(age, verified)| (age.to_string(), kept(age, 600, verified)))
                .into()
        };
        let left = |most, bytes| {
            let mut kept = all();
            trim(&mut kept, NOW, most, bytes);
            let mut names: Vec<_> = kept.into_keys().collect();
            names.sort();
            names
        };
        assert_eq!(left(9, usize::MAX), ["1", "2", "3"], "one is over");
        assert_eq!(left(2, usize::MAX), ["1", "2"]);
        // Two decompressed lists of 1000 bytes each, and three tokens.
        assert_eq!(left(9, 2030), ["1", "2", "3"]);
        assert_eq!(left(9, 2029), ["1", "2"]);
        assert_eq!(left(9, 1500), ["1"]);
        assert_eq!(left(9, 0), [""; 0]);
    }
}
