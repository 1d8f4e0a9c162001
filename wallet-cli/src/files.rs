//! Reading and writing files: bounded, `-` for standard input, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::error::CliError;
use crate::exit::Exit;

/// Largest input file, in bytes.
pub const MAX_INPUT: u64 = 4 << 20;

/// What to do about a file that cannot be written.
pub const UNWRITABLE: &str = "Nothing was changed. Check that the folder is there, that you may write to it, and that the disk is not full.";

/// Text of a file, or of standard input for `-`, without white space around it.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    read_whole(path).map(|text| text.trim().to_owned())
}

fn read_whole(path: &Path) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        standard_input()?
            .lock()
            .take(MAX_INPUT + 1)
            .read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MAX_INPUT + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(too_large(path, MAX_INPUT));
    }
    String::from_utf8(bytes).map_err(|_| {
        CliError::new(
            Exit::Configuration,
            "file-not-text",
            format!("{} is not text", path.display()),
            "Check that this is the right file: everything this command reads is text in UTF-8.",
        )
    })
}

/// Bytes of a file, or of standard input for `-`, up to `most`.
pub fn read_bytes(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let most = most as u64;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        standard_input()?.lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > most {
        return Err(too_large(path, most));
    }
    Ok(bytes)
}

/// Standard input, once: who comes second would find it empty, and call that a wrong passphrase.
fn standard_input() -> Result<io::Stdin, CliError> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(CliError::new(
            Exit::Usage,
            "standard-input-twice",
            "standard input is to be read for two things",
            "Give one of them as a file instead of -.",
        ));
    }
    Ok(io::stdin())
}

/// A secret from a file, or from standard input for `-`: the first line, spaces and all.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let text = Zeroizing::new(read_whole(path)?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Writes a file that only its owner can read: complete, or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error: io::Error| unwritable(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = Path::new(&name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(temporary)
        .map_err(failed)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(temporary, path));
    written.map_err(|error| {
        // Half of it is of no use to anybody, and the disk may be full.
        drop(fs::remove_file(temporary));
        failed(error)
    })
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<(), CliError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

/// Writes a new file that only its owner can read: complete, or not at all. An existing file is never overwritten.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut file = NewFile::begin(path)?;
    file.write(bytes)?;
    file.finish()
}

/// A file in the making, that only its owner can read. It gets its name when it is complete; dropped before, nothing of it
/// stays.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    path: PathBuf,
    temporary: PathBuf,
}

impl NewFile {
    /// Begins beside where it will be.
    pub fn begin(path: &Path) -> Result<Self, CliError> {
        if path.symlink_metadata().is_ok() {
            return Err(unwritable(path, &io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".unfinished");
        let temporary = path.with_file_name(name);
        // Of one that was killed.
        remove(&temporary)?;
        Ok(Self {
            file: new_private(&temporary).map_err(|mut error| {
                error.message = error
                    .message
                    .replace(&temporary.display().to_string(), &path.display().to_string());
                error
            })?,
            path: path.to_owned(),
            temporary,
        })
    }

    /// Writes more of it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| unwritable(&self.path, &error))
    }

    /// It is complete.
    pub fn finish(self) -> Result<(), CliError> {
        let failed = |error: io::Error| unwritable(&self.path, &error);
        self.file.sync_all().map_err(failed)?;
        // A link is never made over a file that appeared meanwhile; where there are none (FAT), the moment between is short.
        match fs::hard_link(&self.temporary, &self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !self.path.exists() => {
                fs::rename(&self.temporary, &self.path).map_err(failed)?;
            }
            linked => linked.map_err(failed)?,
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        folder.and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Whatever cannot be removed is removed by the next one.
        drop(fs::remove_file(&self.temporary));
    }
}

/// Opens a new file that only its owner can read, to write to.
pub fn new_private(path: &Path) -> Result<File, CliError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| unwritable(path, &error))
}

/// A file that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> CliError {
    if error.kind() == io::ErrorKind::NotFound {
        return CliError::new(
            Exit::NotFound,
            "file-not-found",
            format!("there is no file {}", path.display()),
            "Give the path of a file, or - for standard input.",
        );
    }
    CliError::new(
        Exit::Configuration,
        "file-unreadable",
        format!("cannot read {}: {error}", path.display()),
        "Check that it is a file, and that you may read it.",
    )
}

fn too_large(path: &Path, most: u64) -> CliError {
    CliError::new(
        Exit::Configuration,
        "file-too-large",
        format!("{} is larger than {} MiB", path.display(), most >> 20),
        "Check that this is the right file.",
    )
}

/// A file that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> CliError {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return CliError::new(
            Exit::Configuration,
            "file-exists",
            format!("{} is there already", path.display()),
            "Give another name, or move it away: this command never writes over a file.",
        );
    }
    CliError::new(
        Exit::Configuration,
        "file-unwritable",
        format!("cannot write {}: {error}", path.display()),
        UNWRITABLE,
    )
}
