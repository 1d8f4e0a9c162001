//! Opening a vault from its service: on a new device, or again after another device changed its keys.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};

use super::reading::{self, Reading};
use super::session::{Address, Core, Session};
use super::sync::{self, AfterCommit};
use super::vault::{status, vault_error};
use super::view::{PasskeyQuestion, PointQuestion};
use super::wallet::Next;
use super::{Assertion, PasskeyAnswer, Reply, Unlock, WalletError, passkey};
use crate::vault::{Header, LockedVault, RemoteVault, RootKey, UnlockedVault, Unlocking, VaultError};

/// Opens the vault at `address`. What this device keeps of it stays, unless `fresh`: what waits to be sent, and which state
/// was seen last. The vault that is here opens as it is here, even without the network, unless its service has newer keys
/// or knows methods that this device does not: a passphrase that was changed elsewhere must not open it here.
pub(super) fn open(core: &Core, address: Address, unlock: Unlock, fresh: bool) -> Next {
    let signed = unlock.passkey.as_ref().and_then(PasskeyAnswer::signed).cloned();
    open_with(
        core,
        address,
        signed,
        Box::new(move |header| unlock.open(header)),
        fresh,
    )
}

/// Finds the slot that fits.
type Opener = Box<dyn Fn(&Header) -> Result<Unlocking, WalletError> + Send>;

/// The same with whatever opens a slot, and what a passkey signed to be given the slots.
pub(super) fn open_with(
    core: &Core,
    address: Address,
    signed: Option<Assertion>,
    unlock: Opener,
    fresh: bool,
) -> Next {
    header_for(
        core,
        address.clone(),
        signed.as_ref(),
        Box::new(move |core, header, _| {
            if !fresh
                && let Session::Locked { address: here, vault } = &core.session
                && *here == address
                && header
                    .as_ref()
                    .map_or(true, |header| !follows(header, vault.header()))
            {
                match unlock(vault.header()) {
                    Ok(unlocking) => {
                        let unlocked = vault.unlock(&unlocking, core.crypto()).map_err(vault_error)?;
                        core.opened(address, unlocked);
                        return status(core);
                    }
                    Err(wrong) if header.is_err() => return Err(wrong),
                    Err(_) => {}
                }
            }
            let unlocking = unlock(&header?)?;
            // From the newest the service has; what was seen here decides whether that may be.
            let known = match &core.session {
                Session::Open(open) if open.address == address && !fresh => {
                    Some((open.vault.version(), open.vault.manifest_hash()))
                }
                _ => None,
            };
            Ok(pull(
                &address.clone(),
                unlocking,
                known,
                fresh,
                Box::new(move |core, vault, env| {
                    if let Some(vault) = vault? {
                        put(core, address, vault);
                    }
                    sync::with_anchors(core, env, true, |core, _| status(core))
                }),
            ))
        }),
    )
}

/// What passkeys and this device's key must be asked to unlock the vault that is here, or the one at `address`.
pub(super) fn questions(
    core: &Core,
    address: Option<&str>,
    signed: Option<Assertion>,
) -> Result<Next, WalletError> {
    let Some(address) = address else {
        let header = match &core.session {
            Session::Open(open) => open.vault.header(),
            Session::Locked { vault, .. } => vault.header(),
            _ => return Err(super::vault::not_on_device()),
        };
        return Ok(ask(header));
    };
    let address = Address::read(address, core)?;
    let then: AfterHeader = Box::new(|_, header, _| Ok(ask(&header?)));
    Ok(header_for(core, address, signed.as_ref(), then))
}

fn ask(header: &Header) -> Next {
    let passkeys = header.passkeys().map(|(credential, salts)| PasskeyQuestion {
        credential_id: base64url::encode(credential),
        current: base64url::encode(&salts.current),
        next: base64url::encode(&salts.next),
    });
    let devices = header.device_challenges().map(|challenge| PointQuestion {
        slot: base64url::encode(&challenge.slot),
        point: base64url::encode(&challenge.point),
    });
    Next::Done(Reply::UnlockQuestions {
        passkeys: passkeys.collect(),
        devices: devices.collect(),
    })
}

/// The service refused the token: perhaps another device changed the root key, or this one did and never heard the answer.
/// `then` gets the refusal when neither is so, and `vault-unlock-again` when the person must help.
pub(super) fn after_refusal(
    core: &Core,
    refusal: WalletError,
    then: AfterCommit,
) -> Result<Next, WalletError> {
    let address = core.open()?.address.clone();
    Ok(header_of(
        address.clone(),
        Box::new(move |core, header, env| {
            let open = core.open()?;
            let own = open.vault.header();
            let newer = match header {
                Ok(header) => follows(&header, own),
                Err(error) => return then(core, Err(error), env),
            };
            if !newer {
                return then(core, Err(refusal), env);
            }
            let Some(root) = open.device.new_root() else {
                return then(core, Err(vault_error(VaultError::EpochChanged)), env);
            };
            let unlocking = open.vault.unlocking_with(root);
            let known = Some((open.vault.version(), open.vault.manifest_hash()));
            Ok(pull(
                &address.clone(),
                unlocking,
                known,
                false,
                Box::new(move |core, vault, env| {
                    // A root key that was kept aside but is not the one: another device was faster.
                    let outcome = match vault {
                        Ok(Some(vault)) => {
                            put(core, address, vault);
                            Ok(())
                        }
                        Ok(None) => Err(refusal),
                        Err(error) if error.is_network() => Err(error),
                        Err(_) => Err(vault_error(VaultError::EpochChanged)),
                    };
                    then(core, outcome, env)
                }),
            ))
        }),
    ))
}

