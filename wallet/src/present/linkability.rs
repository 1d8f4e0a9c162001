//! How recognisable an answer makes the person, from what is really sent.

use assent_core::claims::{ClaimsPath, PathElement};
use assent_core::consent::{CredentialUse, LinkabilityInput, LinkabilityReport, ReceiptKey};
use assent_core::sd_jwt::HolderSdJwt;
use serde_json::Value;

use super::plan::HeldCard;
use crate::labels;

/// How often the copy that would be shown was shown before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) here: u32,
    pub(crate) elsewhere: u32,
}

/// The report for showing these paths of these cards.
pub(super) fn report(
    shown: &[(&HeldCard, Vec<ClaimsPath>)],
    with_receipt: bool,
    operator_sees: bool,
) -> LinkabilityReport {
    let visible: Vec<Vec<ClaimsPath>> = shown
        .iter()
        .map(|(held, approved)| {
            let mut visible = always_visible(&held.credential);
            visible.extend(approved.iter().cloned());
            visible
        })
        .collect();
    let credentials: Vec<CredentialUse<'_>> = shown
        .iter()
        .zip(&visible)
        .map(|((held, _), visible)| CredentialUse {
            visible,
            uses_here: held.uses.here,
            uses_elsewhere: held.uses.elsewhere,
            key_shared: false,
            has_status: held.card.copies.iter().any(|copy| copy.status.is_some()),
            fine_timestamps: has_fine_times(held.credential.claims()),
            issuer_blind: false,
        })
        .collect();
    LinkabilityReport::compute(&LinkabilityInput {
        credentials: &credentials,
        // A fresh key per receipt: the receipt itself does not tie two visits together.
        receipt_key: if with_receipt {
            ReceiptKey::Fresh
        } else {
            ReceiptKey::None
        },
        operator_sees,
    })
}

/// Details that every presentation shows, whatever is approved.
fn always_visible(credential: &HolderSdJwt) -> Vec<ClaimsPath> {
    let mut leaves = Vec::new();
    if let Value::Object(members) = credential.claims() {
        for (name, value) in members.iter().filter(|(name, _)| !labels::is_technical(name)) {
            collect(vec![PathElement::Key(name.clone())], value, &mut leaves);
        }
    }
    leaves.retain(|leaf| !credential.disclosable().any(|path| path.covers(leaf)));
    leaves
}

fn collect(path: Vec<PathElement>, value: &Value, leaves: &mut Vec<ClaimsPath>) {
    let children: Vec<(PathElement, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (PathElement::Key(name.clone()), member))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (PathElement::Index(index), item))
            .collect(),
        _ => Vec::new(),
    };
    if children.is_empty() {
        leaves.extend(ClaimsPath::new(path));
        return;
    }
    for (element, child) in children {
        let mut path = path.clone();
        path.push(element);
        collect(path, child, leaves);
    }
}

/// Times that are not whole days single a batch out among others of the same day.
fn has_fine_times(claims: &Value) -> bool {
    ["iat", "nbf", "exp"]
        .iter()
        .filter_map(|name| claims.get(name)?.as_i64())
        .any(|time| time % 86_400 != 0)
}
