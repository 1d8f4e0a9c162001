//! A service (relying party) and the names it asks under.
//!
//! A client identifier must name one party: wallets keep one key, one history and one receipt for each. `x509_hash`
//! and DIDs come from the service's own certificate or key. A DNS name (`x509_san_dns`) has to be both in that
//! certificate and the host of the response address (OpenID4VP 1.0 §5.9.3), so a service that wants one gets a
//! host of its own that leads to this server: `public_url` of the service (specs/decisions/0014-names-of-services.md).

use assent_core::crypto::{Signer as _, constant_time_eq, sha256};
use assent_core::encoding::json::Object;
use assent_core::oid4vp::ClientId;
use assent_core::oid4vp::did::Did;
use assent_core::profile::{Endpoint, Profile};
use assent_core::trust::dns_names;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{DidMethod, Issue, ServiceConfig, secret};
use crate::state::{Identity, load_identity};

/// A service that may ask.
#[derive(Debug)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Access certificate and key.
    pub identity: Identity,
    /// Signs its webhooks.
    pub webhook_secret: Option<SecretString>,
    /// The origin wallets reach it at: its own, or the server's.
    origin: Endpoint,
    /// Its origin is its own.
    own_origin: bool,
    did: Did,
    dns_name: Result<String, NoDnsName>,
    /// SHA-256 of its API key.
    api_key_sha256: [u8; 32],
}

/// Why a service cannot ask under a DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDnsName {
    /// Its certificate does not have the name of its host.
    #[error("the certificate of this service does not name its host")]
    NotInCertificate,
    /// A service with another certificate has the same host.
    #[error("another service has the same host; give this one a public_url of its own")]
    Shared,
}

impl Service {
    pub(crate) fn load(
        config: &ServiceConfig,
        server_url: &str,
        profile: &Profile,
        at: &str,
    ) -> Result<Self, Issue> {
        let api_key = secret::require(
            &format!("{at}.api_key"),
            config.api_key.as_ref(),
            config.api_key_file.as_ref(),
        )?;
        let api_key = secret::long_enough(&format!("{at}.api_key"), api_key, 32)?;
        let identity = load_identity(at, &config.certificate_file, &config.key_file)?;
        let public_url = config.public_url.as_deref().unwrap_or(server_url);
        let origin = Endpoint::parse(public_url, profile)
            .map_err(|_| Issue::new(format!("{at}.public_url"), "must be an https:// origin"))?;
        let own_origin = config.public_url.is_some();
        let did = match config.did_method {
            DidMethod::Jwk => Did::from_key(&identity.signer.public_key()),
            DidMethod::Web => {
                let path = ["services", &config.id];
                Did::web(&origin, if own_origin { &[] } else { &path })
                    .map_err(|error| Issue::new(format!("{at}.did_method"), error.to_string()))?
            }
        };
        let leaf = identity.chain.first().map(Vec::as_slice).unwrap_or_default();
        let named = dns_names(leaf)
            .iter()
            .any(|name| name.eq_ignore_ascii_case(origin.host()));
        Ok(Self {
            id: config.id.clone(),
            dns_name: match named {
                true => Ok(origin.host().to_owned()),
                false => Err(NoDnsName::NotInCertificate),
            },
            origin,
            own_origin,
            did,
            api_key_sha256: sha256(api_key.expose_secret().as_bytes()),
            webhook_secret: webhook_secret(config, at)?,
            identity,
        })
    }

    /// Takes a DNS name away from every service that shares it with another party.
    pub(crate) fn tell_apart(services: &mut [Self]) {
        let names: Vec<(String, Vec<u8>)> = services
            .iter()
            .map(|service| {
                (
                    service.origin.host().to_ascii_lowercase(),
                    service.leaf().to_vec(),
                )
            })
            .collect();
        for service in services {
            let shared = names.iter().any(|(host, leaf)| {
                host.eq_ignore_ascii_case(service.origin.host()) && *leaf != service.leaf()
            });
            if shared && service.dns_name.is_ok() {
                service.dns_name = Err(NoDnsName::Shared);
            }
        }
    }

    /// An absolute URL of this service on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str())
    }

    /// Its name under `x509_hash`.
    #[must_use]
    pub fn x509_hash(&self) -> ClientId {
        ClientId::x509_hash(self.leaf())
    }

    /// Its name under `x509_san_dns`.
    ///
    /// # Errors
    /// [`NoDnsName`].
    pub fn x509_san_dns(&self) -> Result<ClientId, NoDnsName> {
        self.dns_name
            .as_deref()
            .map(ClientId::x509_san_dns)
            .map_err(|why| *why)
    }

    /// Its name under `decentralized_identifier`.
    #[must_use]
    pub fn decentralized_identifier(&self) -> ClientId {
        ClientId::decentralized_identifier(self.did.as_str())
    }

    /// The DID URL of its key.
    #[must_use]
    pub fn key_id(&self) -> String {
        self.did.key_id(&self.identity.signer.public_key())
    }

    /// The DID document it publishes, when its DID needs one.
    #[must_use]
    pub fn did_document(&self) -> Option<Object> {
        self.did
            .as_str()
            .starts_with("did:web:")
            .then(|| self.did.document(&self.identity.signer.public_key()))
    }

    /// True when its origin is its own and not the server's.
    #[must_use]
    pub fn has_own_origin(&self) -> bool {
        self.own_origin
    }

    /// True when requests to `authority` (host and port) are for this service's own origin.
    #[must_use]
    pub fn is_at(&self, authority: &str) -> bool {
        let own = self.origin.origin().split_once("://").map_or("", |(_, own)| own);
        self.own_origin && own.eq_ignore_ascii_case(authority)
    }

    pub(crate) fn same_key(&self, other: &Self) -> bool {
        self.has_key(&other.api_key_sha256)
    }

    /// Compares in constant time.
    pub(crate) fn has_key(&self, sha256: &[u8; 32]) -> bool {
        constant_time_eq(&self.api_key_sha256, sha256)
    }

    fn leaf(&self) -> &[u8] {
        self.identity.chain.first().map(Vec::as_slice).unwrap_or_default()
    }
}

fn webhook_secret(config: &ServiceConfig, at: &str) -> Result<Option<SecretString>, Issue> {
    let name = format!("{at}.webhook_secret");
    secret::resolve(
        &name,
        config.webhook_secret.as_ref(),
        config.webhook_secret_file.as_ref(),
    )?
    // As the convention of the signature has it: 24 bytes or more.
    .map(|secret| secret::long_enough(&name, secret, 24))
    .transpose()
}
