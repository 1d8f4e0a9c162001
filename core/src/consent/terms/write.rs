//! Terms as JSON: what goes into the signed consent request.

use serde_json::{Map, Value, json};

use super::{Attribute, ConsentTerms, Recipient};
use crate::encoding::json::Object;

impl ConsentTerms {
    /// The complete terms, defaults written out. [`ConsentTerms::from_signed`] reads them back to the same value.
    #[must_use]
    pub fn to_object(&self) -> Object {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| {
            out.insert(name.to_owned(), value);
        };
        put("purpose", json!(self.purpose));
        put("legal_basis", json!(self.legal_basis));
        put(
            "required",
            self.required.iter().map(attribute).map(Value::Object).collect(),
        );
        put("optional", self.optional_json());
        put("retention", json!(self.retention));
        put("validity", json!(self.validity));
        put("recipients", self.recipients.iter().map(recipient).collect());
        put("storage_locations", json!(self.storage_locations));
        put("processing_locations", json!(self.processing_locations));
        put("geographic_restrictions", json!(self.geographic_restrictions));
        put("processing_methods", json!(self.processing_methods));
        put("automated_decisions", json!(self.automated_decisions));
        put("jurisdiction", json!(self.jurisdiction));
        put("controller", self.controller_json());
        put("privacy_policy", json!(self.privacy_policy));
        put("rights_contact", json!(self.rights_contact));
        put(
            "authority",
            json!({ "name": self.authority.name, "url": self.authority.url }),
        );
        put("withdrawal_endpoint", json!(self.withdrawal_endpoint));
        put("language", json!(self.language));
        put("codes_of_conduct", json!(self.codes_of_conduct));
        for (name, value) in [
            ("purpose_type", &self.purpose_type),
            ("service", &self.service),
            ("privacy_policy_version", &self.privacy_policy_version),
            ("impact_assessment", &self.impact_assessment),
        ] {
            if let Some(value) = value {
                put(name, json!(value));
            }
        }
        out
    }

    fn optional_json(&self) -> Value {
        let entries = self.optional.iter().map(|optional| {
            let mut out = attribute(&optional.attribute);
            if let Some(purpose) = &optional.purpose {
                out.insert("purpose".into(), json!(purpose));
            }
            if let Some(group) = &optional.group {
                out.insert("group".into(), json!(group));
            }
            Value::Object(out)
        });
        entries.collect()
    }

    fn controller_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("name".into(), json!(self.controller.name));
        out.insert("contact".into(), json!(self.controller.contact));
        out.insert("address".into(), json!(self.controller.address));
        out.insert("type".into(), json!(self.controller.party_type));
        if let Some(id) = &self.controller.id {
            out.insert("id".into(), json!(id));
        }
        if let Some(country) = &self.controller.country {
            out.insert("country".into(), json!(country));
        }
        Value::Object(out)
    }
}

fn attribute(attribute: &Attribute) -> Object {
    let mut out = Map::new();
    out.insert("vct".into(), json!(attribute.vct));
    out.insert("path".into(), attribute.path.to_json());
    if let Some(category) = &attribute.special_category {
        out.insert("special_category".into(), json!(category));
    }
    out
}

fn recipient(recipient: &Recipient) -> Value {
    match &recipient.country {
        Some(country) => json!({ "name": recipient.name, "country": country }),
        None => json!({ "name": recipient.name }),
    }
}
