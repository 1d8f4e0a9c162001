//! A login provider (OpenID Connect Core 1.0): its metadata and keys, the way to it, and what its ID token says.

use std::time::{Duration, UNIX_EPOCH};

use assent_core::encoding::base64url;
use assent_core::env::{Env, RandomUnavailable, Timestamp};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreJwsSigningAlgorithm as Alg,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    TokenResponse as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::LoginError;
use crate::outbound::Outbound;

/// Seconds the provider's metadata and keys are used without asking again.
const METADATA_AGE: i64 = 60;
/// Seconds a provider that did not answer is left alone.
const FAILURE_AGE: i64 = 5;
/// Oldest ID token taken, in seconds: it was made for this very sign-in.
const MAX_TOKEN_AGE: i64 = 600;
/// How far the provider's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// Signatures we take: public-key algorithms only, never `none` and never one keyed with the client secret.
const ALGORITHMS: [Alg; 5] = [
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPkcs1V15Sha256,
];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What one sign-in must come back with. Sealed into a cookie meanwhile.
#[derive(Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The `nonce` the ID token must carry.
    pub(crate) nonce: String,
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub(crate) verifier: String,
    /// When it is over.
    pub(crate) until: i64,
}

impl Attempt {
    /// A fresh one, that is over at `until`.
    pub(crate) fn new(env: &mut Env<'_>, until: Timestamp) -> Result<Self, RandomUnavailable> {
        Ok(Self {
            nonce: secret(env)?,
            verifier: secret(env)?,
            until: until.0,
        })
    }
}

/// A fresh secret of 256 bits in base64url: 43 characters, which is what RFC 7636 §4.1 asks of a code verifier.
pub(crate) fn secret(env: &mut Env<'_>) -> Result<String, RandomUnavailable> {
    Ok(base64url::encode(&env.random::<32>()?))
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// A login provider, and us as its client.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: String,
    client_id: String,
    secret: SecretString,
    redirect_uri: String,
    known: Mutex<Option<Known>>,
}

/// What was heard from the provider last; `None` for a failure.
#[derive(Debug)]
struct Known {
    at: Timestamp,
    metadata: Option<CoreProviderMetadata>,
}

impl Provider {
    /// Ourselves as the client `client_id` of `issuer`.
    pub(crate) fn new(issuer: &str, client_id: &str, secret: SecretString, redirect_uri: String) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret,
            redirect_uri,
            known: Mutex::new(None),
        }
    }

    /// The issuer as configured.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where to send the browser (OpenID Connect Core 1.0 §3.1.2.1).
    pub(crate) async fn authorization_url(
        &self,
        outbound: &Outbound,
        now: Timestamp,
        state: String,
        attempt: &Attempt,
    ) -> Result<String, LoginError> {
        let client = self.client(outbound, now).await?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || nonce,
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        // The browser goes where the metadata says, so that address obeys the same rules as one we call.
        outbound
            .check(url.as_str())
            .map_err(|error| unavailable(&error))?;
        Ok(url.into())
    }

    /// Exchanges a code and gives the verified `sub` (OpenID Connect Core 1.0 §3.1.3).
    pub(crate) async fn subject(
        &self,
        outbound: &Outbound,
        now: Timestamp,
        code: &str,
        attempt: Attempt,
    ) -> Result<String, LoginError> {
        let client = self.client(outbound, now).await?;
        let response = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| unavailable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier))
            .request_async(outbound)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(response) => {
                    tracing::warn!(error = %response.error(), "the login provider refused the code");
                    LoginError::Refused
                }
                RequestTokenError::Request(error) => unavailable(&error),
                // What cannot be read may quote a token, so it is not logged.
                _ => LoginError::Unavailable,
            })?;
        let token = response.id_token().ok_or(LoginError::Refused)?;
        // §3.1.3.7: issuer, audience, algorithm, signature, expiry, nonce; and here its age.
        let present = UNIX_EPOCH + Duration::from_secs(u64::try_from(now.0).unwrap_or(0));
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || present.into())
            .set_issue_time_verifier_fn(|issued| {
                let age = now.since(Timestamp(issued.timestamp()));
                if (-LEEWAY..=MAX_TOKEN_AGE).contains(&age) {
                    Ok(())
                } else {
                    Err("issued too long ago or in the future".to_owned())
                }
            });
        match token.claims(&verifier, &Nonce::new(attempt.nonce)) {
            // §3.1.3.7 step 5, which the crate leaves to its users.
            Ok(claims)
                if claims
                    .authorized_party()
                    .is_some_and(|azp| azp.as_str() != self.client_id) =>
            {
                tracing::warn!("an ID token was refused: another client is the authorised party");
                Err(LoginError::Refused)
            }
            Ok(claims) => Ok(claims.subject().as_str().to_owned()),
            Err(error) => {
                tracing::warn!(%error, "an ID token was refused");
                Err(LoginError::Refused)
            }
        }
    }

    /// A client with the provider's present metadata and keys. One caller asks, the others wait for its answer.
    async fn client(&self, outbound: &Outbound, now: Timestamp) -> Result<Client, LoginError> {
        let mut known = self.known.lock().await;
        let fresh = known.as_ref().is_some_and(|known| {
            let age = match known.metadata {
                Some(_) => METADATA_AGE,
                None => FAILURE_AGE,
            };
            (0..age).contains(&now.since(known.at))
        });
        if !fresh {
            let metadata = self.discover(outbound).await;
            *known = Some(Known { at: now, metadata });
        }
        let metadata = known.as_ref().and_then(|known| known.metadata.clone());
        drop(known);
        let metadata = metadata.ok_or(LoginError::Unavailable)?;
        // RFC 6749 §2.3.1: the header is the default; the body only where the provider takes nothing else.
        let in_body = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| {
                !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                    && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            });
        let redirect = RedirectUrl::new(self.redirect_uri.clone()).map_err(|error| unavailable(&error))?;
        Ok(CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.client_id.clone()),
            Some(ClientSecret::new(self.secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(redirect)
        .set_auth_type(if in_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        }))
    }

    async fn discover(&self, outbound: &Outbound) -> Option<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.issuer.clone()).ok()?;
        CoreProviderMetadata::discover_async(issuer, outbound)
            .await
            .map_err(|error| unavailable(&error))
            .ok()
    }
}

/// The reason goes to the log. None of the errors given here quotes a token or a secret.
fn unavailable(error: &dyn std::error::Error) -> LoginError {
    tracing::warn!(%error, source = error.source().map(tracing::field::display), "the login provider failed");
    LoginError::Unavailable
}
