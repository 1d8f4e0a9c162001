//! Making, opening, locking and deleting the vault, and its settings.

use assent_core::encoding::base64url;
use assent_core::encoding::record::ToJson as _;
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::HttpRequest;
use serde_json::json;
use zeroize::Zeroizing;

use super::session::{Address, Core, Pending, Session};
use super::view::{SecretText, SettingsView};
use super::wallet::Next;
use super::{
    PasskeyAnswer, RecoveryGroup, Reply, Unlock, WalletError, methods, passkey, reading, reopen, sync,
};
use crate::records::{Waiting, to_stage};
use crate::settings::Settings;
use crate::vault::{NewMethod, RecoveryCode, UnlockedVault, VaultError, VaultId};

/// How many groups of the recovery code must be typed again.
pub(super) const GROUPS_TO_CONFIRM: usize = 2;

pub(super) fn create(
    core: &mut Core,
    passphrase: Option<&Zeroizing<String>>,
    passkey: Option<&PasskeyAnswer>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if matches!(
        core.session,
        Session::Locked { .. } | Session::Open(_) | Session::Damaged { .. }
    ) {
        return Err(already_here());
    }
    let code = RecoveryCode::generate(env.rng).map_err(|_| sync::no_randomness())?;
    let made = passkey;
    let passkey = passkey
        .map(|answer| Ok((methods::salts_given(core)?, answer.read().map_err(vault_error)?)))
        .transpose()?;
    let id = match &passkey {
        Some(((_, id), _)) => *id,
        None => VaultId::generate(env.rng).map_err(|_| sync::no_randomness())?,
    };
    // A recovery code in any case: passphrases are forgotten, and passkeys deleted.
    let mut methods = Vec::new();
    methods.extend(passphrase.map(|passphrase| (NewMethod::Passphrase(passphrase), "")));
    if let Some(((salts, _), (credential, outputs))) = &passkey {
        methods.push((
            NewMethod::Passkey {
                credential,
                salts,
                outputs,
            },
            "",
        ));
    }
    methods.push((NewMethod::RecoveryCode(&code), ""));
    if let Some(answer) = made {
        answer.keep_made(core);
    }
    let vault = UnlockedVault::create_as(id, &methods, env.now, env.rng).map_err(vault_error)?;
    core.pending = Pending::Nothing;
    let vault_address = Address::new(&core.surroundings.operator, &vault)
        .as_str()
        .to_owned();
    let recovery_code = SecretText::groups(&code);
    let mut first = Waiting::new();
    let settings = Settings::default().write_json().to_string();
    first.insert(
        format!("settings/{}", Settings::ID),
        Some(Zeroizing::new(settings)),
    );
    let first = vault
        .stage(to_stage(&first, &Waiting::new(), &vault), env.rng)
        .map_err(vault_error)?;
    core.session = Session::Unconfirmed {
        vault: Box::new(vault),
        code,
        first: Box::new(first),
    };
    Ok(Next::Done(Reply::VaultCreated {
        recovery_code,
        vault_address,
    }))
}

/// Stores the vault, now that the recovery code is known to be written down (DESIGN decision 9). Done again after a
/// lost answer, it sends the same bytes.
pub(super) fn confirm(core: &mut Core, groups: &[RecoveryGroup]) -> Result<Next, WalletError> {
    let Session::Unconfirmed { vault, code, first } = &core.session else {
        return Err(WalletError::new(
            "vault-nothing-to-confirm",
            "there is no new vault to confirm",
            "Make a vault first.",
            Blame::Caller,
        ));
    };
    if !groups_match(code, groups, GROUPS_TO_CONFIRM) {
        return Err(vault_error(VaultError::BadRecoveryCode));
    }
    let body = json!({
        "vault_id": vault.header().vault.to_string(),
        "access_token_sha256": base64url::encode(&vault.access_token_hash()),
        "header": base64url::encode(&vault.header().to_bytes()),
        "manifest": base64url::encode(&first.manifest),
        "put": sync::write_records(&first.put),
        "passkeys": passkey::listed(core, vault.header()),
    });
    let address = Address::new(&core.surroundings.operator, vault);
    let token = vault.access_token();
    let request = HttpRequest::post(
        address.collection(),
        "application/json",
        body.to_string(),
        sync::MAX_SMALL,
    );
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let taken = matches!(&answer, Ok(response) if response.status == 409);
            match sync::received(answer).and_then(|response| sync::read_version(&response, 1)) {
                Ok(version) => created(core, address, version, env),
                // It may have been stored all the same, now or the time before.
                Err(error) => Ok(read_back(address, token, error, taken)),
            }
        }),
    ))
}

/// Asks whether our vault is there after all: our access token opens nobody else's, and what comes back must be what
/// we sent. `failure` stays the answer when nothing is found and the id was not `taken`.
fn read_back(address: Address, token: Zeroizing<String>, failure: WalletError, taken: bool) -> Next {
    let reading = reading::Reading::new(address.as_str(), token, None);
    reading::pull(
        reading,
        Box::new(move |core, remote, env| match remote {
            Ok(remote) => match (&core.session, remote) {
                (Session::Unconfirmed { first, .. }, Some(remote)) if first.manifest == remote.manifest => {
                    created(core, address, remote.version, env)
                }
                _ => Err(vault_error(VaultError::ManifestNotAuthentic)),
            },
            Err(error) if taken => Err(error),
            Err(_) => Err(failure),
        }),
    )
}

