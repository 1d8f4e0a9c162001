//! The receipt as the wallet keeps it, with everything that was signed about it.

use assent_core::consent::{
    Countersignature, Decision, Digest, Moment, ReceiptBundle, VerifiedReceipt, Withdrawal,
    WithdrawalAcknowledgement, speaker_key,
};
use assent_core::crypto::{CryptoProvider, PublicKey, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::encoding::jws::UnverifiedJws;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::{Env, Timestamp};
use assent_core::error::Blame;
use assent_core::sd_jwt::KeyBindingCheck;
use assent_core::trust::{Role, TrustAnchors, verify_chain};
use zeroize::Zeroizing;

use super::open::{OpenRequest, Terms};
use super::plan::DisclosureSelection;
use super::service::access_key;
use crate::app::WalletError;
use crate::app::view::Proof;
use crate::records::Record;
use crate::vault::UnlockedVault;

/// A receipt with its proofs. Names of details, no values.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct KeptReceipt {
    pub(crate) id: String,
    pub(crate) service_id: String,
    pub(crate) service_name: String,
    pub(crate) at: i64,
    /// The receipt itself, as both sides hold it.
    pub(crate) compact: String,
    pub(crate) consent_request: String,
    /// The public key of the service's access certificate at that time, as JWK.
    service_key: Object,
    pub(crate) countersignature: Option<String>,
    /// What was withdrawn, in parts or at once.
    #[serde(default)]
    pub(crate) stops: Vec<Stop>,
    /// Its key, base64url, when it was made in another vault: from there it came with the key that this one cannot derive.
    #[serde(default)]
    key: Option<Zeroizing<String>>,
}

/// One withdrawal, with the service's answer.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct Stop {
    /// The sharing it ended.
    pub(crate) sharing_id: String,
    pub(crate) withdrawal: String,
    pub(crate) acknowledgement: Option<String>,
}

impl Stop {
    /// Its number among the events of the receipt.
    pub(crate) fn seq(&self) -> Option<u64> {
        let jws = UnverifiedJws::parse(&self.withdrawal).ok()?;
        jws.unverified_claims().ok()?.get("seq")?.as_u64()
    }
}

/// The key of one receipt: derived, so nothing needs storing; used for this service and this receipt only, so that
/// receipts do not tie visits together (DESIGN decision 12).
pub(crate) fn receipt_key(
    vault: &UnlockedVault,
    service_id: &str,
    receipt_id: &str,
) -> Result<SoftwareKey, WalletError> {
    vault
        .pairwise_key(&format!("{service_id}\0{receipt_id}"))
        .map_err(|error| WalletError::from_code(&error))
}

impl KeptReceipt {
    /// Mints the receipt for a selection, when the service asked for one on signed terms.
    pub(crate) fn mint(
        open: &OpenRequest,
        selection: &DisclosureSelection,
        language: &str,
        vault: &UnlockedVault,
        env: &mut Env<'_>,
    ) -> Result<Option<Self>, WalletError> {
        let (Terms::Signed { request, jwt }, Some(service_key)) = (&open.terms, access_key(&open.request))
        else {
            return Ok(None);
        };
        if !open.makes_receipt() {
            return Ok(None);
        }
        let granted: Vec<String> = request
            .terms
            .purposes()
            .into_iter()
            .filter(|purpose| selection.grants(purpose))
            .map(|purpose| purpose.id)
            .collect();
        let id = env
            .random_token()
            .map_err(|_| super::super::app::no_randomness())?;
        let key = receipt_key(vault, &open.service.id, &id)?;
        let decision = Decision {
            request,
            granted: &granted,
            linkability: &selection.linkability,
            language,
        };
        let minted = decision
            .mint(&key, env)
            .map_err(|error| WalletError::from_code(&error))?;
        Ok(Some(Self {
            id,
            service_id: open.service.id.clone(),
            service_name: open.service.name.clone(),
            at: env.now.0,
            compact: minted.compact().to_owned(),
            consent_request: jwt.clone(),
            service_key: service_key.to_jwk(),
            countersignature: None,
            stops: Vec::new(),
            key: None,
        }))
    }

    /// The key it was signed with, and its withdrawals are to be.
    pub(crate) fn signing_key(&self, vault: &UnlockedVault) -> Result<SoftwareKey, WalletError> {
        let Some(key) = &self.key else {
            return receipt_key(vault, &self.service_id, &self.id);
        };
        let bytes = Zeroizing::new(base64url::decode(key).unwrap_or_default());
        SoftwareKey::from_bytes(&bytes).map_err(|_| {
            WalletError::new(
                "receipt-key-unreadable",
                "the key of this receipt cannot be read",
                "Stop sharing from the vault it was made in, or write to the service.",
                Blame::Us,
            )
        })
    }

    /// The same with its key, for another vault.
    pub(crate) fn with_key(mut self, vault: &UnlockedVault) -> Result<Self, WalletError> {
        if self.has_no_key() {
            return Ok(self);
        }
        let key = self.signing_key(vault)?;
        self.key = Some(Zeroizing::new(base64url::encode(key.to_bytes().as_slice())));
        Ok(self)
    }

    /// The same, known to have come without its key: a proof, from which nothing can be withdrawn.
    pub(crate) fn without_key(mut self) -> Self {
        self.key = Some(Zeroizing::new(String::new()));
        self
    }

