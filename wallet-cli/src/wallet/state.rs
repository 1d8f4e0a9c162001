//! The wallet file: where the vault is, and the engine's cache, which is ciphertext.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use assent_core::encoding::base64url;
use serde::{Deserialize, Serialize};

use super::local::LocalService;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

const FORMAT: &str = "assent-cli-wallet/1";

/// Most bytes of the file: what is written must be read again. A vault of a hundred megabytes, twice in base64url, and more.
const MOST: usize = 512 << 20;

/// Where the vault lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// At a server.
    Operator(String),
    /// In the wallet file, with these trust anchors (JSON text).
    Local {
        /// The anchors.
        anchors: String,
    },
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
pub struct State {
    format: String,
    /// Base URL of the operator.
    pub operator: String,
    /// True when http to this machine is accepted.
    pub sandbox: bool,
    /// The engine's cache, base64url.
    cache: String,
    /// The vault service of a local wallet.
    pub local: Option<LocalService>,
}

impl State {
    /// A state without a vault.
    pub fn new(home: Where, sandbox: bool) -> Result<Self, CliError> {
        let (operator, local) = match home {
            Where::Operator(operator) => (operator, None),
            Where::Local { anchors } => (LocalService::BASE.to_owned(), Some(LocalService::new(&anchors)?)),
        };
        Ok(Self {
            format: FORMAT.to_owned(),
            operator,
            sandbox,
            cache: String::new(),
            local,
        })
    }

    /// Says so when there is no such file.
    pub fn insist_on(path: &Path) -> Result<(), CliError> {
        if path.exists() {
            return Ok(());
        }
        Err(CliError::new(
            Exit::NotFound,
            "wallet-not-found",
            format!("there is no wallet at {}", path.display()),
            "Make one with `assent holder init`.",
        ))
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        Self::insist_on(path)?;
        let bytes = files::read_bytes(path, MOST)?;
        let state: Self = serde_json::from_slice(&bytes).map_err(|_| malformed(path))?;
        if state.format != FORMAT {
            return Err(malformed(path));
        }
        Ok(state)
    }

    /// The engine's cache.
    pub fn cache(&self, path: &Path) -> Result<Vec<u8>, CliError> {
        base64url::decode(&self.cache).map_err(|_| malformed(path))
    }

    /// Writes the file with this cache: whole or not at all.
    pub fn write(&mut self, path: &Path, cache: &[u8]) -> Result<(), CliError> {
        self.cache = base64url::encode(cache);
        let text = serde_json::to_vec(self).map_err(|_| malformed(path))?;
        files::write_private(path, &text)
    }
}

/// Holds the wallet file for one process at a time.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held open for its lock")] File);

impl Lock {
    /// Takes the lock, or says that another process has it.
    pub fn take(path: &Path) -> Result<Self, CliError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        let failed =
            |what: String| CliError::new(Exit::Configuration, "file-unwritable", what, files::UNWRITABLE);
        if let Some(folder) = name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| failed(format!("cannot make {}: {error}", folder.display())))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| failed(format!("cannot write {}: {error}", name.display())))?;
        file.try_lock().map_err(|_| {
            CliError::new(
                Exit::Conflict,
                "wallet-busy",
                "another assent process uses this wallet",
                "Wait for it to end, then try again.",
            )
        })?;
        Ok(Self(file))
    }
}

fn malformed(path: &Path) -> CliError {
    CliError::new(
        Exit::Configuration,
        "wallet-file-malformed",
        format!("{} is not a wallet file of this version", path.display()),
        "Give another file with --state, or make a new wallet.",
    )
}
