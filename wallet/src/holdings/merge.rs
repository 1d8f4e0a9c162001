//! The same card received again becomes one card with fresh copies, not two cards side by side.

use assent_core::sd_jwt::HolderSdJwt;
use serde_json::Value;

use super::copies::{CopyRecord, held};
use super::{Card, CardStatus};
use crate::app::WalletError;
use crate::labels;
use crate::records::Records;

/// What a received card did to one that was here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// It says the same: fresh copies.
    Copies,
    /// It says something else of the same person.
    Details,
}

impl Renewal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Copies => "copies",
            Self::Details => "details",
        }
    }
}

/// Puts a received card into the vault. Where the same issuer gave the same kind of card about the same person before,
/// that one gets the copies; its old ones stay when they end at the same time, else they are destroyed. Gives the id it
/// has then.
pub(crate) fn add(
    records: &mut Records<'_>,
    card: &Card,
    copies: &[CopyRecord],
) -> Result<(String, Option<Renewal>), WalletError> {
    let Some((old, same_content)) = find(records, card, copies) else {
        for copy in copies {
            records.put(copy)?;
        }
        records.put(card)?;
        return Ok((card.id.clone(), None));
    };
    let stays = same_content && old.expires_at == card.expires_at && old.status == CardStatus::Valid;
    let mut merged = Card {
        id: old.id.clone(),
        copies: Vec::new(),
        ..card.clone()
    };
    if stays {
        let unused = old.copies.iter().filter(|copy| copy.used_at.is_none());
        merged.copies.extend(unused.cloned());
    }
    for id in records.ids::<CopyRecord>(&format!("{}/", old.id)) {
        let kept = |copy: &super::CopyState| id == format!("{}/{}", old.id, copy.id);
        if !merged.copies.iter().any(kept) {
            records.delete::<CopyRecord>(&id);
        }
    }
    // Numbers begin again with every batch; the id of this one keeps them apart.
    let batch = card.id.get(..8).unwrap_or(&card.id);
    for (state, copy) in card.copies.iter().zip(copies) {
        let mut state = state.clone();
        state.id = format!("{batch}.{}", state.id);
        records.put(&copy.moved(&old.id, &state.id))?;
        merged.copies.push(state);
    }
    records.put(&merged)?;
    let renewal = if same_content {
        Renewal::Copies
    } else {
        Renewal::Details
    };
    Ok((merged.id, Some(renewal)))
}

/// The card this one continues, the latest if there are several, and whether both say the same.
fn find(records: &Records<'_>, card: &Card, copies: &[CopyRecord]) -> Option<(Card, bool)> {
    let new = copies.first()?.credential().ok()?;
    let mut found: Option<(Card, bool)> = None;
    for (old, credential) in held(records) {
        let Some(credential) = credential else { continue };
        let same_kind = same_kind(&old, card);
        let same_content = says_the_same(&credential, &new);
        let same_person = same_content || same_person(credential.claims(), new.claims());
        let latest = found
            .as_ref()
            .is_none_or(|(other, _)| other.received_at <= old.received_at);
        if same_kind && same_person && latest {
            found = Some((old, same_content));
        }
    }
    found
}

/// True when the same issuer gave both as the same kind of card.
pub(crate) fn same_kind(a: &Card, b: &Card) -> bool {
    a.issuer_id == b.issuer_id
        && a.anchor == b.anchor
        && a.configuration_id == b.configuration_id
        && a.vct == b.vct
}

/// True when both say the same, and let the same be shown apart.
pub(crate) fn says_the_same(a: &HolderSdJwt, b: &HolderSdJwt) -> bool {
    let content = |credential: &HolderSdJwt| {
        let mut claims = credential.claims().as_object().cloned().unwrap_or_default();
        claims.retain(|name, _| !labels::is_technical(name));
        claims
    };
    content(a) == content(b) && a.disclosable().eq(b.disclosable())
}

/// True when both name the same person: by a number for the person, else by names and date of birth. Where neither is
/// on the card nobody is taken for somebody else: the cards stay apart.
fn same_person(a: &Value, b: &Value) -> bool {
    for claims in [
        &["sub"][..],
        &["personal_administrative_number"],
        &["family_name", "given_name", "birthdate"],
    ] {
        let both = |claims: &Value, name: &&str| claims.get(*name).is_some_and(|value| !value.is_null());
        if claims.iter().all(|name| both(a, name) && both(b, name)) {
            return claims.iter().all(|name| a.get(*name) == b.get(*name));
        }
    }
    false
}
