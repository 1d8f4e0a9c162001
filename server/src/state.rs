//! What handlers share: configuration, storage, keys, clock, limits.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use assent_core::crypto::{Signer as _, sha256};
use assent_core::encoding::base64url;
use assent_core::env::{Env, SecureRandom, Timestamp};
use assent_core::oid4vci::Attesters;
use assent_core::profile::Profile;
use assent_core::sd_jwt::type_metadata::KnownType;
use assent_core::trust::{Role, TrustAnchors, certified_key, is_self_issued};
use assent_core::verifier::Published;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::api::{Operators, SignIn, StatusLists};
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::{Config, Issue, secret};
use crate::crypto::{RingCrypto, RingSigner, SealingKey, SystemRandom};
use crate::erasure::KeyStore;
use crate::http::budget::NewVaults;
use crate::http::places::Places;
use crate::http::rate::RateLimit;
use crate::http::unlocks::Unlocks;
use crate::lookups::{self, Lookups};
use crate::news::{ListenLimits, Listeners};
use crate::outbound::Outbound;
pub use crate::service::Service;
use crate::store::{Database, StoreError};

/// Who waits keeps a connection and one of `limits.concurrent_requests`. Whoever finds no place comes back instead.
const PAIRING_WAITERS: ListenLimits = ListenLimits {
    all: 128,
    per_vault: 4,
    per_address: 16,
};

/// Shared state; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Inner>);

/// Where things are kept.
#[derive(Debug)]
pub struct Stores {
    /// The database.
    pub store: Database,
    /// Keys that are destroyed with what they open.
    pub rest_keys: KeyStore,
    /// Attachments.
    pub blobs: Blobs,
}

/// The parts of [`AppState`].
#[derive(Debug)]
pub struct Inner {
    /// Settings.
    pub config: Config,
    /// Storage.
    pub store: Database,
    /// Keys read from files.
    pub keys: Keys,
    /// Seals columns.
    pub sealing: SealingKey,
    /// The clock.
    pub clock: Clock,
    /// What is allowed: the strict profile, or the same with loopback addresses in the sandbox.
    pub profile: Profile,
    /// The HTTP client.
    pub outbound: Outbound,
    /// Status lists fetched lately.
    pub(crate) status_lists: StatusLists,
    /// Types and issuers that were looked up.
    pub lookups: Lookups,
    /// Sign-in of operators, when it is configured.
    pub(crate) operators: Option<Operators>,
    /// Sign-in of citizens.
    pub(crate) sign_in: SignIn,
    /// Keys that are destroyed with what they open.
    pub rest_keys: KeyStore,
    /// Where attachments are kept.
    pub blobs: Blobs,
    /// Devices that listen for changes of their vault.
    pub listeners: Listeners,
    /// Devices that wait for a message of the other one while one of them is being added.
    pub pairings: Listeners,
    /// Woken when a webhook was queued.
    pub outbox: tokio::sync::Notify,
    /// Details were erased since the database's log was last emptied.
    pub(crate) erased: AtomicBool,
    /// Counted by the caller's address.
    pub address_rate: RateLimit,
    /// Counted by service id.
    pub service_rate: RateLimit,
    /// Counted by vault id.
    pub vault_rate: RateLimit,
    /// Readings of unlock slots.
    pub unlocks: Unlocks,
    /// Messages of devices that are being added, counted by the caller's address.
    pub pairing_rate: RateLimit,
    /// Attestations of wallets and keys, counted by the caller's address.
    pub attestation_rate: RateLimit,
    /// Attachments being read.
    pub(crate) downloads: Places,
    /// Commits larger than other requests may be, in memory.
    pub(crate) large_commits: Places,
    /// What new vaults may cost.
    pub new_vaults: NewVaults,
    /// When the database was last tried for `/readyz`, and whether it took a write.
    pub(crate) probed: tokio::sync::Mutex<Option<(Timestamp, bool)>>,
    /// False once the server was told to stop: `/readyz` answers 503 so that no new traffic is sent here.
    pub ready: AtomicBool,
}

