//! How recognisable a disclosure makes the person: computed from what is really sent, never claimed.
//!
//! Levels that are properties of the technique are [`Unlinkability`]; what a person wants to know is one of three
//! [`Recognisability`] values: not at all, as the same visitor, as you.

use super::category::category;
use crate::claims::ClaimsPath;
use crate::encoding::record::{FromJson, ToJson};
use crate::sorted::SortedSet;

/// What one presented credential tells besides its claims.
#[derive(Debug, Clone)]
pub struct CredentialUse<'a> {
    /// Every path that becomes visible, those that every presentation shows included (except registered JWT
    /// members such as `iss`, `exp`, `cnf`, `status`).
    pub visible: &'a [ClaimsPath],
    /// How often this copy was presented before, to this service.
    pub uses_here: u32,
    /// How often this copy was presented before, to other services.
    pub uses_elsewhere: u32,
    /// The holder key is bound to more than one copy or credential.
    pub key_shared: bool,
    /// The copy has a status list index; it is unique to the copy.
    pub has_status: bool,
    /// `iat`, `exp` or other numbers are exact enough to single the copy out among copies of one batch.
    pub fine_timestamps: bool,
    /// The issuer cannot recognise the presentation either (multi-message signatures; none of today's formats).
    pub issuer_blind: bool,
}

/// Which key signs the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKey {
    /// No receipt is sent.
    None,
    /// A key made for this one receipt.
    Fresh,
    /// The key that signed earlier receipts to this service.
    SameForService,
}

/// What is computed from.
#[derive(Debug, Clone)]
pub struct LinkabilityInput<'a> {
    /// The credentials that are presented, without the receipt.
    pub credentials: &'a [CredentialUse<'a>],
    /// The key of the receipt.
    pub receipt_key: ReceiptKey,
    /// The operator of the vault can see which service is answered (it relays, or it runs the service's verifier).
    pub operator_sees: bool,
}

/// What a person wants to know before sharing, from the least to the most recognisable.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, ToJson, FromJson,
)]
#[serde(rename_all = "snake_case")]
pub enum Recognisability {
    /// The service cannot tell this visit from anyone else's.
    NotAtAll,
    /// The service, or services together, can tell that it is the same visitor again.
    SameVisitor,
    /// The details say who it is.
    AsYou,
}

/// A property that was achieved.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, ToJson, FromJson,
)]
#[serde(rename_all = "snake_case")]
pub enum Unlinkability {
    /// Services cannot link two presentations by anything but the details themselves.
    ProviderUnlinkable,
    /// The issuer, shown the presentation, cannot tell which credential it came from.
    IssuerUnlinkable,
    /// The operator of the vault does not learn which service was answered.
    OperatorBlind,
}

/// Why the level is what it is; a stable code for texts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, ToJson, FromJson,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkReason {
    /// A detail says who the person is.
    IdentifyingDetail,
    /// The same copy was shown to this service before.
    CopyReusedHere,
    /// The same copy was shown to another service before.
    CopyReusedElsewhere,
    /// One key is bound to several copies or credentials.
    KeyShared,
    /// Exact times single the copy out.
    FineTimestamps,
    /// The receipt is signed with the key of earlier receipts.
    ReceiptKeyReused,
    /// The copy's status entry lets the issuer recognise it.
    StatusIndex,
    /// The issuer's signature lets the issuer recognise the copy.
    IssuerSignature,
    /// The operator of the vault sees which service is answered.
    OperatorSees,
}

/// The report: shown before sharing, stored in the receipt as achieved.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct LinkabilityReport {
    /// The level.
    pub level: Recognisability,
    /// A copy was presented before.
    pub reused: bool,
    /// What was achieved.
    pub achieved: SortedSet<Unlinkability>,
    /// Why.
    pub reasons: SortedSet<LinkReason>,
}

