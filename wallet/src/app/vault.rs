//! Making, opening, locking and deleting the vault, and its settings.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::HttpRequest;
use serde_json::json;
use zeroize::Zeroizing;

use super::session::{Address, Core, Session};
use super::view::{SecretText, SettingsView};
use super::wallet::Next;
use super::{RecoveryGroup, Reply, Unlock, WalletError, sync};
use crate::records::{Waiting, to_stage};
use crate::settings::Settings;
use crate::vault::{
    Header, LockedVault, NewMethod, RecoveryCode, Secret, UnlockedVault, Unlocking, VaultError,
};

const MAX_HEADER: usize = 64 << 10;

/// How many groups of the recovery code must be typed again.
const GROUPS_TO_CONFIRM: usize = 2;

pub(super) fn create(core: &mut Core, passphrase: &str, env: &mut Env<'_>) -> Result<Next, WalletError> {
    if matches!(core.session, Session::Locked { .. } | Session::Open(_)) {
        return Err(WalletError::new(
            "vault-already-here",
            "this device has a vault already",
            "Unlock it, or delete it first.",
            Blame::Caller,
        ));
    }
    let code = RecoveryCode::generate(env.rng).map_err(|_| sync::no_randomness())?;
    let methods = [
        (NewMethod::Passphrase(passphrase), ""),
        (NewMethod::RecoveryCode(&code), ""),
    ];
    let vault = UnlockedVault::create(&methods, env.now, env.rng).map_err(vault_error)?;
    let vault_address = Address::new(&core.surroundings.operator, &vault)
        .as_str()
        .to_owned();
    let recovery_code = code
        .groups()
        .iter()
        .map(|group| SecretText(group.to_string()))
        .collect();
    core.session = Session::Unconfirmed {
        vault: Box::new(vault),
        code,
    };
    Ok(Next::Done(Reply::VaultCreated {
        recovery_code,
        vault_address,
    }))
}

/// Stores the vault, now that the recovery code is known to be written down (DESIGN decision 9).
pub(super) fn confirm(
    core: &mut Core,
    groups: &[RecoveryGroup],
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let Session::Unconfirmed { vault, code } = &core.session else {
        return Err(WalletError::new(
            "vault-nothing-to-confirm",
            "there is no new vault to confirm",
            "Make a vault first.",
            Blame::Caller,
        ));
    };
    if !matches(code, groups) {
        return Err(vault_error(VaultError::BadRecoveryCode));
    }
    let mut first = Waiting::new();
    let settings = serde_json::to_string(&Settings::default()).unwrap_or_default();
    first.insert(
        format!("settings/{}", Settings::ID),
        Some(Zeroizing::new(settings)),
    );
    let staged = vault
        .stage(to_stage(&first, &Waiting::new()), env.rng)
        .map_err(vault_error)?;
    let body = json!({
        "vault_id": vault.header().vault.to_string(),
        "access_token_sha256": base64url::encode(&vault.access_token_hash()),
        "header": base64url::encode(&vault.header().to_bytes()),
        "manifest": base64url::encode(&staged.manifest),
        "put": sync::write_records(&staged.put),
    });
    let address = Address::new(&core.surroundings.operator, vault);
    let request = HttpRequest::post(
        address.collection(),
        "application/json",
        body.to_string(),
        MAX_HEADER,
    );
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let version = sync::received(answer).and_then(|response| sync::read_version(&response))?;
            let Session::Unconfirmed { mut vault, .. } = std::mem::replace(&mut core.session, Session::Empty)
            else {
                return Err(sync_lost());
            };
            vault.adopt(staged, version);
            core.opened(address, *vault);
            sync::with_anchors(core, env, true, |core, _| status(core))
        }),
    ))
}

