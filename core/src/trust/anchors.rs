//! The configured anchors, and their JSON form:
//!
//! ```json
//! { "access":  [ { "name": "Access CA", "certificate": "<base64 of DER>" } ],
//!   "issuers": [ { "name": "PID CA", "certificate": "<base64 of DER>", "vct": ["urn:eudi:pid:1"] },
//!                { "name": "One issuer", "certificate": "<…>", "vct": ["…"], "directly_trusted": true } ],
//!   "status":  [ { "name": "Status CA", "certificate": "<base64 of DER>" } ],
//!   "wallet_providers": [ { "name": "Wallet CA", "certificate": "<base64 of DER>" } ] }
//! ```
//!
//! `directly_trusted` trusts one end-entity certificate as it is, without a chain: for issuers whose authority is
//! not published. It never trusts what that certificate might sign. Unknown members are ignored.

use std::fmt;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use serde_json::{Value, json};

use super::AnchorError;
use super::certificate::{Certificate, Validity};
use super::memo::Memo;
use crate::crypto::{PublicKey, sha256};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::env::Timestamp;

/// What a chain is for. An anchor counts for its own role only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Access certificates of relying parties: who may ask.
    AccessCertificate,
    /// Issuers of credentials.
    CredentialIssuer,
    /// Signers of status lists other than the credential's own issuer.
    StatusListSigner,
    /// Wallet providers: who may say that a wallet is genuine and how keys are kept.
    WalletProvider,
}

/// One configured anchor.
#[derive(Clone)]
pub struct Anchor {
    /// What the operator calls it; shown to people.
    pub name: String,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// The credential types it may issue; only for [`Role::CredentialIssuer`].
    pub vct: Vec<String>,
    /// True for one end-entity certificate trusted as it is.
    pub directly_trusted: bool,
}

impl Anchor {
    /// When it ends, both it and every chain to it; `None` when the certificate cannot be read.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        let certificate = Certificate::read(&self.certificate).ok()?;
        Some(certificate.validity().not_after)
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor")
            .field("name", &self.name)
            .field("vct", &self.vct)
            .field("directly_trusted", &self.directly_trusted)
            .finish_non_exhaustive()
    }
}

/// The configured anchors of all roles, parsed once.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors {
    access: RoleAnchors,
    issuers: RoleAnchors,
    status: RoleAnchors,
    wallet_providers: RoleAnchors,
}

impl TrustAnchors {
    /// No anchors: nothing is trusted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an anchor for `role`.
    ///
    /// # Errors
    /// [`AnchorError`] when the certificate cannot be used as an anchor.
    pub fn add(&mut self, role: Role, anchor: Anchor) -> Result<(), AnchorError> {
        match role {
            Role::AccessCertificate => self.access.add(anchor),
            Role::CredentialIssuer => self.issuers.add(anchor),
            Role::StatusListSigner => self.status.add(anchor),
            Role::WalletProvider => self.wallet_providers.add(anchor),
        }
    }

    /// The anchors of `role`, in the order they were added.
    pub fn anchors(&self, role: Role) -> impl Iterator<Item = &Anchor> {
        self.role(role).entries.iter().map(|entry| &entry.anchor)
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn from_json(value: &Value) -> Result<Self, AnchorError> {
        let object = value
            .as_object()
            .ok_or_else(|| AnchorError::Malformed("the top".into()))?;
        let mut anchors = Self::new();
        for (member, role) in ROLES {
            let list = match object.get(member) {
                None => continue,
                Some(Value::Array(list)) => list,
                Some(_) => return Err(AnchorError::Malformed(member.into())),
            };
            for (index, entry) in list.iter().enumerate() {
                let anchor = read_anchor(entry, role)
                    .ok_or_else(|| AnchorError::Malformed(format!("{member}[{index}]")))?;
                anchors.add(role, anchor)?;
            }
        }
        Ok(anchors)
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Object::new();
        for (member, role) in ROLES {
            let list = self.anchors(role).map(write_anchor).collect();
            out.insert(member.into(), Value::Array(list));
        }
        Value::Object(out)
    }

    pub(super) fn role(&self, role: Role) -> &RoleAnchors {
        match role {
            Role::AccessCertificate => &self.access,
            Role::CredentialIssuer => &self.issuers,
            Role::StatusListSigner => &self.status,
            Role::WalletProvider => &self.wallet_providers,
        }
    }
}

const ROLES: [(&str, Role); 4] = [
    ("access", Role::AccessCertificate),
    ("issuers", Role::CredentialIssuer),
    ("status", Role::StatusListSigner),
    ("wallet_providers", Role::WalletProvider),
];

/// The anchors of one role. `roots` are those path building may end at.
#[derive(Debug, Clone, Default)]
pub(super) struct RoleAnchors {
    pub(super) entries: Vec<Entry>,
    pub(super) roots: Vec<TrustAnchor<'static>>,
    pub(super) memo: Memo,
}

/// An anchor with what was read from its certificate.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) anchor: Anchor,
    pub(super) sha256: [u8; 32],
    pub(super) validity: Validity,
    /// Index into `roots`; `None` for a directly trusted certificate.
    pub(super) root: Option<usize>,
}

impl RoleAnchors {
    fn add(&mut self, anchor: Anchor) -> Result<(), AnchorError> {
        let refused = || AnchorError::Certificate(anchor.name.clone());
        let certificate = Certificate::read(&anchor.certificate).map_err(|_| refused())?;
        PublicKey::from_spki_der(certificate.public_key_der()).map_err(|_| refused())?;
        let root = if anchor.directly_trusted {
            None
        } else {
            // RFC 5280 §4.2.1.9, §4.2.1.3.
            if !certificate.is_authority() {
                return Err(AnchorError::NotAnAuthority(anchor.name));
            }
            let der = CertificateDer::from(anchor.certificate.as_slice());
            let root = webpki::anchor_from_trusted_cert(&der)
                .map_err(|_| refused())?
                .to_owned();
            // The same authority may be listed twice, with different types.
            let known = self.roots.iter().position(|known| *known == root);
            Some(known.unwrap_or_else(|| {
                self.roots.push(root);
                self.roots.len() - 1
            }))
        };
        self.memo.clear();
        self.entries.push(Entry {
            sha256: sha256(&anchor.certificate),
            validity: certificate.validity(),
            anchor,
            root,
        });
        Ok(())
    }
}

fn read_anchor(entry: &Value, role: Role) -> Option<Anchor> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let vct = match (role, entry.get("vct")) {
        (Role::CredentialIssuer, Some(Value::Array(types))) => types
            .iter()
            .map(|vct| vct.as_str().map(ToOwned::to_owned))
            .collect::<Option<_>>()?,
        // An issuer trusted for nothing is a mistake in the list.
        (Role::CredentialIssuer, _) => return None,
        _ => Vec::new(),
    };
    let directly_trusted = match entry.get("directly_trusted") {
        None => false,
        Some(flag) => flag.as_bool()?,
    };
    Some(Anchor {
        name: text("name")?.to_owned(),
        certificate: base64url::decode_standard(text("certificate")?).ok()?,
        vct,
        directly_trusted,
    })
}

fn write_anchor(anchor: &Anchor) -> Value {
    let mut out = Object::new();
    out.insert("name".into(), Value::from(anchor.name.as_str()));
    out.insert(
        "certificate".into(),
        Value::from(base64url::encode_standard(&anchor.certificate)),
    );
    if !anchor.vct.is_empty() {
        out.insert("vct".into(), json!(anchor.vct));
    }
    if anchor.directly_trusted {
        out.insert("directly_trusted".into(), Value::Bool(true));
    }
    Value::Object(out)
}