impl LinkabilityReport {
    /// Computes the report.
    #[must_use]
    pub fn compute(input: &LinkabilityInput<'_>) -> Self {
        let mut reasons = SortedSet::new();
        let mut note = |condition: bool, reason: LinkReason| {
            if condition {
                reasons.insert(reason);
            }
        };
        for credential in input.credentials {
            let identifying = credential.visible.iter().any(|path| category(path).identifying);
            note(identifying, LinkReason::IdentifyingDetail);
            note(credential.uses_here > 0, LinkReason::CopyReusedHere);
            note(credential.uses_elsewhere > 0, LinkReason::CopyReusedElsewhere);
            note(credential.key_shared, LinkReason::KeyShared);
            note(credential.fine_timestamps, LinkReason::FineTimestamps);
            note(credential.has_status, LinkReason::StatusIndex);
            note(!credential.issuer_blind, LinkReason::IssuerSignature);
        }
        note(
            input.receipt_key == ReceiptKey::SameForService,
            LinkReason::ReceiptKeyReused,
        );
        note(input.operator_sees, LinkReason::OperatorSees);

        // What ties two visits together by technique. The status index and the issuer's signature are as unique as
        // the copy, so they tie visits only through a copy that is used again.
        let ties = [
            LinkReason::CopyReusedHere,
            LinkReason::CopyReusedElsewhere,
            LinkReason::KeyShared,
            LinkReason::FineTimestamps,
            LinkReason::ReceiptKeyReused,
        ];
        let tied = ties.iter().any(|reason| reasons.contains(reason));
        let issuer_recognises =
            reasons.contains(&LinkReason::StatusIndex) || reasons.contains(&LinkReason::IssuerSignature);
        let level = if reasons.contains(&LinkReason::IdentifyingDetail) {
            Recognisability::AsYou
        } else if tied {
            Recognisability::SameVisitor
        } else {
            Recognisability::NotAtAll
        };
        let mut achieved = SortedSet::new();
        for (condition, property) in [
            (!tied, Unlinkability::ProviderUnlinkable),
            (!tied && !issuer_recognises, Unlinkability::IssuerUnlinkable),
            (!input.operator_sees, Unlinkability::OperatorBlind),
        ] {
            if condition {
                achieved.insert(property);
            }
        }
        Self {
            level,
            reused: reasons.contains(&LinkReason::CopyReusedHere)
                || reasons.contains(&LinkReason::CopyReusedElsewhere),
            achieved,
            reasons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn use_of(visible: &[ClaimsPath]) -> CredentialUse<'_> {
        CredentialUse {
            visible,
            uses_here: 0,
            uses_elsewhere: 0,
            key_shared: false,
            has_status: true,
            fine_timestamps: false,
            issuer_blind: false,
        }
    }

    fn report(credentials: &[CredentialUse<'_>], receipt_key: ReceiptKey) -> LinkabilityReport {
        LinkabilityReport::compute(&LinkabilityInput {
            credentials,
            receipt_key,
            operator_sees: false,
        })
    }

    #[test]
    fn a_fresh_copy_of_a_harmless_detail_is_not_recognisable() {
        let age = [ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap()];
        let fresh = report(&[use_of(&age)], ReceiptKey::Fresh);
        assert_eq!(fresh.level, Recognisability::NotAtAll);
        assert!(fresh.achieved.contains(&Unlinkability::ProviderUnlinkable));
        // The issuer signed this very copy and gave it a status entry.
        assert!(!fresh.achieved.contains(&Unlinkability::IssuerUnlinkable));
        assert!(!fresh.reused);
    }

    #[test]
    fn every_tie_makes_the_same_visitor() {
        type Tie = fn(&mut CredentialUse<'_>);
        let age = [ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap()];
        let ties: [(Tie, LinkReason); 4] = [
            (|c| c.uses_here = 1, LinkReason::CopyReusedHere),
            (|c| c.uses_elsewhere = 1, LinkReason::CopyReusedElsewhere),
            (|c| c.key_shared = true, LinkReason::KeyShared),
            (|c| c.fine_timestamps = true, LinkReason::FineTimestamps),
        ];
        for (tie, reason) in ties {
            let mut credential = use_of(&age);
            tie(&mut credential);
            let report = report(&[use_of(&age), credential], ReceiptKey::Fresh);
            assert_eq!(report.level, Recognisability::SameVisitor, "{reason:?}");
            assert!(report.reasons.contains(&reason));
            assert!(!report.achieved.contains(&Unlinkability::ProviderUnlinkable));
        }
        let report = report(&[use_of(&age)], ReceiptKey::SameForService);
        assert_eq!(report.level, Recognisability::SameVisitor);
    }

    #[test]
    fn one_identifying_detail_is_enough() {
        let paths = [
            ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap(),
            ClaimsPath::keys(&["email"]).unwrap(),
        ];
        assert_eq!(
            report(&[use_of(&paths)], ReceiptKey::None).level,
            Recognisability::AsYou
        );
        let unknown = [ClaimsPath::keys(&["shoe_size_and_more"]).unwrap()];
        assert_eq!(
            report(&[use_of(&unknown)], ReceiptKey::None).level,
            Recognisability::AsYou
        );
        // A credential that shows nothing but its type.
        assert_eq!(
            report(&[use_of(&[])], ReceiptKey::None).level,
            Recognisability::NotAtAll
        );
    }
}
