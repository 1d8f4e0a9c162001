//! `[operator]`: who may see the status page, and the login provider that says who they are.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::{Issue, login, secret};

/// OpenID Connect sign-in of operators.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// Issuer URL of the login provider, exactly as the provider writes it.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: Option<SecretString>,
    /// A file with the client secret.
    pub client_secret_file: Option<PathBuf>,
    /// `sub` values that may sign in.
    pub subjects: Vec<String>,
}

impl OperatorConfig {
    /// What can be checked without opening a file.
    pub(super) fn issues(&self, sandbox: bool) -> Vec<Issue> {
        let at = |name: &str| format!("operator.{name}");
        let mut out = login::issues(at, &self.issuer, &self.client_id, sandbox);
        if self.subjects.is_empty() {
            out.push(Issue::new("operator.subjects", "nobody may sign in"));
        }
        for (i, subject) in self.subjects.iter().enumerate() {
            // OpenID Connect Core 1.0 §2: at most 255 ASCII characters.
            if subject.is_empty() || subject.len() > 255 || !subject.is_ascii() {
                out.push(Issue::new(
                    format!("operator.subjects.{i}"),
                    "must be 1 to 255 ASCII characters",
                ));
            }
        }
        out
    }

    /// Reads the client secret.
    ///
    /// # Errors
    /// An [`Issue`] that names the setting.
    pub fn secret(&self) -> Result<SecretString, Issue> {
        secret::require(
            "operator.client_secret",
            self.client_secret.as_ref(),
            self.client_secret_file.as_ref(),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn wrong_settings_are_named() {
        let names = |text: &str| -> Vec<String> {
            let config = Config::from_toml(text).unwrap();
            let issues = config.issues().into_iter().map(|issue| issue.setting);
            issues.filter(|name| name.starts_with("operator")).collect()
        };
        let right =
            "[operator]\nissuer='https://login.example/realm'\nclient_id='assent'\nclient_secret='canary'\n
             subjects=['s-1']";
        assert_eq!(names(right), Vec::<String>::new());
        let http = right.replace("https:", "http:");
        assert_eq!(names(&http), ["operator.issuer"]);
        let wrong = "[operator]\nissuer='https://login.example/?a'\nclient_id=''\nsubjects=['']";
        assert_eq!(
            names(wrong),
            ["operator.issuer", "operator.client_id", "operator.subjects.0"]
        );
        assert!(names(&right.replace("'s-1'", "")).contains(&"operator.subjects".to_owned()));
        let config = Config::from_toml(right).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