/// Commits larger than `limits.body_bytes` in memory at the same time, and of these from one address.
const LARGE_COMMITS: usize = 16;
const LARGE_COMMITS_PER_ADDRESS: usize = 4;

/// Everything that comes from key and certificate files.
#[derive(Debug)]
pub struct Keys {
    /// The services that may ask.
    pub services: Vec<Service>,
    /// The issuer's signing key and chain, when the issuer role runs.
    pub issuer: Option<Identity>,
    /// The wallet provider's signing key and chain, when that role runs.
    pub wallet_provider: Option<Identity>,
    /// The trust anchors as served by the registry.
    pub anchors: Value,
    /// The same, ready for use.
    pub trust: TrustAnchors,
    /// Card types that are known without asking anybody.
    pub types: Vec<KnownType>,
    /// Our client secret at the operators' login provider.
    pub operator_secret: Option<SecretString>,
    /// Our client secrets at the citizens' login providers, in the order of the settings.
    pub sign_in_secrets: Vec<SecretString>,
    /// Who has this token may read measurements.
    pub metrics_token: Option<SecretString>,
}

/// A signing key with its certificate chain.
#[derive(Debug)]
pub struct Identity {
    /// DER chain, leaf first, without the anchor.
    pub chain: Vec<Vec<u8>>,
    /// The leaf's key.
    pub signer: RingSigner,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AppState {
    /// Puts the state together.
    #[must_use]
    pub fn new(
        config: Config,
        stores: Stores,
        keys: Keys,
        sealing: SealingKey,
        clock: Clock,
        outbound: Outbound,
    ) -> Self {
        let Stores {
            store,
            rest_keys,
            blobs,
        } = stores;
        let (limits, pace) = (&config.limits, clock.pace());
        Self(Arc::new(Inner {
            profile: config.profile(),
            outbound,
            status_lists: StatusLists::default(),
            lookups: Lookups::new(Published {
                types: keys.types.clone(),
                issuers: Vec::new(),
            }),
            operators: Operators::new(&config, &keys),
            sign_in: SignIn::new(&config, &keys),
            rest_keys,
            blobs,
            listeners: Listeners::new(config.vault.listen_limits()),
            pairings: Listeners::new(PAIRING_WAITERS),
            outbox: tokio::sync::Notify::new(),
            erased: AtomicBool::new(false),
            address_rate: RateLimit::per_minute(limits.per_address_per_minute, pace),
            service_rate: RateLimit::per_minute(limits.per_service_per_minute, pace),
            vault_rate: RateLimit::per_minute(limits.per_vault_per_minute, pace),
            unlocks: Unlocks::new(limits, pace),
            pairing_rate: RateLimit::per_minute(limits.pairings_per_address_per_minute, pace),
            attestation_rate: RateLimit::per_minute(limits.attestations_per_address_per_minute, pace),
            downloads: Places::new(limits.downloads, limits.downloads_per_address),
            large_commits: Places::new(LARGE_COMMITS, LARGE_COMMITS_PER_ADDRESS),
            new_vaults: NewVaults::new(limits, pace),
            config,
            store,
            keys,
            sealing,
            clock,
            probed: tokio::sync::Mutex::default(),
            ready: AtomicBool::new(true),
        }))
    }

    /// An absolute URL of this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url)
    }

    /// Whom to believe about wallets and their keys, now.
    #[must_use]
    pub fn attesters(&self) -> Attesters<'_> {
        Attesters {
            anchors: &self.keys.trust,
            now: self.clock.now(),
            profile: &self.profile,
            crypto: &RingCrypto,
        }
    }

    /// Runs a pure function of core with the present time and randomness.
    pub fn with_env<T>(&self, work: impl FnOnce(&mut Env<'_>) -> T) -> T {
        let mut rng = SystemRandom::default();
        let mut env = Env {
            now: self.clock.now(),
            rng: &mut rng as &mut dyn SecureRandom,
        };
        work(&mut env)
    }
}

