//! Where the vault is in its life, and what the open one keeps beside it.

use std::sync::Arc;

use assent_core::crypto::{CryptoProvider, RustCrypto};
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::{Env, Timestamp};
use assent_core::error::Blame;
use assent_core::profile::Profile;
use assent_core::trust::TrustAnchors;
use serde_json::Value;
use zeroize::Zeroizing;

use super::WalletError;
use super::pairing::Pairing;
use super::view::{StatusView, VaultState};
use super::wallet::Surroundings;
use crate::documents::Upload;
use crate::present::{Judge, OpenRequest};
use crate::receive::OpenOffer;
use crate::records::{Records, Waiting};
use crate::rights::Sharing;
use crate::settings::Settings;
use crate::vault::{LockedVault, PrfSalts, RecoveryCode, RootKey, SlotKind, Staged, UnlockedVault, VaultId};

/// What flows work on.
pub(crate) struct Core {
    pub(crate) surroundings: Surroundings,
    pub(crate) session: Session,
    pub(crate) offer: Option<Arc<OpenOffer>>,
    pub(crate) request: Option<Arc<OpenRequest>>,
    /// A change of the unlock methods that was begun.
    pub(crate) pending: Pending,
    /// A passkey that was made here and what it said of itself, for the vault service. Both base64url.
    pub(crate) made: Option<(String, String)>,
    /// A device that is being added, or this one that is.
    pub(crate) pairing: Option<Pairing>,
    /// The id of this device, where it has a vault.
    pub(crate) device: Option<[u8; 16]>,
    /// What to keep on this device; renewed whenever the vault or its surroundings changed.
    pub(crate) cache: Vec<u8>,
}

/// What the first half of a change of the unlock methods gave out.
pub(crate) enum Pending {
    Nothing,
    /// Salts for a passkey, and the vault it is made for: the open one, if the person proved to be there, else one that
    /// is yet to be made.
    Passkey(PrfSalts, VaultId),
    RecoveryCode(RecoveryCode),
}

/// Where the vault is in its life.
pub(crate) enum Session {
    Empty,
    /// Made in memory only; waits for the recovery code to be typed again.
    Unconfirmed {
        vault: Box<UnlockedVault>,
        code: RecoveryCode,
        /// The commit that stores it.
        first: Box<Staged>,
    },
    Locked {
        address: Address,
        vault: Box<LockedVault>,
    },
    /// What this device keeps cannot be read. It is kept as it is until the person opens the vault from its service
    /// or gives it up.
    Damaged {
        address: Option<Address>,
    },
    Open(Box<Open>),
}

/// An open vault.
pub(crate) struct Open {
    pub(crate) address: Address,
    pub(crate) vault: UnlockedVault,
    pub(crate) device: DeviceData,
    pub(crate) anchors: TrustAnchors,
}

/// What only this device keeps, sealed in its cache.
#[derive(Default, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceData {
    /// Changes that wait for the vault service.
    #[serde(default)]
    pub(crate) waiting: Waiting,
    /// Trust anchors as fetched.
    #[serde(default)]
    pub(crate) anchors: Option<Value>,
    /// When they were fetched.
    #[serde(default)]
    pub(crate) anchors_at: i64,
    /// A new root key whose commit was sent, while no answer came.
    #[serde(default)]
    new_root: Option<Zeroizing<String>>,
    /// Uploads of documents that have not ended.
    #[serde(default)]
    pub(crate) uploads: Vec<Upload>,
    /// Sign-ins at issuers from which the person has not come back, the oldest first.
    #[serde(default)]
    pub(crate) left: Vec<Left>,
}

/// A sign-in that was begun; what it holds is for [`crate::receive`].
#[derive(ToJson, FromJson)]
pub(crate) struct Left {
    /// When it is too late.
    pub(crate) until: i64,
    pub(crate) content: Zeroizing<String>,
}

impl DeviceData {
    pub(crate) fn new_root(&self) -> Option<RootKey> {
        super::reopen::root_from_text(self.new_root.as_ref()?)
    }

