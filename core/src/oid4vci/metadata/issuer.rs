//! Credential issuer metadata (OpenID4VCI 1.0 §12.2).

use serde_json::{Map, Value, json};

use super::super::offer::{endpoint, insert};
use super::super::{AnswerError, answer};
use super::{
    AuthorizationServerMetadata, CredentialConfiguration, Display, RequestEncryption, ResponseEncryption,
};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};
use crate::sorted::Sorted;

const MAX_CONFIGURATIONS: usize = 512;

/// What an issuer says about itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct IssuerMetadata {
    /// The credential issuer identifier.
    pub credential_issuer: Endpoint,
    /// Authorization servers; empty when the issuer is its own.
    pub authorization_servers: Vec<Endpoint>,
    /// Where credentials are requested.
    pub credential_endpoint: Endpoint,
    /// Where nonces come from; absent when proofs need none.
    pub nonce_endpoint: Option<Endpoint>,
    /// Where deferred credentials are fetched.
    pub deferred_credential_endpoint: Option<Endpoint>,
    /// Where the wallet tells what became of a credential.
    pub notification_endpoint: Option<Endpoint>,
    /// Most key proofs in one request; `None` means one.
    pub batch_size: Option<usize>,
    /// Encryption of credential requests.
    pub request_encryption: Option<RequestEncryption>,
    /// Encryption of credential responses.
    pub response_encryption: Option<ResponseEncryption>,
    /// How to name the issuer. Its own words: trust comes from the credential's certificate.
    pub display: Vec<Display>,
    /// The credentials it issues, by configuration id.
    pub configurations: Sorted<String, CredentialConfiguration>,
}

impl IssuerMetadata {
    /// The request for the metadata of `issuer` (§12.2.2).
    #[must_use]
    pub fn request(issuer: &Endpoint, profile: &Profile) -> HttpRequest {
        HttpRequest::get(
            issuer.well_known("openid-credential-issuer"),
            "application/json",
            profile.limits.metadata,
        )
    }

