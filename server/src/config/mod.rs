//! Settings: one TOML file. Every secret is `x` or `x_file`. Nothing secret comes from flags or the environment.
//!
//! [`Config`] is the file as written; the parts that need files or keys are read and checked by
//! `crate::state`, and `assent-server config check` reports every [`Issue`] with the setting it is about.

mod blobs;
mod clients;
mod issuer;
mod limits;
mod login;
mod lookups;
mod metrics;
mod operator;
mod outbound;
pub mod secret;
mod service;
mod sign_in;
mod vault;
mod wallet_provider;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use assent_core::oid4vci::encryption::EncryptionRule;
use assent_core::profile::Profile;
use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use blobs::{BlobConfig, BlobPlace, S3Config};
pub use clients::ClientConfig;
pub use issuer::{ClientAttestation, DpopRule, IssuerConfig};
pub use limits::Limits;
pub use lookups::{LookupConfig, WebIssuerConfig};
pub use metrics::MetricsConfig;
pub use operator::OperatorConfig;
pub use outbound::OutboundConfig;
pub use service::{DidMethod, ServiceConfig};
pub use sign_in::{LoginProviderConfig, SignInConfig};
pub use vault::VaultConfig;
pub use wallet_provider::WalletProviderConfig;

const DAY: i64 = 24 * 3600;

/// What is said of an address to listen on that cannot be read.
pub const NOT_AN_ADDRESS: &str = "must be an IP address and a port, such as 127.0.0.1:8470";

/// Something wrong in the configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct Issue {
    /// Dotted name of the setting, e.g. `tls.key_file`.
    pub setting: String,
    /// What is wrong with it.
    pub message: String,
}

impl Issue {
    /// An issue with a setting.
    #[must_use]
    pub fn new(setting: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            message: message.into(),
        }
    }
}

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The origin others reach this server at, without a trailing slash, e.g. `https://wallet.example`.
    pub public_url: String,
    /// Everything loopback and made-up is allowed: plain http, generated certificates, the sandbox issuer.
    pub sandbox: bool,
    /// Where the server keeps its files (database, generated keys).
    pub data_dir: PathBuf,
    /// Database.
    pub database: DatabaseConfig,
    /// Key store: keys that are destroyed with what they open. Default: beside the database.
    pub key_store: KeyStoreConfig,
    /// The server's own key for columns it seals.
    pub sealing: SealingConfig,
    /// Native TLS; absent means plain HTTP, for use behind a proxy.
    pub tls: Option<TlsConfig>,
    /// What the server's own calls trust.
    pub outbound: OutboundConfig,
    /// Which roles run.
    pub roles: Roles,
    /// Vault role.
    pub vault: VaultConfig,
    /// Registry role.
    pub registry: RegistryConfig,
    /// Issuer role.
    pub issuer: IssuerConfig,
    /// Verifier role.
    pub verifier: VerifierConfig,
    /// Wallet provider role.
    pub wallet_provider: WalletProviderConfig,
    /// Types and issuers that are looked up.
    pub lookups: LookupConfig,
    /// Static files of the wallet app.
    pub wallet: WalletConfig,
    /// Limits of every request.
    pub limits: Limits,
    /// Logs.
    pub log: LogConfig,
    /// Who may read measurements, and where.
    pub metrics: MetricsConfig,
    /// Check of W3C credentials through the bridge program.
    pub w3c_bridge: BridgeConfig,
    /// Sign-in of operators.
    pub operator: Option<OperatorConfig>,
    /// Sign-in of citizens, to find their vault.
    pub sign_in: SignInConfig,
}

/// Where the data is.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite:<path>` or `postgres://…`. Default: `assent.db` in the data directory.
    pub url: Option<SecretString>,
    /// A file with the URL, for a URL with a password.
    pub url_file: Option<PathBuf>,
    /// Apply new migrations when the server starts. Default: yes in the sandbox only.
    pub migrate_on_start: Option<bool>,
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseConfig").finish_non_exhaustive()
    }
}

/// Where the key store is.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyStoreConfig {
    /// `sqlite:<path>` or `postgres://…`. Default: `keys.db` beside an SQLite database, the schema `assent_keys` of a
    /// PostgreSQL database.
    pub url: Option<SecretString>,
    /// A file with the URL.
    pub url_file: Option<PathBuf>,
}

impl std::fmt::Debug for KeyStoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyStoreConfig").finish_non_exhaustive()
    }
}

/// The key for sealed columns: 32 bytes, base64url.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SealingConfig {
    /// The key itself.
    pub key: Option<SecretString>,
    /// A file with the key.
    pub key_file: Option<PathBuf>,
}

