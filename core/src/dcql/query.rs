//! The query as typed data. Built only by [`DcqlQuery::parse`], so a value of these types is always valid.

use serde_json::{Map, Value};

use super::error::QueryError;
use super::value::ClaimValue;
use crate::claims::ClaimsPath;
use crate::encoding::record::put;
use crate::encoding::record::{FromJson, Malformed, ToJson};
use crate::record;

/// A valid DCQL query (OpenID4VP 1.0 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DcqlQuery {
    pub(super) credentials: Vec<CredentialQuery>,
    pub(super) credential_sets: Vec<CredentialSet>,
    pub(super) has_sets: bool,
}

/// One credential query (OpenID4VP 1.0 §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialQuery {
    pub(super) id: String,
    pub(super) meta: Meta,
    pub(super) multiple: bool,
    pub(super) trusted_authorities: Vec<TrustedAuthority>,
    pub(super) holder_binding: bool,
    pub(super) claims: Vec<ClaimQuery>,
    pub(super) claim_sets: Vec<Vec<usize>>,
}

/// Format and type constraint of a credential query (OpenID4VP 1.0 Appendix B).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meta {
    /// `dc+sd-jwt`: the credential's `vct` must be one of these, or extend one (B.3.5).
    SdJwtVc {
        /// `vct_values`, never empty.
        vct_values: Vec<String>,
    },
    /// `mso_mdoc`: the document type (B.2.3).
    MsoMdoc {
        /// `doctype_value`.
        doctype_value: String,
    },
    /// `jwt_vc_json`: W3C credentials as JWT (B.1.1).
    JwtVcJson {
        /// `type_values`: alternatives, each a list of fully expanded types that must all be present.
        type_values: Vec<Vec<String>>,
    },
    /// `ldp_vc`: W3C credentials with Data Integrity proofs (B.1.1).
    LdpVc {
        /// `type_values`: alternatives, each a list of fully expanded types that must all be present.
        type_values: Vec<Vec<String>>,
    },
    /// A format we do not know: nothing matches it.
    Other {
        /// The format identifier.
        format: String,
        /// Its `meta`, as sent.
        meta: Map<String, Value>,
    },
}

impl Meta {
    /// The credential format identifier.
    #[must_use]
    pub fn format(&self) -> &str {
        match self {
            Self::SdJwtVc { .. } => "dc+sd-jwt",
            Self::MsoMdoc { .. } => "mso_mdoc",
            Self::JwtVcJson { .. } => "jwt_vc_json",
            Self::LdpVc { .. } => "ldp_vc",
            Self::Other { format, .. } => format,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::SdJwtVc { vct_values } => record!({ "vct_values": vct_values }),
            Self::MsoMdoc { doctype_value } => record!({ "doctype_value": doctype_value }),
            Self::JwtVcJson { type_values } | Self::LdpVc { type_values } => {
                record!({ "type_values": type_values })
            }
            Self::Other { meta, .. } => Value::Object(meta.clone()),
        }
    }
}

/// One entry of `trusted_authorities` (OpenID4VP 1.0 §6.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedAuthority {
    /// How the authority is named.
    pub kind: TrustedAuthorityKind,
    /// The names, never empty. For `aki`: base64url key identifiers.
    pub values: Vec<String>,
}

/// How a trusted authority is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedAuthorityKind {
    /// `aki`: AuthorityKeyIdentifier of a certificate in the credential's chain.
    AuthorityKeyIdentifier,
    /// `etsi_tl`: an ETSI trusted list.
    EtsiTrustedList,
    /// `openid_federation`: an entity in the issuer's trust chain.
    OpenIdFederation,
    /// Another one: nothing matches it.
    Other(String),
}

impl TrustedAuthorityKind {
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "aki" => Self::AuthorityKeyIdentifier,
            "etsi_tl" => Self::EtsiTrustedList,
            "openid_federation" => Self::OpenIdFederation,
            other => Self::Other(other.to_owned()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::AuthorityKeyIdentifier => "aki",
            Self::EtsiTrustedList => "etsi_tl",
            Self::OpenIdFederation => "openid_federation",
            Self::Other(name) => name,
        }
    }
}

/// One claims query (OpenID4VP 1.0 §6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimQuery {
    /// Its id; always there when the credential query has claim sets.
    pub id: Option<String>,
    /// Where the claim is.
    pub path: ClaimsPath,
    /// Allowed values; empty for any.
    pub values: Vec<ClaimValue>,
    /// `intent_to_retain` (mdoc only, B.2.4).
    pub intent_to_retain: Option<bool>,
}

/// One credential set (OpenID4VP 1.0 §6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSet {
    /// Alternatives in the verifier's order of preference; each names credential queries to answer together.
    pub options: Vec<Vec<String>>,
    /// False when the answer may leave the whole set out.
    pub required: bool,
}

