//! What one issuer is: its addresses, its credentials, and its limits.

use std::collections::{BTreeMap, BTreeSet};

use crate::oid4vci::authorization::DETAILS_TYPE;
use crate::oid4vci::metadata::{Display, KeyAttestationsRequired, PUBLIC};
use crate::oid4vci::offer::PRE_AUTHORIZED_CODE;
use crate::oid4vci::pkce;
use crate::oid4vci::token::{AUTHORIZATION_CODE, REFRESH_TOKEN};
use crate::oid4vci::{AuthorizationServerMetadata, CredentialConfiguration, IssuerMetadata};
use crate::profile::{BadEndpoint, Endpoint, Profile};

/// The settings of one issuer. Plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSettings {
    /// The credential issuer identifier; the endpoints are below it.
    pub identifier: Endpoint,
    /// How the issuer calls itself.
    pub display: Vec<Display>,
    /// What it issues, by configuration id.
    pub configurations: BTreeMap<String, CredentialConfiguration>,
    /// For types with published metadata, what it hashes to (`vct#integrity`).
    pub type_integrity: BTreeMap<String, String>,
    /// Most copies in one request; 2 or more.
    pub batch_size: usize,
    /// Seconds an offer can be used.
    pub offer_life: i64,
    /// Seconds an access token can be used; at most 300, because it is a bearer token (CI-15, §13.10).
    pub token_life: i64,
    /// Seconds an access token can be used that is bound to a key.
    pub bound_token_life: i64,
    /// Seconds until the last refresh token of an issuance ends.
    pub refresh_life: i64,
    /// Seconds a person has for the sign-in, from the pushed request to the answer. Enough to read the page in peace.
    pub request_life: i64,
    /// Seconds an authorization code can be used.
    pub code_life: i64,
    /// Seconds a nonce can be used.
    pub nonce_life: i64,
    /// Seconds in which cards that came later are given again to the wallet they were given to: the answer may have been
    /// lost.
    pub repeat_life: i64,
    /// How often they are given again at most.
    pub repeats: u8,
    /// Days a credential is valid.
    pub credential_days: i64,
    /// Wrong transaction codes until the offer is closed (CI-6).
    pub tx_code_attempts: u8,
    /// Most copies of one configuration for one offer, so that a lost answer can be asked for again.
    pub copies_per_offer: usize,
}

impl IssuerSettings {
    /// Settings with our defaults: batches of 10, offers for 10 minutes, tokens and nonces for 5, credentials for 90
    /// days, 5 tries.
    #[must_use]
    pub fn new(identifier: Endpoint, configurations: BTreeMap<String, CredentialConfiguration>) -> Self {
        Self {
            identifier,
            display: Vec::new(),
            configurations,
            type_integrity: BTreeMap::new(),
            batch_size: 10,
            offer_life: 600,
            token_life: 300,
            bound_token_life: 3600,
            refresh_life: 90 * 86_400,
            request_life: 540,
            code_life: 60,
            nonce_life: 300,
            repeat_life: 86_400,
            repeats: 30,
            credential_days: 90,
            tx_code_attempts: 5,
            copies_per_offer: 30,
        }
    }

    /// Demands key attestations for one configuration: beside a `jwt` proof or instead of one (CI-23, CI-24). Nothing
    /// happens when there is no such configuration.
    pub fn demand_attested_keys(&mut self, configuration_id: &str, required: &KeyAttestationsRequired) {
        let Some(configuration) = self.configurations.get_mut(configuration_id) else {
            return;
        };
        let Some(mut proof) = configuration.proof_types.get("jwt").cloned() else {
            return;
        };
        proof.key_attestations_required = Some(required.clone());
        configuration.proof_types = ["jwt", "attestation"]
            .into_iter()
            .map(|name| (name.to_owned(), proof.clone()))
            .collect();
    }

    /// The address `suffix` below the identifier, e.g. `credential`.
    ///
    /// # Errors
    /// [`BadEndpoint`] when the result is not a plain address.
    pub fn endpoint(&self, suffix: &str, profile: &Profile) -> Result<Endpoint, BadEndpoint> {
        let base = self.identifier.as_str();
        let base = base.strip_suffix('/').unwrap_or(base);
        Endpoint::parse(&format!("{base}/{suffix}"), profile)
    }

    /// The metadata document (OpenID4VCI 1.0 §12.2).
    ///
    /// # Errors
    /// [`BadEndpoint`] as [`IssuerSettings::endpoint`].
    pub fn metadata(&self, profile: &Profile) -> Result<IssuerMetadata, BadEndpoint> {
        Ok(IssuerMetadata {
            credential_issuer: self.identifier.clone(),
            authorization_servers: Vec::new(),
            credential_endpoint: self.endpoint("credential", profile)?,
            nonce_endpoint: Some(self.endpoint("nonce", profile)?),
            deferred_credential_endpoint: Some(self.endpoint("deferred_credential", profile)?),
            notification_endpoint: Some(self.endpoint("notification", profile)?),
            batch_size: Some(self.batch_size),
            request_encryption: None,
            response_encryption: None,
            display: self.display.clone(),
            configurations: self.configurations.clone().into_iter().collect(),
        })
    }

    /// The authorization server metadata (RFC 8414); the issuer is its own.
    ///
    /// # Errors
    /// [`BadEndpoint`] as [`IssuerSettings::endpoint`].
    pub fn authorization_server_metadata(
        &self,
        profile: &Profile,
    ) -> Result<AuthorizationServerMetadata, BadEndpoint> {
        Ok(AuthorizationServerMetadata {
            token_endpoint: Some(self.endpoint("token", profile)?),
            authorization_endpoint: Some(self.endpoint("authorize", profile)?),
            pushed_authorization_request_endpoint: Some(self.endpoint("par", profile)?),
            require_pushed_authorization_requests: true,
            authorization_response_iss_parameter_supported: true,
            grant_types_supported: Some(
                [AUTHORIZATION_CODE, PRE_AUTHORIZED_CODE, REFRESH_TOKEN]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            scopes_supported: self.scopes(),
            authorization_details_types_supported: vec![DETAILS_TYPE.to_owned()],
            response_types_supported: vec!["code".to_owned()],
            code_challenge_methods_supported: vec![pkce::METHOD.to_owned()],
            token_endpoint_auth_methods_supported: vec![PUBLIC.to_owned()],
            pre_authorized_grant_anonymous_access_supported: true,
            ..AuthorizationServerMetadata::new(self.identifier.clone())
        })
    }

    /// The scopes of the configurations, each once.
    fn scopes(&self) -> Vec<String> {
        let scopes = self
            .configurations
            .values()
            .filter_map(|configuration| configuration.scope.clone());
        scopes.collect::<BTreeSet<_>>().into_iter().collect()
    }
}