/// Opens a vault that lives at `address` on this device.
pub(super) fn open(core: &mut Core, address: &str, unlock: Unlock) -> Result<Next, WalletError> {
    let address = Address::parse(address, &core.profile())?;
    // The vault that is here already: a fresh copy would forget what waits to be sent, and which state of the vault
    // was seen last, so that the service could show an older one.
    if matches!(&core.session, Session::Locked { address: here, .. } if *here == address) {
        return self::unlock(core, &unlock);
    }
    let request = HttpRequest::get(
        format!("{}/header", address.as_str()),
        "application/json",
        MAX_HEADER,
    );
    Ok(Next::Send(
        request,
        Box::new(move |_, answer, _| {
            let response = sync::received(answer)?;
            let header = json::parse(
                response.body.as_bytes(),
                Limits {
                    bytes: MAX_HEADER,
                    depth: 4,
                },
            )
            .ok()
            .and_then(|value| base64url::decode(value.get("header")?.as_str()?).ok())
            .ok_or_else(|| vault_error(VaultError::Malformed))?;
            let header = Header::from_bytes(&header).map_err(vault_error)?;
            if !address.as_str().ends_with(&header.vault.to_string()) {
                return Err(vault_error(VaultError::Malformed));
            }
            let unlocking = unlocking(&header, &unlock)?;
            let token = unlocking.root().access_token(header.vault);
            let reading = sync::Reading::new(address.as_str(), token, None);
            Ok(sync::pull(
                reading,
                Box::new(move |core, remote, env| {
                    let remote = remote?.ok_or_else(|| vault_error(VaultError::Malformed))?;
                    let locked = LockedVault::from_remote(remote, None).map_err(vault_error)?;
                    if locked.header().vault != header.vault {
                        return Err(vault_error(VaultError::SlotsChanged));
                    }
                    let vault = locked.unlock(&unlocking, core.crypto()).map_err(vault_error)?;
                    core.opened(address, vault);
                    sync::with_anchors(core, env, true, |core, _| status(core))
                }),
            ))
        }),
    ))
}

/// Unlocks what this device keeps, without the network.
pub(super) fn unlock(core: &mut Core, unlock: &Unlock) -> Result<Next, WalletError> {
    let Session::Locked { address, vault } = &core.session else {
        if matches!(core.session, Session::Open(_)) {
            return status(core);
        }
        return Err(WalletError::new(
            "vault-not-on-device",
            "this device has no vault",
            "Make a vault, or open yours with its address.",
            Blame::Caller,
        ));
    };
    let unlocking = unlocking(vault.header(), unlock)?;
    let unlocked = vault.unlock(&unlocking, core.crypto()).map_err(vault_error)?;
    let address = address.clone();
    core.opened(address, unlocked);
    status(core)
}

/// Deletes the vault at the service, then here.
pub(super) fn delete(core: &mut Core) -> Result<Next, WalletError> {
    let open = core.open()?;
    let token = open.vault.access_token();
    let request = HttpRequest::delete(open.address.as_str(), MAX_HEADER)
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
            core.session = Session::Empty;
            core.offer = None;
            core.request = None;
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
            let mut settings = records.get::<Settings>(Settings::ID)?.unwrap_or_default();
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

fn unlocking(header: &Header, unlock: &Unlock) -> Result<Unlocking, WalletError> {
    match unlock {
        Unlock::Passphrase(passphrase) => header.unlock(&Secret::Passphrase(passphrase)),
        Unlock::RecoveryCode(code) => RecoveryCode::parse(code)
            .map_err(|_| VaultError::BadRecoveryCode)
            .and_then(|code| header.unlock(&Secret::RecoveryCode(&code))),
    }
    .map_err(vault_error)
}

fn matches(code: &RecoveryCode, typed: &[RecoveryGroup]) -> bool {
    let groups = code.groups();
    let mut seen = Vec::new();
    for group in typed {
        let right = groups.get(group.index).is_some_and(|right| {
            let text = Zeroizing::new(group.text.trim().to_uppercase());
            assent_core::crypto::constant_time_eq(right.as_bytes(), text.as_bytes())
        });
        if !right {
            return false;
        }
        if !seen.contains(&group.index) {
            seen.push(group.index);
        }
    }
    seen.len() >= GROUPS_TO_CONFIRM
}

fn sync_lost() -> WalletError {
    WalletError::new(
        "vault-state-lost",
        "the new vault is gone from memory",
        "Make it again.",
        Blame::Us,
    )
}