impl DcqlQuery {
    /// Reads and validates a query. Unknown members are ignored (OpenID4VP 1.0 §6).
    ///
    /// # Errors
    /// [`QueryError`], with the place in the query.
    pub fn parse(value: &Value) -> Result<Self, QueryError> {
        super::parse::query(value)
    }

    /// The credential queries, in the order sent.
    #[must_use]
    pub fn credentials(&self) -> &[CredentialQuery] {
        &self.credentials
    }

    /// The credential query with this id.
    #[must_use]
    pub fn credential(&self, id: &str) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|query| query.id == id)
    }

    /// The sets that decide what must be answered. A query without `credential_sets` is one required set with
    /// one option: all credential queries (OpenID4VP 1.0 §6.4.2).
    #[must_use]
    pub fn sets(&self) -> &[CredentialSet] {
        &self.credential_sets
    }

    /// True when `credential_sets` was sent (and [`DcqlQuery::sets`] is not the implied one).
    #[must_use]
    pub fn has_credential_sets(&self) -> bool {
        self.has_sets
    }

    /// The JSON form, with only the members we know, in a fixed order.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        let credentials = self.credentials.iter().map(CredentialQuery::to_json).collect();
        put(&mut out, "credentials", Value::Array(credentials));
        if self.has_sets {
            let sets = self.credential_sets.iter().map(|set| {
                let mut out = Map::new();
                set.options.put_json(&mut out, "options");
                if !set.required {
                    false.put_json(&mut out, "required");
                }
                Value::Object(out)
            });
            put(&mut out, "credential_sets", Value::Array(sets.collect()));
        }
        Value::Object(out)
    }
}

impl CredentialQuery {
    /// Its id: letters, digits, `_` and `-`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Format and type asked for.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// True when more than one presentation may be returned.
    #[must_use]
    pub fn multiple(&self) -> bool {
        self.multiple
    }

    /// `trusted_authorities`; empty for any.
    #[must_use]
    pub fn trusted_authorities(&self) -> &[TrustedAuthority] {
        &self.trusted_authorities
    }

    /// True when the presentation must prove possession of the holder's key (the default).
    #[must_use]
    pub fn requires_holder_binding(&self) -> bool {
        self.holder_binding
    }

    /// The claims asked for; empty when only what is always visible is wanted.
    #[must_use]
    pub fn claims(&self) -> &[ClaimQuery] {
        &self.claims
    }

    /// The alternatives of `claim_sets` as indexes into [`CredentialQuery::claims`], in order of preference;
    /// empty when absent.
    #[must_use]
    pub fn claim_sets(&self) -> &[Vec<usize>] {
        &self.claim_sets
    }

    fn to_json(&self) -> Value {
        let mut out = Map::new();
        self.id.as_str().put_json(&mut out, "id");
        self.meta.format().put_json(&mut out, "format");
        put(&mut out, "meta", self.meta.to_json());
        if self.multiple {
            true.put_json(&mut out, "multiple");
        }
        if !self.holder_binding {
            false.put_json(&mut out, "require_cryptographic_holder_binding");
        }
        if !self.trusted_authorities.is_empty() {
            let entries = self
                .trusted_authorities
                .iter()
                .map(|entry| record!({ "type": entry.kind.name(), "values": entry.values }));
            put(&mut out, "trusted_authorities", Value::Array(entries.collect()));
        }
        if !self.claims.is_empty() {
            let claims = self.claims.iter().map(ClaimQuery::to_json).collect();
            put(&mut out, "claims", Value::Array(claims));
        }
        if !self.claim_sets.is_empty() {
            let sets = self.claim_sets.iter().map(|set| {
                let ids = set
                    .iter()
                    .filter_map(|index| self.claims.get(*index)?.id.as_deref());
                Value::Array(ids.map(Value::from).collect())
            });
            put(&mut out, "claim_sets", Value::Array(sets.collect()));
        }
        Value::Object(out)
    }
}

impl ClaimQuery {
    fn to_json(&self) -> Value {
        let mut out = Map::new();
        if let Some(id) = &self.id {
            id.as_str().put_json(&mut out, "id");
        }
        put(&mut out, "path", self.path.to_json());
        if !self.values.is_empty() {
            let values = self.values.iter().map(ClaimValue::to_json).collect();
            put(&mut out, "values", Value::Array(values));
        }
        if let Some(flag) = self.intent_to_retain {
            flag.put_json(&mut out, "intent_to_retain");
        }
        Value::Object(out)
    }
}

impl serde::Serialize for DcqlQuery {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for DcqlQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value).map_err(serde::de::Error::custom)
    }
}

impl ToJson for DcqlQuery {
    fn write_json(&self) -> Value {
        self.to_json()
    }
}

impl FromJson for DcqlQuery {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::parse(&value).map_err(|_| Malformed("dcql_query"))
    }
}
