//! Exit codes: the same for every command, in the help, and tested.

use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; a verification said yes.
    Done = 0,
    /// Failed for a reason that has no code of its own here.
    Failed = 1,
    /// The command line is wrong. The argument parser uses the same code.
    Usage = 2,
    /// A verification said no.
    Refuted = 3,
    /// What was asked for is not there.
    NotFound = 4,
    /// Refused by policy, or by the person.
    Refused = 5,
    /// The other side cannot be reached, or took too long.
    Unreachable = 6,
    /// A file or setting on this machine is wrong.
    Configuration = 7,
    /// Somebody else changed the same thing: try again.
    Conflict = 8,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table for the help text.
pub const HELP: &str = "\
Exit codes:
  0  done, or verification says yes     5  refused by policy or by you
  1  failed                             6  the other side cannot be reached
  2  wrong command line                 7  a file or setting here is wrong
  3  verification says no               8  conflict: try again
  4  not found                        130  stopped by Ctrl-C";