impl Keys {
    /// Reads every key and certificate the configuration names.
    ///
    /// # Errors
    /// Every [`Issue`], so that all can be mended at once.
    pub fn load(config: &Config) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut note = |issue: Issue| issues.push(issue);
        let mut services = Vec::new();
        if config.roles.verifier {
            let profile = config.profile();
            for (i, service) in config.verifier.services.iter().enumerate() {
                match Service::load(
                    service,
                    &config.public_url,
                    &profile,
                    &format!("verifier.services.{i}"),
                ) {
                    // A key names one service: with two, one would read what was released to the other.
                    Ok(service) if services.iter().any(|known: &Service| service.same_key(known)) => {
                        note(Issue::new(
                            format!("verifier.services.{i}.api_key"),
                            "another service has the same key",
                        ));
                    }
                    Ok(service) => services.push(service),
                    Err(issue) => note(issue),
                }
            }
        }
        Service::tell_apart(&mut services);
        let mut issuer = None;
        if config.roles.issuer
            && let (Some(chain), Some(key)) = (&config.issuer.certificate_file, &config.issuer.key_file)
        {
            match load_identity("issuer", chain, key) {
                Ok(identity) => issuer = Some(identity),
                Err(issue) => note(issue),
            }
        }
        let mut wallet_provider = None;
        if config.roles.wallet_provider
            && let (Some(chain), Some(key)) = (
                &config.wallet_provider.certificate_file,
                &config.wallet_provider.key_file,
            )
        {
            match load_identity("wallet_provider", chain, key) {
                Ok(identity) => wallet_provider = Some(identity),
                Err(issue) => note(issue),
            }
        }
        let mut anchors = Value::Null;
        let mut trust = TrustAnchors::new();
        if let Some(path) = &config.registry.anchors_file {
            match std::fs::read_to_string(path) {
                Ok(text) => match serde_json::from_str(&text) {
                    Ok(value) => {
                        match TrustAnchors::from_json(&value) {
                            Ok(read) => trust = read,
                            Err(error) => note(Issue::new("registry.anchors_file", error.to_string())),
                        }
                        anchors = value;
                    }
                    Err(error) => note(Issue::new("registry.anchors_file", format!("not JSON: {error}"))),
                },
                Err(error) => note(Issue::new(
                    "registry.anchors_file",
                    format!("cannot read {}: {error}", path.display()),
                )),
            }
        }
        // The sandbox's own anchors are written when it starts.
        let known = !config.sandbox || config.registry.anchors_file.is_some();
        if known && config.roles.issuer && trust.anchors(Role::WalletProvider).next().is_none() {
            for setting in config.issuer.need_wallet_providers() {
                note(Issue::new(
                    setting,
                    "no wallet gets a card: registry.anchors_file names nobody under \"wallet_providers\"",
                ));
            }
        }
        let types = lookups::types(config).unwrap_or_else(|wrong| {
            wrong.into_iter().for_each(&mut note);
            Vec::new()
        });
        let operator_secret = config
            .operator
            .as_ref()
            .and_then(|operator| operator.secret().map_err(&mut note).ok());
        let sign_in_secrets = config.sign_in.secrets().unwrap_or_else(|wrong| {
            wrong.into_iter().for_each(&mut note);
            Vec::new()
        });
        let metrics_token = config.metrics.secret().map_err(&mut note).ok().flatten();
        if issues.is_empty() {
            Ok(Self {
                services,
                issuer,
                wallet_provider,
                anchors,
                trust,
                types,
                operator_secret,
                sign_in_secrets,
                metrics_token,
            })
        } else {
            Err(issues)
        }
    }

    /// The service an API key belongs to. Compares hashes, in constant time, over all services.
    #[must_use]
    pub fn service_by_api_key(&self, key: &str) -> Option<&Service> {
        let hash = sha256(key.as_bytes());
        self.services
            .iter()
            .fold(None, |found, service| match service.has_key(&hash) {
                true => Some(service),
                false => found,
            })
    }

    /// A service by id.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }
}

