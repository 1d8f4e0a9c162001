//! How recognisable an answer makes the person, from what is really sent.

use assent_core::claims::{ClaimsPath, MAX_PATH, PathElement};
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

/// The report for showing these paths of these cards, everything that becomes visible included.
pub(super) fn report(
    shown: &[(&HeldCard, &[ClaimsPath])],
    with_receipt: bool,
    operator_sees: bool,
) -> LinkabilityReport {
    let credentials: Vec<CredentialUse<'_>> = shown
        .iter()
        .map(|(held, visible)| CredentialUse {
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

/// Details that every presentation shows, whatever is asked for (RFC 9901 §7.2): those that the issuer did not make
/// disclosable. `sub` (RFC 7519 §4.1.2) says something about the person, unlike the other registered claims: it is the
/// same in all copies.
pub(super) fn always_visible(credential: &HolderSdJwt) -> Vec<ClaimsPath> {
    let mut leaves = Vec::new();
    if let Value::Object(members) = credential.claims() {
        for (name, value) in members {
            if name == "sub" || !labels::is_technical(name) {
                leaves_below(vec![PathElement::Key(name.clone())], value, &mut leaves);
            }
        }
    }
    leaves.retain(|leaf| !credential.disclosable().any(|path| path.covers(leaf)));
    leaves
}

/// The paths of the simple values at or below `value`, which is at `path`. What lies deeper than a path can point counts with
/// its deepest nameable parent.
fn leaves_below(path: Vec<PathElement>, value: &Value, leaves: &mut Vec<ClaimsPath>) {
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
    if children.is_empty() || path.len() == MAX_PATH {
        leaves.extend(ClaimsPath::new(path));
        return;
    }
    for (element, child) in children {
        let mut path = path.clone();
        path.push(element);
        leaves_below(path, child, leaves);
    }
}

/// Times that are not whole days single a batch out among others of the same day.
fn has_fine_times(claims: &Value) -> bool {
    ["iat", "nbf", "exp"]
        .iter()
        .filter_map(|name| claims.get(name)?.as_i64())
        .any(|time| time % 86_400 != 0)
}
