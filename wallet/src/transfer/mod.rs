//! Files that carry a vault's contents out and in: sealed backup, the EU's exchange format, data to read.
//!
//! Nothing here knows a vault: contents come in and go out in the clear, from and to [`crate::app`]. In the browser this is
//! a module of its own, loaded when somebody needs it.

pub mod age;
mod archive;
mod contents;
mod documents;
mod error;
mod html;
mod incoming;
mod merge;
mod moment;
mod my_data;
mod opening;
mod own_details;
pub mod pbes2;
mod tar;
mod texts;
mod ts10_in;
mod ts10_out;
#[cfg(test)]
mod vector_tests;
mod writing;

use assent_core::env::Env;
use zeroize::Zeroizing;

pub use archive::MAX_ARCHIVE;
pub use contents::{Contents, KindCount, Present};
pub use documents::{Check, DocumentFile, document_files};
pub use error::TransferError;
pub use incoming::{FileKind, Incoming, Note, Wanted, identify};
pub use merge::{CardChange, CardFate, Choice, DocumentChange, DocumentFate, KindChange, Plan};
pub use opening::{BEGINNING, Opening};
pub use writing::Backup;

use crate::vault::MIN_PASSPHRASE;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Everything, sealed with age.
    Backup,
    /// Log and list of cards in the EU's exchange format (TS10), sealed.
    Exchange,
    /// Everything but keys, as JSON to read.
    Json,
    /// The same as a page to print.
    Html,
}

impl Format {
    /// By the name that commands use.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "backup" => Some(Self::Backup),
            "exchange" => Some(Self::Exchange),
            "json" => Some(Self::Json),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// True when it is sealed with a passphrase.
    #[must_use]
    pub fn is_sealed(self) -> bool {
        matches!(self, Self::Backup | Self::Exchange)
    }

    /// End of a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Backup => "tar.age",
            Self::Exchange => "jwe",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

/// How to make a file.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The form.
    pub format: Format,
    /// For sealed ones.
    pub passphrase: Option<&'a str>,
    /// `en` or `nl`, for those that people read.
    pub language: &'a str,
    /// [`Work::NEW`], unless a test is in a hurry.
    pub work: Work,
}

/// Makes a file of everything a vault holds, in memory: a backup without documents. With them: [`Backup`].
///
/// # Errors
/// [`TransferError::PassphraseNeeded`], [`TransferError::PassphraseTooShort`], [`TransferError::TooLarge`],
/// [`TransferError::Contents`], [`TransferError::Random`].
pub fn make(
    contents: &Contents,
    making: &Making<'_>,
    env: &mut Env<'_>,
) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let passphrase = match making.passphrase {
        _ if !making.format.is_sealed() => "",
        None => return Err(TransferError::PassphraseNeeded),
        Some(passphrase) if passphrase.chars().count() < MIN_PASSPHRASE => {
            return Err(TransferError::PassphraseTooShort);
        }
        Some(passphrase) => passphrase,
    };
    match making.format {
        Format::Backup => writing::small(contents, passphrase, making.work.scrypt, env),
        Format::Exchange => {
            let data = Zeroizing::new(ts10_out::migration_data(contents).to_string());
            pbes2::seal(data.as_bytes(), passphrase, making.work.pbkdf2, env.rng).map(Zeroizing::new)
        }
        Format::Json => {
            let data = my_data::write(contents, env.now, making.language)?;
            Ok(Zeroizing::new(format!("{data:#}\n").into_bytes()))
        }
        Format::Html => html::page(contents, env.now, making.language).map(Zeroizing::new),
    }
}

/// How much work a file may ask for, or is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// log₂ of scrypt's N; memory is a KiB times N.
    pub scrypt: u8,
    /// Iterations of PBKDF2.
    pub pbkdf2: u32,
}

impl Work {
    /// What new files are sealed with.
    pub const NEW: Self = Self {
        scrypt: age::WORK_FACTOR,
        pbkdf2: pbes2::ITERATIONS,
    };
    /// For a browser: 512 MiB, and a few seconds.
    pub const BROWSER: Self = Self {
        scrypt: 19,
        pbkdf2: 2_000_000,
    };
    /// For a program of its own: 2 GiB.
    pub const PROGRAM: Self = Self {
        scrypt: 21,
        pbkdf2: 10_000_000,
    };
}

impl std::fmt::Debug for Making<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Making")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
