//! A card: what all its copies have in common, and which of them are used.

use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Timestamp;
use assent_core::oid4vci::metadata::{ClaimDescription, Display};

use crate::app::view::{CardChoice, CardState, CardSummary};
use crate::labels;
use crate::records::Record;

/// Cards that end within this time are called expiring.
const EXPIRING: i64 = 14 * 86_400;

/// A card.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct Card {
    pub(crate) id: String,
    /// Credential issuer identifier.
    pub(crate) issuer_id: String,
    /// Name of the issuer as its certificate chain says it.
    pub(crate) issuer_name: String,
    pub(crate) configuration_id: String,
    pub(crate) vct: String,
    /// The issuer's names for the card.
    pub(crate) display: Vec<Display>,
    /// The issuer's names for its details.
    pub(crate) claims: Vec<ClaimDescription>,
    pub(crate) received_at: i64,
    /// Earliest end of validity of its copies.
    pub(crate) expires_at: Option<i64>,
    pub(crate) copies: Vec<CopyState>,
    pub(crate) status: CardStatus,
    /// Authority key identifiers of the issuer's chain, base64url.
    pub(crate) akis: Vec<String>,
    /// SHA-256 of the anchor the chain ended at, base64url.
    pub(crate) anchor: String,
}

/// One copy, without its secrets.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct CopyState {
    pub(crate) id: String,
    pub(crate) used_at: Option<i64>,
    /// Status list and index.
    pub(crate) status: Option<(String, u64)>,
}

/// What the issuer's status list said last, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToJson, FromJson)]
pub(crate) enum CardStatus {
    Valid,
    Suspended,
    Revoked,
}

impl Card {
    /// Stands for a card whose record cannot be read.
    pub(crate) fn unreadable(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            issuer_id: String::new(),
            issuer_name: String::new(),
            configuration_id: String::new(),
            vct: String::new(),
            display: Vec::new(),
            claims: Vec::new(),
            received_at: 0,
            expires_at: None,
            copies: Vec::new(),
            status: CardStatus::Valid,
            akis: Vec::new(),
            anchor: String::new(),
        }
    }

    /// Copies not used yet.
    pub(crate) fn copies_left(&self) -> usize {
        self.copies.iter().filter(|copy| copy.used_at.is_none()).count()
    }

    /// True when it may be presented at all.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        !matches!(
            self.state(now),
            CardState::Expired | CardState::Revoked | CardState::Suspended | CardState::Unreadable
        )
    }

    pub(crate) fn state(&self, now: Timestamp) -> CardState {
        match self.status {
            // No card is received without copies: nothing of it can be read.
            _ if self.copies.is_empty() => CardState::Unreadable,
            CardStatus::Revoked => CardState::Revoked,
            CardStatus::Suspended => CardState::Suspended,
            CardStatus::Valid if self.expires_at.is_some_and(|end| end <= now.0) => CardState::Expired,
            CardStatus::Valid if self.copies_left() == 0 => CardState::UsedUp,
            CardStatus::Valid if self.expires_at.is_some_and(|end| end <= now.plus(EXPIRING).0) => {
                CardState::Expiring
            }
            CardStatus::Valid => CardState::Valid,
        }
    }

    /// True when new copies should be fetched: a fifth or less is left, or it ends soon.
    pub(crate) fn wants_refresh(&self, now: Timestamp) -> bool {
        self.is_usable(now)
            && (self.copies_left() * 5 <= self.copies.len() || self.state(now) == CardState::Expiring)
    }

    pub(crate) fn name(&self, language: &str) -> String {
        Display::best(&self.display, language)
            .and_then(|display| display.name.clone())
            .unwrap_or_else(|| labels::card_name(&self.vct, language))
    }

    pub(crate) fn choice(&self, language: &str) -> CardChoice {
        CardChoice {
            id: self.id.clone(),
            name: self.name(language),
        }
    }

    pub(crate) fn summary(&self, now: Timestamp, language: &str) -> CardSummary {
        let display = Display::best(&self.display, language)
            .cloned()
            .unwrap_or_default();
        CardSummary {
            id: self.id.clone(),
            name: self.name(language),
            issuer: self.issuer_name.clone(),
            vct: self.vct.clone(),
            state: self.state(now),
            valid_until: self.expires_at,
            copies_left: self.copies_left(),
            copies_total: self.copies.len(),
            refresh: self.wants_refresh(now),
            colour: display.background_color,
            text_colour: display.text_color,
            logo_text: display.logo_alt_text,
            renewal: None,
        }
    }
}

impl Record for Card {
    const KIND: &'static str = "card";

    fn id(&self) -> &str {
        &self.id
    }
}