/// Reads the key for sealed columns.
///
/// # Errors
/// An [`Issue`] that names the setting.
pub fn load_sealing(config: &Config) -> Result<SealingKey, Issue> {
    let settings = &config.sealing;
    let text = secret::require("sealing.key", settings.key.as_ref(), settings.key_file.as_ref())?;
    let bytes = base64url::decode(text.expose_secret())
        .map(zeroize::Zeroizing::new)
        .map_err(|_| Issue::new("sealing.key", "not base64url"))?;
    SealingKey::from_bytes(&bytes).map_err(|_| Issue::new("sealing.key", "must be 32 bytes"))
}

/// The database URL.
///
/// # Errors
/// An [`Issue`] that names the setting.
pub fn database_url(config: &Config) -> Result<SecretString, Issue> {
    let settings = &config.database;
    let given = secret::resolve("database.url", settings.url.as_ref(), settings.url_file.as_ref())?;
    match given {
        Some(url) => of_known_kind("database.url", url),
        None => Ok(SecretString::from(format!(
            "sqlite:{}",
            config.data_dir.join("assent.db").display()
        ))),
    }
}

fn of_known_kind(setting: &str, url: SecretString) -> Result<SecretString, Issue> {
    if Database::knows(url.expose_secret()) {
        return Ok(url);
    }
    Err(Issue::new(setting, StoreError::Url.to_string()))
}

/// The URL of the key store: as configured, or beside the database (SQLite: `keys.db` in the same folder; PostgreSQL: the
/// same database, in a schema of its own).
///
/// # Errors
/// An [`Issue`] that names the setting.
pub fn key_store_url(config: &Config) -> Result<SecretString, Issue> {
    let settings = &config.key_store;
    if let Some(url) = secret::resolve("key_store.url", settings.url.as_ref(), settings.url_file.as_ref())? {
        return of_known_kind("key_store.url", url);
    }
    let url = database_url(config)?;
    Ok(match url.expose_secret().strip_prefix("sqlite:") {
        Some(path) => {
            let path = Path::new(path.strip_prefix("//").unwrap_or(path));
            SecretString::from(format!("sqlite:{}", path.with_file_name("keys.db").display()))
        }
        None => url,
    })
}

pub(crate) fn load_identity(at: &str, chain: &Path, key: &Path) -> Result<Identity, Issue> {
    let certificate_setting = format!("{at}.certificate_file");
    let key_setting = format!("{at}.key_file");
    let chain: Vec<Vec<u8>> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Issue::new(&certificate_setting, format!("{}: {error}", chain.display())))?
        .into_iter()
        .map(|der| der.to_vec())
        .collect();
    if chain.is_empty() {
        return Err(Issue::new(certificate_setting, "has no certificate"));
    }
    if chain.first().is_some_and(|leaf| is_self_issued(leaf)) {
        return Err(Issue::new(
            certificate_setting,
            "begins with a self-signed certificate, which no wallet accepts (HAIP 1.0 §5); give the leaf first, without \
             the anchor",
        ));
    }
    let pem = std::fs::read_to_string(key)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Issue::new(&key_setting, format!("cannot read {}: {error}", key.display())))?;
    let signer = RingSigner::from_pem(&pem).map_err(|error| Issue::new(&key_setting, error.to_string()))?;
    // With another key every signature would be refused, and only the other side would see why.
    if chain.first().and_then(|leaf| certified_key(leaf)) != Some(signer.public_key()) {
        return Err(Issue::new(
            key_setting,
            "is not the key of the first certificate in certificate_file",
        ));
    }
    Ok(Identity { chain, signer })
}
