//! `verifier_info`: attested facts about the verifier, for instance registration certificates or a signed consent
//! request (OpenID4VP 1.0 §5.1, §5.11).

use serde_json::Value;

use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};

/// Most entries accepted.
const MAX_ENTRIES: usize = 16;

/// One entry. Reading it checks its form only: whoever knows its format verifies signature and binding.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct VerifierInfo {
    /// What `data` is.
    pub format: String,
    /// An object or a string, as the format says.
    pub data: Value,
    /// The credential queries it is about; empty for all.
    pub credential_ids: Vec<String>,
}

impl VerifierInfo {
    /// An entry about the whole request.
    #[must_use]
    pub fn new(format: impl Into<String>, data: impl Into<Value>) -> Self {
        Self {
            format: format.into(),
            data: data.into(),
            credential_ids: Vec::new(),
        }
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Object::new();
        out.insert("format".into(), Value::from(self.format.as_str()));
        out.insert("data".into(), self.data.clone());
        if !self.credential_ids.is_empty() {
            out.insert("credential_ids".into(), Value::from(self.credential_ids.clone()));
        }
        Value::Object(out)
    }

    /// Reads the parameter: a non-empty array of entries. `None` when it is malformed or names credential queries
    /// for which `is_known` is false.
    pub(super) fn parse_all(value: &Value, is_known: impl Fn(&str) -> bool) -> Option<Vec<Self>> {
        let entries = value.as_array()?;
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            return None;
        }
        let entries = entries.iter().map(Self::parse).collect::<Option<Vec<_>>>()?;
        let known = entries
            .iter()
            .flat_map(|entry| &entry.credential_ids)
            .all(|id| is_known(id));
        known.then_some(entries)
    }

    /// Reads one entry; `None` when it is malformed.
    #[must_use]
    pub fn parse(value: &Value) -> Option<Self> {
        let entry = value.as_object()?;
        let format = entry
            .get("format")?
            .as_str()
            .filter(|format| !format.is_empty())?;
        let data = entry
            .get("data")
            .filter(|data| data.is_object() || data.is_string())?;
        let credential_ids = match entry.get("credential_ids") {
            None => Vec::new(),
            Some(Value::Array(ids)) if !ids.is_empty() => ids
                .iter()
                .map(|id| id.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            Some(_) => return None,
        };
        Some(Self {
            format: format.to_owned(),
            data: data.clone(),
            credential_ids,
        })
    }
}
