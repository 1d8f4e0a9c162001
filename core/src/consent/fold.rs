//! The effective state of one purpose: a fold over the ordered, hash-linked events of a record.
//!
//! Both sides compute it from the same events and get the same answer; the vectors are in `specs/formats`. The rules:
//!
//! 1. Events are ordered by `seq`, never by clock. The receipt is event 0; numbers have no gaps.
//! 2. Each event names the hash of an event with the number before it. A broken chain is [`EffectiveState::Unknown`].
//! 3. Two events may have one number, when both sides acted at the same time. If one of them ends the purpose, it is
//!    ended: withdrawing beats renewing. If not, the state is unknown.
//! 4. A purpose that has ended stays ended. A later agreement is a new record.
//! 5. Then the clock and the counter: expired, exhausted.
//!
//! Only [`EffectiveState::Given`] and [`EffectiveState::Renewed`] allow processing.

use super::digest::Digest;
use super::event::EventState;
use crate::encoding::record::{FromJson, ToJson};
use crate::env::Timestamp;
use crate::profile::CLOCK_LEEWAY;

/// Who made an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The person, with the key of the receipt.
    Principal,
    /// The service, with its access certificate.
    Controller,
}

/// One event, its signature already verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// SHA-256 of its signed form.
    pub hash: Digest,
    /// The hash of an event with the number before; `None` only for the receipt.
    pub prev_hash: Option<Digest>,
    /// Its number.
    pub seq: u64,
    /// Who signed it.
    pub author: Author,
    /// The purposes it is about; `None` for all.
    pub purposes: Option<Vec<String>>,
    /// What it says.
    pub state: EventState,
    /// When it was made.
    pub time: Timestamp,
    /// Until when a given or renewed consent is valid.
    pub valid_until: Option<Timestamp>,
    /// How often the data may be read under it.
    pub max_uses: Option<u64>,
}

/// The state of one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum EffectiveState {
    /// Nothing is known, or the chain is broken.
    Unknown,
    /// Told, not asked: the processing rests on another legal basis.
    Noticed,
    /// Asked, not answered.
    Requested,
    /// To be decided later.
    Deferred,
    /// Refused.
    Refused,
    /// Agreed.
    Given,
    /// Agreed again.
    Renewed,
    /// Paused by the person.
    Suspended,
    /// Ended by the person.
    Withdrawn,
    /// Ended by the service or another party.
    Revoked,
    /// Ended by time.
    Expired,
    /// Ended by use.
    Exhausted,
    /// Found never to have been valid.
    Invalidated,
}

impl EffectiveState {
    /// True when the data may be processed on the ground of this consent.
    #[must_use]
    pub fn allows_processing(self) -> bool {
        matches!(self, Self::Given | Self::Renewed)
    }
}

/// The state of `purpose` at `now`, after the data was read `uses` times.
#[must_use]
pub fn fold(events: &[Event], purpose: &str, now: Timestamp, uses: u64) -> EffectiveState {
    let mut ordered: Vec<&Event> = Vec::with_capacity(events.len());
    for event in events {
        // The same event may arrive from both sides.
        if !ordered.iter().any(|seen| seen.hash == event.hash) {
            ordered.push(event);
        }
    }
    ordered.sort_by_key(|event| (event.seq, event.hash));
    let mut chain = Chain::start();
    let mut rest = ordered.as_slice();
    let mut seq = 0;
    while let Some(first) = rest.first() {
        let level = rest.iter().take_while(|event| event.seq == first.seq).count();
        let (same_number, later) = rest.split_at(level);
        if first.seq != seq || !chain.links(same_number) {
            return EffectiveState::Unknown;
        }
        let concerned: Vec<&Event> = same_number
            .iter()
            .copied()
            .filter(|event| event.concerns(purpose))
            .collect();
        let next = chain.apply(&concerned);
        if next.is_final() {
            return next.state;
        }
        chain = next.after(same_number);
        rest = later;
        seq += 1;
    }
    chain.at(now, uses)
}

impl Event {
    fn concerns(&self, purpose: &str) -> bool {
        self.purposes
            .as_ref()
            .is_none_or(|purposes| purposes.iter().any(|id| id == purpose))
    }
}

#[derive(Clone)]
struct Chain {
    state: EffectiveState,
    /// The state is decided whatever comes later.
    ended: bool,
    given_at: Timestamp,
    valid_until: Option<Timestamp>,
    max_uses: Option<u64>,
    /// What was resumed to after a pause.
    before_pause: EffectiveState,
    /// Hashes of the events with the number before.
    last: Vec<Digest>,
}