/// The new vault is stored: it is open from here on.
fn created(core: &mut Core, address: Address, version: u64, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let Session::Unconfirmed { mut vault, first, .. } = std::mem::replace(&mut core.session, Session::Empty)
    else {
        return Err(sync_lost());
    };
    vault.adopt(*first, version);
    core.opened(address, *vault);
    sync::with_anchors(core, env, true, |core, _| status(core))
}

/// Opens a vault that lives at `address` on this device. `fresh` leaves aside what this device keeps of it.
pub(super) fn open(core: &Core, address: &str, unlock: Unlock, fresh: bool) -> Result<Next, WalletError> {
    let address = Address::read(address, core)?;
    Ok(reopen::open(core, address, unlock, fresh))
}

/// Unlocks what this device keeps, without the network.
pub(super) fn unlock(core: &mut Core, unlock: &Unlock) -> Result<Next, WalletError> {
    let Session::Locked { address, vault } = &core.session else {
        if matches!(core.session, Session::Open(_)) {
            return status(core);
        }
        if matches!(core.session, Session::Damaged { .. }) {
            return Err(damaged());
        }
        return Err(not_on_device());
    };
    let unlocking = unlock.open(vault.header())?;
    let unlocked = vault.unlock(&unlocking, core.crypto()).map_err(vault_error)?;
    let address = address.clone();
    core.opened(address, unlocked);
    status(core)
}

/// Forgets what this device keeps of a vault. The vault itself stays at its service.
pub(super) fn forget_here(core: &mut Core) -> Result<Next, WalletError> {
    core.forget();
    status(core)
}

/// Deletes the vault at the service, then here.
pub(super) fn delete(core: &mut Core) -> Result<Next, WalletError> {
    let open = core.open()?;
    let token = open.vault.access_token();
    let request = HttpRequest::delete(open.address.as_str(), sync::MAX_SMALL)
        .header("authorization", format!("Bearer {}", token.as_str()));
    Ok(Next::Send(
        request,
        Box::new(|core, answer, _| {
            match sync::received(answer) {
                Ok(_) => {}
                // Gone already: then only this device is left to clean.
                Err(error) if error.view().code == "vault-not-found" => {}
                Err(error) => return Err(error),
            }
            core.forget();
            status(core)
        }),
    ))
}

pub(super) fn settings(core: &Core) -> Result<Next, WalletError> {
    let settings = core.settings()?;
    let status = core.status();
    Ok(Next::Done(Reply::Settings {
        settings: SettingsView {
            language: settings.language,
            theme: settings.theme,
            auto_lock_minutes: settings.auto_lock_minutes,
            vault_address: status.vault_address.unwrap_or_default(),
            unlock_methods: status.unlock_methods,
        },
    }))
}

pub(super) fn set_settings(
    core: &mut Core,
    language: Option<String>,
    theme: Option<String>,
    auto_lock_minutes: Option<u32>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    sync::commit(
        core,
        env,
        move |records| {
            let mut settings = Settings::of(records);
            if !settings.change(language.as_deref(), theme.as_deref(), auto_lock_minutes) {
                return Err(WalletError::new(
                    "settings-not-possible",
                    "this is not a possible setting",
                    "Choose one of the offered values.",
                    Blame::Caller,
                ));
            }
            records.put(&settings)
        },
        |core, outcome, _| {
            outcome?;
            settings(core)
        },
    )
}

pub(super) fn status(core: &Core) -> Result<Next, WalletError> {
    Ok(Next::Done(Reply::Status {
        status: core.status(),
    }))
}

pub(super) fn vault_error(error: VaultError) -> WalletError {
    WalletError::from_code(&error)
}

pub(super) fn already_here() -> WalletError {
    WalletError::new(
        "vault-already-here",
        "this device has a vault already",
        "Unlock it, or delete it first.",
        Blame::Caller,
    )
}

pub(super) fn not_on_device() -> WalletError {
    WalletError::new(
        "vault-not-on-device",
        "this device has no vault",
        "Make a vault, or open yours with its address.",
        Blame::Caller,
    )
}

/// Whether at least `least` different groups of `code` were typed, and every one of them right.
pub(super) fn groups_match(code: &RecoveryCode, typed: &[RecoveryGroup], least: usize) -> bool {
    let groups = code.groups();
    let mut seen = Vec::new();
    for group in typed {
        let right = groups.get(group.index).is_some_and(|right| {
            let text = Zeroizing::new(group.text.trim().to_ascii_uppercase());
            assent_core::crypto::constant_time_eq(right.as_bytes(), text.as_bytes())
        });
        if !right {
            return false;
        }
        if !seen.contains(&group.index) {
            seen.push(group.index);
        }
    }
    seen.len() >= least
}

fn damaged() -> WalletError {
    WalletError::new(
        "vault-cache-malformed",
        "what this device kept of the vault cannot be read",
        "Open your vault again with its address.",
        Blame::Us,
    )
}

fn sync_lost() -> WalletError {
    WalletError::new(
        "vault-state-lost",
        "the new vault is gone from memory",
        "Make it again.",
        Blame::Us,
    )
}
