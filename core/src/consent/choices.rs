//! Reading any DCQL query backwards into what a person can decide: one required block, and switches.
//!
//! This is the rule of [`super::compile`] read the other way, and it holds for queries of services that know
//! nothing of us.

use crate::dcql::DcqlQuery;

use super::compile::RECEIPT_QUERY;
use super::compile::RECEIPT_VCT;
use crate::dcql::Meta;

/// What can be decided about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// What must be answered; each entry by one of its alternatives. Approved or declined as a whole.
    pub required: Vec<Choice>,
    /// What may be answered: one switch each, off until the person turns it on.
    pub optional: Vec<Choice>,
    /// The service has a place for a receipt: the id of that credential query.
    pub receipt_query: Option<String>,
}

/// One credential set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Position among the sets of the query, from 0.
    pub set: usize,
    /// Alternatives in the service's order of preference; each names credential queries answered together.
    pub options: Vec<Vec<String>>,
}

impl Choices {
    /// Reads `query`. Without `credential_sets` everything is one required block (OpenID4VP 1.0 §6.4.2).
    #[must_use]
    pub fn of(query: &DcqlQuery) -> Self {
        let receipt_query = receipt_query(query);
        let mut out = Self {
            required: Vec::new(),
            optional: Vec::new(),
            receipt_query,
        };
        for (set, entry) in query.sets().iter().enumerate() {
            let is_receipt = match (&out.receipt_query, entry.options.as_slice()) {
                (Some(id), [only]) => !entry.required && only.as_slice() == [id.clone()],
                _ => false,
            };
            if is_receipt {
                continue;
            }
            let choice = Choice {
                set,
                options: entry.options.clone(),
            };
            if entry.required {
                out.required.push(choice);
            } else {
                out.optional.push(choice);
            }
        }
        out
    }
}

/// A receipt is only a receipt where it may be left out: a service must not make it a condition.
fn receipt_query(query: &DcqlQuery) -> Option<String> {
    let asked = query.credential(RECEIPT_QUERY)?;
    let is_receipt =
        matches!(asked.meta(), Meta::SdJwtVc { vct_values } if vct_values.as_slice() == [RECEIPT_VCT]);
    let optional_alone = query.sets().iter().any(|set| {
        !set.required && matches!(set.options.as_slice(), [only] if only.as_slice() == [RECEIPT_QUERY])
    });
    let elsewhere = query
        .sets()
        .iter()
        .filter(|set| set.options.iter().flatten().any(|id| id == RECEIPT_QUERY))
        .count();
    (is_receipt && optional_alone && elsewhere == 1).then(|| RECEIPT_QUERY.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn choices(query: &Value) -> Choices {
        Choices::of(&DcqlQuery::parse(query).unwrap())
    }

    fn credential(id: &str, vct: &str) -> Value {
        json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [vct] } })
    }

    #[test]
    fn without_sets_everything_is_required() {
        let read = choices(&json!({ "credentials": [credential("a", "x"), credential("b", "y")] }));
        assert_eq!(read.required.len(), 1);
        assert_eq!(read.required[0].options, [["a", "b"]]);
        assert!(read.optional.is_empty() && read.receipt_query.is_none());
    }

    #[test]
    fn sets_become_blocks_and_switches() {
        let read = choices(&json!({
            "credentials": [credential("a", "x"), credential("b", "y"), credential("c", "z")],
            "credential_sets": [
                { "options": [["a"], ["b"]] },
                { "options": [["c"]], "required": false }
            ]
        }));
        assert_eq!(
            read.required,
            [Choice {
                set: 0,
                options: vec![vec!["a".into()], vec!["b".into()]]
            }]
        );
        assert_eq!(
            read.optional,
            [Choice {
                set: 1,
                options: vec![vec!["c".into()]]
            }]
        );
    }

    #[test]
    fn a_receipt_that_is_demanded_is_an_ordinary_query() {
        let optional = |required: bool| {
            choices(&json!({
                "credentials": [credential("a", "x"), credential(RECEIPT_QUERY, RECEIPT_VCT)],
                "credential_sets": [
                    { "options": [["a"]] },
                    { "options": [[RECEIPT_QUERY]], "required": required }
                ]
            }))
        };
        assert_eq!(optional(false).receipt_query.as_deref(), Some(RECEIPT_QUERY));
        assert!(optional(false).optional.is_empty());
        assert_eq!(optional(true).receipt_query, None);
        assert_eq!(optional(true).required.len(), 2);
        let other_type = choices(&json!({
            "credentials": [credential("a", "x"), credential(RECEIPT_QUERY, "other")],
            "credential_sets": [{ "options": [["a"]] }, { "options": [[RECEIPT_QUERY]], "required": false }]
        }));
        assert_eq!((other_type.receipt_query, other_type.optional.len()), (None, 1));
    }
}
