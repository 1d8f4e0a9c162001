//! `[metrics]`: measurements for the operator's Prometheus. They tell how busy each endpoint is, so they are for nobody
//! until one of the two settings says for whom.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::{Issue, secret};

/// Shortest token.
const MIN_TOKEN: usize = 32;

/// Where measurements are, and for whom.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// An address of its own for `/metrics`, over plain http. Beyond loopback it needs a token.
    pub listen: Option<SocketAddr>,
    /// What a caller sends as `Authorization: Bearer`. Without `listen`, `/metrics` is on the main address.
    pub token: Option<SecretString>,
    /// A file with the token.
    pub token_file: Option<PathBuf>,
}

impl MetricsConfig {
    /// What can be checked without opening a file.
    pub(super) fn issues(&self, main: SocketAddr) -> Vec<Issue> {
        let mut out = Vec::new();
        let Some(listen) = self.listen else {
            return out;
        };
        if !listen.ip().is_loopback() && self.token.is_none() && self.token_file.is_none() {
            out.push(Issue::new(
                "metrics.listen",
                "beyond loopback, give metrics.token or metrics.token_file too",
            ));
        }
        if listen == main && listen.port() != 0 {
            out.push(Issue::new("metrics.listen", "must differ from listen"));
        }
        out
    }

    /// Reads the token.
    ///
    /// # Errors
    /// An [`Issue`] that names the setting.
    pub fn secret(&self) -> Result<Option<SecretString>, Issue> {
        secret::resolve("metrics.token", self.token.as_ref(), self.token_file.as_ref())?
            .map(|token| secret::long_enough("metrics.token", token, MIN_TOKEN))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn measurements_are_never_open_to_strangers() {
        let names = |text: &str| -> Vec<String> {
            let config = Config::from_toml(text).unwrap();
            let issues = config.issues().into_iter().map(|issue| issue.setting);
            issues.filter(|name| name.starts_with("metrics")).collect()
        };
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(
            names("[metrics]\nlisten = '127.0.0.1:9464'"),
            Vec::<String>::new()
        );
        assert_eq!(names("[metrics]\nlisten = '[::1]:9464'"), Vec::<String>::new());
        assert_eq!(names("[metrics]\nlisten = '0.0.0.0:9464'"), ["metrics.listen"]);
        let with_token = "[metrics]\nlisten = '0.0.0.0:9464'\ntoken = 'canary'";
        assert_eq!(names(with_token), Vec::<String>::new());
        let config = Config::from_toml(with_token).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
        assert_eq!(
            config.metrics.secret().unwrap_err().setting,
            "metrics.token",
            "too short"
        );
        assert_eq!(
            names("listen = '127.0.0.1:9464'\n[metrics]\nlisten = '127.0.0.1:9464'"),
            ["metrics.listen"]
        );
    }
}