/// Certificate and key of the listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM chain, leaf first.
    pub certificate_file: PathBuf,
    /// PEM private key.
    pub key_file: PathBuf,
}

/// Which roles run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Keeps vaults (ciphertext).
    pub vault: bool,
    /// Serves trust anchors and the wallet's settings.
    pub registry: bool,
    /// Issues the sandbox cards.
    pub issuer: bool,
    /// Asks wallets for presentations on behalf of services.
    pub verifier: bool,
    /// Vouches for the wallets of this operator and their keys.
    pub wallet_provider: bool,
}

/// Trust anchors and what the wallet app is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// JSON file with the anchors. In the sandbox it is generated.
    pub anchors_file: Option<PathBuf>,
    /// Name of this installation, shown by the wallet.
    pub name: Option<String>,
}

/// The services that may ask.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifierConfig {
    /// Services, each with its own certificate and key.
    pub services: Vec<ServiceConfig>,
    /// Seconds a request to a wallet stays open.
    pub request_lifetime: i64,
    /// Seconds a result stays readable after the wallet answered.
    pub result_lifetime: i64,
    /// Seconds the details in a result stay readable after they were first read. Those that need a `response_code` can
    /// be read once.
    pub reread_lifetime: i64,
}

/// Static files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletConfig {
    /// Folder with the built wallet app; absent means none is served.
    pub dir: Option<PathBuf>,
}

/// How to log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Filter, e.g. `info` or `assent_server=debug`.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

/// The bridge program to W3C credentials.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BridgeConfig {
    /// Path of `assent-w3c`.
    pub program: Option<PathBuf>,
}

impl WalletConfig {
    /// A folder without the app in it. Looks at the disk.
    #[must_use]
    pub fn issue(&self) -> Option<Issue> {
        let dir = self.dir.as_ref()?;
        let there = dir.join("index.html").is_file();
        let text = || {
            format!(
                "there is no index.html in {}: build the wallet app first",
                dir.display()
            )
        };
        (!there).then(|| Issue::new("wallet.dir", text()))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8470)),
            public_url: String::new(),
            sandbox: false,
            data_dir: PathBuf::from("data"),
            database: DatabaseConfig::default(),
            key_store: KeyStoreConfig::default(),
            sealing: SealingConfig::default(),
            tls: None,
            outbound: OutboundConfig::default(),
            roles: Roles::default(),
            vault: VaultConfig::default(),
            registry: RegistryConfig::default(),
            issuer: IssuerConfig::default(),
            verifier: VerifierConfig::default(),
            wallet_provider: WalletProviderConfig::default(),
            lookups: LookupConfig::default(),
            wallet: WalletConfig::default(),
            limits: Limits::default(),
            log: LogConfig::default(),
            metrics: MetricsConfig::default(),
            w3c_bridge: BridgeConfig::default(),
            operator: None,
            sign_in: SignInConfig::default(),
        }
    }
}

impl Default for Roles {
    fn default() -> Self {
        Self {
            vault: true,
            registry: true,
            issuer: false,
            verifier: true,
            wallet_provider: false,
        }
    }
}

impl Default for VerifierConfig {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            request_lifetime: assent_core::verifier::DEFAULT_LIFETIME,
            result_lifetime: 3600,
            reread_lifetime: 60,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".into(),
            json: false,
        }
    }
}

impl Config {
    /// Reads a TOML file over the defaults: those of the sandbox when `sandbox` says so or the file does.
    ///
    /// # Errors
    /// Every [`Issue`] found while reading; none of them repeats a secret.
    pub fn from_file(path: &Path, sandbox: bool) -> Result<Self, Vec<Issue>> {
        if !path.is_file() {
            return Err(vec![Issue::new(
                "--config",
                format!("{} is not a file", path.display()),
            )]);
        }
        Self::extract(Figment::new().merge(Toml::file_exact(path)), sandbox)
    }

    /// Reads TOML text over the defaults.
    ///
    /// # Errors
    /// As [`Self::from_file`].
    pub fn from_toml(text: &str) -> Result<Self, Vec<Issue>> {
        Self::extract(Figment::new().merge(Toml::string(text)), false)
    }

    fn extract(mut figment: Figment, sandbox: bool) -> Result<Self, Vec<Issue>> {
        if sandbox {
            figment = figment.merge(Serialized::default("sandbox", true));
        }
        if figment.extract_inner("sandbox").unwrap_or(false) {
            // The sandbox issues cards, with a settings file as without, unless the file says no.
            figment = figment
                .join(Serialized::default("roles.issuer", true))
                .join(Serialized::default("roles.wallet_provider", true))
                .join(Serialized::default("limits", Limits::sandbox()));
        }
        // Nested tables keep their own defaults through `serde(default)`.
        figment.extract().map_err(|errors| {
            errors
                .into_iter()
                .map(|error| {
                    let setting = if error.path.is_empty() {
                        "configuration".to_owned()
                    } else {
                        error.path.join(".")
                    };
                    Issue::new(setting, in_words(&error.kind))
                })
                .collect()
        })
    }

