//! Asking the person, where there is one.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;

/// True when somebody can answer.
pub fn somebody_there(output: Output) -> bool {
    !output.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The passphrase: from a file, else asked.
pub fn passphrase(file: Option<&Path>, output: Output) -> Result<Zeroizing<String>, CliError> {
    if let Some(file) = file {
        return files::read_secret(file);
    }
    if !somebody_there(output) {
        return Err(CliError::new(
            Exit::Usage,
            "passphrase-missing",
            "the passphrase is needed and nobody can be asked",
            "Give --passphrase-file FILE, or - for standard input.",
        ));
    }
    dialoguer::Password::new()
        .with_prompt("Passphrase")
        .interact()
        .map(Zeroizing::new)
        .map_err(|_| interrupted())
}

/// A new passphrase, typed twice.
pub fn new_passphrase(file: Option<&Path>, output: Output) -> Result<Zeroizing<String>, CliError> {
    if file.is_some() || !somebody_there(output) {
        return passphrase(file, output);
    }
    dialoguer::Password::new()
        .with_prompt("New passphrase (10 characters or more)")
        .with_confirmation("Again", "They differ. Try again.")
        .interact()
        .map(Zeroizing::new)
        .map_err(|_| interrupted())
}

/// A line of text.
pub fn text(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    dialoguer::Input::<String>::new()
        .with_prompt(prompt)
        .interact_text()
        .map(Zeroizing::new)
        .map_err(|_| interrupted())
}

/// A line of text, beginning with what it is now; may be empty.
pub fn text_with(prompt: &str, now: &str) -> Result<Zeroizing<String>, CliError> {
    dialoguer::Input::<String>::new()
        .with_prompt(prompt)
        .with_initial_text(now)
        .allow_empty(true)
        .interact_text()
        .map(Zeroizing::new)
        .map_err(|_| interrupted())
}

/// Yes or no. Nothing is done without a yes: from `--yes`, or from the person.
pub fn agree(yes: bool, what: &str, output: Output) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !somebody_there(output) {
        return Err(CliError::new(
            Exit::Refused,
            "not-agreed",
            format!("{what}: nobody agreed"),
            "Add --yes to agree beforehand.",
        ));
    }
    let agreed = dialoguer::Confirm::new()
        .with_prompt(format!("{what}?"))
        .default(false)
        .interact()
        .map_err(|_| interrupted())?;
    if agreed {
        Ok(())
    } else {
        Err(CliError::new(
            Exit::Refused,
            "not-agreed",
            "you said no",
            "Nothing was done. Run the command again if you change your mind.",
        ))
    }
}

fn interrupted() -> CliError {
    CliError::new(
        Exit::Interrupted,
        "interrupted",
        "stopped",
        "Nothing was done. Run the command again, or answer with its options.",
    )
}
