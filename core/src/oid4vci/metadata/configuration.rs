//! One entry of `credential_configurations_supported` (OpenID4VCI 1.0 §12.2.4, Appendices A and B.2).

use serde_json::{Map, Value, json};

use super::super::offer::insert;
use super::Display;
use crate::claims::{ClaimsPath, PathElement};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};
use crate::profile::Profile;
use crate::sorted::Sorted;

/// A kind of credential an issuer can issue.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct CredentialConfiguration {
    /// Format and type.
    pub kind: CredentialKind,
    /// OAuth scope; HAIP 1.0 §4.1 demands one.
    pub scope: Option<String>,
    /// Key binding methods, e.g. `jwk`; empty when the credential is not bound to a key.
    pub binding_methods: Vec<String>,
    /// Signature algorithms of the credential: JOSE names, or COSE numbers written in decimal.
    pub signing_algorithms: Vec<String>,
    /// Key proofs that are accepted, by proof type. Empty: no proof may be sent (CI-21).
    pub proof_types: Sorted<String, ProofType>,
    /// How to name the card.
    pub display: Vec<Display>,
    /// The details it has.
    pub claims: Vec<ClaimDescription>,
}

/// Format and type of a credential.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(tag = "format")]
pub enum CredentialKind {
    /// `dc+sd-jwt` (Appendix A.3).
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc {
        /// The credential type.
        vct: String,
    },
    /// `mso_mdoc` (Appendix A.2).
    #[serde(rename = "mso_mdoc")]
    MsoMdoc {
        /// The document type.
        doctype: String,
    },
    /// A format we do not handle, or one of the above without its type.
    #[serde(rename = "other")]
    Other {
        /// Its name.
        name: String,
    },
}

/// What a key proof of one type must be like.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ProofType {
    /// Algorithms that are accepted.
    pub signing_algorithms: Vec<String>,
    /// What the issuer demands of key attestations (Appendix D); `None` when it demands none.
    pub key_attestations_required: Option<KeyAttestationsRequired>,
}

/// What a key attestation must say, by the issuer's metadata (§12.2.4). An empty list demands nothing in particular.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct KeyAttestationsRequired {
    /// Accepted values of `key_storage`.
    #[serde(default)]
    pub key_storage: Vec<String>,
    /// Accepted values of `user_authentication`.
    #[serde(default)]
    pub user_authentication: Vec<String>,
}

/// One detail of a credential (Appendix B.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ClaimDescription {
    /// Where it is.
    pub path: ClaimsPath,
    /// The issuer always includes it.
    pub mandatory: bool,
    /// How to name it.
    pub display: Vec<Display>,
}

impl CredentialConfiguration {
    pub(super) fn read(value: &Value, at: &str, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::of(value, at)?;
        let format = fields.text("format", 64)?;
        let kind = match (
            format,
            fields.opt_text("vct", 512)?,
            fields.opt_text("doctype", 512)?,
        ) {
            ("dc+sd-jwt", Some(vct), _) => CredentialKind::SdJwtVc { vct: vct.to_owned() },
            ("mso_mdoc", _, Some(doctype)) => CredentialKind::MsoMdoc {
                doctype: doctype.to_owned(),
            },
            // Not an error of the whole document: the issuer may offer many kinds, and only one is wanted.
            _ => CredentialKind::Other {
                name: format.to_owned(),
            },
        };
        let scope = fields.opt_text("scope", 512)?.map(str::to_owned);
        // HAIP 1.0 §4.1: a scope for every configuration.
        if profile.haip && scope.is_none() {
            return Err(fields.error("scope", Problem::Missing));
        }
        let binding_methods = fields
            .opt_texts("cryptographic_binding_methods_supported", 16, 64)?
            .unwrap_or_default();
        let proof_types = read_proof_types(&fields)?;
        // §12.2.4 wants the two together, and the specification's own mdoc example breaks that. Such a configuration
        // reads, but without a proof type a wallet has nothing to prove its key with.
        let (display, claims) = match fields.opt_object("credential_metadata")? {
            Some(metadata) => {
                let at = fields.path("credential_metadata");
                let metadata = Fields::new(metadata, &at);
                (Display::read_all(&metadata, "display")?, read_claims(&metadata)?)
            }
            // Drafts had both one level up, and many issuers still do. (In older drafts `claims` was an object: skipped.)
            None => {
                let claims = match fields.get("claims") {
                    Some(Value::Array(_)) => read_claims(&fields)?,
                    _ => Vec::new(),
                };
                (Display::read_all(&fields, "display")?, claims)
            }
        };
        Ok(Self {
            kind,
            scope,
            binding_methods,
            signing_algorithms: read_algorithms(&fields)?,
            proof_types,
            display,
            claims,
        })
    }