    /// What is allowed and may not be meant: settings without an effect here.
    #[must_use]
    pub fn notes(&self) -> Vec<Issue> {
        let mut out = Vec::new();
        if !self.roles.wallet_provider {
            if self.wallet_provider != WalletProviderConfig::default() {
                out.push(Issue::new(
                    "wallet_provider",
                    "has no effect: roles.wallet_provider is off",
                ));
            }
            if self.roles.issuer && self.roles.vault {
                let text = "wallets of this server get no such card: roles.wallet_provider is off";
                let demands = self.issuer.need_wallet_providers();
                out.extend(demands.map(|setting| Issue::new(setting, text)));
            }
        }
        if !self.roles.issuer && self.issuer != IssuerConfig::default() {
            out.push(Issue::new("issuer", "has no effect: roles.issuer is off"));
        }
        out
    }

    /// The configuration of `serve --sandbox`: every role, SQLite and generated keys in `data_dir`.
    #[must_use]
    pub fn sandbox(listen: SocketAddr, data_dir: PathBuf) -> Self {
        Self {
            listen,
            public_url: format!("http://localhost:{}", listen.port()),
            sandbox: true,
            data_dir,
            roles: Roles {
                vault: true,
                registry: true,
                issuer: true,
                verifier: true,
                wallet_provider: true,
            },
            limits: Limits::sandbox(),
            ..Self::default()
        }
    }

    /// What is allowed: the strict profile, or the same with loopback addresses in the sandbox.
    #[must_use]
    pub fn profile(&self) -> Profile {
        if self.sandbox {
            Profile::BASELINE.sandbox()
        } else {
            Profile::BASELINE
        }
    }

    /// Wallets that may sign people in at the issuer without being in the settings: those at our own addresses, and the
    /// command line.
    #[must_use]
    pub fn built_in_clients(&self) -> Vec<ClientConfig> {
        let wallet = self.sign_in.wallet_url.as_deref();
        let origins: Vec<&str> = std::iter::once(self.public_url.as_str()).chain(wallet).collect();
        ClientConfig::built_in(&origins)
    }

    /// A wallet that may sign people in at the issuer.
    #[must_use]
    pub fn client(&self, id: &str) -> Option<ClientConfig> {
        let built_in = self.built_in_clients();
        let mut all = self.issuer.clients.iter().chain(&built_in);
        all.find(|client| client.id == id).cloned()
    }

    /// What can be checked without opening anything.
    #[must_use]
    pub fn issues(&self) -> Vec<Issue> {
        let mut out = Vec::new();
        out.extend(service::origin_issue(
            "public_url",
            &self.public_url,
            self.sandbox,
        ));
        if self.roles.wallet_provider {
            out.extend(self.wallet_provider.issues(self.sandbox, &self.profile()));
        }
        out.extend(
            self.issuer
                .issues(self.roles.issuer, self.sandbox, &self.built_in_clients()),
        );
        if (self.roles.registry || self.roles.verifier)
            && !self.sandbox
            && self.registry.anchors_file.is_none()
        {
            out.push(Issue::new(
                "registry.anchors_file",
                "missing: verifier and registry need trust anchors",
            ));
        }
        out.extend(service::issues(&self.verifier.services, self.sandbox));
        for (name, value, most) in [
            ("verifier.request_lifetime", self.verifier.request_lifetime, 900),
            (
                "verifier.result_lifetime",
                self.verifier.result_lifetime,
                i64::MAX,
            ),
            (
                "verifier.reread_lifetime",
                self.verifier.reread_lifetime,
                self.verifier.result_lifetime,
            ),
        ] {
            if !(1..=most).contains(&value) {
                out.push(Issue::new(name, format!("must be from 1 to {most}")));
            }
        }
        out.extend(self.lookups.issues(&self.profile()));
        out.extend(self.vault.blobs.issues(self.sandbox));
        // The sandbox has made-up people, who do not wait for days.
        let least = if self.sandbox { 1 } else { DAY };
        if !(least..=30 * DAY).contains(&self.vault.emergency_least_wait_seconds) {
            out.push(Issue::new(
                "vault.emergency_least_wait_seconds",
                format!("must be from {least} to {}", 30 * DAY),
            ));
        }
        if self.vault.heartbeat_seconds == 0 {
            out.push(Issue::new("vault.heartbeat_seconds", "must be at least 1"));
        }
        if let Some(operator) = &self.operator {
            out.extend(operator.issues(self.sandbox));
        }
        out.extend(self.sign_in.issues(self.sandbox));
        out.extend(self.metrics.issues(self.listen));
        out.extend(self.limits.issues());
        out
    }
}

