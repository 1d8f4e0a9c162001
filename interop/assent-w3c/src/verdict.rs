//! The outcome of a check.

use serde_json::{Value, json};

/// How a credential is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// VC Data Model 1.1 §6.3.1: a JWT with the claim `vc`.
    JwtVcJson,
    /// VC-JOSE-COSE: a JWT whose payload is a VC Data Model 2.0 credential.
    VcJwt,
    /// A Data Integrity proof inside the credential.
    DataIntegrity,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::JwtVcJson => "jwt_vc_json",
            Self::VcJwt => "vc+jwt",
            Self::DataIntegrity => "data_integrity",
        }
    }
}

/// Something found: a stable code and a sentence without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, listed in README.md.
    pub code: &'static str,
    /// For developers.
    pub message: String,
}

impl Finding {
    /// A finding.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn json(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

/// The verdict on a credential.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// How it is secured, when that could be told.
    pub format: Option<Format>,
    /// What a valid credential says, or the first reason why it is not valid.
    pub outcome: Result<Verified, Finding>,
}

/// What a valid credential says.
#[derive(Clone)]
pub struct Verified {
    /// Algorithm or cryptosuite.
    pub suite: String,
    /// The issuer's DID.
    pub issuer: String,
    /// The credential, as the proof covers it.
    pub credential: Value,
    /// `validFrom` or `issuanceDate`, RFC 3339.
    pub valid_from: Option<String>,
    /// `validUntil` or `expirationDate`, RFC 3339.
    pub valid_until: Option<String>,
}

// Claims are personal: never printed.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("suite", &self.suite)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Verdict {
    /// True when every check passed.
    pub fn is_verified(&self) -> bool {
        self.outcome.is_ok()
    }

    /// The code of the reason why not; empty when verified.
    pub fn code(&self) -> &'static str {
        self.outcome.as_ref().err().map_or("", |finding| finding.code)
    }

    /// The JSON form of README.md. Claims appear only when they were verified.
    pub fn to_json(&self) -> Value {
        let format = self.format.map(Format::name);
        match &self.outcome {
            Ok(verified) => {
                let mut warnings = Vec::new();
                if verified.credential.get("credentialStatus").is_some() {
                    let text = "the credential has a status; it was not looked up";
                    warnings.push(Finding::new("w3c-status-unchecked", text).json());
                }
                json!({
                    "verified": true,
                    "format": format,
                    "suite": verified.suite,
                    "issuer": verified.issuer,
                    "types": as_list(verified.credential.get("type")),
                    "subject": as_list(verified.credential.get("credentialSubject")),
                    "status": verified.credential.get("credentialStatus"),
                    "valid_from": verified.valid_from,
                    "valid_until": verified.valid_until,
                    "errors": [],
                    "warnings": warnings,
                })
            }
            Err(finding) => json!({
                "verified": false,
                "format": format,
                "suite": null,
                "issuer": null,
                "types": [],
                "subject": [],
                "status": null,
                "valid_from": null,
                "valid_until": null,
                "errors": [finding.json()],
                "warnings": [],
            }),
        }
    }
}

/// JSON-LD lets one value stand for a list of one.
fn as_list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(many)) => many.clone(),
        Some(one) => vec![one.clone()],
    }
}