    pub(crate) fn keep_new_root(&mut self, root: &RootKey) {
        self.new_root = Some(super::reopen::root_to_text(root));
    }

    /// Forgets sign-ins that are over.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        self.left.retain(|left| left.until > now.0);
    }

    pub(crate) fn forget_new_root(&mut self) {
        self.new_root = None;
    }
}

/// Where a vault lives: `<service>/v1/vaults/<id>`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    vault: VaultId,
}

impl Address {
    pub(crate) fn new(service: &str, vault: &UnlockedVault) -> Self {
        Self::at(service, vault.header().vault)
    }

    fn at(service: &str, vault: VaultId) -> Self {
        Self {
            text: format!("{}/v1/vaults/{vault}", service.trim_end_matches('/')),
            vault,
        }
    }

    /// Reads an address. The id alone is a vault at the service of this app.
    pub(crate) fn read(text: &str, core: &Core) -> Result<Self, WalletError> {
        match VaultId::parse(text.trim()) {
            Some(id) => Self::parse(&Self::at(&core.surroundings.operator, id).text, &core.profile()),
            None => Self::parse(text, &core.profile()),
        }
    }

    pub(crate) fn parse(text: &str, profile: &Profile) -> Result<Self, WalletError> {
        let bad = || {
            WalletError::new(
                "vault-address-malformed",
                "this is not the address of a vault",
                "Copy the address from the device where you made the vault.",
                Blame::Caller,
            )
        };
        let endpoint = assent_core::profile::Endpoint::parse(text.trim(), profile).map_err(|_| bad())?;
        let id = endpoint.path().rsplit_once("/v1/vaults/").map(|(_, id)| id);
        let vault = id.and_then(VaultId::parse).filter(|_| endpoint.query().is_none());
        Ok(Self {
            text: endpoint.as_str().to_owned(),
            vault: vault.ok_or_else(bad)?,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The vault's id.
    pub(crate) fn vault(&self) -> VaultId {
        self.vault
    }

    /// Where vaults are created: the address without its id.
    pub(crate) fn collection(&self) -> &str {
        self.text
            .rsplit_once('/')
            .map_or(&self.text, |(collection, _)| collection)
    }
}

impl Core {
    pub(crate) fn crypto(&self) -> &'static dyn CryptoProvider {
        &RustCrypto
    }

    pub(crate) fn profile(&self) -> Profile {
        if self.surroundings.sandbox {
            Profile::BASELINE.sandbox()
        } else {
            Profile::BASELINE
        }
    }

    /// The open vault.
    pub(crate) fn open(&self) -> Result<&Open, WalletError> {
        match &self.session {
            Session::Open(open) => Ok(open),
            _ => Err(locked()),
        }
    }

    pub(crate) fn open_mut(&mut self) -> Result<&mut Open, WalletError> {
        match &mut self.session {
            Session::Open(open) => Ok(open),
            _ => Err(locked()),
        }
    }

    /// The records of the open vault, for reading.
    pub(crate) fn records(&self) -> Result<Records<'_>, WalletError> {
        let open = self.open()?;
        Ok(Records::new(&open.vault, &open.device.waiting))
    }

    /// What messages of services are judged by; `arrives` for one that comes in just now.
    pub(crate) fn judge(&self, now: Timestamp, arrives: bool) -> Result<Judge<'_>, WalletError> {
        Ok(Judge {
            now,
            anchors: &self.open()?.anchors,
            crypto: self.crypto(),
            arrives,
        })
    }

    pub(crate) fn settings(&self) -> Result<Settings, WalletError> {
        Ok(Settings::of(&self.records()?))
    }

