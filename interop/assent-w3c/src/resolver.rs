//! DID resolution: documents handed in by the caller first, then did:key and did:jwk, did:web only with leave.

use std::collections::HashMap;

use serde_json::Value;
use ssi::dids::resolution::{DIDMethodResolver as _, Error, Options, Output};
use ssi::dids::{DID, DIDJWK, DIDKey, DIDResolver};

use crate::protocol::Settings;
use crate::verdict::Finding;
use crate::web;

/// Resolves the DIDs of issuers.
#[derive(Debug, Clone)]
pub struct Resolver {
    handed_in: HashMap<String, Value>,
    settings: Settings,
}

impl Resolver {
    /// A resolver that knows `handed_in` documents by DID.
    pub fn new(handed_in: HashMap<String, Value>, settings: Settings) -> Self {
        Self { handed_in, settings }
    }

    /// The document of `did` as JSON.
    ///
    /// # Errors
    /// `w3c-issuer-key`.
    pub async fn document(&self, did: &str) -> Result<Value, Finding> {
        let failed =
            |why: String| Finding::new("w3c-issuer-key", format!("the DID cannot be resolved: {why}"));
        let parsed = DID::new(did).map_err(|_| failed("it is not a DID".to_owned()))?;
        let output = self
            .resolve(parsed)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let document = serde_json::to_value(output.document.document()).map_err(|e| failed(e.to_string()))?;
        // DID Core §3.1: a document speaks only for its own subject.
        if document.get("id").and_then(Value::as_str) != Some(did) {
            return Err(failed("the document is about another subject".to_owned()));
        }
        Ok(document)
    }
}

impl DIDResolver for Resolver {
    async fn resolve_representation<'a>(
        &'a self,
        did: &'a DID,
        options: Options,
    ) -> Result<Output<Vec<u8>>, Error> {
        if let Some(document) = self.handed_in.get(did.as_str()) {
            return Ok(json_output(document.to_string().into_bytes()));
        }
        let id = did.method_specific_id();
        match did.method_name() {
            "key" => DIDKey.resolve_method_representation(id, options).await,
            "jwk" => DIDJWK.resolve_method_representation(id, options).await,
            // Not ssi's own fetch: it follows redirects, reads without a bound and goes to private addresses.
            "web" if self.settings.allow_did_web => web::fetch(id, self.settings.allow_loopback)
                .await
                .map(json_output),
            other => Err(Error::MethodNotSupported(other.to_owned())),
        }
    }
}

fn json_output(bytes: Vec<u8>) -> Output<Vec<u8>> {
    Output::from_content(bytes, Some("application/did+json".to_owned()))
}
