//! A secret in the configuration: given in place (`x`) or in a file (`x_file`), never both.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::Issue;

/// Reads a secret from its two possible settings.
///
/// # Errors
/// An [`Issue`] that names the setting: both given, or the file cannot be read.
pub fn resolve(
    name: &str,
    inline: Option<&SecretString>,
    file: Option<&PathBuf>,
) -> Result<Option<SecretString>, Issue> {
    match (inline, file) {
        (Some(_), Some(_)) => Err(Issue::new(name, format!("give {name} or {name}_file, not both"))),
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            // An empty secret is one that everybody knows.
            Ok(text) if text.trim().is_empty() => Err(Issue::new(
                format!("{name}_file"),
                format!("{} is empty", path.display()),
            )),
            Ok(text) => Ok(Some(SecretString::from(text.trim_end().to_owned()))),
            Err(error) => Err(Issue::new(
                format!("{name}_file"),
                format!("cannot read {}: {error}", path.display()),
            )),
        },
        (None, None) => Ok(None),
    }
}

/// The same, for a secret that must be there.
///
/// # Errors
/// An [`Issue`] that names the setting.
pub fn require(
    name: &str,
    inline: Option<&SecretString>,
    file: Option<&PathBuf>,
) -> Result<SecretString, Issue> {
    resolve(name, inline, file)?
        .ok_or_else(|| Issue::new(name, format!("missing: give {name} or {name}_file")))
}

/// A secret that others must not be able to guess.
///
/// # Errors
/// An [`Issue`] that names the setting.
pub fn long_enough(name: &str, secret: SecretString, least: usize) -> Result<SecretString, Issue> {
    if secret.expose_secret().len() < least {
        return Err(Issue::new(
            name,
            format!("too short: use at least {least} characters"),
        ));
    }
    Ok(secret)
}
