//! What can be seen on this machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use assent_core::env::SecureRandom as _;

use super::check::{Check, Mark};
use crate::bridge::Bridge;
use crate::system;
use crate::wallet::State;

/// 2026-01-01: this program is younger than that, so an earlier clock is wrong.
const EARLIEST: i64 = 1_767_225_600;

pub(super) fn version() -> Check {
    Check::new(
        "version",
        Mark::Good,
        concat!("assent ", env!("CARGO_PKG_VERSION")),
    )
}

pub(super) fn clock() -> Check {
    let now = system::now();
    let text = now.to_rfc3339().unwrap_or_else(|| "not a date".to_owned());
    if now.0 > EARLIEST {
        Check::new("clock", Mark::Good, text)
    } else {
        Check::new("clock", Mark::Bad, text).hint("Set the clock: cards and requests are judged by it.")
    }
}

pub(super) fn randomness() -> Check {
    match system::OsRandom.fill(&mut [0; 16]) {
        Ok(()) => Check::new("random", Mark::Good, "the system gives randomness"),
        Err(_) => Check::new("random", Mark::Bad, "the system gives no randomness")
            .hint("Keys cannot be made here. A container may forbid the system call getrandom."),
    }
}

pub(super) fn bridge(given: Option<PathBuf>) -> Check {
    let was_given = given.is_some();
    match Bridge::find(given).and_then(|bridge| bridge.about()) {
        Ok(about) => Check::new("w3c", Mark::Good, about),
        Err(error) if was_given => Check::new("w3c", Mark::Bad, error.message).hint(error.hint),
        Err(error) => Check::new(
            "w3c",
            Mark::Absent,
            format!("{}; W3C credentials cannot be checked", error.message),
        )
        .hint(error.hint),
    }
}

/// The wallet file, and the server it belongs to when there is one.
pub(super) fn wallet(given: Option<PathBuf>) -> (Check, Option<String>) {
    let Some(path) = given.or_else(system::default_state) else {
        let check = Check::new("wallet", Mark::Absent, "no home folder");
        return (check.hint("Name a wallet file with --state."), None);
    };
    let Ok(meta) = std::fs::metadata(&path) else {
        let check = Check::new("wallet", Mark::Absent, format!("none at {}", path.display()));
        return (check.hint("Make one: assent holder init --help"), None);
    };
    if meta.permissions().mode() & 0o077 != 0 {
        let check = Check::new("wallet", Mark::Bad, format!("others can read {}", path.display()));
        return (check.hint(format!("chmod 600 {}", path.display())), None);
    }
    readable(&path)
}

fn readable(path: &Path) -> (Check, Option<String>) {
    let state = match State::read(path) {
        Ok(state) => state,
        Err(error) => {
            return (
                Check::new("wallet", Mark::Bad, error.message).hint(error.hint),
                None,
            );
        }
    };
    if state.local.is_some() {
        let text = format!("{}, with its vault inside", path.display());
        return (Check::new("wallet", Mark::Good, text), None);
    }
    let text = format!("{}, vault at {}", path.display(), state.operator);
    (Check::new("wallet", Mark::Good, text), Some(state.operator))
}