    pub(crate) fn status(&self) -> StatusView {
        let (state, address, header) = match &self.session {
            Session::Empty => (VaultState::Empty, None, None),
            Session::Unconfirmed { vault, .. } => (
                VaultState::Unconfirmed,
                Some(Address::new(&self.surroundings.operator, vault).text),
                Some(vault.header()),
            ),
            Session::Locked { address, vault } => (
                VaultState::Locked,
                Some(address.text.clone()),
                Some(vault.header()),
            ),
            Session::Damaged { address } => (
                VaultState::Damaged,
                address.as_ref().map(|address| address.text.clone()),
                None,
            ),
            Session::Open(open) => (
                VaultState::Open,
                Some(open.address.text.clone()),
                Some(open.vault.header()),
            ),
        };
        let methods = header
            .into_iter()
            .flat_map(|header| &header.slots)
            .filter(|slot| *slot.kind() != SlotKind::Emergency)
            .map(|slot| super::methods::kind(slot.kind()).to_owned());
        let pending = self
            .records()
            .map(|records| records.list::<Sharing>())
            .map_or(0, |sharing| {
                sharing.iter().filter(|sharing| sharing.is_pending()).count()
            });
        let awaited = self.records().map(|records| super::cards::awaited(&records));
        StatusView {
            state,
            vault_address: address,
            unlock_methods: methods.collect(),
            waiting: self.open().map_or(0, |open| open.device.waiting.len()),
            pending_withdrawals: pending,
            awaited_at: awaited
                .unwrap_or_default()
                .iter()
                .filter_map(|card| card.next_try_at)
                .min(),
        }
    }

    /// Renews [`Core::cache`].
    pub(crate) fn keep(&mut self, env: &mut Env<'_>) -> Result<(), WalletError> {
        let (address, locked) = match &mut self.session {
            Session::Empty | Session::Unconfirmed { .. } => {
                self.cache.clear();
                return Ok(());
            }
            Session::Damaged { .. } => return Ok(()),
            Session::Locked { address, vault } => (address.clone(), (**vault).clone()),
            Session::Open(open) => (open.address.clone(), open.lock(env)?),
        };
        self.cache = super::cache::write(&address, self.device, &locked);
        Ok(())
    }

    /// Forgets keys and values.
    pub(crate) fn lock(&mut self, env: &mut Env<'_>) -> Result<(), WalletError> {
        self.drop_unfinished();
        if let Session::Open(open) = &mut self.session {
            let vault = Box::new(open.lock(env)?);
            self.session = Session::Locked {
                address: open.address.clone(),
                vault,
            };
        }
        Ok(())
    }

    /// Forgets the vault on this device.
    pub(crate) fn forget(&mut self) {
        self.session = Session::Empty;
        self.device = None;
        self.drop_unfinished();
    }

    /// What was begun with one vault must not go on with another.
    fn drop_unfinished(&mut self) {
        self.offer = None;
        self.request = None;
        self.pending = Pending::Nothing;
        self.made = None;
        self.pairing = None;
    }

    /// Puts an unlocked vault in place.
    pub(crate) fn opened(&mut self, address: Address, vault: UnlockedVault) {
        let same = match &self.session {
            Session::Locked { address: here, .. } => *here == address,
            Session::Open(open) => open.address == address,
            _ => false,
        };
        if !same {
            self.device = None;
            self.drop_unfinished();
        }
        let device: DeviceData = crate::records::read(vault.device()).unwrap_or_default();
        let anchors = device
            .anchors
            .as_ref()
            .and_then(|anchors| TrustAnchors::from_json(anchors).ok())
            .unwrap_or_default();
        self.session = Session::Open(Box::new(Open {
            address,
            vault,
            device,
            anchors,
        }));
    }
}

impl Open {
    pub(crate) fn lock(&mut self, env: &mut Env<'_>) -> Result<LockedVault, WalletError> {
        let device = self.device.write_json().to_string().into_bytes();
        self.vault.set_device(Zeroizing::new(device));
        self.vault
            .lock(env.rng)
            .map_err(|error| WalletError::from_code(&error))
    }

    /// True when the anchors should be fetched again.
    pub(crate) fn anchors_are_old(&self, now: Timestamp) -> bool {
        self.device.anchors.is_none() || !(0..86_400).contains(&now.since(Timestamp(self.device.anchors_at)))
    }
}

fn locked() -> WalletError {
    WalletError::new(
        "vault-locked",
        "the vault is not open",
        "Unlock your vault first.",
        Blame::Caller,
    )
}