    /// Reads the answer; the document must name the issuer that was asked (§12.2.1).
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(
        response: &HttpResponse,
        issuer: &Endpoint,
        profile: &Profile,
    ) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.metadata, profile)?;
        let metadata = Self::from_object(&object, profile)?;
        // Compared as strings, without normalisation.
        if metadata.credential_issuer != *issuer {
            return Err(AnswerError::WrongIssuer);
        }
        Ok(metadata)
    }

    /// Reads a metadata document.
    ///
    /// # Errors
    /// [`FieldError`] naming the member.
    pub fn from_object(object: &Object, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "");
        let required = |name: &str| {
            endpoint(&fields, name, profile)?.ok_or_else(|| fields.error(name, Problem::Missing))
        };
        let metadata = Self {
            credential_issuer: required("credential_issuer")?,
            authorization_servers: read_servers(&fields, profile)?,
            credential_endpoint: required("credential_endpoint")?,
            nonce_endpoint: endpoint(&fields, "nonce_endpoint", profile)?,
            deferred_credential_endpoint: endpoint(&fields, "deferred_credential_endpoint", profile)?,
            notification_endpoint: endpoint(&fields, "notification_endpoint", profile)?,
            batch_size: read_batch_size(&fields)?,
            request_encryption: fields
                .opt_object("credential_request_encryption")?
                .map(RequestEncryption::read)
                .transpose()?,
            response_encryption: fields
                .opt_object("credential_response_encryption")?
                .map(ResponseEncryption::read)
                .transpose()?,
            display: Display::read_all(&fields, "display")?,
            configurations: read_configurations(&fields, profile)?,
        };
        // HAIP 1.0 §4.1: a nonce endpoint whenever a key is bound.
        let binds_keys = metadata
            .configurations
            .values()
            .any(|c| !c.proof_types.is_empty());
        if profile.haip && binds_keys && metadata.nonce_endpoint.is_none() {
            return Err(fields.error("nonce_endpoint", Problem::Missing));
        }
        Ok(metadata)
    }

    /// The metadata document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        let mut text =
            |name: &str, value: Option<&Endpoint>| insert(&mut out, name, value.map(Endpoint::as_str));
        text("credential_issuer", Some(&self.credential_issuer));
        text("credential_endpoint", Some(&self.credential_endpoint));
        text("nonce_endpoint", self.nonce_endpoint.as_ref());
        text(
            "deferred_credential_endpoint",
            self.deferred_credential_endpoint.as_ref(),
        );
        text("notification_endpoint", self.notification_endpoint.as_ref());
        if !self.authorization_servers.is_empty() {
            out.insert("authorization_servers".into(), json!(self.authorization_servers));
        }
        if let Some(size) = self.batch_size {
            out.insert("batch_credential_issuance".into(), json!({ "batch_size": size }));
        }
        if let Some(encryption) = &self.request_encryption {
            out.insert(
                "credential_request_encryption".into(),
                json!({
                    "jwks": { "keys": encryption.keys },
                    "enc_values_supported": encryption.enc_values_supported,
                    "encryption_required": encryption.encryption_required,
                }),
            );
        }
        if let Some(encryption) = &self.response_encryption {
            out.insert("credential_response_encryption".into(), json!(encryption));
        }
        if let Some(display) = Display::all_to_json(&self.display) {
            out.insert("display".into(), display);
        }
        let configurations = self
            .configurations
            .iter()
            .map(|(id, configuration)| (id.clone(), configuration.to_json()));
        out.insert(
            "credential_configurations_supported".into(),
            Value::Object(configurations.collect()),
        );
        Value::Object(out)
    }

    /// The authorization server to use: the one the offer names, if the issuer lists it (CI-3), else the only or
    /// first one, else the issuer itself.
    ///
    /// # Errors
    /// [`AnswerError::NoAuthorizationServer`] when the offer names one the issuer does not list.
    pub fn authorization_server(&self, named: Option<&Endpoint>) -> Result<&Endpoint, AnswerError> {
        match named {
            Some(named) => self
                .authorization_servers
                .iter()
                .find(|server| *server == named)
                .ok_or(AnswerError::NoAuthorizationServer),
            None => Ok(self
                .authorization_servers
                .first()
                .unwrap_or(&self.credential_issuer)),
        }
    }

    /// The request for the metadata of the chosen authorization server.
    ///
    /// # Errors
    /// See [`IssuerMetadata::authorization_server`].
    pub fn authorization_server_request(
        &self,
        named: Option<&Endpoint>,
        profile: &Profile,
    ) -> Result<HttpRequest, AnswerError> {
        let server = self.authorization_server(named)?;
        Ok(AuthorizationServerMetadata::request(server, profile))
    }
}

fn read_servers(fields: &Fields<'_>, profile: &Profile) -> Result<Vec<Endpoint>, FieldError> {
    let name = "authorization_servers";
    let servers = fields.opt_texts(name, 16, 2048)?.unwrap_or_default();
    servers
        .iter()
        .map(|server| Endpoint::parse(server, profile).map_err(|_| fields.error(name, Problem::NotAllowed)))
        .collect()
}

fn read_batch_size(fields: &Fields<'_>) -> Result<Option<usize>, FieldError> {
    let Some(batch) = fields.opt_object("batch_credential_issuance")? else {
        return Ok(None);
    };
    let batch = Fields::new(batch, "batch_credential_issuance");
    let size = batch
        .opt_u64("batch_size")?
        .ok_or_else(|| batch.error("batch_size", Problem::Missing))?;
    // CI-22, §12.2.4: 2 or more.
    match usize::try_from(size) {
        Ok(size) if size >= 2 => Ok(Some(size)),
        _ => Err(batch.error("batch_size", Problem::NotAllowed)),
    }
}

fn read_configurations(
    fields: &Fields<'_>,
    profile: &Profile,
) -> Result<Sorted<String, CredentialConfiguration>, FieldError> {
    let name = "credential_configurations_supported";
    let object = fields
        .opt_object(name)?
        .ok_or_else(|| fields.error(name, Problem::Missing))?;
    if object.len() > MAX_CONFIGURATIONS {
        return Err(fields.error(name, Problem::TooLong));
    }
    object
        .iter()
        .map(|(id, value)| {
            let at = format!("{name}.{id}");
            Ok((id.clone(), CredentialConfiguration::read(value, &at, profile)?))
        })
        .collect()
}
