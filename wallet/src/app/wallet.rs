//! The engine: one running command at a time, as a chain of one-shot continuations.

use std::fmt;

use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse, Step};

use super::session::{Core, Pending, Session};
use super::{
    Command, NetworkFailure, Reply, Unlock, WalletError, bringing, cache, cards, details, devices, documents,
    emergency, history, methods, offer, pairing, passkey, reopen, request, rights, sign_in, sync, transfer,
    vault,
};

/// What the wallet must know about its surroundings.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Base URL of the operator: vault service and registry, e.g. `https://wallet.example`.
    pub operator: String,
    /// True only for a sandbox: plain http to this very machine is accepted.
    pub sandbox: bool,
}

/// What a flow does next.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
pub(crate) enum Next {
    /// Send this and continue with the outcome.
    Send(HttpRequest, Then),
    /// The command is done.
    Done(Reply),
}

/// The rest of a flow, consumed when the answer arrives: no step can run twice.
pub(crate) type Then = Box<
    dyn FnOnce(&mut Core, Result<HttpResponse, NetworkFailure>, &mut Env<'_>) -> Result<Next, WalletError>
        + Send,
>;

/// The wallet.
pub struct Wallet {
    pub(super) core: Core,
    running: Option<Then>,
}

impl Wallet {
    /// A wallet without a vault.
    #[must_use]
    pub fn new(surroundings: Surroundings) -> Self {
        let core = Core {
            surroundings,
            session: Session::Empty,
            offer: None,
            request: None,
            pending: Pending::Nothing,
            made: None,
            pairing: None,
            device: None,
            cache: Vec::new(),
        };
        Self { core, running: None }
    }

    /// A locked wallet from what [`Wallet::cache`] gave, or an empty one when `cache` is empty. Bytes that are no
    /// such cache make a wallet in the state `damaged`, which keeps them until the person decides.
    #[must_use]
    pub fn from_cache(surroundings: Surroundings, cache: &[u8]) -> Self {
        let mut wallet = Self::new(surroundings);
        if !cache.is_empty() {
            let profile = wallet.core.profile();
            (wallet.core.session, wallet.core.device) = cache::read(cache, &profile);
            wallet.core.cache = cache.to_vec();
        }
        wallet
    }

    /// What to keep on this device until the next start: ciphertext and public facts only. Empty without a vault.
    /// Changes during a command, too; the shell stores it whenever it differs.
    #[must_use]
    pub fn cache(&self) -> &[u8] {
        &self.core.cache
    }

    /// Starts a command. A command that was running is given up.
    ///
    /// # Errors
    /// [`WalletError`] with its code, and whether anything was shared.
    pub fn start(&mut self, command: Command, env: &mut Env<'_>) -> Result<Step<Reply>, WalletError> {
        self.running = None;
        let next = run(&mut self.core, command, env);
        self.settle(next, env)
    }

    /// Goes on with the running command after its request was sent.
    ///
    /// # Errors
    /// [`WalletError`]; `nothing-running` when no command waits for an answer.
    pub fn resume(
        &mut self,
        answer: Result<HttpResponse, NetworkFailure>,
        env: &mut Env<'_>,
    ) -> Result<Step<Reply>, WalletError> {
        let then = self.running.take().ok_or_else(nothing_running)?;
        let next = then(&mut self.core, answer, env);
        self.settle(next, env)
    }

    fn settle(
        &mut self,
        next: Result<Next, WalletError>,
        env: &mut Env<'_>,
    ) -> Result<Step<Reply>, WalletError> {
        // Also after an error: what was committed before it must survive a restart.
        self.core.keep(env)?;
        Ok(match next? {
            Next::Send(request, then) => {
                self.running = Some(then);
                Step::Send(request)
            }
            Next::Done(reply) => Step::Done(reply),
        })
    }
}

fn run(core: &mut Core, command: Command, env: &mut Env<'_>) -> Result<Next, WalletError> {
    match command {
        Command::Status => vault::status(core),
        Command::CreateVault { passphrase, passkey } => {
            vault::create(core, passphrase.as_ref(), passkey.as_ref(), env)
        }
        Command::ConfirmRecovery { groups } => vault::confirm(core, &groups),
        Command::OpenVault {
            address,
            passphrase,
            recovery_code,
            passkey,
            device,
            fresh,
        } => {
            let unlock = Unlock {
                passphrase,
                recovery_code,
                passkey,
                device,
            };
            vault::open(core, &address, unlock, fresh)
        }
        Command::Unlock {
            passphrase,
            recovery_code,
            passkey,
            device,
        } => {
            let unlock = Unlock {
                passphrase,
                recovery_code,
                passkey,
                device,
            };
            vault::unlock(core, &unlock)
        }
        Command::UnlockQuestions { address, assertion } => {
            reopen::questions(core, address.as_deref(), assertion)
        }
        Command::PasskeyChallenge => Ok(passkey::challenge(core)),
        Command::UnlockMethods => methods::list(core),
        Command::NewPasskey { confirm } => methods::new_passkey(core, confirm.as_ref(), env.rng),
        Command::ChangeMethods { change, confirm } => methods::change(core, change, confirm.as_ref(), env),
        Command::NewRecoveryCode { confirm } => methods::new_recovery_code(core, &confirm, env.rng),
        Command::ConfirmNewRecoveryCode { groups } => methods::confirm_recovery_code(core, &groups, env),
        Command::Devices => devices::list(core),
        Command::RegisterDevice { name, slot } => devices::register(core, &name, slot, env),
        Command::RenameDevice { id, name } => devices::rename(core, id, &name, env),
        Command::RemoveDevice { id, confirm } => devices::remove(core, &id, &confirm, env),
        Command::PairStart { name, public_key } => pairing::start(core, name, public_key.as_deref(), env),
        Command::PairScan { code } => pairing::scan(core, &code, env),
        Command::PairNext => pairing::next(core, env),
        Command::PairConfirm { digits, confirm } => pairing::confirm(core, &digits, confirm.as_ref(), env),
        Command::PairCancel => pairing::cancel(core),
        Command::SignIn {
            step,
            id,
            code,
            verifier,
        } => sign_in::run(core, &step, &id, &code, &verifier, env),
        Command::Emergency {
            step,
            address,
            code,
            confirm,
        } => emergency::run(core, &step, &address, &code, confirm.as_ref()),
        Command::EmergencySet {
            name,
            wait_seconds,
            confirm,
        } => emergency::set(core, name, wait_seconds, &confirm, env),
        Command::EmergencyOpen { address, code } => emergency::open(core, &address, &code),
        Command::Lock => {
            core.lock(env)?;
            vault::status(core)
        }
        Command::ForgetHere => vault::forget_here(core),
        Command::DeleteVault => vault::delete(core),
        Command::TakeOut => transfer::take_out(core),
        Command::PutIn { records, version } => transfer::put_in(core, records, version, env),
        Command::Room => bringing::room(core),
        Command::BringDocument { record, file } => bringing::begin(core, &record, &file, env),
        Command::BringDocumentEnd { record, files } => bringing::finish(core, &record, &files, env),
        Command::Settings => vault::settings(core),
        Command::SetSettings {
            language,
            theme,
            auto_lock_minutes,
        } => vault::set_settings(core, language, theme, auto_lock_minutes, env),
        Command::Sync => sync::everything(core),
        Command::Refresh => sync::refresh(core),
        Command::Listen => sync::listen(core),
        Command::Home => cards::home(core, env.now),
        Command::Cards => cards::all(core, env.now),
        Command::Card { id } => cards::one(core, &id, env.now),
        Command::RemoveCard { id } => cards::remove(core, id, env),
        Command::Details => details::list(core, env),
        Command::Detail { id } => details::one(core, &id, env.now),
        Command::SaveDetail {
            id,
            kind,
            parts,
            own_name,
            seen,
            from_card,
        } => {
            let save = details::Save {
                id,
                kind,
                parts,
                own_name,
                seen,
                from_card,
            };
            details::save(core, save, env)
        }
        Command::ChangeDetail {
            id,
            change,
            version,
            seen,
        } => details::change(core, id, change, version.as_deref(), &seen, env),
        Command::OfferOpen { link } => offer::open(core, &link, env),
        Command::OfferAccept {
            tx_code,
            client_id,
            redirect_uri,
        } => offer::accept(core, tx_code, client_id, redirect_uri, env),
        Command::OfferReturn { answer } => offer::come_back(core, answer, env),
        Command::FetchAwaited { id } => offer::fetch_awaited(core, id, env),
        Command::ForgetAwaited { id } => offer::forget_awaited(core, id, env),
        Command::OfferCancel => offer::cancel(core, env),
        Command::RequestOpen { link, scanned } => request::open(core, &link, !scanned, env),
        Command::RequestShare {
            shown,
            optional,
            cards,
            understood,
        } => request::share(core, &shown, optional, cards, understood, env),
        Command::RequestWeigh { optional, cards } => request::weigh(core, &optional, &cards, env),
        Command::RequestDecline => request::decline(core, env),
        Command::History { service, text } => history::list(core, service.as_deref(), text.as_deref()),
        Command::Entry { id } => history::entry(core, &id),
        Command::DeleteEntry { id } => history::delete(core, id, env),
        Command::Receipt { id } => history::receipt(core, &id, env.now),
        Command::Sharing => rights::list(core, env.now),
        Command::StopSharing {
            id,
            purposes,
            ask_erasure,
        } => rights::stop(core, id, purposes, ask_erasure, env),
        Command::RetryPending => rights::retry(core, env),
        Command::Documents => documents::list(core),
        Command::DocumentBegin {
            name,
            media_type,
            size,
            about,
            replaces,
        } => documents::begin(core, (&name, &media_type, size), about, replaces, env),
        Command::DocumentDeclare { upload } => documents::declare(core, &upload),
        Command::DocumentFinish { upload } => documents::finish(core, upload, env),
        Command::DocumentCancel { upload } => documents::cancel(core, &upload),
        Command::DocumentChange {
            id,
            name,
            note,
            about,
        } => documents::change(core, id, &name, &note, about, env),
        Command::DocumentDelete { id, now } => documents::delete(core, id, now, env),
        Command::DocumentRestore { id } => documents::restore(core, id, env),
        Command::DocumentVersion { id, file, remove } => documents::version(core, id, file, remove, env),
    }
}

fn nothing_running() -> WalletError {
    WalletError::new(
        "nothing-running",
        "no command waits for an answer",
        "Start the command again.",
        Blame::Us,
    )
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
