//! Copies with their keys, and the burning of them.

use std::fmt;

use assent_core::crypto::SoftwareKey;
use assent_core::encoding::base64url;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Timestamp;
use assent_core::error::{Audience, Blame, ErrorCode};
use assent_core::sd_jwt::HolderSdJwt;
use zeroize::Zeroizing;

use super::{Card, CopyState};
use crate::app::WalletError;
use crate::records::{Record, Records};

/// Why a card cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HoldingError {
    /// No unused copy is left, and nobody agreed to show one again.
    #[error("every copy of the card was used: showing one again makes you recognisable")]
    UsedUp,
    /// Expired, suspended or revoked.
    #[error("the card is no longer valid")]
    NotUsable,
    /// The copy's record is gone or unreadable.
    #[error("the copy of the card cannot be read")]
    Unreadable,
}

impl ErrorCode for HoldingError {
    fn code(&self) -> &'static str {
        match self {
            Self::UsedUp => "card-used-up",
            Self::NotUsable => "card-not-usable",
            Self::Unreadable => "card-unreadable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::UsedUp | Self::NotUsable => Blame::Caller,
            Self::Unreadable => Blame::Us,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

/// One copy with its key, a record of its own: burning rewrites little and destroys the key.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct CopyRecord {
    /// `<card>/<copy>`.
    id: String,
    credential: Zeroizing<String>,
    key: Zeroizing<String>,
}

impl CopyRecord {
    pub(crate) fn new(card: &str, copy: &str, credential: &str, key: &SoftwareKey) -> Self {
        Self {
            id: format!("{card}/{copy}"),
            credential: Zeroizing::new(credential.to_owned()),
            key: Zeroizing::new(base64url::encode(key.to_bytes().as_slice())),
        }
    }

    /// The same copy under another card and number.
    pub(crate) fn moved(&self, card: &str, copy: &str) -> Self {
        Self {
            id: format!("{card}/{copy}"),
            ..self.clone()
        }
    }

    pub(crate) fn credential(&self) -> Result<HolderSdJwt, HoldingError> {
        HolderSdJwt::open(&self.credential).map_err(|_| HoldingError::Unreadable)
    }

    fn open(&self) -> Result<BurntCopy, HoldingError> {
        Ok(BurntCopy {
            credential: self.credential()?,
            key: self.key()?,
        })
    }

    fn key(&self) -> Result<SoftwareKey, HoldingError> {
        let bytes = base64url::decode(&self.key)
            .map(Zeroizing::new)
            .map_err(|_| HoldingError::Unreadable)?;
        SoftwareKey::from_bytes(&bytes).map_err(|_| HoldingError::Unreadable)
    }
}

impl fmt::Debug for CopyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyRecord(redacted)")
    }
}

impl Record for CopyRecord {
    const KIND: &'static str = "copy";

    fn id(&self) -> &str {
        &self.id
    }
}

/// A copy taken out for one presentation.
#[derive(Clone, Debug)]
pub(crate) struct BurntCopy {
    pub(crate) credential: HolderSdJwt,
    pub(crate) key: SoftwareKey,
}

/// Takes a copy of `card` out for one presentation and marks it used. The caller commits before it sends.
///
/// Unused copies first. A used copy's key is destroyed, except that of the last one, which `allow_reuse` brings
/// out again.
pub(crate) fn burn(
    records: &mut Records<'_>,
    card: &str,
    allow_reuse: bool,
    now: Timestamp,
) -> Result<BurntCopy, WalletError> {
    let mut card: Card = records.need(card)?;
    if !card.is_usable(now) {
        return Err(WalletError::from_code(&HoldingError::NotUsable));
    }
    let kept: Vec<CopyRecord> = records.list_with(&format!("{}/", card.id));
    let is_kept = |copy: &str| {
        kept.iter()
            .any(|record| record.id == format!("{}/{copy}", card.id) && record.open().is_ok())
    };
    let unused = card
        .copies
        .iter()
        .position(|copy| copy.used_at.is_none() && is_kept(&copy.id));
    let index = match unused {
        Some(index) => index,
        None if allow_reuse => {
            let last = card.copies.iter().rposition(|copy| is_kept(&copy.id));
            last.ok_or(HoldingError::Unreadable)
                .map_err(|error| WalletError::from_code(&error))?
        }
        None => return Err(WalletError::from_code(&HoldingError::UsedUp)),
    };
    let copy = &mut card.copies[index];
    let id = format!("{}/{}", card.id, copy.id);
    let record = kept
        .iter()
        .find(|record| record.id == id)
        .ok_or(HoldingError::Unreadable)
        .map_err(|error| WalletError::from_code(&error))?;
    let burnt = record.open().map_err(|error| WalletError::from_code(&error))?;
    copy.used_at = Some(now.0);
    if kept
        .iter()
        .filter(|record| record.open().is_ok())
        .nth(1)
        .is_some()
    {
        records.delete::<CopyRecord>(&id);
    }
    records.put(&card)?;
    Ok(burnt)
}

/// The cards, by id, each with the credential behind it for reading its claims: that of the copy that would be shown
/// next. A card without a copy that can be read comes without one, and says so in its state.
pub(crate) fn held(records: &Records<'_>) -> Vec<(Card, Option<HolderSdJwt>)> {
    let unreadable = records.unreadable::<Card>();
    let cards = records.list::<Card>().into_iter();
    cards
        .map(|card| with_claims(records, card))
        .chain(unreadable.iter().map(|id| (Card::unreadable(id), None)))
        .collect()
}

/// One card, as [`held`] gives it.
pub(crate) fn held_card(records: &Records<'_>, id: &str) -> Result<(Card, Option<HolderSdJwt>), WalletError> {
    if records.unreadable::<Card>().iter().any(|found| found == id) {
        return Ok((Card::unreadable(id), None));
    }
    Ok(with_claims(records, records.need(id)?))
}

/// Deletes a card with every copy, readable or not.
pub(crate) fn forget(records: &mut Records<'_>, card: &str) -> Result<Card, WalletError> {
    let (card, _) = held_card(records, card)?;
    for id in records.ids::<CopyRecord>(&format!("{}/", card.id)) {
        records.delete::<CopyRecord>(&id);
    }
    records.delete::<Card>(&card.id);
    Ok(card)
}

fn with_claims(records: &Records<'_>, mut card: Card) -> (Card, Option<HolderSdJwt>) {
    let copies: Vec<CopyRecord> = records.list_with(&format!("{}/", card.id));
    let credential = copies
        .iter()
        .find_map(|copy| copy.open().ok())
        .map(|copy| copy.credential);
    let is_there = |copy: &CopyState| {
        let id = format!("{}/{}", card.id, copy.id);
        copies.iter().any(|record| record.id == id)
    };
    // A copy that cannot be read is none that is left.
    card.copies
        .retain(|copy| credential.is_some() && (copy.used_at.is_some() || is_there(copy)));
    (card, credential)
}