    /// The JSON form. `credential_metadata` is always written: some wallets tell the final version from drafts by it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        match &self.kind {
            CredentialKind::SdJwtVc { vct } => {
                insert(&mut out, "format", Some("dc+sd-jwt"));
                insert(&mut out, "vct", Some(vct));
            }
            CredentialKind::MsoMdoc { doctype } => {
                insert(&mut out, "format", Some("mso_mdoc"));
                insert(&mut out, "doctype", Some(doctype));
            }
            CredentialKind::Other { name } => insert(&mut out, "format", Some(name)),
        }
        insert(&mut out, "scope", self.scope.as_deref());
        if !self.binding_methods.is_empty() {
            out.insert(
                "cryptographic_binding_methods_supported".into(),
                json!(self.binding_methods),
            );
        }
        if !self.signing_algorithms.is_empty() {
            let cose = matches!(self.kind, CredentialKind::MsoMdoc { .. });
            let algorithm = |name: &String| match name.parse::<i64>() {
                Ok(number) if cose => Value::from(number),
                _ => Value::from(name.as_str()),
            };
            let list = self.signing_algorithms.iter().map(algorithm).collect();
            out.insert(
                "credential_signing_alg_values_supported".into(),
                Value::Array(list),
            );
        }
        if !self.proof_types.is_empty() {
            let types = self.proof_types.iter().map(|(name, proof)| {
                let mut value = json!({ "proof_signing_alg_values_supported": proof.signing_algorithms });
                if let Some(required) = &proof.key_attestations_required {
                    value["key_attestations_required"] = required.to_json();
                }
                (name.clone(), value)
            });
            out.insert("proof_types_supported".into(), Value::Object(types.collect()));
        }
        let mut metadata = Map::new();
        if let Some(display) = Display::all_to_json(&self.display) {
            metadata.insert("display".into(), display);
        }
        if !self.claims.is_empty() {
            let claims = self.claims.iter().map(ClaimDescription::to_json).collect();
            metadata.insert("claims".into(), Value::Array(claims));
        }
        out.insert("credential_metadata".into(), Value::Object(metadata));
        Value::Object(out)
    }
}

impl KeyAttestationsRequired {
    fn read(object: &Object) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "key_attestations_required");
        // §12.2.4: non-empty where they are there.
        let levels = |name| Ok(fields.opt_texts(name, 16, 256)?.unwrap_or_default());
        Ok(Self {
            key_storage: levels("key_storage")?,
            user_authentication: levels("user_authentication")?,
        })
    }

    fn to_json(&self) -> Value {
        let mut out = Map::new();
        for (name, levels) in [
            ("key_storage", &self.key_storage),
            ("user_authentication", &self.user_authentication),
        ] {
            if !levels.is_empty() {
                out.insert(name.into(), json!(levels));
            }
        }
        Value::Object(out)
    }
}

impl ClaimDescription {
    fn read(value: &Value, at: &str) -> Result<Self, FieldError> {
        let fields = Fields::of(value, at)?;
        let path = ClaimsPath::from_json(fields.required("path")?)
            .map_err(|_| fields.error("path", Problem::WrongType))?;
        Ok(Self {
            path,
            mandatory: fields.opt_bool("mandatory")?.unwrap_or(false),
            display: Display::read_all(&fields, "display")?,
        })
    }

    fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("path".into(), self.path.to_json());
        if self.mandatory {
            out.insert("mandatory".into(), Value::Bool(true));
        }
        if let Some(display) = Display::all_to_json(&self.display) {
            out.insert("display".into(), display);
        }
        Value::Object(out)
    }
}

fn read_claims(fields: &Fields<'_>) -> Result<Vec<ClaimDescription>, FieldError> {
    let Some(list) = fields.opt_list("claims", 512)? else {
        return Ok(Vec::new());
    };
    let at = fields.path("claims");
    let claims = list
        .iter()
        .map(|entry| ClaimDescription::read(entry, &at))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, claim) in claims.iter().enumerate() {
        // Appendix B.3: repeated or contradictory paths abort the processing.
        if claims[..index]
            .iter()
            .any(|seen| seen.path == claim.path || contradicts(&seen.path, &claim.path))
        {
            return Err(fields.error("claims", Problem::NotAllowed));
        }
    }
    Ok(claims)
}

/// True when one path wants an object and the other an array at the same place.
fn contradicts(a: &ClaimsPath, b: &ClaimsPath) -> bool {
    let step = a.elements().iter().zip(b.elements()).find(|(a, b)| a != b);
    step.is_some_and(|(a, b)| matches!(a, PathElement::Key(_)) != matches!(b, PathElement::Key(_)))
}

fn read_algorithms(fields: &Fields<'_>) -> Result<Vec<String>, FieldError> {
    let name = "credential_signing_alg_values_supported";
    let Some(list) = fields.opt_list(name, 32)? else {
        return Ok(Vec::new());
    };
    list.iter()
        .map(|entry| match entry {
            Value::String(text) if text.len() <= 64 => Ok(text.clone()),
            // Appendix A.2.2: numbers for COSE.
            Value::Number(number) if number.as_i64().is_some() => Ok(number.to_string()),
            _ => Err(fields.error(name, Problem::WrongType)),
        })
        .collect()
}

fn read_proof_types(fields: &Fields<'_>) -> Result<Sorted<String, ProofType>, FieldError> {
    let name = "proof_types_supported";
    let Some(types) = fields.opt_object(name)? else {
        return Ok(Sorted::new());
    };
    if types.is_empty() || types.len() > 16 {
        return Err(fields.error(name, Problem::WrongType));
    }
    let at = fields.path(name);
    let read = |(kind, value): (&String, &Value)| {
        let proof = Fields::of(value, &at)?;
        let algorithms = "proof_signing_alg_values_supported";
        let signing_algorithms = proof
            .opt_texts(algorithms, 32, 64)?
            .ok_or_else(|| proof.error(algorithms, Problem::Missing))?;
        let attestations: Option<&Object> = proof.opt_object("key_attestations_required")?;
        Ok((
            kind.clone(),
            ProofType {
                signing_algorithms,
                key_attestations_required: attestations.map(KeyAttestationsRequired::read).transpose()?,
            },
        ))
    };
    types.iter().map(read).collect()
}