/// Whether a header is that of the same vault in a later epoch. A vault's signing key is for life, and a service makes up
/// slots for a vault that it does not have.
fn follows(header: &Header, own: &Header) -> bool {
    header.vault == own.vault && header.signer == own.signer && header.epoch > own.epoch
}

type AfterHeader =
    Box<dyn FnOnce(&mut Core, Result<Header, WalletError>, &mut Env<'_>) -> Result<Next, WalletError> + Send>;
type AfterPull = Box<
    dyn FnOnce(
            &mut Core,
            Result<Option<UnlockedVault>, WalletError>,
            &mut Env<'_>,
        ) -> Result<Next, WalletError>
        + Send,
>;

/// Reads the header of the vault at `address`; nothing vouches for it yet.
fn header_of(address: Address, then: AfterHeader) -> Next {
    let url = format!("{}/header", address.as_str());
    Next::Send(
        HttpRequest::get(url, "application/json", sync::MAX_SMALL),
        Box::new(move |core, answer, env| {
            let header = sync::received(answer).and_then(|response| read(&address, &response));
            heard(core, header, then, env)
        }),
    )
}

/// The same with what a passkey signed; the service need not know that passkey.
fn header_for(core: &Core, address: Address, signed: Option<&Assertion>, then: AfterHeader) -> Next {
    let Some(request) = signed.and_then(|signed| passkey::request(core, &address, signed)) else {
        return header_of(address, then);
    };
    Next::Send(
        request,
        Box::new(move |core, answer, env| match answer {
            Ok(response) if response.is_success() => {
                let header = read(&address, &response);
                heard(core, header, then, env)
            }
            _ => Ok(header_of(address, then)),
        }),
    )
}

/// The header in an answer: alone, or of the one vault that was found.
fn read(address: &Address, response: &HttpResponse) -> Result<Header, WalletError> {
    let limits = Limits {
        bytes: passkey::MAX_ANSWER,
        depth: 4,
    };
    let header = json::parse(response.body.as_bytes(), limits)
        .ok()
        .and_then(|value| {
            let holder = match value.get("vaults") {
                Some(vaults) => vaults.get(0)?,
                None => &value,
            };
            base64url::decode(holder.get("header")?.as_str()?).ok()
        });
    header
        .ok_or(VaultError::Malformed)
        .and_then(|header| Header::from_bytes(&header))
        .and_then(|header| {
            // Another vault's slots would take guesses at this one's secrets.
            if header.vault == address.vault() {
                Ok(header)
            } else {
                Err(VaultError::SlotsChanged)
            }
        })
        .map_err(vault_error)
}

fn heard(
    core: &mut Core,
    header: Result<Header, WalletError>,
    then: AfterHeader,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if let Ok(header) = &header {
        super::devices::obey(core, header)?;
    }
    then(core, header, env)
}

/// Reads the vault and opens it; `None` when nothing changed since what is `known`.
fn pull(
    address: &Address,
    unlocking: Unlocking,
    known: Option<(u64, [u8; 32])>,
    fresh: bool,
    then: AfterPull,
) -> Next {
    let token = unlocking.root().access_token(address.vault());
    let reading = Reading::new(address.as_str(), token, known);
    let address = address.clone();
    reading::pull(
        reading,
        Box::new(move |core, remote, env| {
            let vault = match remote {
                Ok(Some(remote)) => {
                    let here = if fresh { None } else { here(core, &address, env)? };
                    unlocked(core, here, &address, &unlocking, remote).map(Some)
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            then(core, vault, env)
        }),
    )
}

/// What this device keeps of the vault at `address`.
pub(super) fn here(
    core: &mut Core,
    address: &Address,
    env: &mut Env<'_>,
) -> Result<Option<LockedVault>, WalletError> {
    Ok(match &mut core.session {
        Session::Open(open) if open.address == *address => Some(open.lock(env)?),
        Session::Locked { address: here, vault } if here == address => Some((**vault).clone()),
        _ => None,
    })
}

fn unlocked(
    core: &Core,
    here: Option<LockedVault>,
    address: &Address,
    unlocking: &Unlocking,
    remote: RemoteVault,
) -> Result<UnlockedVault, WalletError> {
    let locked = match here {
        Some(here) => here.updated(remote),
        None => LockedVault::from_remote(remote, None),
    };
    let locked = locked.map_err(vault_error)?;
    if address.vault() != locked.header().vault {
        return Err(vault_error(VaultError::SlotsChanged));
    }
    locked.unlock(unlocking, core.crypto()).map_err(vault_error)
}

/// Puts the vault in place, with what this device kept for itself.
pub(super) fn put(core: &mut Core, address: Address, vault: UnlockedVault) {
    core.opened(address, vault);
    if let Ok(open) = core.open_mut() {
        open.device.forget_new_root();
        sync::forget_stored_cards(open);
    }
}

/// Text of a root key that is kept aside, sealed with the rest of what this device keeps.
pub(super) fn root_to_text(root: &RootKey) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(base64url::encode(root.to_bytes().as_slice()))
}

pub(super) fn root_from_text(text: &str) -> Option<RootKey> {
    let bytes = zeroize::Zeroizing::new(base64url::decode(text).ok()?);
    RootKey::from_bytes(&bytes)
}
