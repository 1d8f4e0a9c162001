//! `[wallet_provider]`: who vouches for the wallets of this operator.

use std::path::PathBuf;

use assent_core::profile::{Endpoint, Profile};
use serde::{Deserialize, Serialize};

use super::Issue;

/// The wallet provider's key and what it says about the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletProviderConfig {
    /// PEM chain of the provider, leaf first, without the anchor.
    pub certificate_file: Option<PathBuf>,
    /// PEM private key of the provider.
    pub key_file: Option<PathBuf>,
    /// What issuers are told the wallet is called. Default: `registry.name`, or "Assent".
    pub wallet_name: Option<String>,
    /// Where more is said about it. Default: `public_url`.
    pub wallet_link: Option<String>,
}

impl WalletProviderConfig {
    /// What is wrong with it, when the role runs.
    pub(super) fn issues(&self, sandbox: bool, profile: &Profile) -> Vec<Issue> {
        let mut out = Vec::new();
        if sandbox {
            out.extend(super::half(
                "wallet_provider",
                &self.certificate_file,
                &self.key_file,
            ));
        }
        for (name, file) in [
            ("wallet_provider.certificate_file", &self.certificate_file),
            ("wallet_provider.key_file", &self.key_file),
        ] {
            if file.is_none() && !sandbox {
                out.push(Issue::new(name, "missing: the wallet_provider role needs it"));
            }
        }
        if self
            .wallet_name
            .as_ref()
            .is_some_and(|name| !(1..=200).contains(&name.len()))
        {
            out.push(Issue::new(
                "wallet_provider.wallet_name",
                "must be 1 to 200 characters",
            ));
        }
        if self
            .wallet_link
            .as_ref()
            .is_some_and(|link| Endpoint::parse(link, profile).is_err())
        {
            out.push(Issue::new(
                "wallet_provider.wallet_link",
                "must be an https address",
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn names(text: &str) -> Vec<String> {
        let text = format!("public_url='https://city.example'\nregistry.anchors_file='a'\n{text}");
        let issues = Config::from_toml(&text).unwrap().issues().into_iter();
        issues.map(|issue| issue.setting).collect()
    }

    #[test]
    fn wrong_settings_are_named() {
        assert_eq!(names(""), [""; 0], "the role is off unless it is asked for");
        let files = ["wallet_provider.certificate_file", "wallet_provider.key_file"];
        assert_eq!(names("roles.wallet_provider=true"), files);
        let on = "roles.wallet_provider=true\n[wallet_provider]\ncertificate_file='c'\nkey_file='k'\n";
        assert_eq!(names(on), [""; 0]);
        assert_eq!(
            names(&format!("{on}wallet_name=''")),
            ["wallet_provider.wallet_name"]
        );
        let link = format!("{on}wallet_link='http://city.example'");
        assert_eq!(names(&link), ["wallet_provider.wallet_link"]);
        assert_eq!(
            names("issuer.attested_keys=['identity', 'driving']"),
            ["issuer.attested_keys.1"]
        );
        assert!(Config::from_toml("issuer.client_attestation='sometimes'").is_err());
        assert!(Config::from_toml("issuer.client_attestation='required'").is_ok());
    }
}
