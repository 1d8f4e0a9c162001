//! Where a credential says its status is (§6).

use serde_json::Value;

use super::StatusError;
use crate::encoding::record::{FromJson, ToJson};

/// The `status.status_list` of a referenced token (§6.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct StatusReference {
    /// Index into the list.
    pub idx: u64,
    /// Address of the status list token.
    pub uri: String,
}

/// Longest address accepted, in bytes.
const MAX_URI: usize = 2048;

impl StatusReference {
    /// Reads the value of a `status` claim.
    ///
    /// # Errors
    /// [`StatusError::Malformed`]: a reference that cannot be read must not count as absent.
    pub fn from_status(status: &Value) -> Result<Self, StatusError> {
        let mechanisms = status.as_object().ok_or(StatusError::Malformed)?;
        let Some(list) = mechanisms.get("status_list") else {
            // §6.1: there is at least one mechanism. One we do not know cannot be checked, so it cannot be ignored.
            return Err(StatusError::Malformed);
        };
        let idx = list.get("idx").and_then(Value::as_u64);
        let uri = list.get("uri").and_then(Value::as_str);
        match (idx, uri) {
            (Some(idx), Some(uri)) if !uri.is_empty() && uri.len() <= MAX_URI => Ok(Self {
                idx,
                uri: uri.to_owned(),
            }),
            _ => Err(StatusError::Malformed),
        }
    }

    /// The value of a `status` claim.
    #[must_use]
    pub fn to_status(&self) -> Value {
        serde_json::json!({ "status_list": { "idx": self.idx, "uri": self.uri } })
    }
}
