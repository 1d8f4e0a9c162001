//! From terms to a DCQL query: the required attributes as one block, each optional one as its own switch, and a
//! place for the receipt.
//!
//! DCQL has no optional claims: a wallet must not return a part of the claims of a query (OpenID4VP 1.0 §6.4.1).
//! So what may be kept back is a credential query of its own, in a credential set that is not required (§6.4.2).
//! Wallets that know nothing of consent show the same choices by the same rule.

use serde_json::{Value, json};

use super::terms::{Attribute, ConsentTerms};
use super::texts::Texts;
use crate::dcql::{DcqlQuery, QueryError};

/// The credential type of receipts.
pub const RECEIPT_VCT: &str = "urn:assent:consent-receipt:1";

/// The id of the credential query that asks for the receipt.
pub const RECEIPT_QUERY: &str = "receipt";

/// The id of the purpose that covers the required attributes.
pub const REQUIRED_PURPOSE: &str = "required";

/// One thing the person decides about: the required block, or one switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// `required`, or `optional-1`, `optional-2` …; names the purpose in receipts and withdrawals.
    pub id: String,
    /// The block that cannot be left out.
    pub required: bool,
    /// Why. An optional attribute without its own reason has the main one.
    pub text: Texts,
    /// What is asked for.
    pub attributes: Vec<Attribute>,
    /// The credential queries that ask for it, one per credential type.
    pub query_ids: Vec<String>,
}

impl ConsentTerms {
    /// The purposes, the required block first. The same terms always give the same ids, so both sides can compute
    /// them.
    #[must_use]
    pub fn purposes(&self) -> Vec<Purpose> {
        let mut out = Vec::new();
        if !self.required.is_empty() {
            out.push(purpose(
                REQUIRED_PURPOSE.to_owned(),
                true,
                self.purpose.clone(),
                self.required.clone(),
            ));
        }
        let mut groups: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
        for (index, optional) in self.optional.iter().enumerate() {
            let group = optional.group.as_deref();
            match groups
                .iter_mut()
                .find(|(name, _)| group.is_some() && *name == group)
            {
                Some((_, members)) => members.push(index),
                None => groups.push((group, vec![index])),
            }
        }
        for (number, (_, members)) in groups.into_iter().enumerate() {
            let members: Vec<_> = members
                .iter()
                .filter_map(|index| self.optional.get(*index))
                .collect();
            let text = members
                .iter()
                .find_map(|member| member.purpose.clone())
                .unwrap_or_else(|| self.purpose.clone());
            let attributes = members.iter().map(|member| member.attribute.clone()).collect();
            out.push(purpose(
                format!("optional-{}", number + 1),
                false,
                text,
                attributes,
            ));
        }
        out
    }

    /// The DCQL query that asks for exactly these terms, with an optional query for the receipt.
    ///
    /// # Errors
    /// [`QueryError`] when there are more credential types and switches than a query may have.
    pub fn to_dcql(&self) -> Result<DcqlQuery, QueryError> {
        let mut credentials = Vec::new();
        let mut sets = Vec::new();
        for purpose in self.purposes() {
            for (vct, id) in credential_types(&purpose.attributes)
                .into_iter()
                .zip(&purpose.query_ids)
            {
                let claims = purpose.attributes.iter().filter(|attribute| attribute.vct == vct);
                let claims: Vec<Value> = claims
                    .map(|attribute| json!({ "path": attribute.path }))
                    .collect();
                credentials.push(json!({
                    "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [vct] }, "claims": claims,
                }));
            }
            if purpose.required {
                sets.push(json!({ "options": [purpose.query_ids] }));
            } else {
                sets.push(json!({ "options": [purpose.query_ids], "required": false }));
            }
        }
        // The receipt has nothing to keep back, so the query names no claims (OpenID4VP 1.0 §6.4.1).
        credentials.push(json!({
            "id": RECEIPT_QUERY, "format": "dc+sd-jwt", "meta": { "vct_values": [RECEIPT_VCT] },
        }));
        sets.push(json!({ "options": [[RECEIPT_QUERY]], "required": false }));
        DcqlQuery::parse(&json!({ "credentials": credentials, "credential_sets": sets }))
    }
}

fn purpose(id: String, required: bool, text: Texts, attributes: Vec<Attribute>) -> Purpose {
    let types = credential_types(&attributes).len();
    let query_ids = (1..=types)
        .map(|number| {
            if types == 1 {
                id.clone()
            } else {
                format!("{id}-{number}")
            }
        })
        // `optional-1-2` cannot be mistaken for another purpose: those have one number only.
        .collect();
    Purpose {
        id,
        required,
        text,
        attributes,
        query_ids,
    }
}

/// The credential types of `attributes`, each once, in order of appearance.
fn credential_types(attributes: &[Attribute]) -> Vec<&str> {
    let mut types: Vec<&str> = Vec::new();
    for attribute in attributes {
        if !types.contains(&attribute.vct.as_str()) {
            types.push(&attribute.vct);
        }
    }
    types
}
