//! Drives the engine: one command at a time, its requests sent, its cache kept.

use std::path::{Path, PathBuf};

use assent_core::env::Env;
use assent_core::http::HttpRequest;
use assent_wallet::app::{Command, NetworkFailure, Reply, Shared, Step, Surroundings, Wallet};

use super::blobs::LocalBlobs;
use super::state::{Lock, State, Where};
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::http::{Client, NetworkArgs};
use crate::output::Output;
use crate::progress::Progress;
use crate::system::{self, OsRandom};
use crate::trace;

/// Most requests one command may send: an engine that never ends is a defect.
const MAX_STEPS: usize = 200;

/// A wallet with its file and its network.
pub struct Shell {
    path: PathBuf,
    state: State,
    wallet: Wallet,
    client: Client,
    blobs: LocalBlobs,
    output: Output,
    _lock: Lock,
}

impl Shell {
    /// Opens the wallet file; the wallet is locked.
    pub fn open(path: &Path, network: &NetworkArgs, output: Output) -> Result<Self, CliError> {
        // Nothing is made, not even a lock, beside a wallet that is not there.
        State::insist_on(path)?;
        let lock = Lock::take(path)?;
        let state = State::read(path)?;
        Self::with(path, state, lock, network, output)
    }

    /// A wallet without a vault. Nothing is written before the vault exists.
    pub fn create(
        path: &Path,
        home: Where,
        sandbox: bool,
        network: &NetworkArgs,
        output: Output,
    ) -> Result<Self, CliError> {
        let lock = Lock::take(path)?;
        if path.exists() {
            return Err(CliError::new(
                Exit::Conflict,
                "wallet-exists",
                format!("there is a wallet at {} already", path.display()),
                "Give another file with --state.",
            ));
        }
        Self::with(path, State::new(home, sandbox)?, lock, network, output)
    }

    fn with(
        path: &Path,
        state: State,
        lock: Lock,
        network: &NetworkArgs,
        output: Output,
    ) -> Result<Self, CliError> {
        let surroundings = Surroundings {
            operator: state.operator.clone(),
            sandbox: state.sandbox,
        };
        let wallet = Wallet::from_cache(surroundings, &state.cache(path)?);
        Ok(Self {
            path: path.to_owned(),
            state,
            wallet,
            client: Client::new(network)?,
            blobs: LocalBlobs::beside(path),
            output,
            _lock: lock,
        })
    }

    /// Runs one command to its end, and keeps what changed, also when it failed half-way.
    pub async fn run(&mut self, command: Command) -> Result<Reply, CliError> {
        let what = doing(&command);
        let (progress, step) = (Progress::start(what, self.output), trace::step());
        let result = self.drive(command).await;
        drop(progress);
        step.done(what);
        // Whatever went out before the file could not be written, went out.
        self.keep().map_err(|error| error.sharing(Shared::Unknown))?;
        result
    }

    /// The engine, for what goes beside its commands.
    pub fn engine(&mut self) -> &mut Wallet {
        &mut self.wallet
    }

    /// Sends a request whose body or answer is bytes: a piece of a document. Gives status and body.
    pub async fn exchange(
        &mut self,
        request: &HttpRequest,
        body: Option<Vec<u8>>,
    ) -> Result<Result<(u16, Vec<u8>), NetworkFailure>, CliError> {
        if let Some(service) = self.state.local.as_mut().filter(|service| service.owns(request)) {
            let body = body.as_deref().unwrap_or_default();
            let answer = service.answer_bytes(request, body, &self.blobs)?;
            return Ok(answer.ok_or(NetworkFailure));
        }
        Ok(self.client.send_bytes(request, body).await)
    }

    /// Keeps what the engine wants kept; an empty cache means that nothing may stay.
    fn keep(&mut self) -> Result<(), CliError> {
        match self.wallet.cache() {
            [] => files::remove(&self.path),
            cache => self.state.write(&self.path, cache),
        }
    }

    async fn drive(&mut self, command: Command) -> Result<Reply, CliError> {
        let mut rng = OsRandom;
        let mut env = Env {
            now: system::now(),
            rng: &mut rng,
        };
        let mut step = self.wallet.start(command, &mut env)?;
        for _ in 0..MAX_STEPS {
            let request = match step {
                Step::Done(reply) => return Ok(reply),
                Step::Send(request) => request,
            };
            let answer = match &mut self.state.local {
                Some(service) if service.owns(&request) => {
                    let pending = trace::request(&request, " (in the wallet file)");
                    let response = service.answer(&request, &self.blobs)?;
                    pending.answered(&response);
                    Ok(response)
                }
                _ => {
                    // Before anything leaves: a copy of a card marked as used must stay used when the program is
                    // stopped now.
                    self.keep()?;
                    self.client.send(request).await
                }
            };
            env.now = system::now();
            step = self.wallet.resume(answer, &mut env)?;
        }
        Err(CliError::new(
            Exit::Failed,
            "wallet-endless",
            "the wallet asked for too many requests",
            "The service sends this wallet in circles. Tell the service.",
        )
        .sharing(Shared::Unknown))
    }
}

/// The engine answered with another reply than the command has.
pub fn unexpected() -> CliError {
    CliError::new(
        Exit::Failed,
        "wallet-reply",
        "the wallet gave an unexpected answer",
        "This is a mistake in this program. Run it again with --trace FILE and report it.",
    )
}

/// What a command does, for the person who waits.
fn doing(command: &Command) -> &'static str {
    match command {
        Command::CreateVault { .. } => "Making the vault",
        Command::ConfirmRecovery { .. } => "Storing the vault",
        Command::OpenVault { .. } | Command::Unlock { .. } => "Opening the vault",
        Command::OfferOpen { .. } => "Reading the offer",
        Command::OfferAccept { .. } | Command::OfferReturn { .. } | Command::FetchAwaited { .. } => {
            "Receiving cards"
        }
        Command::RequestOpen { .. } => "Reading the request",
        Command::Refresh => "Asking the vault service",
        Command::RequestShare { .. } => "Sharing",
        Command::RequestDecline => "Refusing",
        Command::StopSharing { .. } => "Stopping",
        Command::RetryPending => "Sending what waits",
        Command::DocumentDeclare { .. } => "Asking what is missing",
        Command::DocumentFinish { .. } => "Storing the document",
        _ => "Working",
    }
}
