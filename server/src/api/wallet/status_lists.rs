//! Status lists of others, fetched when needed and kept for a minute.
//!
//! Only lists named by credentials of trusted issuers are fetched; core sees to that. A list that cannot be had is
//! missing, and then core refuses the credential: fail closed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use assent_core::env::Timestamp;
use assent_core::status::UnverifiedStatusListToken;

use crate::outbound::Outbound;

/// How long a list is used without asking again.
const KEEP_SECONDS: i64 = 60;
/// Largest token fetched: a compressed list of some millions of entries.
const MAX_TOKEN: usize = 4 << 20;
/// Most lists kept.
const MAX_KEPT: usize = 256;
const ACCEPT: &str = "application/statuslist+jwt, application/statuslist+cwt;q=0.9";

/// Lists that were fetched lately.
#[derive(Debug, Default)]
pub(crate) struct StatusLists {
    kept: Mutex<HashMap<String, (Timestamp, UnverifiedStatusListToken)>>,
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
        for uri in uris {
            if let Some(token) = self.kept(uri, now) {
                out.insert(uri.clone(), token);
                continue;
            }
            match outbound.get(uri, ACCEPT, MAX_TOKEN).await {
                Ok(answer) => match UnverifiedStatusListToken::parse(&answer.media_type, &answer.body) {
                    Ok(token) => {
                        self.keep(uri, now, token.clone());
                        out.insert(uri.clone(), token);
                    }
                    Err(error) => tracing::warn!(%error, "a status list is not readable"),
                },
                Err(error) => tracing::warn!(%error, "a status list could not be fetched"),
            }
        }
        out
    }

    fn kept(&self, uri: &str, now: Timestamp) -> Option<UnverifiedStatusListToken> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, token) = kept.get(uri)?;
        (0..KEEP_SECONDS).contains(&now.since(*at)).then(|| token.clone())
    }

    fn keep(&self, uri: &str, now: Timestamp, token: UnverifiedStatusListToken) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(uri.to_owned(), (now, token));
    }
}
