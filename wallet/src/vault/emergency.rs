//! Emergency access: two halves that open a slot together and nothing alone (specs/formats/emergency.md). One is written down for
//! somebody the citizen trusts, in the form of a recovery code; the other lies at the vault service, which hands it out after
//! a wait.

use std::fmt;

use assent_core::encoding::base64url;
use assent_core::env::{RandomUnavailable, SecureRandom};
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::context::VaultId;
use super::recovery::RecoveryCode;

/// The service's half: 32 random bytes.
#[derive(Clone)]
pub struct ServiceHalf(Zeroizing<[u8; 32]>);

impl ServiceHalf {
    /// A fresh one.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut half = Zeroizing::new([0; 32]);
        rng.fill(half.as_mut_slice())?;
        Ok(Self(half))
    }

    /// From 32 bytes; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|half| Self(Zeroizing::new(half)))
    }

    /// Its bytes, for the service.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ServiceHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceHalf(redacted)")
    }
}

/// What the contact shows the service to be let through. Follows from the contact's half, which does not follow from it.
#[must_use]
pub fn ask_token(contact: &RecoveryCode, vault: VaultId) -> Zeroizing<String> {
    let mut token = Zeroizing::new([0; 32]);
    // 32 bytes are far below the most that HKDF gives.
    let expanded = Hkdf::<Sha512>::new(Some(&vault.0), contact.secret())
        .expand(b"assent/emergency/ask/1", token.as_mut_slice());
    debug_assert!(expanded.is_ok());
    Zeroizing::new(base64url::encode(token.as_slice()))
}

/// The secret of the slot: both halves, of one length each.
pub(super) fn joined(contact: &RecoveryCode, service: &ServiceHalf) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(Vec::with_capacity(contact.secret().len() + service.0.len()));
    secret.extend_from_slice(contact.secret());
    secret.extend_from_slice(service.0.as_slice());
    secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::Counter;
    use crate::vault::{Header, NewMethod, Secret, SlotChange, SlotKind, UnlockedVault, VaultError};
    use assent_core::env::Timestamp;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    struct Set {
        vault: UnlockedVault,
        contact: RecoveryCode,
        service: ServiceHalf,
        rng: Counter,
    }

    fn set_up() -> Set {
        let mut rng = Counter(1);
        let own = RecoveryCode::generate(&mut rng).unwrap();
        let methods = [
            (NewMethod::Passphrase("correct horse battery"), ""),
            (NewMethod::RecoveryCode(&own), ""),
        ];
        let mut vault = UnlockedVault::create(&methods, NOW, &mut rng).unwrap();
        let contact = RecoveryCode::generate(&mut rng).unwrap();
        let service = ServiceHalf::generate(&mut rng).unwrap();
        let method = NewMethod::Emergency {
            contact: &contact,
            service: &service,
        };
        let change = SlotChange::Add { method, name: "Ben" };
        let staged = vault.stage_slots(&change, NOW, &mut rng).unwrap();
        vault.adopt(staged, 2);
        Set {
            vault,
            contact,
            service,
            rng,
        }
    }

    fn opens(header: &Header, contact: &RecoveryCode, service: &ServiceHalf) -> Result<(), VaultError> {
        let secret = Secret::Emergency { contact, service };
        header.unlock(&secret).map(|_| ())
    }

    #[test]
    fn both_halves_open_and_neither_alone() {
        let Set {
            vault,
            contact,
            service,
            mut rng,
        } = set_up();
        let header = Header::from_bytes(&vault.header().to_bytes()).unwrap();
        let secret = Secret::Emergency {
            contact: &contact,
            service: &service,
        };
        let unlocking = header.unlock(&secret).unwrap();
        let token = unlocking.root().access_token(header.vault);
        assert_eq!(*token, *vault.access_token());
        let (other, another) = (
            RecoveryCode::generate(&mut rng).unwrap(),
            ServiceHalf::generate(&mut rng).unwrap(),
        );
        let nothing = ServiceHalf::from_bytes(&[0; 32]).unwrap();
        for (contact, service) in [(&contact, &another), (&contact, &nothing), (&other, &service)] {
            assert_eq!(opens(&header, contact, service), Err(VaultError::WrongSecret));
        }
        // The contact's half is no recovery code, although it looks like one.
        let alone = header.unlock(&Secret::RecoveryCode(&contact));
        assert_eq!(alone.map(|_| ()), Err(VaultError::WrongSecret));
        // Nothing else opens it, and every vault has its own token.
        assert_ne!(
            *ask_token(&contact, header.vault),
            *ask_token(&other, header.vault)
        );
        assert_ne!(
            *ask_token(&contact, header.vault),
            *ask_token(&contact, VaultId([9; 16]))
        );
        assert_ne!(*ask_token(&contact, header.vault), *token);
    }

    #[test]
    fn a_new_root_key_reaches_it_and_removing_it_closes_it() {
        let Set {
            mut vault,
            contact,
            service,
            mut rng,
        } = set_up();
        let staged = vault.stage_slots(&SlotChange::Rotate, NOW, &mut rng).unwrap();
        vault.adopt(staged, 3);
        assert_eq!(opens(vault.header(), &contact, &service), Ok(()));
        let slot = vault
            .header()
            .slots
            .iter()
            .find(|slot| *slot.kind() == SlotKind::Emergency)
            .unwrap()
            .id();
        let staged = vault
            .stage_slots(&SlotChange::Remove { slot }, NOW, &mut rng)
            .unwrap();
        let old = vault.header().clone();
        vault.adopt(staged, 4);
        assert_eq!(vault.header().epoch, 3);
        assert_eq!(
            opens(vault.header(), &contact, &service),
            Err(VaultError::NoSuchSlot)
        );
        // An old header leads to an old root key only.
        let secret = Secret::Emergency {
            contact: &contact,
            service: &service,
        };
        let unlocking = old.unlock(&secret).unwrap();
        assert_ne!(*unlocking.root().access_token(old.vault), *vault.access_token());
    }

    #[test]
    fn it_is_one_and_does_not_count_as_a_way_of_ones_own() {
        let Set {
            vault,
            contact,
            service,
            mut rng,
        } = set_up();
        let method = NewMethod::Emergency {
            contact: &contact,
            service: &service,
        };
        let twice = vault.stage_slots(&SlotChange::Add { method, name: "" }, NOW, &mut rng);
        assert_eq!(twice.map(|_| ()).unwrap_err(), VaultError::AlreadyAMethod);
        let slot = vault.header().slots[0].id();
        let lone = vault.stage_slots(&SlotChange::Remove { slot }, NOW, &mut rng);
        assert_eq!(lone.map(|_| ()).unwrap_err(), VaultError::TooFewMethods);
    }
}
