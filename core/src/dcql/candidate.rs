//! A credential as the query sees it.

use std::fmt;

use serde_json::Value;

/// A credential that may answer a query: one the wallet holds, or one a verifier received and verified.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The caller's name for it.
    pub id: &'a str,
    /// Format and type.
    pub credential_type: CredentialType<'a>,
    /// Its claims. SD-JWT VC: the processed payload with everything the holder could disclose (wallet) or did
    /// disclose (verifier). mdoc: an object of namespaces, each an object of data elements.
    pub claims: &'a Value,
    /// True when it is bound to a key of the holder (wallet), or that binding was verified (verifier).
    pub holder_bound: bool,
    /// What `trusted_authorities` can be matched with.
    pub authorities: Authorities<'a>,
}

/// Format and type of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialType<'a> {
    /// An SD-JWT VC.
    SdJwtVc {
        /// Its `vct`.
        vct: &'a str,
        /// The types it extends, from trusted type metadata; empty when unknown.
        extends: &'a [String],
    },
    /// An ISO mdoc.
    MsoMdoc {
        /// Its document type.
        doctype: &'a str,
    },
    /// A W3C credential as JWT.
    JwtVcJson {
        /// Its fully expanded types.
        types: &'a [String],
    },
    /// A W3C credential with a Data Integrity proof.
    LdpVc {
        /// Its fully expanded types.
        types: &'a [String],
    },
}

/// The authorities above a credential's issuer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Authorities<'a> {
    /// AuthorityKeyIdentifiers of every certificate in the issuer's chain, as bytes.
    pub key_identifiers: &'a [Vec<u8>],
    /// ETSI trusted lists that name the issuer.
    pub trusted_lists: &'a [String],
    /// Entities in the issuer's OpenID Federation trust chain.
    pub federation_entities: &'a [String],
}

// Claims are personal data: never printed.
impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("id", &self.id)
            .field("credential_type", &self.credential_type)
            .finish_non_exhaustive()
    }
}
