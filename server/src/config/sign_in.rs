//! `[sign_in]`: how citizens may find their vault without its address. It never opens one.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::{Issue, login, secret, service};

/// Sign-in of citizens to the vault service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInConfig {
    /// Origin of the wallet app that people come back to. Default: this server.
    pub wallet_url: Option<String>,
    /// Login providers people may choose from.
    pub providers: Vec<LoginProviderConfig>,
}

/// A login provider (OpenID Connect).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginProviderConfig {
    /// Its id in addresses: 1 to 32 of `a-z`, `0-9`, `-`. Never give the id of one provider to another.
    pub id: String,
    /// Its name, as people know it.
    pub name: String,
    /// Issuer URL, exactly as the provider writes it.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: Option<SecretString>,
    /// A file with the client secret.
    pub client_secret_file: Option<PathBuf>,
}

impl SignInConfig {
    /// What can be checked without opening a file.
    pub(super) fn issues(&self, sandbox: bool) -> Vec<Issue> {
        let mut out = Vec::new();
        if let Some(url) = &self.wallet_url {
            out.extend(service::origin_issue("sign_in.wallet_url", url, sandbox));
        }
        if self.providers.len() > 8 {
            out.push(Issue::new("sign_in.providers", "at most 8"));
        }
        for (i, provider) in self.providers.iter().enumerate() {
            let at = |name: &str| format!("sign_in.providers.{i}.{name}");
            let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
            if !(1..=32).contains(&provider.id.len()) || !provider.id.bytes().all(plain) {
                out.push(Issue::new(at("id"), "must be 1 to 32 of a-z, 0-9 and -"));
            }
            let before = self.providers.iter().take(i);
            if before.clone().any(|other| other.id == provider.id) {
                out.push(Issue::new(at("id"), "another provider has the same id"));
            }
            if !(1..=64).contains(&provider.name.chars().count()) {
                out.push(Issue::new(at("name"), "must be 1 to 64 characters"));
            }
            out.extend(login::issues(at, &provider.issuer, &provider.client_id, sandbox));
        }
        out
    }

    /// Reads the client secrets, in the order of the providers.
    ///
    /// # Errors
    /// Every [`Issue`].
    pub fn secrets(&self) -> Result<Vec<SecretString>, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut secrets = Vec::new();
        for (i, provider) in self.providers.iter().enumerate() {
            match secret::require(
                &format!("sign_in.providers.{i}.client_secret"),
                provider.client_secret.as_ref(),
                provider.client_secret_file.as_ref(),
            ) {
                Ok(secret) => secrets.push(secret),
                Err(issue) => issues.push(issue),
            }
        }
        if issues.is_empty() {
            Ok(secrets)
        } else {
            Err(issues)
        }
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
            issues.filter(|name| name.starts_with("sign_in")).collect()
        };
        let right =
            "[sign_in]\nwallet_url='https://wallet.example'\n[[sign_in.providers]]\nid='city'\nname='City'\n
                     issuer='https://login.example/realm'\nclient_id='assent'\nclient_secret='canary'\n";
        assert_eq!(names(right), Vec::<String>::new());
        let twice = format!("{right}{}", right.split_once("wallet.example'\n").unwrap().1);
        assert_eq!(names(&twice), ["sign_in.providers.1.id"]);
        let wrong = right
            .replace("https:", "http:")
            .replace("'city'", "'City!'")
            .replace("'assent'", "''");
        assert_eq!(
            names(&wrong),
            [
                "sign_in.wallet_url",
                "sign_in.providers.0.id",
                "sign_in.providers.0.issuer",
                "sign_in.providers.0.client_id"
            ]
        );
        let config = Config::from_toml(right).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
        let missing = Config::from_toml(&right.replace("client_secret='canary'", "")).unwrap();
        assert_eq!(
            missing.sign_in.secrets().unwrap_err()[0].setting,
            "sign_in.providers.0.client_secret"
        );
    }
}
