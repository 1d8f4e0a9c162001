//! Citizens who sign in find their vault; they do not open it (specs/decisions/0023-sign-in-finds-a-vault.md).
//!
//! There is no session. Signing in at a login provider gives a single-use code, bound to the wallet that began; it is
//! worth one answer: the vaults that are linked, or one more link of a vault that is open. A passkey that was registered signs a
//! challenge instead. What is handed out are unlock slots, which whoever knows a vault's address can read too.

mod begin;
mod callback;
mod error;
mod find;
mod links;
mod passkey;
mod ways;

use axum::Json;
use axum::extract::DefaultBodyLimit;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::config::Config;
use crate::crypto::SealingKey;
use crate::login::Provider;
use crate::state::{AppState, Keys};
use crate::webauthn::{Credential, RelyingParty, Unfit};
use error::SignInError;

/// Seconds at the login provider.
const AWAY: i64 = 300;
/// Seconds a code counts. Who links a vault may have to unlock it first.
const CODE: i64 = 600;
/// Most secrets of each kind remembered at once.
const MOST: i64 = 1 << 16;
/// Most ways to find one vault.
const MOST_PER_VAULT: i64 = 8;

/// What sign-in of citizens needs.
#[derive(Debug)]
pub(crate) struct SignIn {
    providers: Vec<NamedProvider>,
    /// Origin of the wallet app.
    wallet: String,
    /// The wallet app, as passkeys know it.
    relying_party: Option<RelyingParty>,
}

#[derive(Debug)]
struct NamedProvider {
    id: String,
    name: String,
    provider: Provider,
}

impl SignIn {
    pub(crate) fn new(config: &Config, keys: &Keys) -> Self {
        let settings = &config.sign_in;
        let providers = settings.providers.iter().zip(&keys.sign_in_secrets);
        let wallet = settings.wallet_url.as_ref().unwrap_or(&config.public_url);
        Self {
            relying_party: RelyingParty::new(wallet),
            wallet: wallet.clone(),
            providers: providers
                .map(|(provider, secret)| NamedProvider {
                    id: provider.id.clone(),
                    name: provider.name.clone(),
                    // One address for each: an answer of another provider does not come here (RFC 9700 §4.4.2.2).
                    provider: Provider::new(
                        &provider.issuer,
                        &provider.client_id,
                        secret.clone(),
                        format!("{}/v1/sign-in/openid/{}/callback", config.public_url, provider.id),
                    ),
                })
                .collect(),
        }
    }

    fn provider(&self, id: &str) -> Result<&NamedProvider, SignInError> {
        let found = self.providers.iter().find(|provider| provider.id == id);
        found.ok_or(SignInError::Unknown)
    }

    /// Reads what the passkey `id` said when it was made.
    pub(super) fn register(&self, id: &[u8], authenticator_data: &[u8]) -> Result<Credential, Unfit> {
        let party = self.relying_party.as_ref().ok_or(Unfit::RelyingParty)?;
        let (credential, own) = party.registration(authenticator_data)?;
        if own == id {
            Ok(credential)
        } else {
            Err(Unfit::Malformed)
        }
    }

    /// Where the wallet app takes up what became of a sign-in. After `#`: no server, log or referrer sees it.
    fn back(&self, name: &str, value: &str) -> String {
        format!("{}/#/find?{name}={value}", self.wallet)
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ways::ways))
        .routes(routes!(begin::begin))
        .routes(routes!(callback::callback))
        .routes(routes!(find::find))
        .routes(routes!(passkey::challenge))
        .routes(routes!(passkey::sign_in).layer(DefaultBodyLimit::max(passkey::MAX_BODY)))
        .routes(routes!(links::list, links::link))
        .routes(routes!(links::unlink))
}

/// A code from signing in at a login provider, and what shows that the same wallet began it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    /// From the address the browser came back to.
    code: String,
    /// What the `challenge` is the SHA-256 of.
    verifier: String,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(redacted)")
    }
}

/// The vaults that are linked with who signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FoundVaults {
    /// Oldest link first; empty when there is none.
    vaults: Vec<FoundVault>,
}

/// One vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FoundVault {
    /// Its id.
    id: String,
    /// Its sealed unlock slots.
    header: crate::http::body::Base64Url,
}

/// Who somebody of a login provider is in our tables. Only this server can make it, so a copy of the tables names nobody.
fn subject_of_openid(sealing: &SealingKey, issuer: &str, subject: &str) -> [u8; 32] {
    sealing.mac("sign-in", &[b"openid", issuer.as_bytes(), subject.as_bytes()])
}

/// The same for a passkey.
pub(super) fn subject_of_passkey(sealing: &SealingKey, credential_id: &[u8]) -> [u8; 32] {
    sealing.mac("sign-in", &[b"passkey", credential_id])
}

/// The vaults of these links, with what unlocks them.
async fn found(
    state: &AppState,
    links: Vec<crate::store::SignInRow>,
) -> Result<Json<FoundVaults>, crate::error::Problem> {
    use crate::store::VaultStore as _;
    let mut vaults = Vec::new();
    for link in links {
        if let Some(found) = state.store.vault_header(&link.vault).await? {
            vaults.push(FoundVault {
                id: link.vault,
                header: crate::http::body::Base64Url(found.header),
            });
        }
    }
    Ok(Json(FoundVaults { vaults }))
}