impl Chain {
    fn start() -> Self {
        Self {
            state: EffectiveState::Unknown,
            ended: false,
            given_at: Timestamp(0),
            valid_until: None,
            max_uses: None,
            before_pause: EffectiveState::Unknown,
            last: Vec::new(),
        }
    }

    fn links(&self, events: &[&Event]) -> bool {
        events.iter().all(|event| match event.prev_hash {
            None => self.last.is_empty() && event.seq == 0 && events.len() == 1,
            Some(hash) => self.last.contains(&hash),
        })
    }

    fn after(mut self, events: &[&Event]) -> Self {
        self.last = events.iter().map(|event| event.hash).collect();
        self
    }

    fn is_final(&self) -> bool {
        self.ended
    }

    fn ended(mut self, state: EffectiveState) -> Self {
        self.state = state;
        self.ended = true;
        self
    }

    /// Applies the events with one number that concern the purpose: usually none or one.
    fn apply(&self, events: &[&Event]) -> Self {
        match events {
            [] => self.clone(),
            [event] => self.one(event),
            several => {
                // Rule 3. In the order of who must be believed first.
                for wanted in [
                    EffectiveState::Withdrawn,
                    EffectiveState::Invalidated,
                    EffectiveState::Revoked,
                ] {
                    if several.iter().any(|event| self.one(event).state == wanted) {
                        return self.clone().ended(wanted);
                    }
                }
                self.clone().ended(EffectiveState::Unknown)
            }
        }
    }

    fn one(&self, event: &Event) -> Self {
        use EffectiveState as S;
        use EventState as E;
        let mut next = self.clone();
        let principal = event.author == Author::Principal;
        // The consent had run out when this was said: the end by time came first (rule 4).
        let live = matches!(self.state, S::Given | S::Renewed | S::Suspended);
        let had_expired = live && self.valid_until.is_some_and(|until| event.time >= until);
        if had_expired {
            return next.ended(S::Expired);
        }
        match (event.state, self.state) {
            (E::NoticeShown, S::Unknown) => next.state = S::Noticed,
            (E::ConsentRequested, S::Unknown | S::Noticed | S::Deferred) => next.state = S::Requested,
            (E::ConsentRequestDeferred, S::Requested) if principal => next.state = S::Deferred,
            (E::ConsentRefused, S::Unknown | S::Requested | S::Deferred) if principal => {
                return next.ended(S::Refused);
            }
            (E::ConsentGiven, S::Unknown | S::Requested | S::Deferred) if principal => {
                next.agree(S::Given, event)
            }
            (E::RenewedConsentGiven, S::Given | S::Renewed) if principal => next.agree(S::Renewed, event),
            (E::ConsentNarrowed, S::Given | S::Renewed | S::Suspended) if principal => next.narrow(event),
            (E::ConsentSuspended, S::Given | S::Renewed) if principal => {
                next.before_pause = self.state;
                next.state = S::Suspended;
            }
            (E::ConsentResumed, S::Suspended) if principal => next.state = self.before_pause,
            (E::ConsentWithdrawn, S::Given | S::Renewed | S::Suspended) if principal => {
                return next.ended(S::Withdrawn);
            }
            (E::ConsentRevoked, S::Given | S::Renewed | S::Suspended) if !principal => {
                return next.ended(S::Revoked);
            }
            (E::ConsentInvalidated, _) if !principal => return next.ended(S::Invalidated),
            // Not something this author may say now: the history cannot be relied on.
            _ => return next.ended(S::Unknown),
        }
        next
    }

    fn agree(&mut self, state: EffectiveState, event: &Event) {
        self.state = state;
        self.given_at = event.time;
        self.valid_until = event.valid_until;
        self.max_uses = event.max_uses;
    }

    /// A narrowing can only take away.
    fn narrow(&mut self, event: &Event) {
        self.valid_until = least(self.valid_until, event.valid_until);
        self.max_uses = least(self.max_uses, event.max_uses);
    }

    fn at(&self, now: Timestamp, uses: u64) -> EffectiveState {
        use EffectiveState as S;
        if !matches!(self.state, S::Given | S::Renewed | S::Suspended) {
            return self.state;
        }
        if self.given_at > now.plus(CLOCK_LEEWAY) {
            return S::Unknown;
        }
        if self.valid_until.is_some_and(|until| now >= until) {
            return S::Expired;
        }
        if self.max_uses.is_some_and(|max| uses >= max) {
            return S::Exhausted;
        }
        self.state
    }
}

/// The smaller limit; no limit is the largest.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