    /// Whether it came without its key.
    pub(crate) fn has_no_key(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.is_empty())
    }

    /// The receipt, verified again.
    pub(crate) fn verified(&self, now: Timestamp, crypto: &dyn CryptoProvider) -> Option<VerifiedReceipt> {
        VerifiedReceipt::verify(&self.compact, KeyBindingCheck::NotRequired, now, crypto).ok()
    }

    /// True when `jwt` is the service's signature over this receipt.
    pub(crate) fn is_countersigned_by(&self, jwt: &str, by: &Judge<'_>) -> bool {
        let (Some(receipt), Some(key)) = (self.verified(by.now, by.crypto), self.speaker(jwt, by)) else {
            return false;
        };
        Countersignature::verify(jwt, &receipt, &key, by.crypto).is_ok()
    }

    /// The acknowledgement of our `withdrawal`, verified.
    pub(crate) fn acknowledgement_of(
        &self,
        jwt: &str,
        withdrawal: &str,
        by: &Judge<'_>,
    ) -> Option<WithdrawalAcknowledgement> {
        let (receipt, key) = (self.verified(by.now, by.crypto)?, self.speaker(jwt, by)?);
        WithdrawalAcknowledgement::verify(jwt, withdrawal, &receipt, &key, by.crypto).ok()
    }

    /// The withdrawal that ended a sharing.
    pub(crate) fn stop_of(&self, sharing_id: &str) -> Option<&Stop> {
        self.stops.iter().find(|stop| stop.sharing_id == sharing_id)
    }

    /// The last event after the receipt: number and hash. The next withdrawal follows it.
    pub(crate) fn last_event(&self) -> Option<(u64, Digest)> {
        let last = self.stops.iter().max_by_key(|stop| stop.seq())?;
        Some((last.seq()?, Digest::of(&last.withdrawal)))
    }

    /// Every proof, checked now: receipt, countersignature, withdrawal, acknowledgement. Of several withdrawals each
    /// must be right; they are acknowledged when each of them is.
    pub(crate) fn proofs(&self, by: &Judge<'_>) -> [Proof; 4] {
        let (now, crypto) = (by.now, by.crypto);
        let check = |present: Option<&String>, is_right: &dyn Fn(&str) -> bool| match present {
            None => Proof::Absent,
            Some(jwt) if is_right(jwt) => Proof::Valid,
            Some(_) => Proof::Invalid,
        };
        let receipt = self.verified(now, crypto);
        let withdrawn = |jwt: &str| {
            receipt
                .as_ref()
                .is_some_and(|receipt| Withdrawal::verify(jwt, receipt, now, crypto).is_ok())
        };
        let together = |proof: &dyn Fn(&Stop) -> Proof| {
            let proofs: Vec<Proof> = self.stops.iter().map(proof).collect();
            if proofs.contains(&Proof::Invalid) {
                Proof::Invalid
            } else if proofs.is_empty() || proofs.contains(&Proof::Absent) {
                Proof::Absent
            } else {
                Proof::Valid
            }
        };
        [
            if receipt.is_some() {
                Proof::Valid
            } else {
                Proof::Invalid
            },
            check(self.countersignature.as_ref(), &|jwt| {
                self.is_countersigned_by(jwt, by)
            }),
            together(&|stop| check(Some(&stop.withdrawal), &withdrawn)),
            together(&|stop| {
                check(stop.acknowledgement.as_ref(), &|jwt| {
                    self.acknowledgement_of(jwt, &stop.withdrawal, by).is_some()
                })
            }),
        ]
    }

    /// Everything needed to check it elsewhere.
    pub(crate) fn bundle(&self, now: Timestamp, crypto: &dyn CryptoProvider) -> Option<ReceiptBundle> {
        let mut bundle = ReceiptBundle::new(&self.verified(now, crypto)?, &self.consent_request);
        bundle.countersignature.clone_from(&self.countersignature);
        for stop in &self.stops {
            bundle.events.push(stop.withdrawal.clone());
            bundle.acknowledgements.extend(stop.acknowledgement.clone());
        }
        Some(bundle)
    }

    /// The key that speaks for the service in `jwt`: that of its certificate at the time of sharing, or of a renewed one.
    fn speaker(&self, jwt: &str, by: &Judge<'_>) -> Option<PublicKey> {
        let header = |jwt: &str| UnverifiedJws::parse(jwt).ok().map(|jws| jws.header().x5c.clone());
        let (then, now) = (header(&self.consent_request)?, header(jwt)?);
        if now.is_empty() || now.first() == then.first() {
            return PublicKey::from_jwk(&self.service_key).ok();
        }
        let at = Timestamp(self.at);
        let service = verify_chain(&then, by.anchors, Role::AccessCertificate, at, by.crypto).ok()?;
        let moment = if by.arrives {
            Moment::Arrival(by.now)
        } else {
            Moment::Archive(by.now)
        };
        speaker_key(jwt, &service, by.anchors, moment, by.crypto)
    }
}

/// What messages of a service are judged by.
pub(crate) struct Judge<'a> {
    pub(crate) now: Timestamp,
    pub(crate) anchors: &'a TrustAnchors,
    pub(crate) crypto: &'a dyn CryptoProvider,
    /// True for a message that arrives just now.
    pub(crate) arrives: bool,
}

impl std::fmt::Debug for KeptReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptReceipt")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Record for KeptReceipt {
    const KIND: &'static str = "receipt";

    fn id(&self) -> &str {
        &self.id
    }
}