/// A certificate without its key, or a key without its certificate: the sandbox would put one of its own beside it.
fn half(part: &str, certificate: &Option<PathBuf>, key: &Option<PathBuf>) -> Option<Issue> {
    let missing = match (certificate, key) {
        (Some(_), None) => "key_file",
        (None, Some(_)) => "certificate_file",
        _ => return None,
    };
    let text = "missing: give both, or leave both to the sandbox";
    Some(Issue::new(format!("{part}.{missing}"), text))
}

/// What figment says, without its nested quotes.
fn in_words(kind: &figment::error::Kind) -> String {
    use figment::error::Kind;
    match kind {
        Kind::UnknownField(_, known) => format!("there is no such setting; there are {}", known.join(", ")),
        Kind::UnknownVariant(found, known) => format!("\"{found}\" is not one of {}", known.join(", ")),
        Kind::Message(text) if text.contains("socket address") => NOT_AN_ADDRESS.to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_and_where() {
        let issue = |text: &str| Config::from_toml(text).unwrap_err().remove(0);
        assert_eq!(issue("listn = 1").setting, "listn");
        assert_eq!(issue("listen = 'localhost:8470'").message, NOT_AN_ADDRESS);
        let missing = issue("[tls]\ncertificate_file = 'a'");
        assert_eq!(missing.setting, "tls");
        assert!(missing.message.contains("key_file"), "{missing}");
        assert_eq!(
            issue("[limits]\nbody_bytes = 'many'").setting,
            "limits.body_bytes"
        );
        let config = Config::from_toml("public_url = 'http://wallet.example'").unwrap();
        let names: Vec<_> = config.issues().into_iter().map(|i| i.setting).collect();
        assert_eq!(names, ["public_url", "registry.anchors_file"]);
        let service = |id: &str, url: &str| {
            format!(
                "[[verifier.services]]\nid='{id}'\ncertificate_file='c'\nkey_file='k'\npublic_url='{url}'\n"
            )
        };
        let text = [
            "https://a.example",
            "https://a.example",
            "http://b.example",
            "https://c.example/d",
        ]
        .iter()
        .zip(["a", "b", "c", "d"])
        .map(|(url, id)| service(id, url))
        .collect::<String>();
        let config = Config::from_toml(&text).unwrap();
        let names: Vec<_> = config.issues().into_iter().map(|i| i.setting).collect();
        let named = |i: usize| names.contains(&format!("verifier.services.{i}.public_url"));
        assert!((0..4).all(named), "{names:?}");
    }

    #[test]
    fn the_example_is_in_order() {
        let config = Config::from_toml(include_str!("../../assent.example.toml")).unwrap();
        assert_eq!(config.issues(), []);
        assert_eq!(config.verifier.services[0].id, "library");
    }

    #[test]
    fn debug_output_has_no_secret() {
        let config = Config::from_toml(
            "[database]\nurl='postgres://u:canary-1@h/d'\n[sealing]\nkey='canary-2'\n
             [[verifier.services]]\nid='a'\ncertificate_file='c'\nkey_file='k'\napi_key='canary-3'",
        )
        .unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn the_sandbox_is_the_same_with_a_file_and_without() {
        let read = |text: &str, sandbox: bool| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.toml");
            std::fs::write(&path, text).unwrap();
            Config::from_file(&path, sandbox).unwrap()
        };
        let alone = Config::sandbox(SocketAddr::from(([127, 0, 0, 1], 8470)), PathBuf::from("d")).roles;
        for config in [
            read("", true),
            read("sandbox = true", false),
            read("[roles]\nvault = true", true),
        ] {
            assert!(config.sandbox);
            assert_eq!(format!("{:?}", config.roles), format!("{alone:?}"));
        }
        assert!(
            !read("[roles]\nissuer = false", true).roles.issuer,
            "the file decides"
        );
        assert!(!read("", false).roles.issuer);
        assert!(!read("sandbox = false", false).sandbox);
        assert!(read("sandbox = false", true).sandbox, "the flag decides");
    }

    #[test]
    fn the_sandbox_needs_nothing_else() {
        let config = Config::sandbox(SocketAddr::from(([127, 0, 0, 1], 8470)), PathBuf::from("d"));
        assert_eq!(config.issues(), []);
        assert_eq!(config.public_url, "http://localhost:8470");
    }
}
