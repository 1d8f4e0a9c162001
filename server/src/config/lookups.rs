//! What the verifier collects from those who publish it.

use std::path::PathBuf;

use assent_core::profile::{Endpoint, Profile};
use serde::{Deserialize, Serialize};

use super::Issue;

/// Types and issuers to know. Nothing is looked up unless it is named here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LookupConfig {
    /// Folder with documents about card types (SD-JWT VC type metadata): every `*.json` file.
    pub types_dir: Option<PathBuf>,
    /// Types whose metadata is fetched from the address that is their name.
    pub types: Vec<String>,
    /// Issuers that are believed by the keys they publish under their own address, instead of by a certificate.
    pub issuers: Vec<WebIssuerConfig>,
}

/// An issuer that is believed by its address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebIssuerConfig {
    /// `iss` of its credentials, letter by letter.
    pub iss: String,
    /// What services are told it is called.
    pub name: String,
    /// The types it may issue.
    pub vct: Vec<String>,
}

impl LookupConfig {
    /// What is wrong with these settings.
    #[must_use]
    pub fn issues(&self, profile: &Profile) -> Vec<Issue> {
        let mut out = Vec::new();
        for (i, vct) in self.types.iter().enumerate() {
            if Endpoint::parse(vct, profile).is_err() {
                out.push(Issue::new(
                    format!("lookups.types.{i}"),
                    "must be an https:// address; documents about other types belong in types_dir",
                ));
            }
        }
        for (i, issuer) in self.issuers.iter().enumerate() {
            let at = |name: &str| format!("lookups.issuers.{i}.{name}");
            // SD-JWT VC, "JWT VC Issuer Metadata": no query.
            let address = Endpoint::parse(&issuer.iss, profile);
            if address.is_ok_and(|iss| iss.query().is_none()) {
                if self.issuers.iter().take(i).any(|other| other.iss == issuer.iss) {
                    out.push(Issue::new(at("iss"), "used twice"));
                }
            } else {
                out.push(Issue::new(
                    at("iss"),
                    "must be an https:// address without a query",
                ));
            }
            if issuer.vct.is_empty() {
                out.push(Issue::new(
                    at("vct"),
                    "names no type, so the issuer may issue nothing",
                ));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn wrong_settings_are_named() {
        let config = Config::from_toml(
            r#"
            [lookups]
            types = ["urn:example:1", "http://types.example", "https://types.example/a"]
            [[lookups.issuers]]
            iss = "https://school.example?a=b"
            name = "School"
            vct = []
            [[lookups.issuers]]
            iss = "https://school.example"
            name = "School"
            vct = ["urn:example:1"]
            [[lookups.issuers]]
            iss = "https://school.example"
            name = "School"
            vct = ["urn:example:1"]
            "#,
        )
        .unwrap();
        let settings: Vec<String> = config
            .lookups
            .issues(&Profile::BASELINE)
            .into_iter()
            .map(|issue| issue.setting)
            .collect();
        assert_eq!(
            settings,
            [
                "lookups.types.0",
                "lookups.types.1",
                "lookups.issuers.0.iss",
                "lookups.issuers.0.vct",
                "lookups.issuers.2.iss",
            ]
        );
        assert!(Config::from_toml("[lookups]\nissuers = [{ iss = \"x\" }]").is_err());
    }
}
